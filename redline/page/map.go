package page

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"math"
	"strconv"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/simplify"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/report"
)

// overview is the map of the whole: a picture of change and candidates, with lines drawn over it. Lengths are those of its view box.
type overview struct {
	Width, Height float64
	Picture, Dots template.URL
	Shades        []legendEntry // of Picture
	Zones         []drawn
	Counties      string
	Labels        []label
	ScaleLength   string
	ScaleWidth    float64
	ScaleMiddle   float64
	ScaleTop      float64
	West, East    string
	South, North  string
}

// drawn are the zones of a type: a path for each, since they overlap.
type drawn struct {
	Type, Color string
	Paths       []string
}

type label struct {
	X, Y float64
	Text string
}

// mapWidth is the width of the view box.
const mapWidth = 900

// shadow is the colour of a square of which so large a share changed.
func shadow(share float64) color.RGBA {
	t := math.Sqrt(min(1, share/0.4))
	mix := func(a, b float64) uint8 { return uint8(math.Round(a + (b-a)*t)) }
	return color.RGBA{mix(246, 96), mix(244, 78), mix(236, 58), 255}
}

func hexColor(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

func drawMap(found *report.Findings, dots [5][]orb.Point) (overview, error) {
	g, in := found.Summary.Grid, found.Inputs
	scale := mapWidth / float64(g.Cols) // units of the view box for a cell
	width, height := cellM(in.Earth, g)
	aspect := height / width
	m := overview{Width: mapWidth, Height: float64(g.Rows) * scale * aspect}
	if most := 1200.0; m.Height > most { // a tall map
		scale *= most / m.Height
		m.Width, m.Height = mapWidth*most/m.Height, most
	}
	place := func(p orb.Point) orb.Point { return orb.Point{p[0] * scale, p[1] * scale * aspect} }
	picture := image.NewRGBA(image.Rect(0, 0, max(1, int(2*m.Width)), max(1, int(2*m.Height)))) // two pixels a unit, for sharp screens and print
	shade(picture, found.Summary.Overview, g)
	for _, s := range []struct {
		name  string
		share float64
	}{{"无变化", 0}, {"变化 5%", 0.05}, {"20%", 0.2}, {"40% 以上", 0.4}} {
		m.Shades = append(m.Shades, legendEntry{s.name, hexColor(shadow(s.share))})
	}
	marks := image.NewRGBA(picture.Bounds())
	for i := len(report.Severities) - 1; i >= 0; i-- { // the worst above
		s := report.Severities[i]
		for _, d := range dots[s.Level] {
			u, v := in.Earth.Lattice(d[0], d[1])
			p := place(orb.Point{u, v})
			x, y := int(2*p[0]), int(2*p[1])
			fill(marks, image.Rect(x-4, y-4, x+4, y+4), color.RGBA{40, 40, 40, 255})
			fill(marks, image.Rect(x-3, y-3, x+3, y+3), s.Color)
		}
	}
	var err error
	if m.Picture, err = dataURL(picture); err != nil {
		return m, err
	}
	if m.Dots, err = dataURL(marks); err != nil {
		return m, err
	}
	paths := map[redline.ZoneType][]string{}
	for _, z := range in.Zones {
		var o outline
		o.add(z.Shape, place, m.Width, m.Height)
		paths[z.Type] = append(paths[z.Type], string(o.path))
	}
	for _, t := range redline.ZoneTypes() {
		if len(paths[t]) > 0 {
			m.Zones = append(m.Zones, drawn{t.Chinese(), hexColor(report.ZoneColor(t)), paths[t]})
		}
	}
	counties := &outline{}
	for _, a := range in.Admin {
		counties.add(a.Shape, place, m.Width, m.Height)
		if len(in.Admin) <= 150 && len(a.Shape) > 0 {
			p := place(a.Shape.Bound().Center())
			if p[0] > 20 && p[0] < m.Width-20 && p[1] > 10 && p[1] < m.Height-10 {
				m.Labels = append(m.Labels, label{math.Round(p[0]), math.Round(p[1]), report.Visible(a.Name)})
			}
		}
	}
	m.Counties = string(counties.path)
	m.scaleBar(in.Earth, g, scale, width)
	return m, nil
}

// shade paints the squares of the overview.
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

func fill(picture *image.RGBA, r image.Rectangle, c color.RGBA) {
	r = r.Intersect(picture.Bounds())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			picture.SetRGBA(x, y, c)
		}
	}
}

