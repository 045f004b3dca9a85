package files

import (
	"strconv"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// CandidatesName is the file of the candidates.
const CandidatesName = "candidates.geojson"

// The file of the candidates is FeaturesHead, one line for each feature, all but the last with a comma at the end, and
// FeaturesTail.
const (
	FeaturesHead = `{"type":"FeatureCollection","name":"candidates","features":[` + "\n"
	FeaturesTail = "\n]}\n"
)

// Form is how a file writes the fields of a candidate.
type Form uint8

// The forms.
const (
	GeoJSON Form = iota // members of an object
	CSV                 // cells of a record
)

// AppendGroup appends the fields of a group of c, with commas between.
func AppendGroup(b []byte, form Form, g *findings.Group, c *redline.Candidate) []byte {
	for i := range g.Fields {
		f := &g.Fields[i]
		if i > 0 {
			b = append(b, ',')
		}
		if form == GeoJSON {
			b = append(append(append(b, '"'), f.Name...), '"', ':')
		}
		switch {
		case f.None(c):
			if form == GeoJSON {
				b = append(b, "null"...)
			}
		case f.Integer != nil:
			b = strconv.AppendInt(b, f.Integer(c), 10)
		case f.Decimal != nil:
			b = appendFixed(b, f.Decimal(c), f.Decimals)
		case form == GeoJSON:
			b = AppendJSON(b, f.Text(c))
		default:
			b = appendCell(b, f.Text(c))
		}
	}
	return b
}

// AppendFeature appends c as a GeoJSON Feature (RFC 7946) without a line end. properties appends the fields of c in the
// form GeoJSON.
func AppendFeature(b []byte, c *redline.Candidate, properties func(b []byte) []byte) []byte {
	b = append(b, `{"type":"Feature","id":`...)
	b = AppendJSON(b, c.ID)
	b = append(b, `,"properties":{`...)
	b = properties(b)
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

// SuppressedHeader returns the header of suppressed.csv, which has the fields of those groups.
func SuppressedHeader(groups []findings.Group) string {
	var r Row
	for i := range groups {
		for _, f := range groups[i].Fields {
			r.Text(f.Name)
		}
	}
	r.Text("reason")
	r.End()
	return string(r)
}

// AppendSuppressed appends c as a record of suppressed.csv. cells appends the fields of c in the form CSV.
func AppendSuppressed(b []byte, c *redline.Candidate, cells func(b []byte) []byte) []byte {
	b = append(cells(b), ',')
	return append(appendCell(b, c.Reason.String()), '\n')
}

// OverlapsHeader returns the header of overlaps.csv.
func OverlapsHeader() string {
	var r Row
	r.Texts("cand_id", "layer", "zone_id", "zone_name", "zone_type", "controls", "area_ha")
	r.End()
	return string(r)
}

// AppendOverlaps appends a record of overlaps.csv for each zone over c, in the order of overlaps. zones are those of
// the run.
func AppendOverlaps(b []byte, c *redline.Candidate, overlaps []redline.Overlap, zones []redline.Zone) []byte {
	r := Row(b)
	for _, o := range overlaps {
		z := &zones[o.Zone]
		r.Texts(c.ID, z.Layer, z.ID, z.Name, z.Type.String())
		controls := int64(0)
		if z.Layer == c.Layer && z.ID == c.ZoneID {
			controls = 1
		}
		r.Integer(controls)
		r.Fixed(o.AreaM2/redline.M2PerHa, findings.HaDecimals)
		r.End()
	}
	return r
}
