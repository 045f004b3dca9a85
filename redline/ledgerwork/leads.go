package ledgerwork

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/ledger"
)

// Lead is a row of a file of leads, or a feature of a layer.
type Lead struct {
	Place  string            // in the file
	Row    int               // of the table, from 0 below the titles
	Values map[string]string // by name of [LeadColumns]
	Shape  orb.Geometry      // of a feature: a point or a MultiPolygon in degrees; nil for none
}

// LeadColumns are what a lead may have; number is its own number, by which it is told from others of its source.
var LeadColumns = []string{"number", "date", "text", "lon", "lat", "county", "county_name"}

// leadFields are the fields of the ledger for these.
var leadFields = map[string]string{"number": ledger.FieldLeadNo, "date": ledger.FieldLeadDate,
	"text": ledger.FieldLeadText, "lon": ledger.FieldLon, "lat": ledger.FieldLat, "county": ledger.FieldCounty,
	"county_name": ledger.FieldCountyName}

// Leads returns the change that brings leads of a source into a ledger. A lead that lies on the ground of a case, or
// covers some of it, joins that case, the one of which it covers the most; one that lies at most within metres from the
// nearest case joins that, with the distance on the ellipsoid; every other one opens a case of its own that knows the
// nearest one, also a lead of which only the county is known. Only cases that were there before count, so that the
// order of the leads does not. A number that the ledger has of the source already is not told again.
func Leads(ctx context.Context, s ledger.Store, source string, leads []Lead, within float64, lattices Placers, by By,
) (*Change, error) {
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
	grounds, err := groundsOf(ctx, s, cases, lattices)
	if err != nil {
		return nil, err
	}
	heard, err := heardOf(ctx, s, source)
	if err != nil {
		return nil, err
	}
	no, said := c.Base.LastNo, map[string]map[string]string{} // of this file by number
	for _, lead := range leads {
		fields, err := leadOf(lead, source, by)
		number := fields[ledger.FieldLeadNo]
		if before := said[number]; err == nil && before != nil && !maps.Equal(before, fields) {
			err = fmt.Errorf("the number %s stands in the file before, with something else; give each lead its own", number)
		}
		if err == nil && heard[number] {
			c.Same++
			continue
		}
		var near nearby
		if shape := ShapeOf(fields); err == nil && shape != nil {
			near, err = grounds.nearest(shape)
		}
		if err != nil {
			c.refuse("", lead.Place, lead.Values["number"], err)
			continue
		}
		heard[number], said[number] = true, maps.Clone(fields)
		id := near.Case
		if near.Case != "" {
			fields[ledger.FieldLeadDistance] = strconv.FormatFloat(near.Metres, 'f', 0, 64)
		}
		if near.Case == "" || near.Metres > within {
			no++
			id = ledger.CaseID(meta[ledger.FieldCode], no)
			if near.Case != "" {
				fields[ledger.FieldLeadNearest] = near.Case
			}
		}
		c.add(by, id, ledger.LeadTold, fields)
	}
	return c, nil
}

// heardOf returns the numbers of leads of a source that a ledger has.
func heardOf(ctx context.Context, s ledger.Store, source string) (map[string]bool, error) {
	heard := map[string]bool{}
	for e, err := range s.Events(ctx, ledger.EventFilter{}) {
		if err != nil {
			return nil, err
		}
		if e.Kind == ledger.LeadTold && e.Fields[ledger.FieldLeadSource] == source {
			heard[e.Fields[ledger.FieldLeadNo]] = true
		}
	}
	return heard, nil
}

// leadOf returns the fields of a lead, or why it cannot be taken. Telephone and identity numbers are taken out of its
// text.
func leadOf(lead Lead, source string, by By) (map[string]string, error) {
	fields := map[string]string{ledger.FieldLeadSource: source}
	for name, value := range lead.Values {
		if value != "" {
			fields[leadFields[name]] = value
		}
	}
	if text, ok := fields[ledger.FieldLeadText]; ok {
		fields[ledger.FieldLeadText] = withoutNumbers(text)
	}
	if fields[ledger.FieldLeadNo] == "" {
		return fields, fmt.Errorf("the number of the lead is missing")
	}
	if date := fields[ledger.FieldLeadDate]; date != "" {
		date = findings.PlainDate(findings.SpreadsheetDate(date, false))
		day, err := ledger.ParseDate(date)
		if err != nil {
			return fields, err
		}
		if day > ledger.DayOf(by.At) {
			return fields, fmt.Errorf("%s lies in the future", day)
		}
		fields[ledger.FieldLeadDate] = date
	}
	if lead.Shape != nil {
		return fields, placeIn(fields, lead.Shape)
	}
	if fields[ledger.FieldLon] == "" && fields[ledger.FieldLat] == "" {
		return fields, nil
	}
	if _, _, ok := pointOf(fields); !ok {
		return fields, fmt.Errorf("longitude %q and latitude %q are no place",
			fields[ledger.FieldLon], fields[ledger.FieldLat])
	}
	return fields, nil
}

