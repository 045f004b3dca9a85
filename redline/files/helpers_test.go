package files

import (
	"greenshield/redline"
	"greenshield/redline/findings"
)

// line is a candidate as a line of candidates.geojson, and row as one of suppressed.csv.
func line(c *redline.Candidate) []byte {
	return AppendFeature(nil, c, func(b []byte) []byte { return appendFields(b, GeoJSON, c) })
}

func row(c *redline.Candidate) []byte {
	return AppendSuppressed(nil, c, func(b []byte) []byte { return appendFields(b, CSV, c) })
}

func appendFields(b []byte, form Form, c *redline.Candidate) []byte {
	for i, g := range (findings.Columns{}).Groups() {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendGroup(b, form, &g, c)
	}
	return b
}
