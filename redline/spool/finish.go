package spool

import (
	"cmp"
	"context"
	"errors"
	"io"
	"iter"
	"runtime"
	"slices"
	"sync"

	"greenshield/redline"
	"greenshield/redline/files"
	"greenshield/redline/folder"
)

// Finish writes candidates.geojson, suppressed.csv, overlaps.csv, patches.cells and, when the run has pairs of maps
// that may confirm changes, confirm.csv in the order of the keys, has the reports written meanwhile, removes the spool
// file, and returns how many candidates it wrote. Reports return the names of the files that they wrote. They begin in
// their order, some of them when others have ended, so none may wait for another. As soon as a file is written, it is
// brought to the disk, and Finish calls then with its name, on a goroutine of that file's own; an error of then is one
// of Finish. Two candidates with one key or one id are a fault of kind Unbalanced. Finish may be called once, and Put
// no more after it.
func (s *Spool) Finish(
	ctx context.Context, then func(name string) error, reports ...func() (names []string, err error),
) (kept, suppressed int64, err error) {
	if err := cmp.Or(s.chunks.flush(), s.endRun(&s.index), s.chunks.file.Flush()); err != nil {
		return 0, 0, err
	}
	distinct := make(chan error, 1)
	go func() { distinct <- s.distinct() }() // a fault is so rare that the files may be written meanwhile
	if err := cmp.Or(s.order(), s.chunks.file.Flush()); err != nil {
		return 0, 0, cmp.Or(<-distinct, err)
	}
	outputs := s.outputs()
	tasks := slices.Clone(reports)
	for _, together := range outputs {
		tasks = append(tasks, func() (names []string, err error) {
			for _, o := range together {
				names = append(names, o.name)
			}
			return names, s.replay(ctx, together)
		})
	}
	errs := make([][]error, len(tasks))
	var wg sync.WaitGroup
	// What takes long begins first, and not all at once: so it does not come to its end alone. One more than there are
	// cores, since some wait for the disk; beside the first, which takes longest, one fewer.
	turns := make(chan struct{}, runtime.GOMAXPROCS(0)+1)
	for i, task := range tasks {
		taken := 1
		if i == 0 {
			taken = 2
		}
		for range taken {
			turns <- struct{}{}
		}
		wg.Go(func() {
			defer func() {
				for range taken {
					<-turns
				}
			}()
			names, err := task()
			if err != nil {
				errs[i] = []error{err}
				return
			}
			errs[i] = make([]error, 2*len(names))
			for k, name := range names { // the disk writes while others work
				wg.Go(func() { errs[i][2*k] = then(name) })
				wg.Go(func() { errs[i][2*k+1] = s.folder.Sync(name) })
			}
		})
	}
	wg.Wait()
	err = <-distinct
	file := s.chunks.file
	s.chunks = chunks{}
	// A full disk stops all of them, so the first error of the files of the spool stands for all.
	for _, of := range append(errs[len(reports):], errs[:len(reports)]...) {
		err = cmp.Or(err, cmp.Or(of...))
	}
	if err != nil {
		return 0, 0, err
	}
	err = errors.Join(file.Close(), file.Remove())
	return outputs[0][0].n, outputs[1][0].n, err
}

// output is a file that Finish writes: head, the texts of one part of candidates with separator between them, and tail.
type output struct {
	part                        int
	name, head, separator, tail string

	n      int64 // how many texts there are
	file   *folder.File
	packed io.WriteCloser // what compresses into it, nil where nothing does
	to     io.Writer      // the one or the other
	text   []byte         // what is still to be written
}

// outputs are those of kept candidates, the candidates first, and those of suppressed changes.
func (s *Spool) outputs() [2][]*output {
	kept := []*output{
		{part: partFeature, name: files.CandidatesName, head: files.FeaturesHead, separator: ",\n", tail: files.FeaturesTail},
		{part: partOverlaps, name: "overlaps.csv", head: files.OverlapsHeader()},
		{part: partPatch, name: files.PatchesName, head: files.PatchesHead(s.in.Grid), tail: files.PatchesTail},
	}
	if len(s.in.Confirm) > 0 {
		kept = append(kept, &output{part: partConfirm, name: files.ConfirmName, head: files.ConfirmHeader()})
	}
	return [2][]*output{kept, {
		{part: partSuppressed, name: "suppressed.csv", head: files.SuppressedHeader(s.common.shown[partSuppressed])},
	}}
}

// replay writes some files, which take texts of the same candidates, in the order of the keys.
func (s *Spool) replay(ctx context.Context, outputs []*output) (err error) {
	for _, o := range outputs {
		if o.file, err = s.folder.Create(o.name); err != nil {
			return err
		}
		if o.to = o.file; o.part == partPatch {
			o.packed = files.Compressed(o.file)
			o.to = o.packed
		}
		defer func() { err = cmp.Or(err, o.file.Close()) }()
		o.text = append(make([]byte, 0, replayBytes*5/4), o.head...)
	}
	in, at := window{file: s.chunks.file}, window{file: s.chunks.file}
	n := 0
	for e, err := range s.entries(outputs[0].part == partSuppressed).all(&at) {
		if n%1024 == 0 {
			err = cmp.Or(err, ctx.Err())
		}
		if err != nil {
			return err
		}
		n++
		texts, err := s.texts(&e, &in)
		if err != nil {
			return err
		}
		for _, o := range outputs {
			if err := s.put(o, texts[o.part], s.chunks.numbers(e.texts)); err != nil {
				return err
			}
		}
	}
	for _, o := range outputs {
		if _, err := o.to.Write(append(o.text, o.tail...)); err != nil {
			return err
		}
		if o.packed != nil {
			if err := o.packed.Close(); err != nil {
				return err
			}
		}
	}
	return nil
}

// put adds a text to a file; an empty one is none.
func (s *Spool) put(o *output, text []byte, of *numbers) error {
	if len(text) == 0 {
		return nil
	}
	if o.n > 0 {
		o.text = append(o.text, o.separator...)
	}
	o.n++
	if o.part < sharedParts {
		o.text = s.common.expand(o.text, text, byte(o.part), of)
	} else {
		o.text = append(o.text, text...)
	}
	if len(o.text) < replayBytes {
		return nil
	}
	whole := len(o.text) - len(o.text)%replayBytes
	if _, err := o.to.Write(o.text[:whole]); err != nil {
		return err
	}
	rest := o.text[whole:]
	if cap(o.text) > 4*replayBytes { // one huge patch must not stay in memory
		o.text = make([]byte, 0, replayBytes*5/4)
	}
	o.text = append(o.text[:0], rest...)
	return nil
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
