package shard

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"
	"golang.org/x/sys/unix"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/engine"
	"greenshield/redline/record"
	"greenshield/redline/spool"
)

// header is the first line of a part, as JSON.
type header struct {
	Format   int             `json:"format"`
	Plan     string          `json:"plan"` // SHA-256 of plan.json
	Program  string          `json:"program"`
	Versions record.Versions `json:"versions"`
	Shard    int             `json:"shard"`
	Rows     [2]int          `json:"rows"`
}

func (p *Plan) header(i int) header {
	return header{format, p.hash, p.Program, p.Versions, i, p.RowsOf(i)}
}

// Rest is what a part has besides candidates.
type Rest struct {
	Part *engine.Part
	// Patches are those of kept candidates, and AreasM2 their areas, when the plan has a ledger.
	Patches []redline.Patch
	AreasM2 []float64
}

// A part ends with the offset of what comes after the texts and their order, and the hash of all before.
const offsetBytes, hashBytes = 8, 16

// newHash returns the hash of a part. It is to show damage alone, for which its 128 bits are plenty, and costs a tenth
// of SHA-256: who may write to the folder could forge the hash of a part with the part, whatever it were.
func newHash() hash.Hash { return xxh3.New128() }

func (p *Plan) parts() string { return filepath.Join(p.folder, partsName) }

func partName(i int) string { return fmt.Sprintf("%04d", i) }

// path returns where the part of a shard is.
func (p *Plan) path(i int) string { return filepath.Join(p.parts(), partName(i)) }

// Check checks that the part of a shard is there, whole, and of this plan. It is [fs.ErrNotExist] when there is none,
// else a fault of kind Incompatible.
func (p *Plan) Check(ctx context.Context, i int) error {
	info, err := os.Stat(p.path(i)) // who opens a pipe waits for somebody to write to it
	if errors.Is(err, fs.ErrNotExist) {
		return fs.ErrNotExist
	}
	if fault := p.folderInPlace(i); fault != nil {
		return fault
	}
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no file")
	}
	if err == nil {
		err = p.checkFile(ctx, i)
	}
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	return p.wrong(i, err)
}

// folderInPlace refuses a folder in the place of a part, which no part can replace; what is in it is somebody else's.
func (p *Plan) folderInPlace(i int) error {
	if info, err := os.Lstat(p.path(i)); err != nil || !info.IsDir() {
		return nil
	}
	return redline.Faultf(redline.Incompatible, "%s: is a folder where a part is to be; move it away and "+
		"run greenshield shard %s %d again", p.path(i), raster.Quote(p.folder), i)
}

// wrong says what is wrong with the part of a shard.
func (p *Plan) wrong(i int, err error) error {
	return redline.Faultf(redline.Incompatible, "%s: %w; run greenshield shard %s %d again", p.path(i), err,
		raster.Quote(p.folder), i)
}

// checkFile opens a part and checks it.
func (p *Plan) checkFile(ctx context.Context, i int) error {
	file, err := os.Open(p.path(i))
	if err != nil {
		return err
	}
	return errors.Join(p.check(ctx, i, file), file.Close())
}

// check checks the header and the hash of a part.
func (p *Plan) check(ctx context.Context, i int, file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	of := newHash()
	from := record.ContextReader{Context: ctx, Reader: io.LimitReader(file, info.Size()-hashBytes)}
	line, err := bufio.NewReader(io.TeeReader(from, of)).ReadBytes('\n')
	if err != nil {
		return errors.New("it is not a whole part")
	}
	if _, err := io.CopyBuffer(of, from, make([]byte, 1<<18)); err != nil {
		return err
	}
	sum := make([]byte, hashBytes)
	if _, err := io.ReadFull(file, sum); err != nil || !bytes.Equal(sum, of.Sum(nil)) {
		return errors.New("it is damaged: its bytes do not have the hash that stands at its end")
	}
	var h header
	if err := json.Unmarshal(line, &h); err != nil {
		return err
	}
	switch want := p.header(i); {
	case h.Format != want.Format || h.Program != want.Program || h.Versions != want.Versions:
		return fmt.Errorf("it was made by %s, the plan by %s", versionText(h.Program, h.Versions),
			versionText(p.Program, p.Versions))
	case h.Plan != want.Plan:
		return errors.New("it is the part of another plan, or of a plan of other inputs")
	case h != want:
		return fmt.Errorf("it is the part of shard %d", h.Shard)
	}
	return nil
}

// checkAll checks the parts of all shards: it returns the numbers of those that are missing, in order, and what is wrong
// with others, by number. The error is that of the context.
func (p *Plan) checkAll(ctx context.Context) (missing []int, wrong map[int]error, err error) {
	wrong = map[int]error{}
	for i := range p.Shards() {
		err := p.Check(ctx, i)
		switch {
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, i)
		case err != nil:
			wrong[i] = err
		}
	}
	return missing, wrong, nil
}

