package page

import (
	"cmp"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/findings"
)

// Imagery is a mosaic of images of the ground.
type Imagery interface {
	// Chip returns the window w of grid g as a picture of width × height pixels. What the
	// mosaic does not cover is transparent.
	Chip(g raster.Grid, w raster.Window, width, height int) (*image.NRGBA, error)
}

// candidateRow is one of the first candidates of the list.
type candidateRow struct {
	Number                                  int
	ID, Severity, Color, Change, From, To   string
	Zone, ZoneType, County, Activity, Flags string
	Ha, Lon, Lat, Across                    string
	ViewBox                                 string
	Cols, Rows                              int
	Patch, Edge                             string // paths of the candidate and of the zone, in cells of the chip
	Chips                                   []chip
	Known                                   *knownRow // nil without a ledger
	Dates                                   datesRow
	Evidence                                *evidenceRow // nil without evidence
}

// chip is a small picture around a candidate.
type chip struct {
	Title   string
	Picture template.URL
	Smooth  bool // the picture is shown smoothly, not as squares
}

const (
	minChipCells = 24  // the least number of cells along a side of a chip
	maxChipCells = 400 // the largest
	imagePixels  = 240 // pixels along the width of a picture of the ground
)

// drawChips makes the rows of candidates with their chips, and lists the classes on the chips,
// those with more cells first.
func drawChips(
	o Options, found *findings.Findings, candidates []redline.Candidate,
) ([]candidateRow, []legendEntry, error) {
	if len(candidates) == 0 {
		return nil, nil, nil
	}
	rows := make([]candidateRow, len(candidates))
	windows := make([]raster.Window, len(candidates))
	for i := range candidates {
		rows[i], windows[i] = describe(found, &candidates[i], i+1)
	}
	seen := map[legendEntry]int64{}
	for i, epoch := range []*redline.Epoch{&found.Inputs.Before, &found.Inputs.After} {
		d := chipDrawer{grid: found.Summary.Grid, epoch: epoch, images: o.Images[i], seen: seen}
		if err := d.draw(rows, windows); err != nil {
			return nil, nil, redline.WithKind(redline.Raster, err)
		}
	}
	legend := slices.SortedFunc(maps.Keys(seen), func(a, b legendEntry) int {
		return cmp.Or(cmp.Compare(seen[b], seen[a]), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Color, b.Color))
	})
	return rows, legend, nil
}

// chipDrawer draws the chips of one epoch.
type chipDrawer struct {
	grid   raster.Grid
	epoch  *redline.Epoch
	images Imagery               // nil for none
	seen   map[legendEntry]int64 // cells of each class on chips of either epoch
}

// draw adds the chips of the epoch to all rows.
func (d *chipDrawer) draw(rows []candidateRow, windows []raster.Window) error {
	reader, err := d.epoch.Source.Open()
	if err != nil {
		return err
	}
	// From north to south, each block of the raster is read once.
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(windows[a].Row, windows[b].Row) })
	for _, i := range order {
		if err := d.add(reader, &rows[i], windows[i]); err != nil {
			reader.Close()
			return err
		}
	}
	return reader.Close()
}

// add adds the chips of the epoch to a row: the classes, and the ground if there are images.
func (d *chipDrawer) add(reader raster.Reader, row *candidateRow, w raster.Window) error {
	c, err := classChip(d.epoch, reader, w, d.seen)
	if err != nil {
		return err
	}
	row.Chips = append(row.Chips, c)
	if d.images == nil {
		return nil
	}
	height := max(1, int(math.Round(imagePixels*float64(w.Rows)/float64(w.Cols))))
	picture, err := d.images.Chip(d.grid, w, imagePixels, height)
	if err != nil {
		return err
	}
	url, err := dataURL(picture)
	row.Chips = append(row.Chips, chip{fmt.Sprintf("%d 年影像", d.epoch.Year), url, true})
	return err
}

// describe returns the row of a candidate without its chips, and the window around the candidate.
func describe(found *findings.Findings, c *redline.Candidate, number int) (candidateRow, raster.Window) {
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
		Number: number, ID: c.ID,
		Change: c.ChangeZH, From: findings.Visible(c.FromName), To: findings.Visible(c.ToName),
		Zone: findings.Visible(cmp.Or(c.ZoneName, c.ZoneID)), County: findings.Visible(c.AdmName),
		Activity: findings.Visible(findings.Chinese(c.Activity)),
		Flags:    strings.Join(redline.FlagsChinese(c.Flags), "；"), Ha: grouped(c.AreaM2/1e4, 2),
		Lon: degree(c.Lon).String(), Lat: degree(c.Lat).String(),
		ViewBox: fmt.Sprintf("0 0 %d %d", w.Cols, w.Rows), Cols: w.Cols, Rows: w.Rows,
		Across: length(float64(w.Cols) * width), Patch: path(shape, w),
		Known: newKnownRow(c), Dates: newDatesRow(c), Evidence: newEvidenceRow(found, c),
	}
	for _, s := range findings.Severities() {
		if s.Severity == c.Severity {
			row.Severity, row.Color = s.Chinese(), hexColor(s.Color)
		}
	}
	for i := range in.Zones {
		if z := &in.Zones[i]; z.Layer == c.Layer && z.ID == c.ZoneID {
			row.ZoneType = z.Type.Chinese()
			row.Edge = path(z.Shape, w)
		}
	}
	return row, w
}

// window returns the cells around a box: a square where the grid has room for it.
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

// classChip draws a window in the colours of the legend, a pixel for a cell, and adds the cells of
// each class on it to seen.
func classChip(e *redline.Epoch, reader raster.Reader, w raster.Window, seen map[legendEntry]int64) (chip, error) {
	symbols := make([]uint8, w.Cells())
	ofFile := raster.Window{Col: w.Col + e.Window.Col, Row: w.Row + e.Window.Row, Cols: w.Cols, Rows: w.Rows}
	if err := reader.Read(ofFile, symbols); err != nil {
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
	return chip{Title: strconv.Itoa(e.Year) + " 年", Picture: url}, err
}

// classColor returns the colour of a class: its own, or that of its ecosystem class.
func classColor(c landcover.Class) string { return cmp.Or(c.Color, c.Ecosystem.Color()) }
