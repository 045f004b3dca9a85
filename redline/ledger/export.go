package ledger

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
)

// line is one line of an export. Exactly one member is there.
type line struct {
	Format    int        `json:"greenshield_ledger,omitempty"` // of the first line
	Event     *Event     `json:"event,omitempty"`
	Detection *Detection `json:"detection,omitempty"`
	Head      *Head      `json:"head,omitempty"` // of the last line
}

// Export writes the whole ledger as NDJSON in UTF-8: a line with the format, the events by number, the detections
// by ID, a line with the head. Cases are not in it, for they follow from the events. The same ledger gives the same
// bytes, whatever store it is in.
func Export(ctx context.Context, s Store, w io.Writer) error {
	head, err := s.Head(ctx)
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(w, 1<<16)
	put := func(l line) error {
		b.Write(canonical(l)) // an error stays in b
		return b.WriteByte('\n')
	}
	if err := put(line{Format: Format}); err != nil {
		return err
	}
	speaksOf := map[string]bool{}
	for e, err := range s.Events(ctx, EventFilter{}) {
		if err = errors.Join(err, put(line{Event: &e})); err != nil {
			return err
		}
		if e.Kind == Detected {
			speaksOf[e.Fields[FieldDetection]] = true
		}
		if e.Seq == head.Seq {
			break // another command may have added more since
		}
	}
	for d, err := range s.Detections(ctx, DetectionFilter{}) {
		if err != nil {
			return err
		}
		if !speaksOf[d.ID] {
			continue
		}
		if err := put(line{Detection: &d}); err != nil {
			return err
		}
	}
	if err := put(line{Head: &head}); err != nil {
		return err
	}
	return b.Flush()
}

var errCutOff = errors.New("the export ends too early: its last line is missing; export again")

// wholeLines splits into lines that end with a line feed alone.
func wholeLines(data []byte, atEOF bool) (advance int, line []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, errCutOff
	}
	return 0, nil, nil
}

// maxLine is how long a line of an export may be.
const maxLine = 1 << 28

// Import reads what [Export] wrote into an empty store. It takes all of it or nothing: a file that was cut off, or in
// which anything was changed, is refused with the number of the line.
func Import(ctx context.Context, s Store, r io.Reader) error {
	if head, err := s.Head(ctx); err != nil || head != (Head{}) {
		return errors.Join(err, errNotEmpty(head))
	}
	return s.AppendAll(ctx, parts(r, new(Head)))
}

// CheckExport reads what [Export] wrote, refuses what [Import] does, and returns the head.
func CheckExport(r io.Reader) (head Head, err error) {
	for _, err := range parts(r, &head) {
		if err != nil {
			return Head{}, err
		}
	}
	return head, nil
}

// partSize is how many lines of an export are in memory together.
const partSize = 5000

// parts yields the batches that an export makes, and sets the head that they lead to.
func parts(r io.Reader, head *Head) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		i := importer{v: verifier{cases: map[string]*Case{}, detections: map[string]string{}}}
		i.v.found = func(problem string) { i.problem = problem }
		lines := bufio.NewScanner(r)
		lines.Buffer(make([]byte, 0, 1<<16), maxLine)
		lines.Split(wholeLines)
		number := 0
		for lines.Scan() {
			number++
			if err := i.line(lines.Bytes(), number == 1); err != nil {
				yield(Batch{}, fmt.Errorf("line %d: %w", number, err))
				return
			}
			if number%partSize == 0 && !yield(i.part(), nil) {
				return
			}
		}
		*head = i.v.head
		i.b.Cases = inOrder(i.v.cases)
		if err := lines.Err(); err != nil {
			yield(Batch{}, fmt.Errorf("line %d: %w", number+1, err))
		} else if err := i.whole(); err != nil {
			yield(Batch{}, err)
		} else if *head != (Head{}) {
			yield(i.part(), nil)
		}
	}
}

// whole returns an error unless everything was there.
func (i *importer) whole() error {
	if !i.ended {
		return errCutOff
	}
	for _, id := range slices.Sorted(maps.Keys(i.v.detections)) {
		return fmt.Errorf("detection %s is missing", id)
	}
	return nil
}

// part returns what was read since the last part.
func (i *importer) part() Batch {
	b := i.b
	b.Next = i.v.head
	i.b = Batch{Base: b.Next}
	return b
}

func errNotEmpty(h Head) error {
	if h == (Head{}) {
		return nil
	}
	return fmt.Errorf("the ledger has %d events already; import into a new one", h.Seq)
}

type importer struct {
	v       verifier
	b       Batch
	problem string
	ended   bool
}

// line takes one line.
func (i *importer) line(text []byte, first bool) error {
	l, err := parseLine(text)
	if err != nil {
		return err
	}
	switch {
	case first && l.Format != Format:
		return fmt.Errorf("this is no export of a ledger of format %d", Format)
	case first != (l.Format != 0) || i.ended:
		return errors.New("the lines are not in order")
	case l.Event != nil:
		if err := checkEvent(*l.Event); err != nil {
			return err
		}
		i.v.event(*l.Event)
		i.b.Events = append(i.b.Events, *l.Event)
	case l.Detection != nil:
		return i.detection(*l.Detection)
	case l.Head != nil:
		i.ended = true
		if *l.Head != i.v.head {
			return errors.New("the head is not that of the last event")
		}
	}
	if i.problem != "" {
		return errors.New(i.problem)
	}
	return nil
}

// parseLine returns what a line says, which must be written as Export does.
func parseLine(text []byte) (l line, err error) {
	p := parser{s: string(text)}
	switch {
	case p.is(`{"event":`):
		e := p.event()
		l.Event = &e
	case p.is(`{"detection":`):
		d := p.detection()
		l.Detection = &d
	}
	p.want("}")
	if p.end(false) == nil {
		return l, nil
	}
	l = line{} // of another kind, or not as it was written
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&l); err != nil {
		return l, err
	}
	if !bytes.Equal(canonical(l), text) {
		return l, errors.New("the line is not as it was exported")
	}
	return l, nil
}

func (i *importer) detection(d Detection) error {
	if hash, ok := i.v.detections[d.ID]; !ok || hash != d.Hash() {
		return fmt.Errorf("detection %s was changed, or no event speaks of it", d.ID)
	}
	delete(i.v.detections, d.ID)
	i.b.Detections = append(i.b.Detections, d)
	return checkDetection(&d)
}
