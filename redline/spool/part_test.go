package spool

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/files"
	"greenshield/redline/findings"
	"greenshield/redline/redlinetest"
	"greenshield/vector/trace"
)

// partTexts are those of a part in memory.
type partTexts []byte

func (t partTexts) ReadAt(p []byte, offset int64) error {
	_, err := bytes.NewReader(t).ReadAt(p, offset)
	return err
}

// ofShards returns candidates of two shards and of the seam between them. The values that the first ones share with
// others come in another order in each shard, and so do their patches. A text of the first shard is longer than a chunk.
func ofShards() (all [3][]put) {
	for part := range all {
		for i := range 60 {
			kind := i % 5
			if part == 1 {
				kind = 5 - kind
			}
			c := redlinetest.Candidate(fmt.Sprint("c", part, "-", i))
			c.PatchID, c.ZoneID, c.AdmCode = fmt.Sprint("p", kind), fmt.Sprint("R", kind), fmt.Sprint("34010", kind)
			c.Change, c.FromEco = fmt.Sprint("to ", kind), []string{"forest", "grass", "water"}[kind%3]
			p := put{redline.Key{Row: int32(part), Col: int32(i)}, c, []redline.Overlap{{Zone: kind % 2, AreaM2: float64(i)}}}
			switch {
			case i%4 == 3:
				p.c.Reason, p.c.Geometry = redline.ReasonPart, nil
			case i%4 == 1:
				p.c.Patch = &redline.Patch{ID: p.c.PatchID, Group: "natural>built", Cells: []trace.Run{
					{Row: int32(part), Col0: int32(i), Col1: int32(i) + 2}}}
			case part == 0 && i == 20:
				p.c.Geometry = orb.MultiPolygon{{circle(60000)}}
			}
			all[part] = append(all[part], p)
		}
	}
	return all
}

func circle(n int) (ring orb.Ring) {
	for i := range n {
		y, x := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		ring = append(ring, orb.Point{117 + x, 31 + y})
	}
	return append(ring, ring[0])
}

// written is what a spool has written, and what reports have read.
type written struct {
	files map[string]string
	all   [2][]redline.Candidate
}

// finished has a spool write its files.
func finished(t *testing.T, s *Spool) (w written) {
	t.Helper()
	known := map[string]*redline.Known{}
	for i := range 5 { // nothing is known of p5
		known[fmt.Sprint("p", i)] = &redline.Known{Case: fmt.Sprint("34-", i), Relation: "grown", State: "filed"}
	}
	s.Know(known)
	_, _, err := s.Finish(t.Context(), func(string) error { return nil }, func() ([]string, error) {
		for i, suppressed := range []bool{false, true} {
			for c, err := range s.All(t.Context(), suppressed) {
				if err != nil {
					return nil, err
				}
				c := *c
				c.Geometry, c.ZonesAll, c.Flags = c.Geometry.Clone(), slices.Clone(c.ZonesAll), slices.Clone(c.Flags)
				w.all[i] = append(w.all[i], c)
			}
		}
		return nil, nil
	})
	redlinetest.Must(t, err)
	w.files = map[string]string{}
	for _, name := range []string{"candidates.geojson", "suppressed.csv", "overlaps.csv", files.PatchesName} {
		w.files[name] = read(t, s.folder, name)
	}
	return w
}

// partOf returns the texts and the index of a part.
func partOf(t *testing.T, in *redline.Inputs, puts []put) (texts, index []byte) {
	t.Helper()
	var out, at bytes.Buffer
	s := NewPart(&out, in, findings.Columns{Known: true}, true)
	putAll(t, s, puts)
	redlinetest.Must(t, s.Flush())
	redlinetest.Must(t, s.WriteIndex(&at))
	return out.Bytes(), at.Bytes()
}

func putAll(t *testing.T, s *Spool, puts []put) {
	t.Helper()
	for _, p := range puts {
		redlinetest.Must(t, s.Put(p.key, &p.c, p.overlaps))
	}
}

// TestAdoptAgainstTwin: a spool that adopts parts, in any order, writes what it would have written if it had taken all
// candidates itself, and reports read the same.
func TestAdoptAgainstTwin(t *testing.T) {
	in := &redline.Inputs{Zones: []redline.Zone{{ID: "a"}, {ID: "b"}}}
	shards := ofShards()
	begun := func() *Spool {
		s, err := New(begin(t), in, findings.Columns{Known: true}, true)
		redlinetest.Must(t, err)
		return s
	}
	twin := begun()
	for _, puts := range shards {
		putAll(t, twin, puts)
	}
	want := finished(t, twin)
	if len(want.all[0]) != 135 || len(want.all[1]) != 45 || strings.Count(want.files["candidates.geojson"], `"34-3"`) < 9 {
		t.Fatalf("%d kept, %d suppressed: too little to mean anything", len(want.all[0]), len(want.all[1]))
	}
	for _, order := range [][]int{{0, 1}, {1, 0}} {
		s := begun()
		for _, part := range order {
			texts, index := partOf(t, in, shards[part])
			const rest = "what comes after the index"
			from := bufio.NewReader(io.MultiReader(bytes.NewReader(index), strings.NewReader(rest)))
			redlinetest.Must(t, s.Adopt(partTexts(texts), from))
			if left, err := io.ReadAll(from); string(left) != rest {
				t.Errorf("%q is left, %v", left, err)
			}
		}
		second := s.chunks.all[len(s.chunks.all)-1].part
		differ := slices.ContainsFunc(second.ofValues, func(n []uint32) bool { return !slices.IsSorted(n) })
		if !differ || slices.IsSorted(second.ofPatches) {
			t.Errorf("the numbers of the second part are those of the first: %v", second.numbers)
		}
		putAll(t, s, shards[2])
		got := finished(t, s)
		for name, text := range want.files {
			if got.files[name] != text {
				t.Errorf("%v: %s differs", order, name)
			}
		}
		if !reflect.DeepEqual(got.all, want.all) {
			t.Errorf("%v: reports read something else", order)
		}
	}
}

// An index that is cut is an error, and so are entries that name texts beyond those of the part; so is a text that cannot be read.
func TestAdoptRefuses(t *testing.T) {
	in := &redline.Inputs{Zones: []redline.Zone{{ID: "a"}, {ID: "b"}}}
	texts, index := partOf(t, in, ofShards()[1])
	begun := func() *Spool {
		s, err := New(begin(t), in, findings.Columns{Known: true}, true)
		redlinetest.Must(t, err)
		return s
	}
	s := begun()
	for n := 0; n < len(index); n += 7 {
		if err := s.Adopt(partTexts(texts), bytes.NewReader(index[:n])); err == nil {
			t.Fatalf("%d bytes of %d pass for an index", n, len(index))
		}
	}
	if s.index.n > 0 || len(s.chunks.all) > 0 {
		t.Errorf("%d candidates are there", s.index.n)
	}
	for _, at := range []int{5, 2} { // the last record: its chunk, and its offset
		b := slices.Clone(texts)
		b[len(b)-8+at] ^= 0x70
		s := begun()
		redlinetest.Must(t, s.Adopt(partTexts(b), bytes.NewReader(index)))
		s.Know(nil)
		if _, _, err := s.Finish(t.Context(), func(string) error { return nil }); err != errIndex {
			t.Errorf("byte %d: %v", at, err)
		}
	}
	s = begun()
	redlinetest.Must(t, s.Adopt(partTexts(texts[:len(texts)/2]), bytes.NewReader(index)))
	s.Know(nil)
	if _, _, err := s.Finish(t.Context(), func(string) error { return nil }); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}