// Missing reads the parts of all shards, and returns the numbers of those, in order, whose part is missing or wrong.
// The error is that of the context.
func (p *Plan) Missing(ctx context.Context) ([]int, error) {
	missing, wrong, err := p.checkAll(ctx)
	return slices.Sorted(slices.Values(slices.AppendSeq(missing, maps.Keys(wrong)))), err
}

// Parts checks the parts of all shards, and says of all of them together which are missing or wrong: the error joins
// faults of kind Incompatible.
func (p *Plan) Parts(ctx context.Context) error {
	missing, wrong, err := p.checkAll(ctx)
	if err != nil {
		return err
	}
	var faults []error
	for _, i := range slices.Sorted(maps.Keys(wrong)) {
		faults = append(faults, wrong[i])
	}
	if len(missing) > 0 {
		faults = append(faults, redline.Faultf(redline.Incompatible, "%s: %d of %d parts are missing: %s; "+
			"run greenshield shard %s NUMBER for each of them", p.folder, len(missing), p.Shards(),
			ranges(missing), raster.Quote(p.folder)))
	}
	return errors.Join(faults...)
}

// ranges names ascending numbers, of which three and more in a row are written FIRST-LAST.
func ranges(numbers []int) string {
	var words []string
	for i := 0; i < len(numbers); {
		last := i
		for last+1 < len(numbers) && numbers[last+1] == numbers[last]+1 {
			last++
		}
		if last < i+2 {
			last = i
			words = append(words, strconv.Itoa(numbers[i]))
		} else {
			words = append(words, fmt.Sprintf("%d-%d", numbers[i], numbers[last]))
		}
		i = last + 1
	}
	return strings.Join(words, " ")
}

// Writer writes the part of a shard: first the texts of its candidates, as [spool.NewPart] has them, from one goroutine
// at a time.
type Writer struct {
	path string // of the part
	file *os.File
	hash hash.Hash
	out  *bufio.Writer
	size int64 // of what was written
}

// Create begins the part of a shard, and removes what killed shards of that number have left. The caller must call
// [Writer.Abort] in the end. Errors are faults of kind Output, or of kind Incompatible for a folder in the place of the
// part.
func (p *Plan) Create(i int) (*Writer, error) {
	if err := p.folderInPlace(i); err != nil {
		return nil, err
	}
	w := &Writer{path: p.path(i), hash: newHash()}
	prefix := "." + partName(i) + ".tmp-"
	left, err := filepath.Glob(filepath.Join(p.parts(), prefix+"*"))
	if err == nil {
		for _, path := range left {
			removeDead(path)
		}
		w.file, err = os.Create(filepath.Join(p.parts(), prefix+rand.Text()))
	}
	if err == nil {
		err = unix.Flock(int(w.file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err != nil {
			_ = w.file.Close()
		}
	}
	if err != nil {
		return nil, w.fault(err)
	}
	w.out = bufio.NewWriterSize(io.MultiWriter(w.file, w.hash), 1<<18)
	line, err := json.Marshal(p.header(i))
	if err != nil {
		return nil, redline.WithKind(redline.Internal, err)
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		w.Abort()
		return nil, err
	}
	return w, nil
}

// removeDead removes an unfinished part unless somebody still holds its lock.
func removeDead(path string) {
	file, err := os.Open(path)
	if err != nil {
		return
	}
	if unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
		_ = os.Remove(path)
	}
	_ = file.Close()
}

// Write implements [io.Writer]. Errors are faults of kind Output.
func (w *Writer) Write(p []byte) (int, error) {
	n, err := w.out.Write(p)
	w.size += int64(n)
	if err != nil {
		err = w.fault(err)
	}
	return n, err
}

// Publish completes the part and gives it its name; a shard without rows has neither candidates nor a rest, which are
// nil. Errors are faults of kind Output.
func (w *Writer) Publish(candidates *spool.Spool, rest *Rest) error {
	var err error
	if candidates != nil {
		err = w.end(candidates, rest)
	}
	if err == nil {
		err = w.out.Flush()
	}
	if err == nil {
		_, err = w.file.Write(w.hash.Sum(nil))
	}
	if err == nil {
		err = w.file.Sync()
	}
	if err == nil {
		err = os.Rename(w.file.Name(), w.path)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(w.path))
	}
	if err != nil {
		return w.fault(err)
	}
	return nil
}

// Abort removes the part unless it is published.
func (w *Writer) Abort() {
	_ = os.Remove(w.file.Name())
	_ = w.file.Close()
}

// fault says that the part cannot be written, unless err is a fault already.
func (w *Writer) fault(err error) error {
	var f *redline.Fault
	if errors.As(err, &f) {
		return err
	}
	return redline.Faultf(redline.Output, "%s: cannot be written: %w", w.path, err)
}

// end writes what comes after the texts of candidates.
func (w *Writer) end(candidates *spool.Spool, rest *Rest) error {
	if err := candidates.Flush(); err != nil {
		return err
	}
	at := binary.LittleEndian.AppendUint64(nil, uint64(w.size))
	err := candidates.WriteIndex(w)
	if err == nil {
		err = gob.NewEncoder(w).Encode(rest)
	}
	if err == nil {
		_, err = w.Write(at)
	}
	return err
}
