package page

import (
	"html/template"
	"image"
	"image/color"
	"math"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/findings"
)

// overview is the map of the whole, and an enlarged part of it where the most severe candidates lie together.
type overview struct {
	Main   pane
	Detail *pane // nil when the map of the whole shows all that there is
	// Crowded tells that the map of the whole has numbers of candidates by county and zone in place of candidates.
	Crowded      bool
	Shades       []legendEntry // the colours of change
	Types        []legendEntry // the colours of those zone types that occur
	HasCounties  bool
	West, East   string // longitudes of the edges
	South, North string // latitudes of the edges
}

// pane is a map: a picture of change, lines of zones and counties over it, and marks on top. Lengths are in units of
// its view box.
type pane struct {
	Name          string // tells the panes of a page apart
	Width, Height float64
	Picture       template.URL // change
	Zones         []drawn
	Counties      string // a path
	Box           *box   // the part that the other pane shows enlarged
	Marks         []mark
	Labels        []label
	ScaleLength   string // the length that the scale bar shows
	ScaleWidth    float64
	ScaleMiddle   float64
	ScaleTop      float64
}

// drawn has the zones of a type, a path for each. One path for all would leave holes where they overlap.
type drawn struct {
	Type, Color string
	Paths       []string
}

// label is a text on the map, centred at X with its base line at Y. A line from FromX, FromY leads to it when Leads.
type label struct {
	X, Y         float64
	Text         string
	Class        string // county-name, zone-name, number or count
	Color        string
	Plate        *box // a white plate below it, if any
	Leads        bool
	FromX, FromY float64
}

// The size of the view box: it has this width, unless the map would then be higher than this.
const (
	mapWidth     = 900
	mapHeight    = 1200
	detailHeight = 480 // of the enlarged part
)

// pixels is how many pixels of a picture a unit of the view box has, for sharp screens and print.
const pixels = 2

// shadow returns the colour of a square of which this share changed: faint, for candidates lie over it.
func shadow(share float64) color.RGBA {
	t := math.Sqrt(min(1, share/0.4))
	mix := func(a, b float64) uint8 { return uint8(math.Round(a + (b-a)*t)) }
	return color.RGBA{mix(250, 205), mix(249, 200), mix(246, 190), 255}
}

// frame says where lattice points lie in the view box.
type frame struct {
	u, v           float64 // the lattice point in its top-left corner
	scaleX, scaleY float64 // units of the view box for a cell
	width, height  float64 // of the view box
}

// newFrame returns the frame for a grid whose cells are width × height metres.
func newFrame(g raster.Grid, width, height float64) frame {
	scale, aspect := mapWidth/float64(g.Cols), height/width
	f := frame{0, 0, scale, scale * aspect, mapWidth, float64(g.Rows) * scale * aspect}
	if f.height > mapHeight {
		scale *= mapHeight / f.height
		f = frame{0, 0, scale, scale * aspect, mapWidth * mapHeight / f.height, mapHeight}
	}
	return f
}

// place takes a lattice point to the view box.
func (f frame) place(p orb.Point) orb.Point {
	return orb.Point{(p[0] - f.u) * f.scaleX, (p[1] - f.v) * f.scaleY}
}

// holds tells whether a point of the view box lies inside it.
func (f frame) holds(p orb.Point) bool {
	return p[0] >= 0 && p[1] >= 0 && p[0] <= f.width && p[1] <= f.height
}

// enlarge returns the frame of a part of the map, b, at the size of a detail.
func (f frame) enlarge(b box) frame {
	k := mapWidth / b.W
	return frame{f.u + b.X/f.scaleX, f.v + b.Y/f.scaleY, f.scaleX * k, f.scaleY * k, mapWidth, b.H * k}
}

