package report

import (
	"cmp"
	"encoding/binary"
	"slices"

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
	known  map[string]uint16 // what the encoder has asked common for
	text   []byte            // of a candidate, used again
	key    []byte
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
	var r row
	for _, f := range fields {
		r.text(f.name)
	}
	r.text("reason")
	r.end()
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
		g := &groups[i]
		if !g.shared || e.common == nil {
			b = g.append(b, part, c)
			continue
		}
		e.key = g.appendKey(append(e.key[:0], part, byte(i)), c)
		if n, ok := e.known[string(e.key)]; ok {
			b = appendReference(b, n)
			continue
		}
		start := len(b)
		b = e.share(g.append(b, part, c), start)
	}
	return b
}

// share replaces the text in b from start on, made of e.key, by a reference.
func (e *encoder) share(b []byte, start int) []byte {
	n, key, ok := e.common.add(e.key, b[start:])
	if !ok {
		return b
	}
	e.known[key] = n
	return appendReference(b[:start], n)
}

// append appends the fields of the group, with commas between.
func (g *group) append(b []byte, part byte, c *redline.Candidate) []byte {
	for i := range g.fields {
		f := &g.fields[i]
		if i > 0 {
			b = append(b, ',')
		}
		if part == partFeature {
			b = append(append(append(b, '"'), f.name...), '"', ':')
		}
		switch {
		case f.text == nil:
			b = f.number(b, c)
		case part == partFeature:
			b = appendJSON(b, f.text(c))
		default:
			b = appendCell(b, f.text(c))
		}
	}
	return b
}

// appendKey appends the values of the group, so that no other values give the same.
func (g *group) appendKey(b []byte, c *redline.Candidate) []byte {
	for i := range g.fields {
		f := &g.fields[i]
		if f.text == nil {
			b = append(f.number(b, c), ',')
			continue
		}
		s := f.text(c)
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return b
}

func overlapHeader() string {
	var r row
	r.texts("cand_id", "layer", "zone_id", "zone_name", "zone_type", "controls", "area_ha")
	r.end()
	return string(r)
}

// appendOverlaps appends a record of overlaps.csv for each zone that c touches, in
// the order of the zones.
func (e *encoder) appendOverlaps(b []byte, c *redline.Candidate, overlaps []redline.Overlap, zones []redline.Zone) []byte {
	r := row(b)
	for _, o := range slices.SortedFunc(slices.Values(overlaps), func(a, b redline.Overlap) int { return cmp.Compare(a.Zone, b.Zone) }) {
		z := &zones[o.Zone]
		r.texts(c.ID, z.Layer, z.ID, z.Name, z.Type.String())
		controls := int64(0)
		if z.Layer == c.Layer && z.ID == c.ZoneID {
			controls = 1
		}
		r.integer(controls)
		r.fixed(o.AreaM2/m2PerHa, haDecimals)
		r.end()
	}
	return r
}
