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
	// code in the legend, or to NoData or Unknown. A symbol that Read never yields
	// may have a position that the legend lacks.
	Index() *[256]uint8
	// BlockSize is the natural reading unit in cells, columns and rows.
	BlockSize() (cols, rows int)
	// Torn tells of the blocks that begin above a row of the grid and end below it, which are decoded twice when what is
	// above the row and what is below are read apart: how many rows the highest of them has, and how many cells all have.
	// Both are 0 where no block is torn, so in row 0 and below the last row.
	Torn(row int) (rows int, cells int64)
	// Open returns a Reader for the use of one goroutine.
	Open() (Reader, error)
}

// TornRows returns how many rows that block has which begins above a row and ends below it, in a raster of so many rows
// whose blocks have a height; 0 when there is none.
func TornRows(row, rows, height int) int {
	if row <= 0 || row >= rows || row%height == 0 {
		return 0
	}
	return min(height, rows-(row-row%height))
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
