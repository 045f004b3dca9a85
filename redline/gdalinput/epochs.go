package gdalinput

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"unicode"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/seeds"
)

// epoch is one land-cover map, opened.
type epoch struct {
	*gdalraster.Epoch
	legend landcover.Legend
	in     *Input
}

// epoch opens one epoch; it returns nil when that cannot be used.
func (l *loader) epoch(role string, e *job.Epoch) *epoch {
	in := l.add(role, e.Files...)
	in.Record.Year, in.Record.Band, in.Record.Legend = e.Year, e.Band, l.job.Relative(e.Legend)
	text, err := table("legend", e.Legend, seeds.Legend, seeds.Legends())
	if err != nil {
		in.Err = fmt.Errorf("%s: %w", role, err)
		return nil
	}
	legend, err := landcover.ParseLegend(e.Legend, text)
	if err != nil {
		in.Err = redline.WithKind(redline.Usage, err)
		return nil
	}
	in.Record.LegendSHA256 = hash(text)
	r, err := gdalraster.Open(e.Files, gdalraster.Options{Band: e.Band, Codes: legend.Codes(), NoDataCodes: legend.NoDataCodes()})
	if err != nil {
		in.Err = redline.WithKind(kind(redline.Raster, err), err)
		return nil
	}
	l.files(in, filepath.Dir(e.Files[0]), r.Files())
	d := r.Describe()
	in.Warnings = d.Warnings
	if differ := misnamed(d.Names, legend); differ != "" {
		in.warn("names its classes otherwise than legend %q: %s; the codes count: is it the right legend?", l.job.Relative(e.Legend), differ)
	}
	in.Record.Band = d.Band
	in.Record.CRS = title(d.Grid.CRS)
	in.Raster = rasterFacts(&d, legend)
	in.epoch = &redline.Epoch{Name: in.Record.Path, Source: r, Legend: legend, Year: e.Year, Window: raster.Window{Cols: d.Grid.Cols, Rows: d.Grid.Rows}}
	if d.NoData != "" {
		var v float64
		if _, err := fmt.Sscan(d.NoData, &v); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) { // JSON has no NaN
			in.Record.NoData = &v
		}
	}
	return &epoch{r, legend, in}
}

// images opens a mosaic of pictures for the report.
func (l *loader) images(role, path string) *gdalraster.Images {
	in := l.add(role, path)
	m, err := gdalraster.OpenImages(path)
	if err != nil {
		in.Err = redline.WithKind(kind(redline.Raster, err), err)
		return nil
	}
	l.files(in, filepath.Dir(path), m.Files())
	in.Record.CRS = title(m.CRS())
	return m
}

func title(c raster.CRS) string {
	switch {
	case c.EPSG != 0:
		return fmt.Sprintf("%s (EPSG:%d)", c.Name, c.EPSG)
	case c.Name == "" || c.Name == "unknown" || c.Name == "unnamed":
		return "a CRS without a name"
	}
	return c.Name
}

