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

// numbering gives candidates the numbers of [redline.Alike], by the values that they have.
type numbering struct {
	mu  sync.Mutex
	all map[string]uint32
}

func (n *numbering) set(c *redline.Candidate) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all == nil {
		n.all = map[string]uint32{}
	}
	members := []*uint32{&c.Alike.Transition, &c.Alike.Rule, &c.Alike.Zone, &c.Alike.County, &c.Alike.Flags}
	for _, g := range plain {
		if g.By == nil {
			continue
		}
		key := fmt.Sprint(len(members), string(appendKey(nil, &g, c)))
		if n.all[key] == 0 {
			n.all[key] = uint32(len(n.all)) + 1
		}
		*members[0], members = n.all[key], members[1:]
	}
}

// TestReferencesAgainstTwin: what the spool holds of candidates, with their texts mixed
// anyhow, expands to what an encoder without references writes, and their records decode to what they were; also when
// there is no room for more texts, when several encoders share them, and whether the values of a candidate have numbers.
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
			var numbers numbering
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
						plain, as := new(encoder), c
						if random.IntN(3) > 0 {
							numbers.set(&c)
						}
						x := texts{c: as, record: e.appendRecord(nil, &c)}
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
// Memory holds as many full chunks as it may, and none when the file holds much more, unless they are of records.
func TestKept(t *testing.T) {
	for name, c := range map[string]struct{ room, only, least, most int }{ // full chunks in memory
		"some in memory":    {12, anyStream, 10, 12},
		"all in the file":   {2, anyStream, 0, 0},
		"records in memory": {2, streamRecords, 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := New(begin(t), &redline.Inputs{}, findings.Columns{}, false)
			redlinetest.Must(t, err)
			s.chunks.room, s.chunks.only = c.room, c.only
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
			if inMemory < c.least*chunkBytes || inMemory > c.most*chunkBytes || s.chunks.size != int64(size-inMemory) {
				t.Errorf("%d bytes in memory, %d of %d in the file", inMemory, s.chunks.size, size)
			}
		})
	}
}

// added sets the index of a spool to entries, with runs that end early now and then, as those of parts do, and flushes
// it.
func added(t *testing.T, s *Spool, all []entry, random *rand.Rand) {
	t.Helper()
	s.index, s.inOrder = entries{records: s.index.records}, [2]entries{}
	for _, e := range all {
		redlinetest.Must(t, s.add(&s.index, e))
		if random.IntN(entriesOfRun) == 0 {
			redlinetest.Must(t, s.endRun(&s.index))
		}
	}
	redlinetest.Must(t, s.endRun(&s.index))
	redlinetest.Must(t, s.chunks.flush())
	redlinetest.Must(t, s.chunks.file.Flush())
}

// listed returns the entries in the order of files, of kept candidates and of suppressed changes.
func listed(t *testing.T, s *Spool) (lists [2][]entry) {
	t.Helper()
	redlinetest.Must(t, s.chunks.file.Flush())
	for i, in := range s.inOrder {
		at := window{file: s.chunks.file}
		for e, err := range in.all(&at) {
			redlinetest.Must(t, err)
			if other, err := in.at(len(lists[i]), &at); other != e || err != nil {
				t.Fatalf("entry %d is %v, or %v, %v", len(lists[i]), e, other, err)
			}
			lists[i] = append(lists[i], e)
		}
	}
	return lists
}

// TestOrderAgainstTwin: entries are ordered as by comparison of their keys, whatever range of rows they have, in one
// run or in several, and come back as they were.
func TestOrderAgainstTwin(t *testing.T) {
	random := rand.New(rand.NewPCG(10, 11))
	severalRuns := 0
	for i := range 40 {
		s, err := New(begin(t), &redline.Inputs{}, findings.Columns{}, i%2 == 0)
		redlinetest.Must(t, err)
		limits := [3]int64{}
		for i := range limits {
			limits[i] = int64(1) << random.IntN(33)
		}
		number := func(i int) int32 { return int32(random.Int64N(limits[i]) - limits[i]/2) }
		known := map[redline.Key]bool{}
		var all []entry
		var want [2][]entry
		for range random.IntN(4 * entriesOfRun) {
			k := redline.Key{Row: number(0), Col: number(1), Zone: number(2)}
			if known[k] {
				continue
			}
			known[k] = true
			suppressed := random.IntN(2)
			e := entry{key: k, mark: random.Uint32(), texts: location(suppressed)<<63 | location(random.Uint64()>>1)}
			if s.index.records {
				e.record = location(random.Uint64())
			}
			all, want[suppressed] = append(all, e), append(want[suppressed], e)
		}
		added(t, s, all, random)
		redlinetest.Must(t, s.order())
		if len(all) > entriesOfRun {
			severalRuns++
		}
		got := listed(t, s)
		for suppressed, list := range want {
			slices.SortFunc(list, func(a, b entry) int {
				return cmp.Or(cmp.Compare(a.key.Row, b.key.Row), cmp.Compare(a.key.Col, b.key.Col),
					cmp.Compare(a.key.Zone, b.key.Zone))
			})
			if !slices.Equal(got[suppressed], list) {
				t.Fatalf("%d entries below %v are in another order, or are others", s.index.n, limits)
			}
		}
		if in := s.inOrder; s.entries(false) != &s.inOrder[0] || s.entries(true) != &s.inOrder[1] ||
			in[0].n+in[1].n != len(all) {
			t.Fatalf("%d and %d of %d entries are listed", in[0].n, in[1].n, len(all))
		}
	}
	if severalRuns < 10 {
		t.Errorf("%d times there were several runs: too few to mean anything", severalRuns)
	}
}

// TestOrderFindsTwins: of all pairs of candidates with one id, or one key, one is found, wherever they are, and others
// whose identities end alike are none.
func TestOrderFindsTwins(t *testing.T) {
	random := rand.New(rand.NewPCG(12, 13))
	for i := range 50 {
		s, err := New(begin(t), &redline.Inputs{}, findings.Columns{}, false)
		redlinetest.Must(t, err)
		n := 2 + random.IntN(1<<12)
		switch i {
		case 0: // marks are looked at in two passes
			n = marksAtOnce + random.IntN(1<<12)
		case 1: // several runs
			n = 3*entriesOfRun + random.IntN(entriesOfRun)
		}
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
		all := make([]entry, n)
		rows := random.Perm(n)
		for i, id := range ids {
			all[i] = keep(id)
			all[i].key = redline.Key{Row: int32(rows[i]), Col: int32(i / 2), Zone: int32(i % 3)}
		}
		added(t, s, all, random)
		redlinetest.Must(t, s.order())
		redlinetest.Must(t, s.distinct())
		if s.inOrder[0].n+s.inOrder[1].n != n {
			t.Fatalf("%d and %d of %d entries are listed", s.inOrder[0].n, s.inOrder[1].n, n)
		}
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
		was := all[a]
		all[a] = keep(ids[b])
		all[a].key = was.key
		added(t, s, all, random)
		if err := s.distinct(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("row %d,", was.key.Row)) || !strings.Contains(err.Error(), "same id") {
			t.Fatalf("one id twice: %v", err)
		}
		all[a] = was
		all[a].key = all[b].key
		added(t, s, all, random)
		if err := s.order(); err == nil || !strings.Contains(err.Error(), "same place in the order") {
			t.Fatalf("one key twice: %v", err)
		}
	}
}