// placeIn sets the fields of a place: of polygons the outline, and a point inside.
func placeIn(fields map[string]string, shape orb.Geometry) error {
	point := middle(shape)
	if mp, ok := shape.(orb.MultiPolygon); ok {
		mp = mp.Clone()
		for _, r := range rings(mp) {
			for i := range r {
				r[i] = orb.Point{rounded(r[i][0]), rounded(r[i][1])}
			}
		}
		text, err := json.Marshal(geoJSON{"MultiPolygon", mp})
		if err != nil {
			return err
		}
		if len(text) > ledger.MaxText {
			return fmt.Errorf("its outline has too many points; simplify it")
		}
		fields[ledger.FieldLeadPlace] = string(text)
		if c, _ := planar.CentroidArea(mp); planar.MultiPolygonContains(mp, c) {
			point = c
		} else {
			point = mp[0][0][0]
		}
	}
	fields[ledger.FieldLon] = strconv.FormatFloat(rounded(point[0]), 'f', -1, 64)
	fields[ledger.FieldLat] = strconv.FormatFloat(rounded(point[1]), 'f', -1, 64)
	if _, _, ok := pointOf(fields); !ok {
		return fmt.Errorf("longitude %q and latitude %q are no place", fields[ledger.FieldLon], fields[ledger.FieldLat])
	}
	return nil
}

// rounded returns degrees with as many decimals as files have.
func rounded(x float64) float64 {
	scale := math.Pow10(findings.DegDecimals)
	return math.Round(x*scale) / scale
}

// numbers matches numbers in a text, those of mobile telephones in groups too.
var numbers = regexp.MustCompile(`1[3-9][0-9][- ][0-9]{4}[- ][0-9]{4}|[0-9]+[Xx]?`)

// withoutNumbers returns a text in which numbers of mobile telephones (11 digits that begin with 13 to 19) and of
// identity cards (18 digits, the last of which may be X) are covered.
func withoutNumbers(text string) string {
	return numbers.ReplaceAllStringFunc(text, func(number string) string {
		digits := strings.NewReplacer("-", "", " ", "", "X", "", "x", "").Replace(number)
		mobile := len(digits) == 11 && digits[0] == '1' && digits[1] >= '3'
		if mobile || len(digits) == 18 || len(digits) == 17 && len(number) == 18 {
			return "〔号码已隐去〕"
		}
		return number
	})
}

// personal are words of titles of columns that hold what is not wanted: who a petitioner is.
var personal = []string{"姓名", "电话", "手机", "身份证", "证件", "联系方式", "联系人",
	"信访人", "举报人", "投诉人", "来信人", "反映人", "住址", "微信", "邮箱"}

// pointOf returns the longitude and latitude that fields have.
func pointOf(fields map[string]string) (lon, lat float64, ok bool) {
	lon, errLon := strconv.ParseFloat(fields[ledger.FieldLon], 64)
	lat, errLat := strconv.ParseFloat(fields[ledger.FieldLat], 64)
	return lon, lat, errLon == nil && errLat == nil && math.Abs(lon) <= 180 && math.Abs(lat) <= 90
}

// Mapped returns the rows of a table as leads, of which the first row has the titles. mapping names the title of each
// of [LeadColumns] that the table has; leftOut are the titles that it does not name, of which nothing is kept.
func Mapped(rows [][]string, mapping map[string]string) (leads []Lead, leftOut []string, err error) {
	if len(rows) == 0 {
		return nil, nil, fmt.Errorf("the table is empty")
	}
	at := map[string]int{}
	for name, title := range mapping {
		if word := slices.IndexFunc(personal, func(word string) bool { return strings.Contains(title, word) }); word >= 0 {
			return nil, nil, fmt.Errorf("the column %s says who a petitioner is; the ledger keeps nothing of it", title)
		}
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
		lead := Lead{Place: fmt.Sprintf("row %d", n+2), Row: n, Values: map[string]string{}}
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
