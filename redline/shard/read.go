package shard

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"

	"greenshield/redline"
	"greenshield/redline/record"
	"greenshield/redline/spool"
)

// Reader reads the parts of a plan. It opens them by name when they are needed, and keeps few of them open, whatever
// the number of shards. Its methods may be called concurrently.
type Reader struct {
	plan *Plan

	mu   sync.Mutex
	open []*openPart   // the one that was used last comes last
	seen []fs.FileInfo // by number: the parts as they were when they were opened first
}

// openPart is a part that is open.
type openPart struct {
	number int
	file   *os.File
	users  int // how many read it at the moment
}

// openParts is how many parts stay open; there are more while more are read at once.
const openParts = 16

// Reader returns a reader of the parts. The caller must call [Reader.Close] in the end.
func (p *Plan) Reader() *Reader { return &Reader{plan: p, seen: make([]fs.FileInfo, p.Shards())} }

// Read has a spool adopt the candidates of a part, and returns the rest of the part, nil for a shard without rows. The
// spool reads the texts of the candidates through r, which must not be closed before. The part must be one that
// [Plan.Check] has found right. An error is a fault of kind Incompatible, or of kind Limit for too many candidates.
func (r *Reader) Read(ctx context.Context, i int, to *spool.Spool) (*Rest, error) {
	if rows := r.plan.RowsOf(i); rows[0] == rows[1] {
		return nil, nil
	}
	rest := new(Rest)
	err := r.with(i, func(file *os.File) error { return r.read(ctx, i, file, to, rest) })
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, err
	}
	return rest, nil
}

// read reads what comes after the texts.
func (r *Reader) read(ctx context.Context, i int, file *os.File, to *spool.Spool, rest *Rest) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	line, err := bufio.NewReader(io.NewSectionReader(file, 0, info.Size())).ReadBytes('\n')
	if err != nil {
		return err
	}
	end := info.Size() - hashBytes - offsetBytes
	at := make([]byte, offsetBytes)
	if _, err := file.ReadAt(at, end); err != nil {
		return err
	}
	begin := int64(binary.LittleEndian.Uint64(at))
	in := bufio.NewReaderSize(record.ContextReader{Context: ctx,
		Reader: io.NewSectionReader(file, begin, end-begin)}, 1<<18)
	if err := to.Adopt(&texts{r, i, int64(len(line))}, in); err != nil {
		return err
	}
	return gob.NewDecoder(in).Decode(rest)
}

// texts are those of the candidates of a part.
type texts struct {
	reader *Reader
	number int
	start  int64 // where they begin
}

// ReadAt implements [spool.Texts]. The fault has kind Incompatible.
func (t *texts) ReadAt(p []byte, offset int64) error {
	return t.reader.with(t.number, func(file *os.File) error {
		_, err := file.ReadAt(p, t.start+offset)
		return err
	})
}

// Close closes all parts.
func (r *Reader) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.open {
		_ = o.file.Close()
	}
	r.open = nil
}

// with calls use with a part that is open. An error is a fault of kind Incompatible that names the part, unless it has
// kind Limit.
func (r *Reader) with(i int, use func(*os.File) error) error {
	o, err := r.take(i)
	if err == nil {
		err = use(o.file)
		r.leave(o)
	}
	if err == nil || redline.KindOf(err) == redline.Limit {
		return err
	}
	var in *fs.PathError
	if errors.As(err, &in) { // the path comes first anyway
		err = in.Err
	}
	return r.plan.wrong(i, err)
}

// take returns a part for [Reader.leave].
func (r *Reader) take(i int) (*openPart, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var o *openPart
	if at := slices.IndexFunc(r.open, func(o *openPart) bool { return o.number == i }); at >= 0 {
		o = r.open[at]
		r.open = slices.Delete(r.open, at, at+1)
	} else {
		file, err := r.openFile(i)
		if err != nil {
			return nil, err
		}
		o = &openPart{number: i, file: file}
	}
	r.open = append(r.open, o)
	o.users++
	r.closeOld()
	return o, nil
}

func (r *Reader) leave(o *openPart) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o.users--
	r.closeOld()
}

// closeOld closes those of too many open parts that were used longest ago and are not in use.
func (r *Reader) closeOld() {
	for i := 0; i < len(r.open) && len(r.open) > openParts; {
		if o := r.open[i]; o.users == 0 {
			_ = o.file.Close()
			r.open = slices.Delete(r.open, i, i+1)
		} else {
			i++
		}
	}
}

// openFile opens a part, which must be the same whenever it is opened.
func (r *Reader) openFile(i int) (*os.File, error) {
	file, err := os.Open(r.plan.path(i))
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if seen := r.seen[i]; err == nil && seen != nil &&
		(!os.SameFile(info, seen) || info.Size() != seen.Size() || !info.ModTime().Equal(seen.ModTime())) {
		err = errors.New("it was changed while it was merged")
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	r.seen[i] = info
	return file, nil
}
