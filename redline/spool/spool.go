package spool

import (
	"math"
	"sync"

	"greenshield/redline"
	"greenshield/redline/files"
	"greenshield/redline/findings"
	"greenshield/redline/folder"
)

// Spool takes the candidates of a run in any order, and writes them in the order of their keys. It implements
// engine.Sink and [findings.Candidates].
type Spool struct {
	folder *folder.Folder
	in     *redline.Inputs
	common *common
	// The entries of kept candidates, and of suppressed changes, in the order of files; set by Finish.
	inOrder [2]entries

	mu     sync.Mutex
	idle   []*encoder
	chunks chunks
	index  entries // with records when [Spool.All] needs them
}

// New returns an empty spool with its file in f. in.Zones, by whose positions overlaps name zones, must be set before
// the first Put. With in.Confirm every kept candidate has an agreement for each pair. columns are those of the
// candidates; what a ledger knows of their patches [Spool.Know] says before Finish. records tells that reports will
// call [Spool.All]. The error is a fault of kind Output.
func New(f *folder.Folder, in *redline.Inputs, columns findings.Columns, records bool) (*Spool, error) {
	w, err := f.Create("candidates.spool")
	if err != nil {
		return nil, err
	}
	s := &Spool{folder: f, in: in, common: newCommon(columns), index: entries{records: records},
		chunks: chunks{room: spoolChunks, only: anyStream, out: w, file: w}}
	if records { // reports read these several times, and in orders of their own
		s.chunks.only = streamRecords
	}
	return s, nil
}

// CompactSuppressed makes suppressed.csv leave out the fields that can be looked up: it has those of
// [findings.Columns.Compact]. It may be called before the first Put.
func (s *Spool) CompactSuppressed() {
	s.common.shown[partSuppressed] = s.common.columns.Suppressed().Compact()
}

// Know sets what a ledger knows of each patch, by its id. It may be called once, after the last Put.
func (s *Spool) Know(known map[string]*redline.Known) { s.common.know(known) }

// encoder returns an encoder that no other goroutine uses.
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

// Put takes a candidate: a kept one with its overlaps, or a suppressed one, which has a Reason. It may be called
// concurrently, and keeps no memory of c and overlaps. A number that is not finite and a geometry that GeoJSON cannot
// hold are faults that name the candidate.
func (s *Spool) Put(key redline.Key, c *redline.Candidate, overlaps []redline.Overlap) error {
	err := check(c)
	if err == nil {
		err = checkAgreed(c, len(s.in.Confirm))
	}
	if err != nil {
		return err
	}
	enc := s.encoder()
	text := enc.text[:0]
	id := identityOf(c.ID)
	e := entry{key: key, mark: id.mark()}
	stream, lengths := streamSuppressed, (*lengths)(nil)
	if c.Reason != "" {
		text = enc.appendSuppressed(text, c)
	} else {
		stream, lengths = streamKept, &enc.lengths
		text = enc.appendFeature(text, c)
		lengths.feature = uint32(len(text))
		text = enc.appendOverlaps(text, c, overlaps, s.in.Zones)
		lengths.overlaps = uint32(len(text)) - lengths.feature
		text = files.AppendConfirm(text, c, s.in.Confirm)
		lengths.confirm = uint32(len(text)) - lengths.feature - lengths.overlaps
		if c.Patch != nil {
			text = files.AppendPatch(text, c.Patch)
		}
	}
	text = appendTrailer(text, id, lengths)
	end := len(text)
	if s.index.records {
		text = enc.appendRecord(text, c)
	}
	if enc.text = text; cap(text) > 1<<20 { // one huge patch must not stay in memory
		enc.text = nil
	}
	if len(text) > math.MaxUint32 {
		return redline.Faultf(redline.Limit, "candidate %s: needs more than 4 GB of text", c.ID)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, enc)
	if e.texts, err = s.chunks.keep(stream, text[:end]); err != nil {
		return err
	}
	if s.index.records {
		if e.record, err = s.chunks.keep(stream+streamRecords, text[end:]); err != nil {
			return err
		}
	}
	return s.add(&s.index, e)
}
