package page

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// names gives each text of a column a small number, and lists the texts by number.
type names[T comparable] struct {
	at   map[T]int
	list []T
}

// number returns the number of a text.
func (n *names[T]) number(text T) int {
	at, ok := n.at[text]
	if !ok {
		if n.at == nil {
			n.at = map[T]int{}
		}
		at = len(n.list)
		n.at[text], n.list = at, append(n.list, text)
	}
	return at
}

// degree is an angle in degrees. It is shown with six decimals, which go to a tenth of a metre.
type degree float64

// String returns the angle with six decimals.
func (d degree) String() string { return strconv.FormatFloat(float64(d), 'f', degreeDecimals, 64) }

const degreeDecimals = 6

// zoneName is the name of a zone and the number of its type.
type zoneName struct {
	name string
	kind int
}

// MarshalJSON writes both as an array.
func (z zoneName) MarshalJSON() ([]byte, error) { return json.Marshal([]any{z.name, z.kind}) }

// index is the list of all candidates for the script of the page, which searches and sorts it. Its rows are arrays:
// id, severity, county, zone, change, activity, area in ha, longitude, latitude, flags, x and y in units of the map.
// With a ledger there follow the relation, the id of the case, its state, what was said of it, and what stands there;
// with evidence an array of that (see [evidenceIndex]); with dates the row of the year, when the candidate changed, and
// what is said of the date of its zone.
// Texts are numbers there; the lists of texts stand behind the rows. Areas have as many decimals as in files, so that
// their sums are those of the page.
type index struct {
	place                                       func(lon, lat float64) orb.Point // takes a candidate to the map
	severities                                  [redline.NumSeverities]legendEntry
	counties, kinds, changes, activities, flags names[string]
	zones                                       names[zoneName]
	activityOf                                  map[string]int // the number of each activity as candidates have it
	known                                       *knownIndex    // nil without a ledger
	evidence                                    *evidenceIndex // nil without evidence
	dates                                       *datesIndex    // nil without dates
}

// newIndex returns the index of what was found.
func newIndex(found *findings.Findings) *index {
	g, earth := found.Summary.Grid, found.Inputs.Earth
	width, height := cellM(earth, g)
	f := newFrame(g, width, height)
	x := &index{place: func(lon, lat float64) orb.Point {
		u, v := earth.Lattice(lon, lat)
		return f.place(orb.Point{u, v})
	}}
	if found.Manifest.Ledger != nil {
		x.known = newKnownIndex()
	}
	columns := found.Columns()
	if columns.Examined() {
		x.evidence = newEvidenceIndex(found)
	}
	if columns.Dated || columns.Since {
		x.dates = &datesIndex{}
	}
	for _, s := range findings.Severities() {
		x.severities[s.Severity] = legendEntry{s.Chinese(), hexColor(s.Color)}
	}
	return x
}

// appendRow appends the row of a candidate as JSON.
func (x *index) appendRow(b []byte, c *redline.Candidate) ([]byte, error) {
	kind := c.ZoneType
	if z, err := redline.ParseZoneType(c.ZoneType); err == nil {
		kind = z.Chinese()
	}
	p := x.place(c.Lon, c.Lat)
	zone := zoneName{findings.Visible(cmp.Or(c.ZoneName, c.ZoneID)), x.kinds.number(kind)}
	id, err := json.Marshal(c.ID)
	if err != nil {
		return b, err
	}
	whole := func(n int) { b = strconv.AppendInt(append(b, ','), int64(n), 10) }
	decimal := func(f float64, decimals int) { b = strconv.AppendFloat(append(b, ','), f, 'f', decimals, 64) }
	b = append(append(b, '['), id...)
	whole(int(c.Severity))
	whole(x.counties.number(findings.Visible(cmp.Or(c.AdmName, c.AdmCode, redline.NoCounty))))
	whole(x.zones.number(zone))
	whole(x.changes.number(findings.Visible(c.ChangeZH)))
	whole(x.activity(c.Activity))
	decimal(c.AreaM2/1e4, findings.HaDecimals)
	decimal(c.Lon, degreeDecimals)
	decimal(c.Lat, degreeDecimals)
	whole(x.flags.number(strings.Join(redline.FlagsChinese(c.Flags), "；")))
	whole(int(p[0]))
	whole(int(p[1]))
	if x.known == nil {
		b = append(b, ']')
	} else if b, err = x.known.appendTo(b, c.Known); err != nil {
		return b, err
	}
	if x.evidence != nil {
		b = x.evidence.appendTo(b[:len(b)-1], c)
	}
	if x.dates != nil {
		b = x.dates.appendTo(b[:len(b)-1], c)
	}
	return b, nil
}

// activity returns the number of an activity.
func (x *index) activity(text string) int {
	n, known := x.activityOf[text]
	if !known {
		if x.activityOf == nil {
			x.activityOf = map[string]int{}
		}
		n = x.activities.number(findings.Visible(findings.Chinese(text)))
		x.activityOf[text] = n
	}
	return n
}

// lists returns the texts that rows have numbers for.
func (x *index) lists() map[string]any {
	lists := map[string]any{
		"severities": x.severities, "counties": x.counties.list, "zones": x.zones.list, "kinds": x.kinds.list,
		"changes": x.changes.list, "activities": x.activities.list, "flags": x.flags.list,
	}
	if x.known != nil {
		x.known.addTo(lists)
	}
	if x.evidence != nil {
		x.evidence.addTo(lists)
	}
	if x.dates != nil {
		x.dates.addTo(lists)
	}
	return lists
}

// packLevel is how hard gzip tries. The next level takes twice as long as this one, for 2 % less text.
const packLevel = 6

// pack writes the rows of candidates and the lists of texts as JSON, compressed by gzip, in base64: little text for
// many candidates, which browsers unpack by themselves. Memory holds no more than that text, which is "" without ranks.
// The ranks are sorted.
func (x *index) pack(ctx context.Context, all findings.Candidates, ranks []findings.Rank) (template.HTML, error) {
	if len(ranks) == 0 {
		return "", nil
	}
	slices.SortFunc(ranks, findings.Rank.Compare)
	var text bytes.Buffer
	armour := base64.NewEncoder(base64.StdEncoding, &text)
	packer, err := gzip.NewWriterLevel(armour, packLevel)
	if err != nil {
		return "", err
	}
	out := []byte(`{"rows":[`) // what is not compressed yet
	positions := func(yield func(uint32) bool) {
		for _, r := range ranks {
			if !yield(r.Position) {
				return
			}
		}
	}
	for c, err := range all.Pick(ctx, positions) {
		if err != nil {
			return "", err
		}
		if out, err = x.appendRow(out, c); err != nil {
			return "", err
		}
		if _, err := packer.Write(out); err != nil {
			return "", err
		}
		out = append(out[:0], ",\n"...)
	}
	lists, err := json.Marshal(x.lists())
	if err != nil {
		return "", err
	}
	out = append(append(append(out[:0], `],"lists":`...), lists...), '}')
	if _, err := packer.Write(out); err != nil {
		return "", err
	}
	if err := cmp.Or(packer.Close(), armour.Close()); err != nil {
		return "", err
	}
	return template.HTML(text.String()), nil
}
