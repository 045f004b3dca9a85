package files

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"sync"

	"greenshield/redline/record"
)

// Back is what reading candidates.geojson back has found.
type Back struct {
	Features int64
	AreaHa   float64 // sum of area_ha as printed, without rounding errors of the sum
	Bytes    int64   // length of the file
	SHA256   string  // of the file, in hexadecimal digits
}

// ReadBack reads candidates.geojson as a stranger would: it counts the features, adds up their areas, and hashes what
// it reads. It accepts only one whole FeatureCollection of features with a unique cand_id that is also the id, an
// area and a MultiPolygon; the error names the feature. An error of the disk wraps a [fs.PathError]. Memory is
// bounded by the largest features and some 40 bytes for each.
func ReadBack(ctx context.Context, path string) (back Back, err error) {
	in, err := os.Open(path)
	if err != nil {
		return back, err
	}
	h := sha256.New()
	from := record.ContextReader{Context: ctx, Reader: in}
	back.Features, back.AreaHa, err = readFeatures(io.TeeReader(from, h))
	if err == nil { // it has read all
		back.SHA256 = hex.EncodeToString(h.Sum(nil))
		back.Bytes, err = in.Seek(0, io.SeekCurrent)
	}
	if err != nil {
		err = fmt.Errorf("feature %d: what was written cannot be read back: %w; check the disk", back.Features+1, err)
	}
	return back, errors.Join(err, in.Close())
}

// readFeatures counts the features and adds up their areas. With an error, n is the number of features before it.
func readFeatures(r io.Reader) (n int64, areaHa float64, err error) {
	stop := make(chan struct{})
	defer close(stop)
	queue := make(chan *batch, 2*runtime.GOMAXPROCS(0))
	batches := sync.Pool{New: newBatch}
	var splitErr error
	go func() {
		defer close(queue)
		splitErr = splitFeatures(r, &batches, func(b *batch) bool {
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
	var micro int64 // sum of areas in units of the last decimal
	for b := range queue {
		<-b.done
		for i := range b.found {
			f := &b.found[i]
			if _, twice := seen[f.hash]; twice {
				return n, 0, fmt.Errorf("candidate %s: occurs twice", f.id)
			}
			seen[f.hash] = struct{}{}
			micro += int64(math.Round(f.areaHa * microPerHa))
			n++
		}
		if b.err != nil {
			return n, 0, b.err
		}
		b.clear()
		batches.Put(b)
	}
	return n, float64(micro) / microPerHa, splitErr
}

// splitFeatures gives the lines between [FeaturesHead] and [FeaturesTail] to take, in batches, until take returns
// false. Every line but the last of them must end with a comma.
func splitFeatures(r io.Reader, batches *sync.Pool, take func(b *batch) bool) error {
	in := bufio.NewReaderSize(r, 1<<20)
	head := make([]byte, len(FeaturesHead))
	if _, err := io.ReadFull(in, head); errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	} else if err != nil {
		return err
	}
	if string(head) != FeaturesHead {
		return fmt.Errorf("it does not begin as a collection of candidates but %q", head)
	}
	b := batches.Get().(*batch)
	last := false // the line before had no comma, so only the tail may follow
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			start := bytes.Clone(line)
			line, err = in.ReadBytes('\n')
			line = append(start, line...)
		}
		if errors.Is(err, io.EOF) && last {
			err = nil // the line is a part of the tail, which is judged below
		}
		if errors.Is(err, io.EOF) {
			take(b)
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		if text := bytes.TrimSuffix(line, []byte("\n")); len(text) > 0 && text[0] == '{' && !last {
			last = text[len(text)-1] != ','
			b.add(bytes.TrimSuffix(text, []byte(",")))
			if b.full() || last {
				if !take(b) {
					return nil
				}
				b = batches.Get().(*batch)
			}
			continue
		}
		// The tail begins with the line end of the last feature, which is read already if there is one.
		tail := FeaturesTail
		if last {
			tail = strings.TrimPrefix(tail, "\n")
		}
		end := string(line) // reading on overwrites the line
		rest, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		switch got := end + string(rest); {
		case len(b.ends) > 0:
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

// microPerHa is 10 to the power of [findings.HaDecimals].
const microPerHa = 1e6

// hashOf returns a hash that stands for an id, which may be of any length. Two different ids have the same by chance
// alone, with a probability of 2^-128.
func hashOf(id string) (sum [16]byte) {
	h := fnv.New128a()
	h.Write([]byte(id))
	h.Sum(sum[:0])
	return sum
}
