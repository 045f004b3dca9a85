package report

import (
	"cmp"
	"context"
	"errors"
	"hash/maphash"
	"io"
	"math"
	"os"
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"greenshield/redline"
)

// Spool is the [redline.Sink] of a run. Candidates come in any order and are
// written in the order of their keys: Put encodes at once and keeps the bytes, the
// first 32 MB in memory and the rest in a file. So memory holds these, 56 bytes of index
// per candidate, whatever the size of its geometry, and what many candidates have in common, once.
// The disk holds the rest twice until Finish is done.
type Spool struct {
	folder  *Folder
	in      *redline.Inputs
	records bool // for reports
	common  *common
	ids     identifier
	sorted  []place // all entries in the order of files, from Finish on

	mu     sync.Mutex
	idle   []*encoder
	chunks [][]byte // the texts in memory; none stands in two of them
	room   int      // of chunks that may still be made
	file   *file
	size   int64
	index  index
}

const (
	chunkBytes  = 1 << chunkBits
	chunkBits   = 20
	spoolChunks = 32
)

// entry says where the texts of one candidate are: one after the other from offset in the
// file or, when it is negative, from ^offset in the chunks.
type entry struct {
	key     redline.Key
	lengths [parts]uint32
	offset  int64
	id      identity
}

// index is the entries of all candidates, in the order of Put. It grows without moving them.
type index struct {
	blocks [][]entry // full but for the last one
	n      int
}

const indexBlock = 1 << 12

func (x *index) add(e entry) {
	if x.n%indexBlock == 0 {
		x.blocks = append(x.blocks, make([]entry, 0, indexBlock))
	}
	last := &x.blocks[len(x.blocks)-1]
	*last = append(*last, e)
	x.n++
}

func (x *index) at(i uint32) *entry { return &x.blocks[i/indexBlock][i%indexBlock] }

// identity stands for the id of a candidate. Equal ids have equal identities; that
// different ones do has, for each pair, a chance of 2^-128.
type identity [2]uint64

// identifier makes identities: two hashes of an id, with seeds of their own.
type identifier [2]maphash.Seed

func newIdentifier() identifier { return identifier{maphash.MakeSeed(), maphash.MakeSeed()} }

func (i *identifier) identity(id string) identity {
	return identity{maphash.String(i[0], id), maphash.String(i[1], id)}
}

// The texts of a candidate, by the file that they go to, and its record. Kept ones have the first
// and the third, suppressed ones the second.
const (
	partFeature = iota
	partSuppressed
	partOverlaps
	partRecord // empty when there are no reports
	parts
	files       = partRecord
	sharedParts = partOverlaps // those before hold references
)

// NewSpool returns an empty spool with its file in f. An Overlap names its zone by the position in
// in.Zones, which must be there from the first Put on. With records it keeps what [Findings.Candidates] needs.
func NewSpool(f *Folder, in *redline.Inputs, records bool) (*Spool, error) {
	w, err := f.create("candidates.spool")
	if err != nil {
		return nil, err
	}
	return &Spool{folder: f, in: in, records: records, common: newCommon(), ids: newIdentifier(), room: spoolChunks, file: w}, nil
}

// encoder returns an encoder that no goroutine uses.
func (s *Spool) encoder() *encoder {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.idle); n > 0 {
		e := s.idle[n-1]
		s.idle = s.idle[:n-1]
		return e
	}
	return newEncoder(s.common)
}

// Put takes a candidate: a kept one with its overlaps, or a suppressed one, by its
// Reason. It may be called concurrently. A number that is not finite and a geometry
// that GeoJSON cannot hold are errors that name the candidate.
func (s *Spool) Put(key redline.Key, c *redline.Candidate, overlaps []redline.Overlap) error {
	err := check(c)
	if err != nil {
		return err
	}
	enc := s.encoder()
	text := enc.text[:0]
	e := entry{key: key, id: s.ids.identity(c.ID)}
	if c.Reason != "" {
		text = enc.appendCandidateRow(text, c)
		e.lengths[partSuppressed] = uint32(len(text))
	} else {
		text = enc.appendFeature(text, c)
		e.lengths[partFeature] = uint32(len(text))
		text = enc.appendOverlaps(text, c, overlaps, s.in.Zones)
		e.lengths[partOverlaps] = uint32(len(text)) - e.lengths[partFeature]
	}
	if s.records {
		start := len(text)
		text = enc.appendRecord(text, c)
		e.lengths[partRecord] = uint32(len(text) - start)
	}
	if enc.text = text; cap(text) > 1<<20 { // one huge patch must not stay in memory
		enc.text = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, enc)
	if len(text) > math.MaxUint32 {
		return redline.Faultf(redline.Limit, "candidate %s: needs more than 4 GB of text", c.ID)
	}
	if e.offset, err = s.keep(text); err == nil {
		s.index.add(e)
	}
	return err
}

