package visits

import (
	"encoding/xml"
	"io"
	"strings"

	"github.com/paulmach/orb"
)

// gpx is a file of GPX 1.1 (https://www.topografix.com/GPX/1/1/); elements stand in the order of its schema.
type gpx struct {
	XMLName xml.Name   `xml:"http://www.topografix.com/GPX/1/1 gpx"`
	Version string     `xml:"version,attr"`
	Creator string     `xml:"creator,attr"`
	Name    string     `xml:"metadata>name"`
	Desc    string     `xml:"metadata>desc"`
	Points  []gpxPoint `xml:"wpt"`
	Routes  []gpxRoute `xml:"rte"`
}

type gpxPoint struct {
	Lat  string `xml:"lat,attr"`
	Lon  string `xml:"lon,attr"`
	Name string `xml:"name"`
	Desc string `xml:"desc,omitempty"`
	Kind string `xml:"type,omitempty"`
}

type gpxRoute struct {
	Name   string     `xml:"name"`
	Desc   string     `xml:"desc"`
	Number int        `xml:"number"`
	Points []gpxPoint `xml:"rtept"`
}

// startName is how the starting place is called.
const startName = "出发地"

// gpxAt returns a point of GPX.
func gpxAt(p orb.Point, name string) gpxPoint {
	return gpxPoint{Lat: degrees(p[1]), Lon: degrees(p[0]), Name: name}
}

// writeGPX writes visits.gpx: a waypoint for each case, and a route for each day.
func (p *Plan) writeGPX(w io.Writer) error {
	g := gpx{Version: "1.1", Creator: "greenshield", Name: p.title(), Desc: careNote + placesNote + distancesNote}
	for day := range p.Days {
		d := &p.Days[day]
		r := gpxRoute{Name: p.dayTitle(day), Desc: p.daySummary(day) + "。" + distancesNote, Number: day + 1}
		for i, s := range d.Stops {
			point := gpxAt(s.At, Name(day, i, s))
			r.Points = append(r.Points, point)
			point.Desc, point.Kind = strings.Join(s.facts(d.Legs[i]), "；"), p.dayTitle(day)
			g.Points = append(g.Points, point)
		}
		if p.From != nil {
			start := gpxAt(*p.From, startName)
			r.Points = append(append([]gpxPoint{start}, r.Points...), start)
		}
		g.Routes = append(g.Routes, r)
	}
	return writeXML(w, g)
}

// writeXML writes a document.
func writeXML(w io.Writer, document any) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", " ")
	if err := e.Encode(document); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
