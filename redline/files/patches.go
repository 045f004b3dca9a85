package files

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/record"
	"greenshield/vector/trace"
)

// PatchesName is the file of the patches that candidates were cut from.
const PatchesName = "patches.cells"

// The file of the patches is, compressed, a head, one record for each patch, and PatchesTail. A record has the id and
// the transition group of the patch, each after its length, the number of runs, and for each run how many rows it lies
// below the one before, where it begins, and its length. The column is counted from where the run before ended when
// both are in one row, else from where that one began, and only then it may be negative. All numbers are varints.
const (
	patchesTitle = "green-shield-patches 1\n"
	PatchesTail  = "\x00" // a record without an id
)

// PatchesHead returns the head of the file: its title, and the grid as the manifest has it, a line of JSON.
func PatchesHead(g raster.Grid) string {
	text, err := json.Marshal(record.GridOf(g))
	if err != nil {
		panic(err) // the grid has a number that is not finite
	}
	return patchesTitle + string(text) + "\n"
}

// AppendPatch appends the record of a patch.
func AppendPatch(b []byte, p *redline.Patch) []byte {
	for _, text := range []string{p.ID, p.Group} {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	b = binary.AppendUvarint(b, uint64(len(p.Cells)))
	var last trace.Run
	for _, r := range p.Cells {
		b = binary.AppendUvarint(b, uint64(r.Row-last.Row))
		if r.Row == last.Row {
			b = binary.AppendUvarint(b, uint64(r.Col0-last.Col1))
		} else {
			b = binary.AppendVarint(b, int64(r.Col0-last.Col0))
		}
		b = binary.AppendUvarint(b, uint64(r.Col1-r.Col0))
		last = r
	}
	return b
}

// Compressed returns what compresses patches.cells into w: by gzip, without a name and a time. It must be closed, and
// does not close w.
func Compressed(w io.Writer) io.WriteCloser {
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		panic(err) // there is such a level
	}
	return z
}

// Patches reads patches.cells. It belongs to one goroutine.
type Patches struct {
	Grid    record.Grid // the grid whose rows and columns the cells are counted in
	in      *bufio.Reader
	scratch []byte
}

// NewPatches reads the head of the file. What is not the beginning of such a file is an error.
func NewPatches(r io.Reader) (*Patches, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, broken(err)
	}
	p := &Patches{in: bufio.NewReader(z)}
	title, err := p.in.ReadString('\n')
	if err != nil {
		return nil, broken(err)
	}
	if title != patchesTitle {
		return nil, fmt.Errorf("it does not begin as %q but %q", strings.TrimSpace(patchesTitle), title)
	}
	text, err := p.in.ReadBytes('\n')
	if err != nil {
		return nil, broken(err)
	}
	if err := json.Unmarshal(text, &p.Grid); err != nil {
		return nil, fmt.Errorf("its grid: %w", err)
	}
	if g := p.Grid; g.Cols < 1 || g.Rows < 1 || g.Cols > math.MaxInt32 || g.Rows > math.MaxInt32 {
		return nil, fmt.Errorf("its grid has %d columns and %d rows", g.Cols, g.Rows)
	}
	return p, nil
}

// broken says that a file is cut off where no end may be.
func broken(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// All yields the patches in the order of their first cells, and in the end an error unless the file is whole: that of a
// file that is cut off wraps [io.ErrUnexpectedEOF]. Cells outside the grid or out of order are an error too. It may be
// called once; what it yields is valid until the next one.
func (p *Patches) All() iter.Seq2[*redline.Patch, error] {
	return func(yield func(*redline.Patch, error) bool) {
		var patch redline.Patch
		first := trace.Run{Row: -1}
		for n := 1; ; n++ {
			err := p.next(&patch)
			if err == nil && patch.ID == "" {
				if _, err = p.in.ReadByte(); errors.Is(err, io.EOF) {
					return
				}
				err = cmp.Or(err, errors.New("something follows the end"))
			}
			if err == nil {
				if begin := patch.Cells[0]; byFirst(begin, first) <= 0 {
					err = errors.New("it is out of order")
				} else {
					first = begin
				}
			}
			if err != nil {
				yield(nil, fmt.Errorf("patch %d: %w", n, err))
				return
			}
			if !yield(&patch, nil) {
				return
			}
		}
	}
}

func byFirst(a, b trace.Run) int {
	return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Col0, b.Col0))
}

// next reads a record. The end is a patch without an id.
func (p *Patches) next(patch *redline.Patch) (err error) {
	if patch.ID, err = p.text(); err != nil || patch.ID == "" {
		return err
	}
	if patch.Group, err = p.text(); err != nil {
		return err
	}
	runs, err := p.number()
	if err != nil {
		return err
	}
	if runs == 0 {
		return errors.New("it has no cells")
	}
	patch.Cells = patch.Cells[:0]
	var last trace.Run
	for range runs {
		if last, err = p.run(last); err != nil {
			return err
		}
		if n := len(patch.Cells); n > 0 && patch.Cells[n-1].Row == last.Row && patch.Cells[n-1].Col1 == last.Col0 {
			return fmt.Errorf("two runs of row %d touch", last.Row)
		}
		patch.Cells = append(patch.Cells, last)
	}
	return nil
}

// run reads the run that follows another one.
func (p *Patches) run(last trace.Run) (trace.Run, error) {
	below, err := p.number()
	if err != nil {
		return last, err
	}
	var col int64
	if below == 0 {
		var gap uint64
		gap, err = p.number()
		col = int64(last.Col1) + int64(min(gap, math.MaxInt32))
	} else {
		col, err = varint(p.in, binary.Varint)
		col = int64(last.Col0) + min(max(col, math.MinInt32), math.MaxInt32)
	}
	if err != nil {
		return last, err
	}
	length, err := p.number()
	if err != nil {
		return last, err
	}
	row, end := int64(last.Row)+int64(min(below, math.MaxInt32)), col+int64(min(length, math.MaxInt32))
	if row >= int64(p.Grid.Rows) || col < 0 || end > int64(p.Grid.Cols) || length == 0 {
		return last, fmt.Errorf("columns %d to %d of row %d are no cells of the grid", col, end, row)
	}
	return trace.Run{Row: int32(row), Col0: int32(col), Col1: int32(end)}, nil
}

// text reads a text after its length.
func (p *Patches) text() (string, error) {
	n, err := p.number()
	if err != nil {
		return "", err
	}
	const most = 1 << 16
	if n > most {
		return "", fmt.Errorf("a text of %d bytes, of at most %d", n, most)
	}
	p.scratch = slices.Grow(p.scratch[:0], int(n))[:n]
	_, err = io.ReadFull(p.in, p.scratch)
	return string(p.scratch), broken(err)
}

func (p *Patches) number() (uint64, error) {
	if c, err := p.in.ReadByte(); err == nil && c < 0x80 { // mostly
		return uint64(c), nil
	} else if err == nil {
		_ = p.in.UnreadByte()
	}
	return varint(p.in, binary.Uvarint)
}

// varint reads a number as decode does.
func varint[N int64 | uint64](in *bufio.Reader, decode func([]byte) (N, int)) (N, error) {
	b, err := in.Peek(binary.MaxVarintLen64) // fewer at the end of the file, which may be enough
	n, length := decode(b)
	switch {
	case length < 0:
		return 0, errors.New("a number has more than 64 bits")
	case length == 0:
		return 0, broken(err)
	}
	_, err = in.Discard(length)
	return n, err
}
