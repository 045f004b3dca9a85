package geostwin

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline"
	"greenshield/redline/gdalinput"
	"greenshield/redline/job"
	"greenshield/vector"
	"greenshield/vector/gdalvector"
)

// fileCellM is the side of a cell of a scene in files. The grid begins at the origin of its CRS and the side is a power
// of two: lattice coordinates pass through files to the last bit.
const fileCellM = 32

// fileGrid is the grid of a scene in files: cylindrical and equal-area like that of the scene, but of an ellipsoid.
func fileGrid(t testing.TB, cols, rows int) raster.Grid {
	t.Helper()
	if _, err := gdalraster.Init(0); err != nil {
		t.Fatal(err)
	}
	crs, err := gdalraster.ParseCRS("EPSG:6933")
	if err != nil {
		t.Fatal(err)
	}
	return raster.Grid{CellX: fileCellM, CellY: fileCellM, Cols: cols, Rows: rows, CRS: crs}
}

// fileScene makes the scene of a seed as files can hold it: whatever the red-line layer holds is of type RedLine.
// Scenes of even seeds have counties.
func (m *maker) fileScene(seed uint64) *scene {
	m.t.Helper()
	s := m.random(seed)
	for i, z := range s.in.Zones {
		if z.Layer == redline.LayerRedLine {
			s.in.Zones[i].Type = redline.RedLine
		}
	}
	rng := rand.New(rand.NewPCG(seed, 6933))
	for i := range 2 * (1 - int(seed%2)) {
		shape, _, err := m.geos.Repair(m.hostile(rng, s))
		if err != nil {
			m.t.Fatalf("scene %d: %v", seed, err)
		}
		if len(shape) > 0 {
			county := redline.Area{Code: fmt.Sprintf("34%d101", i), Name: fmt.Sprint("县", i), Shape: vector.Orient(shape)}
			s.in.Admin = append(s.in.Admin, county)
		}
	}
	return s
}

// write writes the scene as files to a new folder: rasters, layers, tables, and the job that names them.
func (s *scene) write(t testing.TB, dir string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("scene %d: %v", s.seed, err)
		}
	}
	must(os.MkdirAll(dir, 0o755))
	text := func(name, text string) { must(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)) }
	text("legend.csv", legendCSV)
	text("rules.csv", rulesCSV())

	grid := fileGrid(t, s.in.Grid.Cols, s.in.Grid.Rows)
	layouts := [][]string{
		nil,
		{"COMPRESS=LZW", "BLOCKYSIZE=3"},
		{"COMPRESS=LZW", "TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"},
		{"BLOCKYSIZE=1"},
	}
	noData := 0.0
	for name, symbols := range map[string][]uint8{"before.tif": s.before, "after.tif": s.after} {
		codes := make([]uint8, len(symbols))
		for i, symbol := range symbols {
			if symbol != raster.NoData {
				codes[i] = symbol + 1 // as legendCSV numbers them
			}
		}
		must(gdalraster.WriteByte(filepath.Join(dir, name), grid, codes, &noData, layouts[s.seed%4]...))
	}

	var j strings.Builder
	j.WriteString("before: {files: [before.tif], year: 2015, legend: legend.csv}\n")
	j.WriteString("after: {files: [after.tif], year: 2020, legend: legend.csv}\n")
	layer := func(key, file, fields string, rows []gdalvector.Row) {
		if len(rows) > 0 {
			path := filepath.Join(dir, file)
			must(gdalvector.Write(path, grid.CRS, strings.Fields(fields), rows, gdalvector.WriteOptions{}))
			fmt.Fprintf(&j, key+"\n", file)
		}
	}
	zones := map[string][]gdalvector.Row{}
	for _, z := range s.in.Zones {
		row := gdalvector.Row{Values: []string{z.ID, z.Type.String()}, Shape: onFileGrid(z.Shape)}
		zones[z.Layer] = append(zones[z.Layer], row)
	}
	areas := func(all []redline.Area) (rows []gdalvector.Row) {
		for _, a := range all {
			rows = append(rows, gdalvector.Row{Values: []string{a.Code, a.Name}, Shape: onFileGrid(a.Shape)})
		}
		return rows
	}
	layer("redline: [{file: %s}]", "redline.gpkg", "zone_id func_zone", zones[redline.LayerRedLine])
	layer("reserve: [{file: %s}]", "reserve.gpkg", "zone_id func_zone", zones[redline.LayerReserve])
	layer("admin: {file: %s}", "counties.gpkg", "adm_code adm_name", areas(s.in.Admin))
	layer("exempt: [{file: %s}]", "exempt.fgb", "code name", areas(s.in.Exempt))
	size := func(s redline.Size) string {
		s.M2 *= fileCellM * fileCellM / cellM2 // as many cells as in the scene
		return job.FormatSize(s)
	}
	fmt.Fprintf(&j, "rules: rules.csv\nconnectivity: %d\nmin_area: %s\nmin_part: %s\nmin_severity: %d\nout: out\n",
		s.o.Conn, size(s.o.MinArea), size(s.o.MinPart), s.o.MinSeverity)
	text("job.yaml", j.String())
}

