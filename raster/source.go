package raster

// These values of the index of a [Source] are no legend entries.
const (
	NoData  = 255 // no observation
	Unknown = 254 // a code that the legend lacks
)

// MaxClasses is the largest number of legend entries of one epoch.
const MaxClasses = 254

// Source is one epoch: a single band of class codes on one north-up grid. A
// Source is safe for concurrent use; it holds no open file.
type Source interface {
	// Grid is the lattice of the whole epoch (of the mosaic, when there are several files).
	Grid() Grid
	// Index maps a symbol, the byte that Reader.Read yields, to the position of its
	// code in the legend, or to NoData or Unknown.
	Index() *[256]uint8
	// BlockSize is the natural reading unit in cells, columns and rows.
	BlockSize() (cols, rows int)
	// Open returns a Reader for the use of one goroutine.
	Open() (Reader, error)
}

// Reader reads windows of one epoch. It belongs to one goroutine.
type Reader interface {
	// Read fills dst, row-major, len(dst) = w.Cells(), with symbols. Cells that no
	// file covers are NoData symbols. An error names the file and the block.
	Read(w Window, dst []uint8) error
	// Codes fills dst with the file's own numbers. It is slow, and serves messages about symbols that are Unknown.
	// NoData cells yield math.MinInt64.
	Codes(w Window, dst []int64) error
	Close() error
}