// drawMap draws the overview. dots are the candidates in the order of the list.
func drawMap(found *findings.Findings, dots []dot) (overview, error) {
	g, earth := found.Summary.Grid, found.Inputs.Earth
	width, height := cellM(earth, g)
	f := newFrame(g, width, height)
	for i, d := range dots {
		u, v := earth.Lattice(d.lon, d.lat)
		dots[i].at = orb.Point{u, v}
	}
	m := overview{Crowded: crowded(f, dots), HasCounties: len(found.Inputs.Admin) > 0}
	for _, s := range []struct {
		name  string
		share float64
	}{{"无变化", 0}, {"变化 5%", 0.05}, {"20%", 0.2}, {"40% 以上", 0.4}} {
		m.Shades = append(m.Shades, legendEntry{s.name, hexColor(shadow(s.share))})
	}
	m.extent(earth, g)
	var err error
	if m.Main, err = drawPane("main", found, f, dots, m.Crowded); err != nil {
		return m, err
	}
	for _, z := range m.Main.Zones {
		m.Types = append(m.Types, legendEntry{z.Type, z.Color})
	}
	if b, ok := dense(f, dots); ok && (m.Crowded || m.Main.numbers() < len(dots)) {
		detail, err := drawPane("detail", found, f.enlarge(b), dots, false)
		if err != nil {
			return m, err
		}
		m.Detail, m.Main.Box = &detail, &b
	}
	return m, nil
}

// drawPane draws what lies in a frame. counted tells to draw numbers of candidates in place of candidates.
func drawPane(name string, found *findings.Findings, f frame, dots []dot, counted bool) (pane, error) {
	p := pane{Name: name, Width: f.width, Height: f.height}
	picture := image.NewRGBA(image.Rect(0, 0, max(1, int(pixels*f.width)), max(1, int(pixels*f.height))))
	shade(picture, found.Summary.Overview, found.Summary.Grid, f)
	var err error
	if p.Picture, err = dataURL(picture); err != nil {
		return p, err
	}
	p.drawZones(f, found.Inputs.Zones)
	p.drawCounties(f, found.Inputs.Admin)
	width, _ := cellM(found.Inputs.Earth, found.Summary.Grid)
	p.scaleBar(f.scaleX, width)
	w := writer{pane: &p, frame: f, taken: newRoom()}
	w.taken.take(box{0, f.height - 34, p.ScaleWidth + 30, 34})
	if counted {
		w.counts(found, dots)
	} else {
		w.candidates(found, dots)
	}
	return p, nil
}

// drawZones draws the outlines of the zones, by type.
func (p *pane) drawZones(f frame, zones []redline.Zone) {
	paths := map[redline.ZoneType][]string{}
	for _, z := range zones {
		var o outline
		if o.add(z.Shape, f); len(o.path) > 0 {
			paths[z.Type] = append(paths[z.Type], string(o.path))
		}
	}
	for _, t := range redline.ZoneTypes() {
		if len(paths[t]) > 0 {
			p.Zones = append(p.Zones, drawn{t.Chinese(), hexColor(findings.ZoneColor(t)), paths[t]})
		}
	}
}

// drawCounties draws the outlines of the counties.
func (p *pane) drawCounties(f frame, counties []redline.Area) {
	var o outline
	for _, a := range counties {
		o.add(a.Shape, f)
	}
	p.Counties = string(o.path)
}

// shade paints each pixel by the square of the overview that it lies in: by the share of cells that changed, or white
// where most cells have no data.
func shade(picture *image.RGBA, o *redline.Overview, g raster.Grid, f frame) {
	w, h := picture.Bounds().Dx(), picture.Bounds().Dy()
	// square returns the square of a pixel, n of them along the picture, and how many cells it has.
	square := func(pixel, n int, first, size, scale float64, squares, cells int) (at, has int) {
		cell := first + (float64(pixel)+0.5)/float64(n)*size/scale
		at = min(max(int(cell), 0)/o.Factor, squares-1)
		return at, min(o.Factor, cells-at*o.Factor)
	}
	for y := range h {
		row, high := square(y, h, f.v, f.height, f.scaleY, o.Rows, g.Rows)
		last, shown := -1, color.RGBA{} // the square of the pixel before, and its colour
		for x := range w {
			col, wide := square(x, w, f.u, f.width, f.scaleX, o.Cols, g.Cols)
			if at := row*o.Cols + col; at != last {
				last = at
				if cells := float64(wide * high); float64(o.NoData[at]) > cells/2 {
					shown = color.RGBA{255, 255, 255, 255}
				} else {
					shown = shadow(float64(o.Changed[at]) / cells)
				}
			}
			picture.SetRGBA(x, y, shown)
		}
	}
}