// misnamed says which codes the raster and the legend call by different names, "" when
// none. Names are compared by their letters; one may be part of the other.
func misnamed(names []string, l landcover.Legend) string {
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				return -1
			}
			return unicode.ToLower(r)
		}, s)
	}
	same := func(a, b string) bool {
		return b != "" && (strings.Contains(a, b) || strings.Contains(b, a))
	}
	var differ []string
	for code, name := range names {
		c, ok := l.Find(int64(code))
		if in := letters(name); ok && in != "" && !same(in, letters(c.NameEN)) && !same(in, letters(c.NameZH)) {
			differ = append(differ, fmt.Sprintf("%d is %q there and %q in the legend", code, name, c.Name()))
		}
	}
	const enough = 5
	if more := len(differ) - enough; more > 0 {
		differ = append(differ[:enough], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(differ, ", ")
}

// unite brings the two epochs to their common grid and measures it.
func (l *loader) unite(before, after *epoch) error {
	if before.in.Record.Band == after.in.Record.Band && sameContent(before.Files(), after.Files()) {
		after.in.warn("has the same content as the raster of before, so nothing will have changed; is it the right file?")
	}
	if err := l.share(before, after); err != nil {
		return err
	}
	b, a := before.Grid(), after.Grid()
	if box, err := project(bounds(a), a.CRS, b.CRS); err == nil && !overlap(box, bounds(b)) {
		l.ground = groundApart
		return redline.Faultf(redline.Incompatible, "the two rasters do not overlap: before (%s) covers %s, after (%s) %s; name rasters of one area",
			before.in.Record.Path, lonLat(bounds(b), b.CRS), after.in.Record.Path, lonLat(bounds(a), a.CRS))
	}
	var source raster.Source = after.Epoch
	if reason := mismatch(b, a); reason != nil {
		if !l.job.Align {
			return redline.Faultf(redline.Incompatible, "the two rasters do not share one grid: before (%s) and after (%s): %w; say --align (align: true in a job file) to bring after onto before's grid by nearest neighbour",
				before.in.Record.Path, after.in.Record.Path, reason)
		}
		aligned, err := gdalraster.Align(after.Epoch, b)
		if err != nil {
			return redline.WithKind(redline.Incompatible, err)
		}
		source = aligned
		after.in.warn("is brought onto before's grid by nearest neighbour (%s), because %v", aligned.Note(), reason)
	} else if l.job.Align {
		after.in.warn("lies on before's grid already: nothing was aligned")
	}
	inB, inA, err := raster.Common(b, source.Grid())
	if err != nil {
		return redline.WithKind(redline.Incompatible, err)
	}
	grid := b.Sub(inB)
	if source == raster.Source(after.Epoch) && (grid.Cells() < b.Cells() || grid.Cells() < a.Cells()) {
		after.in.warn("and before differ in extent: their common %d × %d cells are compared; %d cells of before and %d of after lie outside",
			grid.Cols, grid.Rows, b.Cells()-grid.Cells(), a.Cells()-grid.Cells())
	}
	l.Inputs.Before = redline.Epoch{Name: before.in.Record.Path, Source: before, Legend: before.legend, Year: l.job.Before.Year, Window: inB}
	l.Inputs.After = redline.Epoch{Name: after.in.Record.Path, Source: source, Legend: after.legend, Year: l.job.After.Year, Window: inA}
	l.Inputs.Grid = grid
	before.in.epoch.Window, after.in.epoch.Window = inB, inA
	if source != raster.Source(after.Epoch) { // which of its cells the grid shows is known only when they are read
		after.in.epoch.Window = raster.Window{}
	}
	if err := l.measure(before.in.Record.Path); err != nil {
		return err
	}
	l.ground = groundCommon
	return nil
}

// share finds how many workers the memory suffices for. A block is read whole, so a
// worker holds one of each epoch, in several forms: decoded, in GDAL's cache, as
// symbols, as runs.
func (l *loader) share(before, after *epoch) error {
	const forms = 4
	larger := before
	if after.Describe().BlockBytes > before.Describe().BlockBytes {
		larger = after
	}
	each := forms * (before.Describe().BlockBytes + after.Describe().BlockBytes)
	if each > l.job.MaxMemory {
		d := larger.Describe()
		return redline.Faultf(redline.Limit, "%s: its blocks need up to %d MiB each, too much for a memory of %d MiB; rewrite it with gdal_translate -co TILED=YES, or say --max-memory %dMiB",
			larger.in.Record.Path, d.BlockBytes>>20, l.job.MaxMemory>>20, (each+1<<20-1)>>20)
	}
	l.Workers = int(min(int64(l.job.Workers), l.job.MaxMemory/max(1, each)))
	return nil
}

func (in *Input) warn(format string, args ...any) {
	in.Warnings = append(in.Warnings, in.Record.Path+": "+fmt.Sprintf(format, args...))
}

// mismatch says why two grids are not one lattice, nil when they are.
func mismatch(before, after raster.Grid) error {
	if !gdalraster.SameCRS(before.CRS, after.CRS) {
		return fmt.Errorf("their CRSs differ, %s against %s", title(before.CRS), title(after.CRS))
	}
	_, _, err := raster.Common(before, after)
	return err
}

// measure makes the Earth of the lattice.
func (l *loader) measure(path string) (err error) {
	l.Inputs.Earth, err = newEarth(path, l.Inputs.Grid)
	return err
}

// newEarth measures a grid; path is for the error.
func newEarth(path string, grid raster.Grid) (*raster.Earth, error) {
	fail := func(k redline.Kind, err error) (*raster.Earth, error) {
		return nil, redline.Faultf(k, "%s: %w", path, err)
	}
	var base, lonlat raster.Transform
	if !grid.CRS.Geographic {
		geographic, err := gdalraster.Base(grid.CRS)
		if err != nil {
			return fail(redline.Raster, err)
		}
		t, err := gdalraster.NewTransform(grid.CRS, geographic)
		if err != nil {
			return fail(redline.Raster, err)
		}
		defer t.Close()
		base = t.XY
	}
	wgs84, err := gdalraster.ParseCRS("EPSG:4326")
	if err != nil {
		return nil, err
	}
	if !gdalraster.SameDatum(grid.CRS, wgs84) { // else the longitudes and latitudes published are those of base
		t, err := gdalraster.NewTransform(grid.CRS, wgs84)
		if err != nil {
			return fail(redline.Incompatible, err)
		}
		defer t.Close()
		lonlat = t.XY
	}
	earth, err := raster.NewEarth(grid, base, lonlat)
	if err != nil {
		return fail(kind(redline.Raster, err), err)
	}
	return earth, nil
}
