package corroborate

import (
	"container/list"
	"errors"
	"sync"

	"greenshield/raster"
	"greenshield/redline"
)

// Cache keeps decoded blocks of rasters in memory, those that were used last, for all goroutines of a run. It is safe
// for concurrent use.
type Cache struct {
	maxBytes int64
	rows     int // of blocks of each raster that it keeps at most

	mu     sync.Mutex
	bytes  int64 // of all blocks, also of those that are being decoded
	blocks map[key]*list.Element
	recent *list.List // of *block, the one that was used last in front
	across int64      // bytes of one row of blocks of all rasters
	free   [][]uint8  // memory of blocks that nobody looks at any more
	over   []*Blocks
}

// maxFree is how many blocks the cache keeps the memory of for the next ones.
const maxFree = 8

// key names a block.
type key struct {
	of       *Blocks
	row, col int // counted in blocks
}

// block is a decoded block. Its symbols do not change once it is ready, as long as somebody looks at it.
type block struct {
	key
	window  raster.Window // of the raster's cells
	symbols []uint8       // row-major
	err     error
	ready   chan struct{} // closed when symbols and err are set

	// Guarded by Cache.mu.
	views     int  // that look at it, or wait for it
	displaced bool // the cache has forgotten it
}

// NewCache returns a cache that keeps as many blocks as lie in some rows of blocks of all its rasters, but at most
// about maxBytes of them. Who looks at rasters from north to south, in so many rows at a time, needs no more. It keeps
// the block that was used last even if that alone is larger, and blocks while they are being decoded.
func NewCache(rows int, maxBytes int64) *Cache {
	return &Cache{rows: rows, maxBytes: maxBytes, blocks: map[key]*list.Element{}, recent: list.New()}
}

// Close closes all rasters that were opened. Nobody may read through the cache any more.
func (c *Cache) Close() error {
	var errs []error
	for _, b := range c.over {
		for _, r := range b.idle {
			errs = append(errs, r.Close())
		}
		b.idle = nil
	}
	return redline.WithKind(redline.Raster, errors.Join(errs...))
}

// Blocks is the blocks of one raster. It is safe for concurrent use, and opens the raster when a block is first needed,
// once for each goroutine that decodes at the same time.
type Blocks struct {
	cache      *Cache
	source     raster.Source
	grid       raster.Grid
	cols, rows int // of a block
	across     int // blocks in a row of them

	// Guarded by cache.mu.
	idle     []raster.Reader
	read     []bool // by block: it was decoded at least once
	distinct int
	reads    int
}

// maxBlock is how many cells a block has at most. Larger ones of a file, such as a file that is one block, are cut.
const maxBlock = 1 << 20

// Blocks returns the blocks of a raster, which the cache keeps beside those of others. A block is what the source
// calls so ([raster.Source].BlockSize), from the first cell of its grid on; one of more than 2²⁰ cells is cut into
// pieces of at most as many, which count as blocks of their own.
func (c *Cache) Blocks(source raster.Source) *Blocks {
	b := &Blocks{cache: c, source: source, grid: source.Grid()}
	b.cols, b.rows = source.BlockSize()
	b.cols, b.rows = max(1, min(b.cols, b.grid.Cols)), max(1, min(b.rows, b.grid.Rows))
	if b.cols*b.rows > maxBlock { // nearly squares, unless the block is low or narrow
		b.cols = min(b.cols, max(1024, maxBlock/b.rows))
		b.rows = min(b.rows, maxBlock/b.cols)
	}
	b.across = (b.grid.Cols + b.cols - 1) / b.cols
	b.read = make([]bool, b.across*((b.grid.Rows+b.rows-1)/b.rows))
	c.mu.Lock()
	c.over = append(c.over, b)
	c.across += int64(b.grid.Cols) * int64(b.rows)
	c.mu.Unlock()
	return b
}

// Counts returns how many blocks were decoded, and how often one was: the numbers are equal while no block was needed
// again after others had displaced it.
func (b *Blocks) Counts() (distinct, reads int) {
	b.cache.mu.Lock()
	defer b.cache.mu.Unlock()
	return b.distinct, b.reads
}

// block returns a block, which it decodes unless the cache has it or somebody else is decoding it. The caller looks at
// it until it gives it back as last in a later call; last is nil when it looks at none.
func (b *Blocks) block(row, col int, last *block) (*block, error) {
	c, k := b.cache, key{b, row, col}
	c.mu.Lock()
	if last != nil {
		c.leave(last)
	}
	if e := c.blocks[k]; e != nil {
		c.recent.MoveToFront(e)
		found := e.Value.(*block)
		found.views++
		c.mu.Unlock()
		<-found.ready
		if found.err != nil {
			return nil, found.err // its memory is left to the collector
		}
		return found, nil
	}
	w := raster.Window{Col: col * b.cols, Row: row * b.rows}
	w.Cols, w.Rows = min(b.cols, b.grid.Cols-w.Col), min(b.rows, b.grid.Rows-w.Row)
	made := &block{key: k, window: w, ready: make(chan struct{}), views: 1}
	c.blocks[k] = c.recent.PushFront(made)
	c.bytes += w.Cells()
	c.displace()
	made.symbols = c.memory(int(w.Cells()))
	c.mu.Unlock()

	made.err = b.decode(made)
	close(made.ready)
	if made.err != nil {
		return nil, made.err
	}
	return made, nil
}

