package spool

import (
	"bytes"
	"cmp"
	"fmt"
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
						if got := shared.expand(nil, x.text[part], byte(part), nil); !bytes.Equal(got, x.want[part]) {
							t.Fatalf("%q expands to\n%q, want\n%q", x.text[part], got, x.want[part])
						}
					}
					if err := shared.decode(x.record, &got, nil); err != nil || !reflect.DeepEqual(got, x.c) {
						t.Fatalf("decodes to\n%+v, %v, want\n%+v", got, err, x.c)
					}
					for n := range x.record { // cut anywhere it is an error, and never a panic
						if shared.decode(x.record[:n], &got, nil) == nil {
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

// TestKept: texts of all sizes, more than memory may hold, are given back as they were put, whichever stream has them.
func TestKept(t *testing.T) {
	s, err := New(begin(t), &redline.Inputs{}, findings.Columns{}, false)
	redlinetest.Must(t, err)
	s.chunks.room = 4
	random := rand.New(rand.NewPCG(14, 15))
	bytesOf := func(i, n int) []byte { return bytes.Repeat([]byte{byte(i), byte(i >> 8), 'x'}, (n+2)/3)[:n] }
	type text struct {
		stream, n int
		location
	}
	var all []text
	size := 0
	for i := range 400 {
		x := text{stream: random.IntN(streams), n: random.IntN(100_000)}
		switch i {
		case 10:
			x.n = longBytes - 1
		case 20:
			x.n = longBytes
		case 30:
			x.n = 0
		case 40:
			x.n = chunkBytes + 1
		}
		x.location, err = s.chunks.keep(x.stream, bytesOf(i, x.n))
		redlinetest.Must(t, err)
		all = append(all, x)
		size += x.n
	}
	redlinetest.Must(t, s.chunks.flush())
	redlinetest.Must(t, s.chunks.file.Flush())
	in := &window{file: s.chunks.file}
	for _, i := range random.Perm(len(all)) {
		x := all[i]
		got, err := s.chunks.text(x.location, in)
		redlinetest.Must(t, err)
		if want := bytesOf(i, x.n); !bytes.Equal(got, want) || x.suppressed() != (x.stream%2 == 1) {
			t.Fatalf("text %d of %d bytes, in stream %d at %x, is another one of %d", i, x.n, x.stream, x.location, len(got))
		}
	}
	inMemory := 0
	for _, c := range s.chunks.all {
		inMemory += len(c.memory)
	}
	if inMemory < 2*chunkBytes || inMemory > 4*chunkBytes || s.chunks.size != int64(size-inMemory) {
		t.Errorf("%d bytes in memory, %d of %d in the file", inMemory, s.chunks.size, size)
	}
}

// TestOrderAgainstTwin: entries are ordered as by comparison of their keys, whatever range of rows they have.
func TestOrderAgainstTwin(t *testing.T) {
	random := rand.New(rand.NewPCG(10, 11))
	for range 300 {
		s := new(Spool)
		limits := [3]int64{}
		for i := range limits {
			limits[i] = int64(1) << random.IntN(33)
		}
		number := func(i int) int32 { return int32(random.Int64N(limits[i]) - limits[i]/2) }
		known := map[redline.Key]bool{}
		var want [2][]uint32
		for range random.IntN(2000) {
			k := redline.Key{Row: number(0), Col: number(1), Zone: number(2)}
			if known[k] {
				continue
			}
			known[k] = true
			suppressed := random.IntN(2)
			want[suppressed] = append(want[suppressed], uint32(s.index.n))
			s.index.add(entry{key: k, texts: location(suppressed) << 63})
		}
		redlinetest.Must(t, s.order())
		for suppressed, list := range want {
			slices.SortFunc(list, func(i, j uint32) int {
				a, b := s.index.at(i).key, s.index.at(j).key
				return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Col, b.Col), cmp.Compare(a.Zone, b.Zone))
			})
			if got := s.entries(suppressed == 1); !slices.Equal(got, list) {
				t.Fatalf("%d entries below %v are in another order", s.index.n, limits)
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
			if e.key.Row <= last.Row || e.suppressed() != suppressed || seen[i] {
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
// wherever they are, and others whose identities end alike are none.
func TestOrderFindsTwins(t *testing.T) {
	random := rand.New(rand.NewPCG(12, 13))
	for range 50 {
		s := &Spool{chunks: chunks{room: 1 << 10, only: anyStream}}
		n := 2 + random.IntN(2*indexBlock)
		ids := make([]identity, n)
		for i := range ids {
			ids[i] = identityOf(fmt.Sprint("c", i))
			if i < 9 { // not twins, though their identities end alike
				copy(ids[i][identityBytes-4:], "same")
			}
		}
		random.Shuffle(n, func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		keep := func(id identity) entry {
			stream, n := streamSuppressed, (*lengths)(nil)
			if random.IntN(2) == 0 {
				stream, n = streamKept, new(lengths)
			}
			at, err := s.chunks.keep(stream, appendTrailer(nil, id, n))
			redlinetest.Must(t, err)
			return entry{mark: id.mark(), texts: at}
		}
		rows := random.Perm(n)
		for i, id := range ids {
			e := keep(id)
			e.key = redline.Key{Row: int32(rows[i]), Col: int32(i / 2), Zone: int32(i % 3)}
			s.index.add(e)
		}
		if err := s.order(); err != nil || s.distinct() != nil {
			t.Fatal(err, s.distinct())
		}
		checkOrder(t, s)
		a, b := random.IntN(n), random.IntN(n-1)
		if b >= a {
			b++
		}
		if n > 9 && random.IntN(2) == 0 { // a twin among those
			b = slices.IndexFunc(ids, func(id identity) bool { return string(id[identityBytes-4:]) == "same" })
			if a == b {
				a = (b + 1) % n
			}
		}
		was := *s.index.at(uint32(a))
		twin := keep(ids[b])
		twin.key = was.key
		*s.index.at(uint32(a)) = twin
		if err := s.distinct(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("row %d,", was.key.Row)) || !strings.Contains(err.Error(), "same id") {
			t.Fatalf("one id twice: %v", err)
		}
		was.key = s.index.at(uint32(b)).key
		*s.index.at(uint32(a)) = was
		if err := s.order(); err == nil || !strings.Contains(err.Error(), "same place in the order") {
			t.Fatalf("one key twice: %v", err)
		}
	}
}
