package findings

import (
	"cmp"

	"greenshield/redline"
)

// Rank is what the lists of candidates that people read are sorted and numbered by.
type Rank struct {
	AreaM2   float64
	Position uint32 // among the kept candidates, from 0 in the order of files
	Severity uint8
	Score    uint8 // of the priority; 0 where candidates have none
}

// RankOf returns the rank of the candidate at a position.
func RankOf(c *redline.Candidate, position int) Rank {
	r := Rank{AreaM2: c.AreaM2, Position: uint32(position), Severity: uint8(c.Severity)}
	if c.Priority != nil {
		r.Score = uint8(c.Priority.Score)
	}
	return r
}

// Compare orders ranks: the highest priority first, of these the most severe, of these the largest, and equal ones in
// the order of files.
func (r Rank) Compare(other Rank) int {
	return cmp.Or(cmp.Compare(other.Score, r.Score), cmp.Compare(other.Severity, r.Severity),
		cmp.Compare(other.AreaM2, r.AreaM2), cmp.Compare(r.Position, other.Position))
}
