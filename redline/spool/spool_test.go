package spool

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/redlinetest"
)

// TestReferencesAgainstTwin: what the spool holds of candidates, with their texts mixed
// anyhow, expands to what an encoder without references writes, and their records decode to what they were; also when
// there is no room for more texts, and when several encoders share them.
func TestReferencesAgainstTwin(t *testing.T) {
	words := []string{"", "a", "b", "ab", "a\x01b", "\x01", "\xff", "\xff\x00\x00", "绿", "=1", "\"", ",", "\xfe\xff"}
	for _, s := range redlinetest.Hostile {
		words = append(words, s)
	}
	for name, used := range map[string]int{"room": 0, "little room": maxTextBytes - 500, "no room": maxTextBytes} {
		t.Run(name, func(t *testing.T) {
			shared := newCommon(findings.Columns{})
			type texts struct {
				c          redline.Candidate
				text, want [2][]byte // by part
				record     []byte
			}
			var all [4][]texts
			var group sync.WaitGroup
			for w := range all {
				group.Go(func() {
					random := rand.New(rand.NewPCG(9, uint64(w)))
					e := newEncoder(shared)
					for range 1000 {
						c := redlinetest.Candidate("c")
						for _, s := range []*string{&c.Change, &c.FromEco, &c.ToName, &c.RuleID, &c.Basis, &c.Layer, &c.ZoneID, &c.ZoneLvl, &c.AdmCode, &c.AdmName, &c.FromMix} {
							if random.IntN(2) == 0 {
								*s = words[random.IntN(len(words))]
							}
						}
						c.YearA, c.Severity = random.IntN(12), redline.Severity(random.IntN(12))
						c.ZonesAll = words[:random.IntN(4)+1]
						c.EdgeCells = random.Int64N(c.Cells + 1)
						var plain encoder
						x := texts{c: c, record: e.appendRecord(nil, &c)}
						x.text[partFeature], x.want[partFeature] = e.appendFeature(nil, &c), plain.appendFeature(nil, &c)
						x.text[partSuppressed], x.want[partSuppressed] = e.appendSuppressed(nil, &c), plain.appendSuppressed(nil, &c)
						all[w] = append(all[w], x)
					}
				})
			}
			group.Wait()
			for i := range shared.groups {
				for part := range shared.groups[i].texts {
					shared.groups[i].texts[part].bytes = used
				}
			}
			var got redline.Candidate // which leaves its memory to the next one
			for _, all := range all {
				for _, x := range all {
					for part := range x.text {
						if !bytes.Contains(x.text[part], []byte{mark}) {
							t.Fatalf("%q has no reference", x.text[part])
						}
						if got := shared.expand(nil, x.text[part], byte(part)); !bytes.Equal(got, x.want[part]) {
							t.Fatalf("%q expands to\n%q, want\n%q", x.text[part], got, x.want[part])
						}
					}
					if err := shared.decode(x.record, &got); err != nil || !reflect.DeepEqual(got, x.c) {
						t.Fatalf("decodes to\n%+v, %v, want\n%+v", got, err, x.c)
					}
					for n := range x.record { // cut anywhere it is an error, and never a panic
						if shared.decode(x.record[:n], &got) == nil {
							t.Fatalf("%d bytes of %d of a record pass for one", n, len(x.record))
						}
					}
				}
			}
			for i := range shared.groups {
				for part := range shared.groups[i].texts {
					if made := shared.groups[i].texts[part].bytes; made > maxTextBytes {
						t.Errorf("group %d keeps %d bytes", i, made)
					}
				}
			}
		})
	}
}

// TestKept: texts of all sizes, more than memory may hold, are given back as they were put.
func TestKept(t *testing.T) {
	s, err := New(begin(t), &redline.Inputs{}, findings.Columns{}, true)
	redlinetest.Must(t, err)
	s.room = 4
	random := rand.New(rand.NewPCG(14, 15))
	bytesOf := func(i, n int) []byte { return bytes.Repeat([]byte{byte(i), byte(i >> 8), 'x'}, (n+2)/3)[:n] }
	inMemory, size := 0, 0
	for i := range 300 {
		n := random.IntN(100_000)
		switch i {
		case 10:
			n = chunkBytes
		case 20:
			n = chunkBytes + 1
		case 30:
			n = 0
		}
		offset, err := s.keep(bytesOf(i, n))
		redlinetest.Must(t, err)
		s.index.add(entry{lengths: [parts]uint32{uint32(n / 2), 0, uint32(n - n/2)}, offset: offset})
		if offset < 0 {
			inMemory++
		}
		size += n
	}
	redlinetest.Must(t, s.file.Flush())
	in := &window{file: s.file, size: s.size}
	for _, i := range random.Perm(s.index.n) {
		e := s.index.at(uint32(i))
		var got []byte
		for _, part := range []int{0, 1, 2} {
			text, err := s.text(e, part, in)
			redlinetest.Must(t, err)
			got = append(got, text...)
		}
		if want := bytesOf(i, int(e.lengths[0]+e.lengths[2])); !bytes.Equal(got, want) {
			t.Fatalf("text %d of %d bytes, at %d, is another one of %d", i, len(want), e.offset, len(got))
		}
	}
	if len(s.chunks) != 4 || inMemory < 20 || inMemory > 200 || s.size < int64(size-4*chunkBytes) {
		t.Errorf("%d chunks with %d texts, %d of %d bytes in the file", len(s.chunks), inMemory, s.size, size)
	}
}

