package page

import (
	"html/template"
	"image"
	"image/color"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/findings"
)

// overview is the map of the whole: a picture of change, lines of zones and counties over it, and
// a picture of the candidates on top. Lengths are in units of its view box.
type overview struct {
	Width, Height float64
	Picture       template.URL  // change
	Dots          template.URL  // candidates
	Shades        []legendEntry // the colours of Picture
	Zones         []drawn
	Counties      string // a path
	Labels        []label
	ScaleLength   string // the length that the scale bar shows
	ScaleWidth    float64
	ScaleMiddle   float64
	ScaleTop      float64
	West, East    string // longitudes of the edges
	South, North  string // latitudes of the edges
}

// drawn has the zones of a type, a path for each. One path for all would leave holes where they overlap.
type drawn struct {
	Type, Color string
	Paths       []string
}

// label is a name on the map.
type label struct {
	X, Y float64
	Text string
}

// The size of the view box: it has this width, unless the map would then be higher than this.
const (
	mapWidth  = 900
	mapHeight = 1200
)

// pixels is how many pixels of a picture a unit of the view box has, for sharp screens and print.
const pixels = 2

// mostLabels is how many counties have their names on the map; of more, none has.
const mostLabels = 150

// shadow returns the colour of a square of which this share changed.
func shadow(share float64) color.RGBA {
	t := math.Sqrt(min(1, share/0.4))
	mix := func(a, b float64) uint8 { return uint8(math.Round(a + (b-a)*t)) }
	return color.RGBA{mix(246, 96), mix(244, 78), mix(236, 58), 255}
}

// frame says where lattice points lie in the view box.
type frame struct {
	scaleX, scaleY float64 // units of the view box for a cell
	width, height  float64 // of the view box
}

// newFrame returns the frame for a grid whose cells are width × height metres.
func newFrame(g raster.Grid, width, height float64) frame {
	scale, aspect := mapWidth/float64(g.Cols), height/width
	f := frame{scale, scale * aspect, mapWidth, float64(g.Rows) * scale * aspect}
	if f.height > mapHeight {
		scale *= mapHeight / f.height
		f = frame{scale, scale * aspect, mapWidth * mapHeight / f.height, mapHeight}
	}
	return f
}

// place takes a lattice point to the view box.
func (f frame) place(p orb.Point) orb.Point { return orb.Point{p[0] * f.scaleX, p[1] * f.scaleY} }

// drawMap draws the overview. dots has the longitudes and latitudes of the candidates by severity.
func drawMap(found *findings.Findings, dots [redline.NumSeverities][]orb.Point) (overview, error) {
	g, in := found.Summary.Grid, found.Inputs
	width, height := cellM(in.Earth, g)
	f := newFrame(g, width, height)
	m := overview{Width: f.width, Height: f.height}
	size := image.Rect(0, 0, max(1, int(pixels*f.width)), max(1, int(pixels*f.height)))
	picture := image.NewRGBA(size)
	shade(picture, found.Summary.Overview, g)
	for _, s := range []struct {
		name  string
		share float64
	}{{"无变化", 0}, {"变化 5%", 0.05}, {"20%", 0.2}, {"40% 以上", 0.4}} {
		m.Shades = append(m.Shades, legendEntry{s.name, hexColor(shadow(s.share))})
	}
	var err error
	if m.Picture, err = dataURL(picture); err != nil {
		return m, err
	}
	if m.Dots, err = dataURL(drawDots(size, f, in.Earth, dots)); err != nil {
		return m, err
	}
	m.drawZones(f, in.Zones)
	m.drawCounties(f, in.Admin)
	m.scaleBar(in.Earth, g, f.scaleX, width)
	return m, nil
}

// drawDots draws a square for each candidate, the most severe on top.
func drawDots(size image.Rectangle, f frame, earth *raster.Earth, dots [redline.NumSeverities][]orb.Point) image.Image {
	marks := image.NewRGBA(size)
	for _, s := range slices.Backward(findings.Severities()) {
		for _, d := range dots[s.Severity] {
			u, v := earth.Lattice(d[0], d[1])
			p := f.place(orb.Point{u, v})
			x, y := int(pixels*p[0]), int(pixels*p[1])
			fill(marks, image.Rect(x-4, y-4, x+4, y+4), color.RGBA{40, 40, 40, 255})
			fill(marks, image.Rect(x-3, y-3, x+3, y+3), s.Color)
		}
	}
	return marks
}

// drawZones draws the outlines of the zones, by type.
func (m *overview) drawZones(f frame, zones []redline.Zone) {
	paths := map[redline.ZoneType][]string{}
	for _, z := range zones {
		var o outline
		o.add(z.Shape, f)
		paths[z.Type] = append(paths[z.Type], string(o.path))
	}
	for _, t := range redline.ZoneTypes() {
		if len(paths[t]) > 0 {
			m.Zones = append(m.Zones, drawn{t.Chinese(), hexColor(findings.ZoneColor(t)), paths[t]})
		}
	}
}

// drawCounties draws the outlines of the counties, and their names unless there are too many.
func (m *overview) drawCounties(f frame, counties []redline.Area) {
	var o outline
	for _, a := range counties {
		o.add(a.Shape, f)
		if len(counties) <= mostLabels && len(a.Shape) > 0 {
			p := f.place(a.Shape.Bound().Center())
			if p[0] > 20 && p[0] < f.width-20 && p[1] > 10 && p[1] < f.height-10 {
				m.Labels = append(m.Labels, label{math.Round(p[0]), math.Round(p[1]), findings.Visible(a.Name)})
			}
		}
	}
	m.Counties = string(o.path)
}

// shade paints each pixel by the square of the overview that it lies in: by the share of cells that changed, or white
// where most cells have no data.
func shade(picture *image.RGBA, o *redline.Overview, g raster.Grid) {
	w, h := picture.Bounds().Dx(), picture.Bounds().Dy()
	for y := range h {
		row := min(o.Rows-1, int((float64(y)+0.5)/float64(h)*float64(g.Rows))/o.Factor)
		for x := range w {
			col := min(o.Cols-1, int((float64(x)+0.5)/float64(w)*float64(g.Cols))/o.Factor)
			at := row*o.Cols + col
			cells := float64(min(o.Factor, g.Cols-col*o.Factor) * min(o.Factor, g.Rows-row*o.Factor))
			if float64(o.NoData[at]) > cells/2 {
				picture.SetRGBA(x, y, color.RGBA{255, 255, 255, 255})
				continue
			}
			picture.SetRGBA(x, y, shadow(float64(o.Changed[at])/cells))
		}
	}
}
