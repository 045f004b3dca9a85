package report

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"
	"strconv"

	"greenshield/redline"
)

// A collection is one line of head, one line for each feature, and one of tail.
const (
	featuresHead = `{"type":"FeatureCollection","name":"candidates","features":[` + "\n"
	featuresTail = "\n]}\n"
)

// encoder makes the texts of candidates, for one goroutine at a time. With common nil
// they are those of the files, else they hold references.
type encoder struct {
	common *common
	seed   maphash.Seed
	known  []map[string]uint32 // what the encoder has asked common for, by group
	recent []recent            // some of that
	text   []byte              // of a candidate, used again, like the following
	key    []byte
	sorted []redline.Overlap
}

func newEncoder(common *common) *encoder {
	e := &encoder{common: common, seed: maphash.MakeSeed(), known: make([]map[string]uint32, len(groups)), recent: make([]recent, len(groups))}
	for i := range e.known {
		e.known[i] = map[string]uint32{}
	}
	return e
}

// held is what one field holds of a candidate.
type held struct {
	text    string
	integer int64
}

// recent remembers references by the values of a group: a candidate has most of them in
// common with one shortly before. To compare texts costs little where they are the same
// memory, as those of zones, rules and classes are.
type recent [256]struct {
	values []held
	number uint32
}

// appendFeature appends c as a GeoJSON Feature (RFC 7946) without a line end.
func (e *encoder) appendFeature(b []byte, c *redline.Candidate) []byte {
	b = append(b, `{"type":"Feature","id":`...)
	b = appendJSON(b, c.ID)
	b = append(b, `,"properties":{`...)
	b = e.appendGroups(b, partFeature, c)
	b = append(b, `},"geometry":{"type":"MultiPolygon","coordinates":[`...)
	for i, polygon := range c.Geometry {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for j, ring := range polygon {
			if j > 0 {
				b = append(b, ',')
			}
			b = append(b, '[')
			for k, p := range ring {
				if k > 0 {
					b = append(b, ',')
				}
				b = append(b, '[')
				b = appendDegrees(b, p[0])
				b = append(b, ',')
				b = appendDegrees(b, p[1])
				b = append(b, ']')
			}
			b = append(b, ']')
		}
		b = append(b, ']')
	}
	return append(b, "]}}"...)
}

// candidateHeader is the header of suppressed.csv.
func candidateHeader() string {
	var r Row
	for _, f := range fields {
		r.Text(f.Name)
	}
	r.Text("reason")
	r.End()
	return string(r)
}

// appendCandidateRow appends c as a record of suppressed.csv.
func (e *encoder) appendCandidateRow(b []byte, c *redline.Candidate) []byte {
	b = append(e.appendGroups(b, partSuppressed, c), ',')
	return append(appendCell(b, c.Reason), '\n')
}

// appendGroups appends all fields as that part wants them, with commas between.
func (e *encoder) appendGroups(b []byte, part byte, c *redline.Candidate) []byte {
	for i := range groups {
		if i > 0 {
			b = append(b, ',')
		}
		if g := &groups[i]; g.by == nil || e.common == nil {
			b = g.append(b, part, c)
		} else {
			b = appendReference(b, i, e.number(i, c))
		}
	}
	return b
}

// number returns the number of what a shared group holds of c.
func (e *encoder) number(i int, c *redline.Candidate) uint32 {
	g := &groups[i]
	name, second := g.by(c)
	slot := (maphash.String(e.seed, name) + 31*maphash.String(e.seed, second)) % uint64(len(recent{}))
	recent := &e.recent[i][slot]
	if g.holds(recent.values, c) {
		return recent.number
	}
	e.key = g.appendKey(e.key[:0], c)
	n, ok := e.known[i][string(e.key)]
	if !ok {
		var key string
		n, key = e.common.add(i, e.key, c)
		e.known[i][key] = n
	}
	recent.values, recent.number = g.appendValues(recent.values[:0], c), n
	return n
}

// append appends the fields of the group, with commas between.
func (g *group) append(b []byte, part byte, c *redline.Candidate) []byte {
	for i := range g.fields {
		f := &g.fields[i]
		if i > 0 {
			b = append(b, ',')
		}
		if part == partFeature {
			b = append(append(append(b, '"'), f.Name...), '"', ':')
		}
		switch {
		case f.Integer != nil:
			b = strconv.AppendInt(b, f.Integer(c), 10)
		case f.Decimal != nil:
			b = appendFixed(b, f.Decimal(c), f.Decimals)
		case part == partFeature:
			b = appendJSON(b, f.Text(c))
		default:
			b = appendCell(b, f.Text(c))
		}
	}
	return b
}

// value returns what a field of a shared group holds.
func (f *Field) value(c *redline.Candidate) held {
	if f.Text != nil {
		return held{text: f.Text(c)}
	}
	return held{integer: f.Integer(c)}
}

// holds tells that these are the values of the fields of a shared group.
func (g *group) holds(values []held, c *redline.Candidate) bool {
	if len(values) != len(g.fields) {
		return false
	}
	for i := range values {
		if g.fields[i].value(c) != values[i] {
			return false
		}
	}
	return true
}

// appendValues appends the values of the fields of a shared group.
func (g *group) appendValues(values []held, c *redline.Candidate) []held {
	for i := range g.fields {
		values = append(values, g.fields[i].value(c))
	}
	return values
}

// appendKey appends the values of a shared group, so that no other values give the same.
func (g *group) appendKey(b []byte, c *redline.Candidate) []byte {
	for i := range g.fields {
		v := g.fields[i].value(c)
		b = binary.AppendVarint(b, v.integer)
		b = append(binary.AppendUvarint(b, uint64(len(v.text))), v.text...)
	}
	return b
}

func overlapHeader() string {
	var r Row
	r.Texts("cand_id", "layer", "zone_id", "zone_name", "zone_type", "controls", "area_ha")
	r.End()
	return string(r)
}

// appendOverlaps appends a record of overlaps.csv for each zone that c touches, in
// the order of the zones.
func (e *encoder) appendOverlaps(b []byte, c *redline.Candidate, overlaps []redline.Overlap, zones []redline.Zone) []byte {
	r := Row(b)
	e.sorted = append(e.sorted[:0], overlaps...)
	slices.SortFunc(e.sorted, func(a, b redline.Overlap) int { return cmp.Compare(a.Zone, b.Zone) })
	for _, o := range e.sorted {
		z := &zones[o.Zone]
		r.Texts(c.ID, z.Layer, z.ID, z.Name, z.Type.String())
		controls := int64(0)
		if z.Layer == c.Layer && z.ID == c.ZoneID {
			controls = 1
		}
		r.Integer(controls)
		r.Fixed(o.AreaM2/m2PerHa, haDecimals)
		r.End()
	}
	return r
}
