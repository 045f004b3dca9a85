package report

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/tidwall/gjson"

	"greenshield/redline"
)

const candidatesName = "candidates.geojson"

// readBack is what reading candidates.geojson back has found.
type readBack struct {
	features int64
	areaHa   float64
	file     File
}

// readBack reads candidates.geojson as a stranger would, counts its features, adds up
// their area_ha, exactly in the decimals printed, and hashes what it reads. Anything but
// one whole FeatureCollection of features with a unique cand_id that is also the id, an
// area and a MultiPolygon is a fault of kind Unbalanced that names the feature; what the
// disk refuses is one of kind Output. Memory is bounded by the largest features and
// some 40 bytes for each.
func (f *Folder) readBack(ctx context.Context) (readBack, error) {
	var back readBack
	in, err := os.Open(f.Path(candidatesName))
	if err == nil {
		h := sha256.New()
		back.features, back.areaHa, err = readFeatures(io.TeeReader(contextReader{ctx, in}, h))
		if err == nil { // it has read all
			back.file = File{Name: candidatesName, SHA256: hex.EncodeToString(h.Sum(nil))}
			back.file.Bytes, err = in.Seek(0, io.SeekCurrent)
		}
		err = errors.Join(err, in.Close())
	}
	var disk *fs.PathError
	switch {
	case ctx.Err() != nil:
		return readBack{}, ctx.Err()
	case errors.As(err, &disk):
		return readBack{}, f.fault(candidatesName, "be read back", err)
	case err != nil:
		return readBack{}, redline.Faultf(redline.Unbalanced, "%s: feature %d: what was written cannot be read back: %w; check the disk", filepath.Join(f.given, candidatesName), back.features+1, err)
	}
	return back, nil
}

// feature is what reading back looks at.
type feature struct{ kind, id, candID, areaHa, shape, coordinates gjson.Result }

// parse takes a feature's line, which is valid JSON, apart in one pass over each object.
// Of a name that occurs twice the first counts.
func (f *feature) parse(line string) {
	first := func(field *gjson.Result, value gjson.Result) {
		if !field.Exists() {
			*field = value
		}
	}
	var properties, geometry gjson.Result
	gjson.Parse(line).ForEach(func(name, value gjson.Result) bool {
		switch name.Str {
		case "type":
			first(&f.kind, value)
		case "id":
			first(&f.id, value)
		case "properties":
			first(&properties, value)
		case "geometry":
			first(&geometry, value)
		}
		return true
	})
	if properties.IsObject() {
		properties.ForEach(func(name, value gjson.Result) bool {
			switch name.Str {
			case "cand_id":
				first(&f.candID, value)
			case "area_ha":
				first(&f.areaHa, value)
			}
			return !f.candID.Exists() || !f.areaHa.Exists()
		})
	}
	if geometry.IsObject() {
		geometry.ForEach(func(name, value gjson.Result) bool {
			switch name.Str {
			case "type":
				first(&f.shape, value)
			case "coordinates":
				first(&f.coordinates, value)
			}
			return !f.shape.Exists() || !f.coordinates.Exists()
		})
	}
}

// fault says what is wrong with a feature.
func (f *feature) fault() error {
	switch {
	case f.kind.Str != "Feature":
		return fmt.Errorf("type is %q", f.kind.Str)
	case f.candID.Str == "" || f.candID.Str != f.id.Str:
		return fmt.Errorf("cand_id is %q, id is %q", f.candID.Str, f.id.Str)
	case f.areaHa.Type != gjson.Number || f.areaHa.Num < 0:
		return fmt.Errorf("candidate %s: has no area", f.id.Str)
	case f.shape.Str != "MultiPolygon" || !strings.HasPrefix(f.coordinates.Raw, "[[[["):
		return fmt.Errorf("candidate %s: has no geometry", f.id.Str)
	}
	return nil
}

// batch is features to decode: each stands on a line of its own, so several goroutines
// decode, and the batches are judged in order.
type batch struct {
	lines    *lines
	features []feature
	errs     []error
	done     chan struct{}
}

// lines are the texts of features, one after the other.
type lines struct {
	text strings.Builder
	ends []int
}