// dataURL is a picture inside the page. A palette is used where 256 colours suffice.
func dataURL(picture image.Image) (template.URL, error) {
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(&b, palettedIfFew(picture)); err != nil {
		return "", err
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())), nil
}

func palettedIfFew(picture image.Image) image.Image {
	rgba, ok := picture.(*image.RGBA)
	if !ok {
		return picture
	}
	r := rgba.Bounds()
	out := image.NewPaletted(r, nil)
	index := map[color.RGBA]uint8{}
	for i := 0; i < len(rgba.Pix); i += 4 {
		c := color.RGBA{rgba.Pix[i], rgba.Pix[i+1], rgba.Pix[i+2], rgba.Pix[i+3]}
		n, known := index[c]
		if !known {
			if len(index) == 256 {
				return picture
			}
			n = uint8(len(index))
			index[c] = n
			out.Palette = append(out.Palette, c)
		}
		out.Pix[i/4] = n
	}
	return out
}

// outline collects rings as the path of an SVG, drawn no finer than can be seen.
type outline struct{ path []byte }

func (o *outline) add(mp orb.MultiPolygon, place func(orb.Point) orb.Point, width, height float64) {
	for _, polygon := range mp {
		for _, ring := range polygon {
			line := make(orb.LineString, len(ring))
			for i, p := range ring {
				q := place(p)
				// What lies far outside is drawn at the edge of a frame around the map.
				line[i] = orb.Point{min(max(q[0], -width), 2*width), min(max(q[1], -height), 2*height)}
			}
			line = simplify.DouglasPeucker(0.4).LineString(line)
			o.ring(line, 1)
		}
	}
}

func (o *outline) ring(line orb.LineString, decimals int) {
	for i, p := range line {
		if i == len(line)-1 && p == line[0] {
			break
		}
		command := byte('L')
		if i == 0 {
			command = 'M'
		}
		o.path = append(o.path, command)
		o.path = strconv.AppendFloat(o.path, p[0], 'f', decimals, 64)
		o.path = append(o.path, ' ')
		o.path = strconv.AppendFloat(o.path, p[1], 'f', decimals, 64)
	}
	if len(line) > 0 {
		o.path = append(o.path, 'Z')
	}
}

// cellM is the size of the cell in the middle, in metres, to some per mille.
func cellM(earth *raster.Earth, g raster.Grid) (width, height float64) {
	u, v := float64(g.Cols)/2, float64(g.Rows)/2
	lon, lat := earth.LonLat(u, v)
	distance := func(u, v float64) float64 {
		lon1, lat1 := earth.LonLat(u, v)
		const degree = 6371e3 * math.Pi / 180
		return degree * math.Hypot((lon1-lon)*math.Cos(lat*math.Pi/180), lat1-lat)
	}
	return distance(u+1, v), distance(u, v+1)
}

// length writes a length in metres or kilometres, with at least three digits that count.
func length(m float64) string {
	switch {
	case m < 1000:
		return fmt.Sprintf("%.0f 米", m)
	case m < 100_000:
		return fmt.Sprintf("%.3g 公里", m/1000)
	}
	return fmt.Sprintf("%.0f 公里", m/1000)
}

// scaleBar finds a bar of a round length of about a fifth of the map, along its middle, and the coordinates of its corners.
func (m *overview) scaleBar(earth *raster.Earth, g raster.Grid, scale, cell float64) {
	want := m.Width / 5 / scale * cell
	size := math.Pow(10, math.Floor(math.Log10(want)))
	for _, k := range []float64{5, 2, 1} {
		if k*size <= want {
			size *= k
			break
		}
	}
	m.ScaleLength, m.ScaleWidth = length(size), math.Round(size/cell*scale*10)/10
	m.ScaleMiddle, m.ScaleTop = m.ScaleWidth/2, math.Round(m.Height-18)
	west, north := earth.LonLat(0, 0)
	east, south := earth.LonLat(float64(g.Cols), float64(g.Rows))
	degrees := func(x float64, plus, minus string) string {
		if x < 0 {
			x, plus = -x, minus
		}
		return strconv.FormatFloat(x, 'f', 2, 64) + "°" + plus
	}
	m.West, m.East, m.South, m.North = degrees(west, "E", "W"), degrees(east, "E", "W"), degrees(south, "N", "S"), degrees(north, "N", "S")
}
