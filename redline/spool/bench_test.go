package spool

import (
	"bytes"
	"testing"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/redlinetest"
)

// lastKept returns the texts for the files of the candidate that was put last.
func lastKept(b *testing.B, s *Spool) (texts []byte) {
	b.Helper()
	redlinetest.Must(b, s.chunks.flush())
	redlinetest.Must(b, s.endRun(&s.index))
	redlinetest.Must(b, s.chunks.file.Flush())
	in := &window{file: s.chunks.file}
	e, err := s.index.at(s.index.n-1, in)
	redlinetest.Must(b, err)
	of, err := s.texts(&e, in)
	redlinetest.Must(b, err)
	for part, text := range of {
		if part < sharedParts {
			texts = s.common.expand(texts, text, byte(part), nil)
		} else {
			texts = append(texts, text...)
		}
	}
	return texts
}

func BenchmarkPut(b *testing.B) {
	f, zones := begin(b), []redline.Zone{{Layer: "redline", ID: "L1", Name: "红线,一"}, {Layer: "reserve", ID: "R1", Name: "测试保护区"}}
	s, err := New(f, &redline.Inputs{Zones: zones}, findings.Columns{}, true)
	redlinetest.Must(b, err)
	p, n := put{redline.Key{Row: 1, Col: 2}, redlinetest.Candidate("c1"), []redline.Overlap{{Zone: 1, AreaM2: 8100}, {Zone: 0, AreaM2: 2000}}}, int64(0)
	for b.Loop() {
		redlinetest.Must(b, s.Put(p.key, &p.c, p.overlaps))
		n++
	}
	var e encoder
	want := e.appendOverlaps(e.appendFeature(nil, &p.c), &p.c, p.overlaps, zones)
	b.SetBytes(int64(len(want)))
	if last := lastKept(b, s); n != int64(s.index.n) || !bytes.Equal(last, want) {
		b.Fatalf("after %d candidates the last of %d is %q, want %q", n, s.index.n, last, want)
	}
}

func BenchmarkPutSuppressed(b *testing.B) {
	f := begin(b)
	s, err := New(f, &redline.Inputs{}, findings.Columns{}, true)
	redlinetest.Must(b, err)
	p := put{redline.Key{Row: 1, Col: 2}, redlinetest.Candidate("c2"), nil}
	p.c.Reason, p.c.Geometry, p.c.AreaM2, p.c.Severity, p.c.Flags = redline.ReasonArea, nil, 900, 2, nil
	for b.Loop() {
		redlinetest.Must(b, s.Put(p.key, &p.c, nil))
	}
	want := new(encoder).appendSuppressed(nil, &p.c)
	b.SetBytes(int64(len(want)))
	if last := lastKept(b, s); !bytes.Equal(last, want) {
		b.Fatalf("the last is %q, want %q", last, want)
	}
}
