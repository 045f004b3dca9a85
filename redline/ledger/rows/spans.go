package rows

import (
	"encoding/binary"
	"io"

	"greenshield/redline/ledger"
)

// encodeSpans returns cells as varints: for each span how many rows it lies below the one before, how many columns its
// begin lies east of that one's end (in another row: of that one's begin), and its length. Any spans can be encoded,
// sorted or not.
func encodeSpans(spans []ledger.Span) []byte {
	b := make([]byte, 0, 4*len(spans)) // of most
	var last ledger.Span
	for _, s := range spans {
		b = binary.AppendVarint(b, int64(s.Row)-int64(last.Row))
		b = binary.AppendVarint(b, int64(s.Col0)-int64(anchor(last, s.Row)))
		b = binary.AppendVarint(b, int64(s.Col1)-int64(s.Col0))
		last = s
	}
	return b
}

// anchor returns the column that the begin of the next span is counted from.
func anchor(last ledger.Span, row int32) int32 {
	if row == last.Row {
		return last.Col1
	}
	return last.Col0
}

// decodeSpans returns the cells of encodeSpans.
func decodeSpans(b []byte) (spans []ledger.Span, err error) {
	var last ledger.Span
	if len(b) > 0 {
		spans = make([]ledger.Span, 0, len(b)/3) // there are no more
	}
	for len(b) > 0 {
		var v [3]int64
		for i := range v {
			n := 0
			if v[i], n = binary.Varint(b); n <= 0 {
				return nil, io.ErrUnexpectedEOF
			}
			b = b[n:]
		}
		row := int64(last.Row) + v[0]
		s := ledger.Span{Row: int32(row)}
		s.Col0 = int32(int64(anchor(last, s.Row)) + v[1])
		s.Col1 = int32(int64(s.Col0) + v[2])
		spans, last = append(spans, s), s
	}
	return spans, nil // what overflowed gives another encoding, which the comparison of the row sees
}
