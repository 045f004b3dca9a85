package spool

import (
	"cmp"
	"context"
	"errors"
	"io"
	"iter"
	"runtime"
	"sync"

	"greenshield/redline"
	"greenshield/redline/files"
)

// Finish writes candidates.geojson, suppressed.csv, overlaps.csv, patches.cells and, when the run has pairs of maps
// that may confirm changes, confirm.csv in the order of the keys, has the reports written meanwhile, removes the spool
// file, and returns how many candidates it wrote. Reports begin in their order, some of them when others have ended, so
// none may wait for another. As soon as one of these files is written, it calls then with the name of the file, on a
// goroutine of that file's own; an error of then is one of Finish. Two candidates with one key or one id are a fault of
// kind Unbalanced. Finish may be called once, and Put no more after it.
func (s *Spool) Finish(
	ctx context.Context, then func(name string) error, reports ...func() error,
) (kept, suppressed int64, err error) {
	if err := cmp.Or(s.chunks.flush(), s.endRun(&s.index), s.chunks.file.Flush()); err != nil {
		return 0, 0, err
	}
	distinct := make(chan error, 1)
	go func() { distinct <- s.distinct() }() // a fault is so rare that the files may be written meanwhile
	if err := cmp.Or(s.order(), s.chunks.file.Flush()); err != nil {
		return 0, 0, cmp.Or(<-distinct, err)
	}
	var written [fileParts]int64
	var errs, errsThen, errsSync [fileParts]error
	errsReports := make([]error, len(reports))
	var wg sync.WaitGroup
	// What takes long begins first, and not all at once: so it does not come to its end alone. One more than there are
	// cores, since some wait for the disk.
	turns := make(chan struct{}, runtime.GOMAXPROCS(0)+1)
	begin := func(do func()) {
		turns <- struct{}{}
		wg.Go(func() {
			defer func() { <-turns }()
			do()
		})
	}
	for i, report := range reports {
		begin(func() { errsReports[i] = report() })
	}
	for part, out := range [fileParts]struct{ name, head, separator, tail string }{
		partFeature:    {files.CandidatesName, files.FeaturesHead, ",\n", files.FeaturesTail},
		partSuppressed: {"suppressed.csv", files.SuppressedHeader(s.common.shown[partSuppressed]), "", ""},
		partOverlaps:   {"overlaps.csv", files.OverlapsHeader(), "", ""},
		partConfirm:    {files.ConfirmName, files.ConfirmHeader(), "", ""},
		partPatch:      {files.PatchesName, files.PatchesHead(s.in.Grid), "", files.PatchesTail},
	} {
		if part == partConfirm && len(s.in.Confirm) == 0 {
			continue
		}
		begin(func() {
			fill := func(w io.Writer) (err error) {
				written[part], err = s.replay(ctx, w, part, out.head, out.separator, out.tail)
				return err
			}
			if plain := fill; part == partPatch {
				fill = func(w io.Writer) error { return files.Compress(w, plain) }
			}
			if errs[part] = s.folder.Write(out.name, fill); errs[part] != nil {
				return
			}
			wg.Go(func() { errsSync[part] = s.folder.Sync(out.name) }) // the disk writes while others work
			errsThen[part] = then(out.name)
		})
	}
	wg.Wait()
	err = <-distinct
	file := s.chunks.file
	s.chunks = chunks{}
	// A full disk stops all of them, so the first error stands for all.
	if err := cmp.Or(err, cmp.Or(errs[:]...), cmp.Or(errsThen[:]...), cmp.Or(errsSync[:]...),
		cmp.Or(errsReports...)); err != nil {
		return 0, 0, err
	}
	err = errors.Join(file.Close(), file.Remove())
	return written[partFeature], written[partSuppressed], err
}

// replay writes one part of every candidate that has it to w, in the order of the keys, with head before, separator
// between and tail after them. It returns how many there were.
func (s *Spool) replay(ctx context.Context, w io.Writer, part int, head, separator, tail string) (n int64, err error) {
	in, at := window{file: s.chunks.file}, window{file: s.chunks.file}
	out := append(make([]byte, 0, replayBytes*5/4), head...)
	looked := 0
	for e, err := range s.entries(part == partSuppressed).all(&at) {
		if looked%1024 == 0 {
			err = cmp.Or(err, ctx.Err())
		}
		if err != nil {
			return n, err
		}
		looked++
		text, err := s.text(&e, part, &in)
		if err != nil {
			return n, err
		}
		if len(text) == 0 {
			continue
		}
		if n > 0 {
			out = append(out, separator...)
		}
		if part < sharedParts {
			out = s.common.expand(out, text, byte(part), s.chunks.numbers(e.texts))
		} else {
			out = append(out, text...)
		}
		if len(out) >= replayBytes {
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

// replayBytes is how much is written at once: the kernel takes whole blocks at multiples of their length a third faster
// than any others.
const replayBytes = 256 << 10

// All implements [findings.Candidates]. It may be called by the reports that Finish writes, and not before; the spool
// must have been made with records.
func (s *Spool) All(ctx context.Context, suppressed bool) iter.Seq2[*redline.Candidate, error] {
	return func(yield func(*redline.Candidate, error) bool) {
		in, at := window{file: s.chunks.file}, window{file: s.chunks.file}
		var c redline.Candidate
		n := 0
		for e, err := range s.entries(suppressed).all(&at) {
			if n%1024 == 0 {
				err = cmp.Or(err, ctx.Err())
			}
			n++
			if err == nil {
				err = s.record(&e, &in, &c)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(&c, nil) {
				return
			}
		}
	}
}

// Pick implements [findings.Candidates]. What applies to All applies to it.
func (s *Spool) Pick(ctx context.Context, positions iter.Seq[uint32]) iter.Seq2[*redline.Candidate, error] {
	return func(yield func(*redline.Candidate, error) bool) {
		entries := s.entries(false)
		in := window{file: s.chunks.file, alone: true}
		var c redline.Candidate
		n := 0
		for position := range positions {
			if n%1024 == 0 && ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			n++
			e, err := entries.at(int(position), &in)
			if err == nil {
				err = s.record(&e, &in, &c)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(&c, nil) {
				return
			}
		}
	}
}

// record decodes the record of an entry into c.
func (s *Spool) record(e *entry, in *window, c *redline.Candidate) error {
	text, err := s.chunks.text(e.record, in)
	if err != nil {
		return err
	}
	return s.common.decode(text, c, s.chunks.numbers(e.record))
}
