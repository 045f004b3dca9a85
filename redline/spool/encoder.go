package spool

import (
	"cmp"
	"encoding/binary"
	"slices"

	"greenshield/redline"
	"greenshield/redline/files"
	"greenshield/redline/findings"
)

// encoder makes the texts of candidates, for one goroutine at a time. When common is nil they are the texts of the
// files, else references stand in them for the values of shared groups.
type encoder struct {
	common *common
	// By group and the number of [redline.Alike]: one more than the number that common has given, 0 for none yet.
	alike [][]uint32

	// Memory that one candidate leaves to the next.
	text    []byte
	lengths lengths
	key     []byte
	sorted  []redline.Overlap
}

func newEncoder(common *common) *encoder {
	return &encoder{common: common, alike: make([][]uint32, len(common.fields))}
}

// appendFeature appends c as a feature of candidates.geojson.
func (e *encoder) appendFeature(b []byte, c *redline.Candidate) []byte {
	return files.AppendFeature(b, c, func(b []byte) []byte { return e.appendGroups(b, partFeature, c) })
}

// appendSuppressed appends c as a record of suppressed.csv, which has nothing that is late.
func (e *encoder) appendSuppressed(b []byte, c *redline.Candidate) []byte {
	return files.AppendSuppressed(b, c, func(b []byte) []byte { return e.appendGroups(b, partSuppressed, c) })
}

// appendOverlaps appends the records of c in overlaps.csv, in the order of the zones.
func (e *encoder) appendOverlaps(
	b []byte, c *redline.Candidate, overlaps []redline.Overlap, zones []redline.Zone,
) []byte {
	e.sorted = append(e.sorted[:0], overlaps...)
	slices.SortFunc(e.sorted, func(a, b redline.Overlap) int { return cmp.Compare(a.Zone, b.Zone) })
	return files.AppendOverlaps(b, c, e.sorted, zones)
}

// appendGroups appends the fields of c that the file of a part has, with commas between.
func (e *encoder) appendGroups(b []byte, part int, c *redline.Candidate) []byte {
	shown := plain
	if e.common != nil {
		shown = e.common.shown[part]
	}
	for i := range shown {
		if i > 0 {
			b = append(b, ',')
		}
		switch g := &shown[i]; {
		case g.Late:
			b = appendReference(b, i, e.common.patch(c.PatchID))
		case g.By == nil || e.common == nil:
			b = files.AppendGroup(b, formOf[part], g, c)
		default:
			b = appendReference(b, i, e.number(i, c))
		}
	}
	return b
}

// number returns the number of the values that c has in shared group i. Nearly always candidates before it had them,
// which c.Alike tells, so that no value of it is looked at.
func (e *encoder) number(i int, c *redline.Candidate) uint32 {
	g := &e.common.fields[i]
	by := int(g.By(c))
	if by < len(e.alike[i]) && e.alike[i][by] > 0 {
		return e.alike[i][by] - 1
	}
	e.key = appendKey(e.key[:0], g, c)
	n := e.common.add(i, e.key, c)
	if by > 0 {
		if more := by + 1 - len(e.alike[i]); more > 0 {
			e.alike[i] = append(e.alike[i], make([]uint32, more)...)
		}
		e.alike[i][by] = n + 1
	}
	return n
}

// appendKey appends the values that c has in a shared group in a form that no other values have.
func appendKey(b []byte, g *findings.Group, c *redline.Candidate) []byte {
	for i := range g.Fields {
		var text string
		var integer int64
		if f := &g.Fields[i]; f.Text != nil {
			text = f.Text(c)
		} else {
			integer = f.Integer(c)
		}
		b = binary.AppendVarint(b, integer)
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	return b
}