// keep puts text into memory, or into the file when there is no room, and returns the
// offset for its entry.
func (s *Spool) keep(text []byte) (offset int64, err error) {
	last := len(s.chunks) - 1
	if last < 0 || len(text) > chunkBytes-len(s.chunks[last]) {
		if s.room == 0 || len(text) > chunkBytes {
			offset = s.size
			s.size += int64(len(text))
			_, err = s.file.Write(text)
			return offset, err
		}
		s.room--
		s.chunks = append(s.chunks, make([]byte, 0, chunkBytes))
		last++
	}
	chunk := &s.chunks[last]
	offset = ^(int64(last)<<chunkBits | int64(len(*chunk)))
	*chunk = append(*chunk, text...)
	return offset, nil
}

// kept returns the texts of an entry; they are good until the next call with that window.
func (s *Spool) kept(e *entry, in *window) ([]byte, error) {
	length := 0
	for _, n := range e.lengths {
		length += int(n)
	}
	if e.offset >= 0 {
		return in.at(e.offset, length)
	}
	at := ^e.offset
	return s.chunks[at>>chunkBits][at&(chunkBytes-1):][:length], nil
}

func check(c *redline.Candidate) error {
	for _, x := range [...]float64{c.AreaM2, c.PatchM2, c.AreaM2 / c.PatchM2} {
		if math.IsNaN(x) || math.IsInf(x, 0) || x < 0 {
			return redline.Faultf(redline.Internal, "candidate %s: areas %v m² of %v m² cannot be written", c.ID, c.AreaM2, c.PatchM2)
		}
	}
	if c.Cells <= 0 || c.EdgeCells < 0 || c.EdgeCells > c.Cells {
		return redline.Faultf(redline.Internal, "candidate %s: %d of %d cells at an edge cannot be written", c.ID, c.EdgeCells, c.Cells)
	}
	if !onEarth(orb.Point{c.Lon, c.Lat}) {
		return redline.Faultf(redline.Internal, "candidate %s: its point (%v, %v) is not on the earth", c.ID, c.Lon, c.Lat)
	}
	if c.Reason != "" {
		return nil
	}
	if len(c.Geometry) == 0 {
		return redline.Faultf(redline.Internal, "candidate %s: has no geometry", c.ID)
	}
	for _, polygon := range c.Geometry {
		if len(polygon) == 0 {
			return redline.Faultf(redline.Internal, "candidate %s: has a polygon without rings", c.ID)
		}
		for _, ring := range polygon {
			if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
				return redline.Faultf(redline.Internal, "candidate %s: has a ring of %d points that is too short or not closed", c.ID, len(ring))
			}
			for _, p := range ring {
				if !onEarth(p) {
					return redline.Faultf(redline.Internal, "candidate %s: its corner (%v, %v) is not on the earth", c.ID, p[0], p[1])
				}
			}
		}
	}
	return nil
}

// onEarth is false for NaN.
func onEarth(p orb.Point) bool {
	return p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90
}

// Finish writes candidates.geojson, suppressed.csv and overlaps.csv in the order
// of the keys, has the reports written meanwhile, removes the spool file, and returns how many candidates it wrote.
// As soon as one of the three files is written, it calls then with the name, on a goroutine
// of the file's own; an error of then is one of Finish. Two candidates with one key or
// one id are an error. Put must not be called any more.
func (s *Spool) Finish(ctx context.Context, then func(name string) error, reports ...func() error) (kept, suppressed int64, err error) {
	if s.sorted, err = s.order(); err != nil {
		return 0, 0, err
	}
	if err := s.file.flush(); err != nil {
		return 0, 0, err
	}
	var written [files]int64
	var errs, errsThen [files]error
	errsReports := make([]error, len(reports))
	var wg sync.WaitGroup
	for part, out := range [files]struct{ name, head, separator, tail string }{
		partFeature:    {candidatesName, featuresHead, ",\n", featuresTail},
		partSuppressed: {"suppressed.csv", candidateHeader(), "", ""},
		partOverlaps:   {"overlaps.csv", overlapHeader(), "", ""},
	} {
		wg.Go(func() {
			errs[part] = s.folder.Write(out.name, func(w io.Writer) (err error) {
				written[part], err = s.replay(ctx, w, part, out.head, out.separator, out.tail)
				return err
			})
			if errs[part] != nil {
				return
			}
			synced := make(chan error, 1)
			go func() { synced <- s.folder.sync(out.name) }() // the disk writes while others work
			errsThen[part] = cmp.Or(then(out.name), <-synced)
		})
	}
	for i, report := range reports {
		wg.Go(func() { errsReports[i] = report() })
	}
	wg.Wait()
	s.chunks = nil
	// A full disk stops all of them; one message is enough.
	if err := cmp.Or(cmp.Or(errs[:]...), cmp.Or(errsThen[:]...), cmp.Or(errsReports...)); err != nil {
		return 0, 0, err
	}
	err = errors.Join(s.file.Close(), s.folder.fault(s.file.name, "be removed", os.Remove(s.file.os.Name())))
	return written[partFeature], written[partSuppressed], err
}

