package visits

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/paulmach/orb"
)

// kml is a file of KML 2.2 (OGC 07-147r2): a folder for each day.
type kml struct {
	XMLName xml.Name    `xml:"http://www.opengis.net/kml/2.2 kml"`
	Name    string      `xml:"Document>name"`
	Desc    string      `xml:"Document>description"`
	Styles  []kmlStyle  `xml:"Document>Style"`
	Folders []kmlFolder `xml:"Document>Folder"`
}

type kmlStyle struct {
	ID    string `xml:"id,attr"`
	Icon  string `xml:"IconStyle>color"`
	Line  string `xml:"LineStyle>color"`
	Width string `xml:"LineStyle>width"`
}

type kmlFolder struct {
	Name   string         `xml:"name"`
	Desc   string         `xml:"description"`
	Places []kmlPlacemark `xml:"Placemark"`
}

type kmlPlacemark struct {
	Name  string    `xml:"name"`
	Desc  string    `xml:"description,omitempty"`
	Style string    `xml:"styleUrl"`
	Point *kmlPoint `xml:"Point"`
	Line  *kmlPoint `xml:"LineString"`
}

type kmlPoint struct {
	Coordinates string `xml:"coordinates"`
}

// colours are those of days, which begin again after the last one.
var colours = [][3]uint8{{213, 94, 0}, {0, 114, 178}, {0, 140, 100}, {204, 121, 167}, {150, 110, 0}, {70, 60, 120}}

// colour returns the colour of a day.
func colour(day int) [3]uint8 { return colours[day%len(colours)] }

// coordinates returns places as KML has them.
func coordinates(places []orb.Point) *kmlPoint {
	var all []string
	for _, p := range places {
		all = append(all, degrees(p[0])+","+degrees(p[1]))
	}
	return &kmlPoint{strings.Join(all, " ")}
}

// route returns the places of a day in their order, with the starting place.
func (p *Plan) route(day int) (places []orb.Point) {
	for _, s := range p.Days[day].Stops {
		places = append(places, s.At)
	}
	if p.From != nil {
		places = append(append([]orb.Point{*p.From}, places...), *p.From)
	}
	return places
}

// writeKML writes visits.kml.
func (p *Plan) writeKML(w io.Writer) error {
	k := kml{Name: p.title(), Desc: careNote + placesNote + distancesNote}
	for i, c := range colours {
		abgr := fmt.Sprintf("ff%02x%02x%02x", c[2], c[1], c[0])
		k.Styles = append(k.Styles, kmlStyle{fmt.Sprintf("day%d", i), abgr, abgr, "3"})
	}
	for day := range p.Days {
		d := &p.Days[day]
		style := fmt.Sprintf("#day%d", day%len(colours))
		f := kmlFolder{Name: p.dayTitle(day), Desc: p.daySummary(day)}
		for i, s := range d.Stops {
			f.Places = append(f.Places, kmlPlacemark{Name: Name(day, i, s), Style: style,
				Desc: htmlLines(s.facts(d.Legs[i])), Point: coordinates([]orb.Point{s.At})})
		}
		if route := p.route(day); len(route) > 1 {
			f.Places = append(f.Places, kmlPlacemark{Name: p.dayTitle(day) + "（直线次序，不是道路）", Style: style,
				Line: coordinates(route)})
		}
		k.Folders = append(k.Folders, f)
	}
	return writeXML(w, k)
}

// htmlLines returns lines as the HTML that descriptions of KML are.
func htmlLines(lines []string) string {
	text := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(strings.Join(lines, "\n"))
	return strings.ReplaceAll(text, "\n", "<br>")
}
