package ledgerwork

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/ledger"
)

// Lead is a row of a file of leads: by the name of a column what stands there.
type Lead struct {
	Place  string // in the file
	Values map[string]string
}

// LeadColumns are what a lead may have; number is its own number, by which it is told from others of its source.
var LeadColumns = []string{"number", "date", "text", "lon", "lat", "county", "county_name"}

// leadFields are the fields of the ledger for these.
var leadFields = map[string]string{"number": ledger.FieldLeadNo, "date": ledger.FieldLeadDate,
	"text": ledger.FieldLeadText, "lon": ledger.FieldLon, "lat": ledger.FieldLat, "county": ledger.FieldCounty,
	"county_name": ledger.FieldCountyName}

// Leads returns the change that brings leads of a source into a ledger. A lead whose point lies at most within metres
// from that of a case joins the nearest one, with the distance; every other one opens a case, also one of which only
// the county is known. A number that the ledger has of the source already is not told again.
func Leads(ctx context.Context, s ledger.Store, source string, leads []Lead, within float64, by By) (*Change, error) {
	c, err := begin(ctx, s)
	if err != nil {
		return nil, err
	}
	meta, err := ledger.Meta(ctx, s)
	if err != nil {
		return nil, redline.WithKind(redline.Usage, err)
	}
	cases, err := Select(ctx, s, Filter{})
	if err != nil {
		return nil, err
	}
	heard := map[string]bool{}
	for e, err := range s.Events(ctx, ledger.EventFilter{}) {
		if err != nil {
			return nil, err
		}
		if e.Kind == ledger.LeadTold && e.Fields[ledger.FieldLeadSource] == source {
			heard[e.Fields[ledger.FieldLeadNo]] = true
		}
	}
	no := c.Base.LastNo
	for _, lead := range leads {
		fields, err := leadOf(lead, source, by)
		number := fields[ledger.FieldLeadNo]
		switch {
		case err != nil:
			c.refuse("", lead.Place, lead.Values["number"], err)
			continue
		case heard[number]:
			c.Same++
			continue
		}
		heard[number] = true
		id, metres := nearest(cases, fields)
		if id != "" && metres <= within {
			fields[ledger.FieldLeadDistance] = strconv.FormatFloat(metres, 'f', 0, 64)
		} else {
			no++
			id = ledger.CaseID(meta[ledger.FieldCode], no)
		}
		c.add(by, id, ledger.LeadTold, fields)
	}
	return c, nil
}

// leadOf returns the fields of a lead, or why it cannot be taken.
func leadOf(lead Lead, source string, by By) (map[string]string, error) {
	fields := map[string]string{ledger.FieldLeadSource: source}
	for name, value := range lead.Values {
		if value != "" {
			fields[leadFields[name]] = value
		}
	}
	if fields[ledger.FieldLeadNo] == "" {
		return nil, fmt.Errorf("the number of the lead is missing")
	}
	if date := fields[ledger.FieldLeadDate]; date != "" {
		date = findings.PlainDate(findings.SpreadsheetDate(date, false))
		day, err := ledger.ParseDate(date)
		if err != nil {
			return nil, err
		}
		if day > ledger.DayOf(by.At) {
			return nil, fmt.Errorf("%s lies in the future", day)
		}
		fields[ledger.FieldLeadDate] = date
	}
	if fields[ledger.FieldLon] == "" && fields[ledger.FieldLat] == "" {
		return fields, nil
	}
	if _, _, ok := pointOf(fields); !ok {
		return nil, fmt.Errorf("longitude %q and latitude %q are no place",
			fields[ledger.FieldLon], fields[ledger.FieldLat])
	}
	return fields, nil
}

// pointOf returns the longitude and latitude that fields have.
func pointOf(fields map[string]string) (lon, lat float64, ok bool) {
	lon, errLon := strconv.ParseFloat(fields[ledger.FieldLon], 64)
	lat, errLat := strconv.ParseFloat(fields[ledger.FieldLat], 64)
	return lon, lat, errLon == nil && errLat == nil && math.Abs(lon) <= 180 && math.Abs(lat) <= 90
}

// nearest returns the case whose point is the nearest to that of a lead, and its distance on a sphere; of equally near
// ones the first. It is "" when the lead or all cases have no point.
func nearest(cases []ledger.Case, fields map[string]string) (id string, metres float64) {
	lon, lat, ok := pointOf(fields)
	if !ok {
		return "", 0
	}
	metres = math.Inf(1)
	for i := range cases {
		x, y, ok := pointOf(cases[i].Fields)
		if !ok {
			continue
		}
		if d := distance(lon, lat, x, y); d < metres {
			id, metres = cases[i].ID, d
		}
	}
	return id, metres
}

// distance returns the distance of two points in metres, on a sphere of the Earth's mean radius (haversine).
func distance(lon0, lat0, lon1, lat1 float64) float64 {
	const radius, degree = 6371008.8, math.Pi / 180
	a, b := math.Sin((lat1-lat0)*degree/2), math.Sin((lon1-lon0)*degree/2)
	return 2 * radius * math.Asin(math.Sqrt(a*a+math.Cos(lat0*degree)*math.Cos(lat1*degree)*b*b))
}

// Mapped returns the rows of a table as leads, of which the first row has the titles. mapping names the title of each
// of [LeadColumns] that the table has; leftOut are the titles that it does not name, of which nothing is kept.
func Mapped(rows [][]string, mapping map[string]string) (leads []Lead, leftOut []string, err error) {
	if len(rows) == 0 {
		return nil, nil, fmt.Errorf("the table is empty")
	}
	at := map[string]int{}
	for name, title := range mapping {
		i := slices.Index(rows[0], title)
		if i < 0 {
			return nil, nil, fmt.Errorf("the table has no column %s", title)
		}
		at[name] = i
	}
	for i, title := range rows[0] {
		used := false
		for _, j := range at {
			used = used || i == j
		}
		if !used && title != "" {
			leftOut = append(leftOut, title)
		}
	}
	for n, row := range rows[1:] {
		lead := Lead{Place: fmt.Sprintf("row %d", n+2), Values: map[string]string{}}
		blank := true
		for name, i := range at {
			if i < len(row) {
				lead.Values[name] = row[i]
				blank = blank && row[i] == ""
			}
		}
		if !blank {
			leads = append(leads, lead)
		}
	}
	return leads, leftOut, nil
}