// onFileGrid takes lattice coordinates to those of fileGrid.
func onFileGrid(shape orb.MultiPolygon) orb.MultiPolygon {
	shape = shape.Clone()
	for _, polygon := range shape {
		for _, ring := range polygon {
			for i, p := range ring {
				ring[i] = orb.Point{fileCellM * p[0], 0 - fileCellM*p[1]}
			}
		}
	}
	return shape
}

// TestWriteScenes writes the random scenes to the folder GREENSHIELD_SCENES, each to a folder named by its seed, for
// programs that read files.
func TestWriteScenes(t *testing.T) {
	dir := os.Getenv("GREENSHIELD_SCENES")
	if dir == "" {
		t.Skip("GREENSHIELD_SCENES names no folder to write to")
	}
	m := newMaker(t)
	for _, seed := range seeds(t, 200, 200) {
		m.fileScene(seed).write(t, filepath.Join(dir, strconv.FormatUint(seed, 10)))
	}
}

// What the program reads of a written scene is the scene, to the last bit.
func TestWrittenScene(t *testing.T) {
	m := newMaker(t)
	counted := map[string]int{}
	for seed := uint64(1); seed <= 24; seed++ {
		s := m.fileScene(seed)
		if len(s.in.Zones) == 0 {
			continue // no job
		}
		dir := filepath.Join(t.TempDir(), "scene")
		s.write(t, dir)
		j, err := job.Parse(filepath.Join(dir, "job.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		read, err := gdalinput.Load(context.Background(), j)
		if err != nil {
			t.Fatalf("scene %d: %v", seed, err)
		}
		for name, want := range map[string][]uint8{"before": s.before, "after": s.after} {
			e := map[string]redline.Epoch{"before": read.Inputs.Before, "after": read.Inputs.After}[name]
			if got := classes(t, e.Source); !reflect.DeepEqual(got, want) {
				t.Errorf("scene %d, %s: read %v, want %v", seed, name, got, want)
			}
			counted["epochs"]++
		}
		got := read.Options
		got.Rules, got.Survey = s.o.Rules, s.o.Survey
		want := s.o
		for _, size := range []*redline.Size{&want.MinArea, &want.MinPart} {
			size.M2 *= fileCellM * fileCellM / cellM2
		}
		if got != want {
			t.Errorf("scene %d: options %+v, want %+v", seed, got, want)
		}
		if got, want := shapes(&read.Inputs), shapes(s.in); !reflect.DeepEqual(got, want) {
			t.Errorf("scene %d: read\n%v\nwant\n%v", seed, got, want)
		} else {
			counted["shapes"] += len(got)
		}
		counted["counties"] += len(read.Inputs.Admin)
		counted["exemptions"] += len(read.Inputs.Exempt)
	}
	t.Log(counted)
	if counted["epochs"] < 40 || counted["shapes"] < 60 || counted["counties"] == 0 || counted["exemptions"] == 0 {
		t.Error("too little was compared")
	}
}

// classes reads a source as positions in its legend.
func classes(t *testing.T, source raster.Source) []uint8 {
	t.Helper()
	r, err := source.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	g := source.Grid()
	cells := make([]uint8, g.Cells())
	if err := r.Read(raster.Window{Cols: g.Cols, Rows: g.Rows}, cells); err != nil {
		t.Fatal(err)
	}
	for i, symbol := range cells {
		cells[i] = source.Index()[symbol]
	}
	return cells
}

// shapes lists the polygons of inputs by what they are.
func shapes(in *redline.Inputs) map[string]orb.MultiPolygon {
	all := map[string]orb.MultiPolygon{}
	for _, z := range in.Zones {
		all[z.Layer+" "+z.ID+" "+z.Type.String()] = z.Shape
	}
	for _, a := range in.Admin {
		all["county "+a.Code+" "+a.Name] = a.Shape
	}
	for _, a := range in.Exempt {
		all["exempt"] = a.Shape
	}
	return all
}
