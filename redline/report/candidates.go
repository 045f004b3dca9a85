package report

import (
	"cmp"
	"slices"

	"greenshield/redline"
)

// A collection is one line of head, one line for each feature, and one of tail.
const (
	featuresHead = `{"type":"FeatureCollection","name":"candidates","features":[` + "\n"
	featuresTail = "\n]}\n"
)

// appendFeature appends c as a GeoJSON Feature (RFC 7946) without a line end.
func appendFeature(b []byte, c *redline.Candidate) []byte {
	b = append(b, `{"type":"Feature","id":`...)
	b = appendJSON(b, c.ID)
	b = append(b, `,"properties":{`...)
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, f.name...)
		b = append(b, '"', ':')
		if f.text != nil {
			b = appendJSON(b, f.text(c))
		} else {
			b = f.number(b, c)
		}
	}
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
func appendCandidateRow(b []byte, c *redline.Candidate) []byte {
	r := row(b)
	for _, f := range fields {
		if f.text != nil {
			r.text(f.text(c))
		} else {
			r = append(f.number(r, c), ',')
		}
	}
	r.text(c.Reason)
	r.end()
	return r
}

func overlapHeader() string {
	var r row
	r.texts("cand_id", "layer", "zone_id", "zone_name", "zone_type", "controls", "area_ha")
	r.end()
	return string(r)
}

// appendOverlaps appends a record of overlaps.csv for each zone that c touches, in
// the order of the zones.
func (s *Spool) appendOverlaps(b []byte, c *redline.Candidate, overlaps []redline.Overlap) []byte {
	r := row(b)
	for _, o := range slices.SortedFunc(slices.Values(overlaps), func(a, b redline.Overlap) int { return cmp.Compare(a.Zone, b.Zone) }) {
		z := &s.zones[o.Zone]
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
