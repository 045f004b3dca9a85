package engine

import (
	"crypto/sha256"
	"encoding/base32"

	"greenshield/raster/digits"
	"greenshield/redline"
)

// idText is base 32 with the digits of RFC 4648's extended hex alphabet in lower case.
var idText = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv")

// identify sets the stable ids of a candidate and of its patch, whose first cell is at that row and column.
func (c *cutter) identify(out *redline.Candidate, row, col int32) {
	u, v := c.in.Grid.Map(float64(col)+0.5, float64(row)+0.5)
	place := append(c.appendPlace(c.place[:0], u), 0)
	c.place = c.appendPlace(place, v)
	var buf [2 * idBytes]byte
	ids := c.appendID(buf[:0], 'P', out.Change)
	ids = c.appendID(ids, 'C', out.Change, out.Layer, out.ZoneID)
	both := string(ids) // one allocation for the two
	out.PatchID, out.ID = both[:idBytes], both[idBytes:]
}

// appendID appends a stable id made of words and c.place: the prefix, then 80 bits of the SHA-256 of all these with
// zero bytes between.
func (c *cutter) appendID(b []byte, prefix byte, words ...string) []byte {
	text := c.idWords[:0]
	for _, w := range words {
		text = append(append(text, w...), 0)
	}
	c.idWords = append(text, c.place...)
	sum := sha256.Sum256(c.idWords)
	return idText.AppendEncode(append(b, prefix), sum[:10])
}

// idBytes is the length of an id.
const idBytes = 17

// appendPlace appends a map coordinate to about a millimetre.
func (p *plan) appendPlace(b []byte, x float64) []byte {
	if p.in.Grid.CRS.Geographic {
		return digits.AppendFixed(b, x, 8)
	}
	return digits.AppendFixed(b, x, 3)
}
