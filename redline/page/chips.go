package page

import (
	"cmp"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/report"
)

// Imagery is a mosaic of images.
type Imagery interface {
	// Chip returns the window w of grid g in so many pixels. What the mosaic does not cover is transparent.
	Chip(g raster.Grid, w raster.Window, width, height int) (*image.NRGBA, error)
}

// candidateRow is one of the worst candidates.
type candidateRow struct {
	Number                                  int
	ID, Severity, Color, Change, From, To   string
	Zone, ZoneType, County, Activity, Flags string
	Ha, Lon, Lat, Across                    string
	ViewBox                                 string
	Cols, Rows                              int
	Patch, Edge                             string // paths in cells of the chip
	Chips                                   []chip
}

type chip struct {
	Title   string
	Picture template.URL
	Smooth  bool
}

const (
	minChipCells = 24 // along a side of a chip
	maxChipCells = 400
	imagePixels  = 240 // along the width of a picture of the ground
)

// drawChips makes the rows of candidates with their chips, and lists the classes on them.
func drawChips(o Options, found *report.Findings, candidates []redline.Candidate) ([]candidateRow, []legendEntry, error) {
	rows := make([]candidateRow, len(candidates))
	windows := make([]raster.Window, len(candidates))
	for i := range candidates {
		rows[i], windows[i] = describe(found, &candidates[i], i+1)
	}
	// From north to south, so that blocks are read once.
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(windows[a].Row, windows[b].Row) })
	seen := map[legendEntry]int64{}
	for _, e := range []struct {
		epoch  *redline.Epoch
		images Imagery
	}{{&found.Inputs.Before, o.Images[0]}, {&found.Inputs.After, o.Images[1]}} {
		if len(rows) == 0 {
			break
		}
		reader, err := e.epoch.Source.Open()
		if err != nil {
			return nil, nil, redline.WithKind(redline.Raster, err)
		}
		for _, i := range order {
			c, err := classChip(e.epoch, reader, windows[i], seen)
			if err == nil && e.images != nil {
				var picture *image.NRGBA
				w := windows[i]
				height := max(1, int(math.Round(imagePixels*float64(w.Rows)/float64(w.Cols))))
				if picture, err = e.images.Chip(found.Summary.Grid, w, imagePixels, height); err == nil {
					var url template.URL
					url, err = dataURL(picture)
					rows[i].Chips = append(rows[i].Chips, c, chip{fmt.Sprintf("%d 影像", e.epoch.Year), url, true})
				}
			} else if err == nil {
				rows[i].Chips = append(rows[i].Chips, c)
			}
			if err != nil {
				reader.Close()
				return nil, nil, redline.WithKind(redline.Raster, err)
			}
		}
		if err := reader.Close(); err != nil {
			return nil, nil, redline.WithKind(redline.Raster, err)
		}
	}
	var legend []legendEntry
	for l := range seen {
		legend = append(legend, l)
	}
	slices.SortFunc(legend, func(a, b legendEntry) int {
		return cmp.Or(cmp.Compare(seen[b], seen[a]), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Color, b.Color))
	})
	return rows, legend, nil
}

// describe fills in a row but for its chips, and finds the window around the candidate.
func describe(found *report.Findings, c *redline.Candidate, number int) (candidateRow, raster.Window) {
	g, in := found.Summary.Grid, found.Inputs
	shape := make(orb.MultiPolygon, len(c.Geometry))
	for i, polygon := range c.Geometry {
		for _, ring := range polygon {
			on := make(orb.Ring, len(ring))
			for k, p := range ring {
				on[k][0], on[k][1] = in.Earth.Lattice(p[0], p[1])
			}
			shape[i] = append(shape[i], on)
		}
	}
	w := window(g, shape.Bound())
	width, _ := cellM(in.Earth, g)
	row := candidateRow{
		Number: number, ID: c.ID, Change: c.ChangeZH, From: report.Visible(c.FromName), To: report.Visible(c.ToName), Zone: report.Visible(cmp.Or(c.ZoneName, c.ZoneID)),
		County: report.Visible(c.AdmName), Activity: report.Visible(c.Activity), Flags: strings.Join(c.Flags, "；"),
		Ha: grouped(c.AreaM2/1e4, 2), Lon: strconv.FormatFloat(c.Lon, 'f', 5, 64), Lat: strconv.FormatFloat(c.Lat, 'f', 5, 64),
		ViewBox: fmt.Sprintf("0 0 %d %d", w.Cols, w.Rows), Cols: w.Cols, Rows: w.Rows, Across: length(float64(w.Cols) * width),
	}
	for _, s := range report.Severities {
		if s.Level == c.Severity {
			row.Severity, row.Color = s.ZH, hexColor(s.Color)
		}
	}
	place := func(p orb.Point) orb.Point { return orb.Point{p[0] - float64(w.Col), p[1] - float64(w.Row)} }
	row.Patch = path(shape, place, w)
	for i := range in.Zones {
		if z := &in.Zones[i]; z.Layer == c.Layer && z.ID == c.ZoneID {
			row.ZoneType = z.Type.Chinese()
			row.Edge = path(z.Shape, place, w)
		}
	}
	return row, w
}