// memory returns memory for so many symbols, which are not set. The mutex is locked.
func (c *Cache) memory(n int) []uint8 {
	for i, m := range c.free {
		if cap(m) >= n {
			c.free[i] = c.free[len(c.free)-1]
			c.free = c.free[:len(c.free)-1]
			return m[:n]
		}
	}
	return make([]uint8, n)
}

// leave notes that a view looks at a block no longer. The mutex is locked.
func (c *Cache) leave(b *block) {
	b.views--
	c.recycle(b)
}

// recycle keeps the memory of a block that nobody needs. The mutex is locked.
func (c *Cache) recycle(b *block) {
	if b.displaced && b.views == 0 && len(c.free) < maxFree {
		c.free = append(c.free, b.symbols)
		b.symbols = nil
	}
}

// displace forgets the blocks that were not used for longest, until the others fit. Those that are not ready stay, and
// so does the first. The mutex is locked.
func (c *Cache) displace() {
	most := min(c.maxBytes, int64(c.rows)*c.across)
	for e := c.recent.Back(); c.bytes > most && e != c.recent.Front(); {
		last := e
		e = e.Prev()
		select {
		case <-last.Value.(*block).ready:
			c.forget(last)
		default:
		}
	}
}

// forget takes a block out of the cache. The mutex is locked.
func (c *Cache) forget(e *list.Element) {
	gone := c.recent.Remove(e).(*block)
	delete(c.blocks, gone.key)
	c.bytes -= gone.window.Cells()
	gone.displaced = true
	c.recycle(gone)
}

// decode fills a new block. One that cannot be read does not stay in the cache.
func (b *Blocks) decode(made *block) (err error) {
	reader, err := b.reader()
	if err == nil {
		err = reader.Read(made.window, made.symbols)
	}
	c := b.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	if reader != nil {
		b.idle = append(b.idle, reader)
	}
	if err != nil {
		if e := c.blocks[made.key]; e != nil {
			c.forget(e)
		}
		return redline.WithKind(redline.Raster, err)
	}
	b.reads++
	if at := made.row*b.across + made.col; !b.read[at] {
		b.read[at] = true
		b.distinct++
	}
	return nil
}

// reader returns a reader that nobody uses.
func (b *Blocks) reader() (raster.Reader, error) {
	b.cache.mu.Lock()
	if n := len(b.idle); n > 0 {
		r := b.idle[n-1]
		b.idle = b.idle[:n-1]
		b.cache.mu.Unlock()
		return r, nil
	}
	b.cache.mu.Unlock()
	return b.source.Open()
}

// code returns the number that the file has for a cell, for messages.
func (b *Blocks) code(row, col int) (int64, error) {
	reader, err := b.reader()
	if err != nil {
		return 0, redline.WithKind(redline.Raster, err)
	}
	var code [1]int64
	err = reader.Codes(raster.Window{Col: col, Row: row, Cols: 1, Rows: 1}, code[:])
	b.cache.mu.Lock()
	b.idle = append(b.idle, reader)
	b.cache.mu.Unlock()
	return code[0], redline.WithKind(redline.Raster, err)
}

// View looks at cells of one raster for one goroutine. Looking again at the block that was looked at last takes no
// lock.
type View struct {
	of   *Blocks
	last *block // nil before the first look
}

// View returns a view for the use of one goroutine. It needs no closing.
func (b *Blocks) View() *View { return &View{of: b} }

// at returns the block that holds a cell of the grid.
func (v *View) at(row, col int) (*block, error) {
	row, col = row/v.of.rows, col/v.of.cols
	if v.last != nil && v.last.row == row && v.last.col == col {
		return v.last, nil
	}
	b, err := v.of.block(row, col, v.last)
	v.last = b // nil with an error
	return b, err
}

// Row calls f for the symbols of the columns [col0, col1) of a row, once for each block that holds some of them, from
// west to east; col is the column of the first. Columns and rows outside the grid are left out. The symbols belong
// to the cache again with the next look through the view; f must not change them. An error of f ends the row. Other
// errors are faults of kind Raster.
func (v *View) Row(row, col0, col1 int, f func(col int, symbols []uint8) error) error {
	if row < 0 || row >= v.of.grid.Rows {
		return nil
	}
	col0, col1 = max(col0, 0), min(col1, v.of.grid.Cols)
	for col0 < col1 {
		b, err := v.at(row, col0)
		if err != nil {
			return err
		}
		end := min(col1, b.window.Col+b.window.Cols)
		first := (row-b.window.Row)*b.window.Cols - b.window.Col
		if err := f(col0, b.symbols[first+col0:first+end]); err != nil {
			return err
		}
		col0 = end
	}
	return nil
}