// A batch is full with that many bytes, or with that many lines.
const (
	batchBytes = 128 << 10
	batchLines = 256
)

func (l *lines) add(line []byte) {
	if len(l.ends) == 0 {
		l.text.Grow(batchBytes)
	}
	l.text.Write(line)
	l.ends = append(l.ends, l.text.Len())
}

func (l *lines) full() bool { return l.text.Len() >= batchBytes*7/8 || len(l.ends) == batchLines }

func (b *batch) decode() {
	n := len(b.lines.ends)
	b.features, b.errs = make([]feature, n), make([]error, n)
	text, start := b.lines.text.String(), 0
	for i, end := range b.lines.ends {
		line := text[start:end]
		start = end
		if !gjson.Valid(line) {
			var text json.RawMessage
			b.errs[i] = cmp.Or(json.Unmarshal([]byte(line), &text), errors.New("it is no JSON")) // the first says what is wrong
			continue
		}
		b.features[i].parse(line)
		b.errs[i] = b.features[i].fault()
	}
	close(b.done)
}

// readFeatures returns the number of good features also with an error.
func readFeatures(r io.Reader) (n int64, areaHa float64, err error) {
	stop := make(chan struct{})
	defer close(stop)
	queue := make(chan *batch, 2*runtime.GOMAXPROCS(0))
	var splitErr error
	go func() {
		defer close(queue)
		splitErr = splitFeatures(r, func(lines *lines) bool {
			b := &batch{lines: lines, done: make(chan struct{})}
			go b.decode()
			select {
			case queue <- b:
				return true
			case <-stop:
				return false
			}
		})
	}()
	ids, seen := newIdentifier(), make(map[identity]struct{})
	var micro int64 // area in units of the last decimal
	for b := range queue {
		<-b.done
		for i := range b.features {
			if b.errs[i] != nil {
				return n, 0, b.errs[i]
			}
			f := &b.features[i]
			id := ids.identity(f.id.Str)
			if _, twice := seen[id]; twice {
				return n, 0, fmt.Errorf("candidate %s: occurs twice", f.id.Str)
			}
			seen[id] = struct{}{}
			micro += int64(math.Round(f.areaHa.Num * microPerHa))
			n++
		}
	}
	return n, float64(micro) / microPerHa, splitErr
}

// splitFeatures gives the lines between head and tail to take, in batches, until take
// returns false. Every line but the last of them must end with a comma.
func splitFeatures(r io.Reader, take func(lines *lines) bool) error {
	in := bufio.NewReaderSize(r, 1<<20)
	head := make([]byte, len(featuresHead))
	if _, err := io.ReadFull(in, head); errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	} else if err != nil {
		return err
	}
	if string(head) != featuresHead {
		return fmt.Errorf("it does not begin as a collection of candidates but %q", head)
	}
	batch := new(lines)
	last := false // the line before had no comma: only the tail may follow
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			start := bytes.Clone(line)
			line, err = in.ReadBytes('\n')
			line = append(start, line...)
		}
		if errors.Is(err, io.EOF) && last {
			err = nil // the tail, cut
		}
		if errors.Is(err, io.EOF) {
			take(batch)
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		if text := bytes.TrimSuffix(line, []byte("\n")); len(text) > 0 && text[0] == '{' && !last {
			last = text[len(text)-1] != ','
			batch.add(bytes.TrimSuffix(text, []byte(",")))
			if batch.full() || last {
				if !take(batch) {
					return nil
				}
				batch = new(lines)
			}
			continue
		}
		// With features the tail begins with the end of the last one's line.
		tail := featuresTail
		if last {
			tail = strings.TrimPrefix(tail, "\n")
		}
		end := string(line) // reading on overwrites the line
		rest, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		switch got := end + string(rest); {
		case len(batch.ends) > 0:
			return errors.New("a comma stands before the end")
		case strings.HasPrefix(tail, got) && got != tail:
			return io.ErrUnexpectedEOF
		case strings.HasPrefix(got, tail) && got != tail:
			return errors.New("there is text after the end")
		case got != tail:
			return errors.New("it does not end as a collection of candidates")
		}
		return nil
	}
}

// microPerHa is 10^haDecimals.
const microPerHa = 1e6
