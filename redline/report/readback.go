package report

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
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

// readBack reads candidates.geojson as a stranger would, counts its features and
// adds up their area_ha, exactly in the decimals printed. Anything but one whole
// FeatureCollection of features with a unique cand_id that is also the id, an area
// and a MultiPolygon is a fault of kind Unbalanced that names the feature; what the
// disk refuses is one of kind Output. Memory is bounded by the largest feature and
// some 40 bytes for each.
func (f *Folder) readBack(ctx context.Context) (n int64, areaHa float64, err error) {
	in, err := os.Open(f.Path(candidatesName))
	if err == nil {
		n, areaHa, err = readFeatures(contextReader{ctx, in})
		err = errors.Join(err, in.Close())
	}
	var disk *fs.PathError
	switch {
	case ctx.Err() != nil:
		return 0, 0, ctx.Err()
	case errors.As(err, &disk):
		return 0, 0, f.fault(candidatesName, "be read back", err)
	case err != nil:
		return 0, 0, redline.Faultf(redline.Unbalanced, "%s: feature %d: what was written cannot be read back: %w; check the disk", filepath.Join(f.given, candidatesName), n+1, err)
	}
	return n, areaHa, nil
}

// feature is what reading back looks at.
type feature struct{ kind, id, candID, areaHa, shape, coordinates gjson.Result }

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

// A feature stands on a line of its own, so lines are decoded in batches, by several
// goroutines, and judged in order.
const batchLines = 128

type batch struct {
	lines    [][]byte
	features []feature
	errs     []error
	done     chan struct{}
}

func (b *batch) decode() {
	b.features, b.errs = make([]feature, len(b.lines)), make([]error, len(b.lines))
	for i, line := range b.lines {
		if !gjson.ValidBytes(line) {
			var text json.RawMessage
			b.errs[i] = cmp.Or(json.Unmarshal(line, &text), errors.New("it is no JSON")) // the first says what is wrong
			continue
		}
		f := gjson.GetManyBytes(line, "type", "id", "properties.cand_id", "properties.area_ha", "geometry.type", "geometry.coordinates")
		b.features[i] = feature{f[0], f[1], f[2], f[3], f[4], f[5]}
		b.errs[i] = b.features[i].fault()
	}
	b.lines = nil
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
		splitErr = splitFeatures(r, func(lines [][]byte) bool {
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
	seen := make(map[[16]byte]struct{})
	var micro int64 // area in units of the last decimal
	for b := range queue {
		<-b.done
		for i := range b.features {
			if b.errs[i] != nil {
				return n, 0, b.errs[i]
			}
			f := &b.features[i]
			sum := sha256.Sum256([]byte(f.id.Str))
			id := [16]byte(sum[:])
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
func splitFeatures(r io.Reader, take func(lines [][]byte) bool) error {
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
	var lines [][]byte
	last := false // the line before had no comma: only the tail may follow
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && last {
			err = nil // the tail, cut
		}
		if errors.Is(err, io.EOF) {
			take(lines)
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		if text := bytes.TrimSuffix(line, []byte("\n")); len(text) > 0 && text[0] == '{' && !last {
			last = text[len(text)-1] != ','
			lines = append(lines, bytes.TrimSuffix(text, []byte(",")))
			if len(lines) == batchLines || last {
				if !take(lines) {
					return nil
				}
				lines = nil
			}
			continue
		}
		// With features the tail begins with the end of the last one's line.
		tail := featuresTail
		if last {
			tail = strings.TrimPrefix(tail, "\n")
		}
		rest, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		switch got := string(line) + string(rest); {
		case len(lines) > 0:
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