// order returns the positions in the index in the order of the keys, and finds keys and
// ids that occur twice.
func (s *Spool) order() ([]place, error) {
	twice := func(what string, first, second uint32) error {
		a, b := s.index.at(first).key, s.index.at(second).key
		return redline.Faultf(redline.Unbalanced, "two candidates have the same %s: of the patch at row %d, column %d, zone rank %d, and of the patch at row %d, column %d, zone rank %d; please report this",
			what, a.Row, a.Col, a.Zone, b.Row, b.Col, b.Zone)
	}
	places := make([]place, s.index.n)
	// A part of the identities is enough to bring equal ones near each other: few others
	// have it in common.
	for i := range uint32(s.index.n) {
		places[i] = place{[4]uint32{uint32(s.index.at(i).id[0])}, i}
	}
	places = sortPlaces(places)
	for i := range places {
		for j := i + 1; j < len(places) && places[j].by == places[i].by; j++ {
			if first, second := places[i].entry, places[j].entry; s.index.at(first).id == s.index.at(second).id {
				return nil, twice("id", first, second)
			}
		}
	}
	for i := range uint32(s.index.n) {
		key := s.index.at(i).key
		places[i] = place{[4]uint32{ascending(key.Row), ascending(key.Col), ascending(key.Zone)}, i}
	}
	places = sortPlaces(places)
	for i := 1; i < len(places); i++ {
		if places[i-1].by == places[i].by {
			return nil, twice("place in the order", places[i-1].entry, places[i].entry)
		}
	}
	return places, nil
}

// replay writes one part of every candidate that has it to w, in the order of the keys, between head
// and tail, and returns how many there were.
func (s *Spool) replay(ctx context.Context, w io.Writer, part int, head, separator, tail string) (n int64, err error) {
	in := window{file: s.file, size: s.size}
	out := append(make([]byte, 0, replayBytes*5/4), head...)
	for i := range s.sorted {
		if i%1024 == 0 && ctx.Err() != nil {
			return n, ctx.Err()
		}
		e := s.index.at(s.sorted[i].entry)
		if e.lengths[part] == 0 {
			continue
		}
		text, err := s.kept(e, &in)
		if err != nil {
			return n, err
		}
		for _, before := range e.lengths[:part] {
			text = text[before:]
		}
		text = text[:e.lengths[part]]
		if n > 0 {
			out = append(out, separator...)
		}
		if out = s.common.expand(out, text, byte(part)); len(out) >= replayBytes {
			whole := len(out) - len(out)%replayBytes
			if _, err := w.Write(out[:whole]); err != nil {
				return n, err
			}
			rest := out[whole:]
			if cap(out) > 4*replayBytes { // one huge patch must not stay in memory
				out = make([]byte, 0, replayBytes*5/4)
			}
			out = append(out[:0], rest...)
		}
		n++
	}
	_, err = w.Write(append(out, tail...))
	return n, err
}

// replayBytes is what is written at once: the kernel takes whole blocks at multiples of
// their length a third faster than any others.
const replayBytes = 256 << 10

// window reads a file in large pieces: neighbours in the order of the keys mostly
// stand near each other in the spool.
type window struct {
	file  *file
	size  int64
	bytes []byte
	from  int64
}

const windowBytes = 128 << 10

// at returns the bytes from offset on; they are good until the next call.
func (w *window) at(offset int64, length int) ([]byte, error) {
	if offset < w.from || offset+int64(length) > w.from+int64(len(w.bytes)) {
		n := int(min(int64(max(windowBytes, length)), w.size-offset))
		w.bytes, w.from = slices.Grow(w.bytes[:0], n)[:n], offset
		if _, err := w.file.os.ReadAt(w.bytes, offset); err != nil {
			return nil, w.file.folder.fault(w.file.name, "be read back", err)
		}
	}
	return w.bytes[offset-w.from:][:length], nil
}
