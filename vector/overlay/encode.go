package overlay

import (
	"bytes"
	"encoding/gob"

	"github.com/paulmach/orb"
)

// encodedCover is a cover as it is sent: with its parts spelled out.
type encodedCover struct {
	Row0   int32
	Rows   []int32
	Spans  []encodedSpan
	Reach  []int32
	Cells  []encodedCell
	Lines  []encodedLine
	Points []orb.Point
}

type encodedSpan struct{ Col0, Col1, Region, Cell int32 }

type encodedCell struct {
	Row, Col, First, Last int32
	Corners               uint8
}

type encodedLine struct {
	From, To    int32
	Start, Next int64
	Enter, Exit uint8
}

// GobEncode returns the cover for [Cover.GobDecode], of this version of the program.
func (c *Cover) GobEncode() ([]byte, error) {
	e := encodedCover{
		Row0: c.row0, Rows: c.rows, Reach: c.reach, Points: c.points, Spans: make([]encodedSpan, len(c.spans)),
		Cells: make([]encodedCell, len(c.cells)), Lines: make([]encodedLine, len(c.lines)),
	}
	for i, s := range c.spans {
		e.Spans[i] = encodedSpan{s.Col0, s.Col1, s.Region, s.cell}
	}
	for i, k := range c.cells {
		e.Cells[i] = encodedCell{k.row, k.col, k.first, k.last, k.corners}
	}
	for i, l := range c.lines {
		e.Lines[i] = encodedLine{l.from, l.to, l.start, l.next, uint8(l.enter), uint8(l.exit)}
	}
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(&e)
	return b.Bytes(), err
}

// GobDecode makes c the cover that [Cover.GobEncode] returned. It does not look whether another wrote the bytes: what
// such a cover answers means nothing, and asking it may panic.
func (c *Cover) GobDecode(text []byte) error {
	var e encodedCover
	if err := gob.NewDecoder(bytes.NewReader(text)).Decode(&e); err != nil {
		return err
	}
	*c = Cover{
		row0: e.Row0, rows: e.Rows, reach: e.Reach, points: e.Points, spans: make([]Span, len(e.Spans)),
		cells: make([]cell, len(e.Cells)), lines: make([]line, len(e.Lines)),
	}
	for i, s := range e.Spans {
		c.spans[i] = Span{s.Col0, s.Col1, s.Region, s.Cell}
	}
	for i, k := range e.Cells {
		c.cells[i] = cell{k.Row, k.Col, k.First, k.Last, k.Corners}
	}
	for i, l := range e.Lines {
		c.lines[i] = line{l.From, l.To, l.Start, l.Next, side(l.Enter), side(l.Exit)}
	}
	return nil
}