// window is the cells around a box, in a square if the grid has room.
func window(g raster.Grid, box orb.Bound) raster.Window {
	size := int(math.Ceil(max(box.Max[0]-box.Min[0], box.Max[1]-box.Min[1])*1.5)) + 4
	size = min(max(size, minChipCells), maxChipCells)
	at := func(lo, hi float64, n int) (int, int) {
		k := min(size, n)
		start := int(math.Round((lo+hi)/2)) - k/2
		return min(max(start, 0), n-k), k
	}
	w := raster.Window{}
	w.Col, w.Cols = at(box.Min[0], box.Max[0], g.Cols)
	w.Row, w.Rows = at(box.Min[1], box.Max[1], g.Rows)
	return w
}

// path draws the rings that meet the window; what lies far outside is cut short.
func path(mp orb.MultiPolygon, place func(orb.Point) orb.Point, w raster.Window) string {
	var o outline
	const far = 4000
	for _, polygon := range mp {
		for _, ring := range polygon {
			line := make(orb.LineString, len(ring))
			for i, p := range ring {
				q := place(p)
				line[i] = orb.Point{min(max(q[0], -far), far), min(max(q[1], -far), far)}
			}
			if b := line.Bound(); b.Max[0] < 0 || b.Max[1] < 0 || b.Min[0] > float64(w.Cols) || b.Min[1] > float64(w.Rows) {
				continue
			}
			o.ring(visible(line, w), 2)
		}
	}
	return string(o.path)
}

// visible leaves out vertices of a ring that can be left out without a change inside the window: those of which both neighbours lie on the same side of it.
func visible(line orb.LineString, w raster.Window) orb.LineString {
	side := func(p orb.Point) int {
		s := 0
		if p[0] < -1 {
			s |= 1
		}
		if p[0] > float64(w.Cols)+1 {
			s |= 2
		}
		if p[1] < -1 {
			s |= 4
		}
		if p[1] > float64(w.Rows)+1 {
			s |= 8
		}
		return s
	}
	var out orb.LineString
	for i, p := range line {
		if i > 0 && i+1 < len(line) && side(p)&side(line[i+1])&side(out[len(out)-1]) != 0 {
			continue
		}
		out = append(out, p)
	}
	return out
}

// classChip draws a window in the colours of the legend, a pixel for a cell, and counts the classes on it.
func classChip(e *redline.Epoch, reader raster.Reader, w raster.Window, seen map[legendEntry]int64) (chip, error) {
	symbols := make([]uint8, w.Cells())
	if err := reader.Read(raster.Window{Col: w.Col + e.Window.Col, Row: w.Row + e.Window.Row, Cols: w.Cols, Rows: w.Rows}, symbols); err != nil {
		return chip{}, err
	}
	picture := image.NewPaletted(image.Rect(0, 0, w.Cols, w.Rows), color.Palette{color.RGBA{255, 255, 255, 255}})
	index := e.Source.Index()
	known := map[uint8]uint8{}
	counts := make([]int64, 256)
	for i, symbol := range symbols {
		n, ok := known[symbol]
		if !ok {
			if class := index[symbol]; int(class) < len(e.Legend.Codes()) {
				n = uint8(len(picture.Palette))
				picture.Palette = append(picture.Palette, rgb(classColor(e.Legend.Classes[class])))
			}
			known[symbol] = n
		}
		picture.Pix[i] = n
		counts[symbol]++
	}
	for symbol := range known {
		if class := index[symbol]; int(class) < len(e.Legend.Codes()) {
			c := e.Legend.Classes[class]
			seen[legendEntry{c.Name(), classColor(c)}] += counts[symbol]
		}
	}
	url, err := dataURL(picture)
	return chip{Title: strconv.Itoa(e.Year), Picture: url}, err
}

func classColor(c landcover.Class) string { return cmp.Or(c.Color, c.Ecosystem.Color()) }

// rgb reads #RRGGBB, the form of colours in legends.
func rgb(text string) color.RGBA {
	n, _ := strconv.ParseUint(strings.TrimPrefix(text, "#"), 16, 32) // legends are checked when they are read
	return color.RGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 255}
}