func TestSortPlacesAgainstTwin(t *testing.T) {
	random := rand.New(rand.NewPCG(10, 11))
	for range 300 {
		n := random.IntN(2000)
		places := make([]place, n)
		limits := [4]uint32{}
		for i := range limits {
			limits[i] = uint32(1) << random.IntN(32)
		}
		for i := range places {
			for word := range places[i].by {
				places[i].by[word] = random.Uint32N(limits[word]) << random.IntN(3)
			}
			places[i].entry = uint32(i)
		}
		want := slices.Clone(places)
		slices.SortStableFunc(want, func(a, b place) int { return slices.Compare(a.by[:], b.by[:]) })
		if got := sortPlaces(places); !slices.Equal(got, want) {
			t.Fatalf("%d places below %v are in another order", n, limits)
		}
	}
	numbers := []int32{math.MinInt32, -70000, -1, 0, 1, 255, 256, math.MaxInt32}
	for i, a := range numbers {
		for _, b := range numbers[:i] {
			if cmp.Compare(ascending(a), ascending(b)) != 1 {
				t.Errorf("%d does not come after %d", a, b)
			}
		}
	}
}

// checkOrder fails unless kept candidates and suppressed changes are listed apart, each once, by key.
func checkOrder(t *testing.T, s *Spool) {
	t.Helper()
	seen := map[uint32]bool{}
	for _, suppressed := range []bool{false, true} {
		last := redline.Key{Row: -1} // rows differ
		for _, i := range s.entries(suppressed) {
			e := s.index.at(i)
			if e.key.Row <= last.Row || e.lengths[partSuppressed] > 0 != suppressed || seen[i] {
				t.Fatalf("entry %d, %v, after %v, among suppressed ones: %v", i, e.key, last, suppressed)
			}
			last, seen[i] = e.key, true
		}
	}
	if len(seen) != s.index.n {
		t.Fatalf("%d of %d entries are listed", len(seen), s.index.n)
	}
}

// TestOrderFindsTwins: of all pairs of candidates with one id, or one key, one is found,
// wherever they are.
func TestOrderFindsTwins(t *testing.T) {
	random := rand.New(rand.NewPCG(12, 13))
	for range 50 {
		s := new(Spool)
		n := 2 + random.IntN(2*indexBlock)
		entries := make([]entry, n)
		for i := range n {
			entries[i] = entry{key: redline.Key{Row: int32(i), Col: int32(i / 2), Zone: int32(i % 3)}, id: identityOf(fmt.Sprint("c", i))}
			entries[i].lengths[random.IntN(2)] = 1 // kept, or suppressed
		}
		random.Shuffle(n, func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
		for _, e := range entries {
			s.index.add(e)
		}
		if err := s.order(); err != nil || s.distinct() != nil {
			t.Fatal(err, s.distinct())
		}
		checkOrder(t, s)
		for i := range min(n, 9) { // not twins, though their identities begin alike
			s.index.at(uint32(i)).id[0] = 7<<32 | uint64(random.Uint32())
			entries[i].id = s.index.at(uint32(i)).id
		}
		if err := s.order(); err != nil || s.distinct() != nil {
			t.Fatal(err, s.distinct())
		}
		checkOrder(t, s)
		a, b := random.IntN(n), random.IntN(n-1)
		if b >= a {
			b++
		}
		if n > 9 && random.IntN(2) == 0 { // twins among those
			a = random.IntN(9)
			b = (a + 1 + random.IntN(8)) % 9
		}
		was := entries[a]
		s.index.at(uint32(a)).id = entries[b].id
		if err := s.distinct(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("row %d,", was.key.Row)) || !strings.Contains(err.Error(), "same id") {
			t.Fatalf("one id twice: %v", err)
		}
		*s.index.at(uint32(a)) = entry{id: was.id, key: entries[b].key}
		if err := s.order(); err == nil || !strings.Contains(err.Error(), "same place in the order") {
			t.Fatalf("one key twice: %v", err)
		}
	}
}
