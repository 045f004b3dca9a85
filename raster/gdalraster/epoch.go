package gdalraster

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
)

// Options say how the cells of an epoch are to be understood.
type Options struct {
	Band        int     // counted from 1; 0 means the only one
	Codes       []int64 // the legend's codes, in its order; at most raster.MaxClasses
	NoDataCodes []int64 // codes of the legend that mean no data
	// CRS is stated by the user for all files, see [Definitions.StateCRS]; "" for what each file declares.
	CRS         string
	Definitions *Definitions // shared with what else reads CRSs, nil for none
}

// Epoch is one land-cover raster of one or more files. It implements [raster.Source]; it holds no open file and may
// be used concurrently.
//
// Several files are tiles of one mosaic, in whatever order. Where they overlap, those that are not NoData there must
// agree: a cell in which they do not is NoData, as are cells that no file covers. The sources of a VRT are tiles too.
//
// A cell is NoData if it has the file's NoData value, a code of Options.NoDataCodes or NaN, or if the file's internal
// mask hides it.
type Epoch struct {
	grid  raster.Grid
	parts []*part
	band  int
	symbols
	declares raster.CRS // of the first file
	disputed []int64    // cells in which files disagree: row · columns + column, ascending
}

// Open checks the files and their headers; cells are only read where files overlap. Files may be GeoTIFF
// (.tif, .tiff), ERDAS Imagine (.img), ASCII grid (.asc), a VRT of such (.vrt) or an
// ESRI grid (its folder, or any .adf file in it) of any integer type up to 32 bits,
// or float when every value is a whole number, which Read checks. South-up files are turned north-up. Files beside them
// (.aux.xml, .tfw, .ovr, .msk) are not read. Errors name the file; those about size
// are [raster.ErrLimit].
func Open(files []string, o Options) (*Epoch, error) {
	if _, err := Init(0); err != nil {
		return nil, err
	}
	switch {
	case len(files) == 0:
		return nil, errors.New("no raster file given")
	case o.Band < 0:
		return nil, fmt.Errorf("band %d: bands count from 1", o.Band)
	}
	e := &Epoch{band: max(o.Band, 1)}
	known := crsReader{definitions: o.Definitions, stated: o.CRS, known: map[string]raster.CRS{}}
	for _, file := range files {
		p, err := inspect(file, o.Band, &known)
		if err != nil {
			return nil, err
		}
		e.parts = append(e.parts, p)
	}
	if err := e.judgeTiles(o); err != nil {
		return nil, err
	}
	slices.SortStableFunc(e.parts, func(a, b *part) int { // nothing may depend on the order in which they are named
		return cmp.Or(cmp.Compare(b.grid.OriginY, a.grid.OriginY), cmp.Compare(a.grid.OriginX, b.grid.OriginX),
			cmp.Compare(a.path, b.path))
	})
	if err := e.assemble(); err != nil {
		return nil, err
	}
	e.declares = known.declares
	var err error
	gaps := len(e.parts) > 1 || len(e.parts[0].layers) > 1
	if e.symbols, err = newSymbols(e.parts[0], o, gaps); err != nil {
		return nil, err
	}
	if err := e.findDisputes(); err != nil {
		return nil, err
	}
	return e, nil
}

// Grid implements [raster.Source].
func (e *Epoch) Grid() raster.Grid { return e.grid }

// BlockSize implements [raster.Source]; for a mosaic it is that of the first file.
func (e *Epoch) BlockSize() (cols, rows int) {
	b := e.parts[0].block
	return min(b[0], e.grid.Cols), min(b[1], e.grid.Rows)
}

// Torn implements [raster.Source]: of a mosaic it tells of the blocks of all files, of a VRT of those of its sources.
func (e *Epoch) Torn(row int) (rows int, cells int64) {
	for _, p := range e.parts {
		high, n := p.torn(row - p.row)
		rows, cells = max(rows, high), cells+n
	}
	return rows, cells
}

// torn tells of the blocks that a row tears, which counts from the first, northernmost one of p.
func (p *part) torn(row int) (rows int, cells int64) {
	if p.southUp {
		row = p.rows - row
	}
	if len(p.layers) == 0 {
		rows = raster.TornRows(row, p.rows, p.block[1])
		return rows, int64(rows) * int64(p.cols)
	}
	for _, l := range p.layers {
		if row <= l.at.Row || row >= l.at.Row+l.at.Rows {
			continue
		}
		high := raster.TornRows(row+l.down, l.from.size[1], l.from.block[1])
		rows, cells = max(rows, high), cells+int64(high)*int64(l.at.Cols)
	}
	return rows, cells
}

// Files lists every file whose content the epoch depends on: those given to [Open],
// those that a VRT among them names, an ASCII grid's .prj, an .img's .ige, and all
// .adf files of an ESRI grid.
func (e *Epoch) Files() []string {
	var all []string
	for _, p := range e.parts {
		for _, f := range p.files() {
			if !slices.Contains(all, f) {
				all = append(all, f)
			}
		}
	}
	return all
}

// Inside lists what is meant inside each file given to [Open]: the variable of a netCDF or HDF file, or the name in an
// archive; "" for the file as a whole.
func (e *Epoch) Inside() (names []string) {
	for _, p := range e.parts {
		names = append(names, p.variable)
	}
	return names
}

// Description is what reports and the manifest say of an epoch. Where the files of a mosaic differ, it is that of the
// first file, the most northern and then the most western one.
type Description struct {
	Files                []string // as given to Open, from north to south, then from west to east
	Driver               string
	Band, Bands          int
	Type                 string // GDAL's name of the cell type
	BlockCols, BlockRows int
	BlockBytes           int64    // of the largest block of any file, decoded, with all bands that are stored in it
	Compression          string   // "" if there is none
	NoData               string   // the file's NoData value, "" if it has none
	Mask                 bool     // the file has an internal mask band, which is honoured
	Palette              bool     // the file has a colour table
	SouthUp              bool     // rows are stored from south to north
	Names                []string // what the file calls the codes 0, 1, …; "" where it has no name
	Grid                 raster.Grid
	Warnings             []string   // each names its file
	Declares             raster.CRS // CRS of the first file, which Options.CRS may override; zero for none
}

// Describe returns the epoch's description.
func (e *Epoch) Describe() Description {
	p := e.parts[0]
	d := Description{
		Driver: p.driver, Band: e.band, Bands: p.bands, Type: p.dtype.String(),
		BlockCols: p.block[0], BlockRows: p.block[1], Compression: p.compress, NoData: p.nodataText(),
		Mask: p.mask, Palette: p.palette, SouthUp: p.southUp, Names: p.names, Grid: e.grid, Declares: e.declares,
	}
	for _, p := range e.parts {
		d.Files = append(d.Files, p.path)
		d.Warnings = append(d.Warnings, p.warnings...)
		d.BlockBytes = max(d.BlockBytes, p.blockBytes)
	}
	return d
}

// Smaller is a remedy for blocks that are too large: the first file in small ones.
func (e *Epoch) Smaller() string { return e.parts[0].translate("-co TILED=YES") }

// Open implements [raster.Source]. The reader opens a file when it first needs it.
func (e *Epoch) Open() (raster.Reader, error) { return &reader{e: e}, nil }

// symbols is how the numbers in the files become the bytes that Read yields.
type symbols struct {
	// position is the position of each code in the legend, raster.NoData for codes that mean no data.
	position map[int64]uint8
	// raw tells that the symbols are the file's own bytes, which index translates. Otherwise Read translates, and index
	// is the identity.
	raw     bool
	index   [256]uint8
	fill    uint8 // a symbol that stands for NoData
	table   []uint8
	nodata  float64 // NoData value of a float file, rounded to its type; NaN if it has none
	integer bool
}

func newSymbols(p *part, o Options, gaps bool) (symbols, error) {
	s := symbols{position: map[int64]uint8{}, nodata: math.NaN(), integer: ranges[p.dtype].integer}
	if len(o.Codes) > raster.MaxClasses {
		return s, fmt.Errorf("the legend has %d codes, at most %d are possible", len(o.Codes), raster.MaxClasses)
	}
	for i, code := range o.Codes {
		s.position[code] = uint8(i)
	}
	for _, code := range o.NoDataCodes {
		s.position[code] = raster.NoData
	}
	if p.hasNoData && !math.IsNaN(p.nodata) {
		if p.nodata == math.Trunc(p.nodata) && math.Abs(p.nodata) <= maxExact {
			code := int64(p.nodata)
			if at, ok := s.position[code]; ok && at != raster.NoData {
				return s, fmt.Errorf("%s: its NoData value %d is a class of the legend; when these cells are no data, map the "+
					"code to nodata in the legend; when they are of the class, %s", p.path, code,
					p.translate("-a_nodata none"))
			}
			s.position[code] = raster.NoData
		}
		s.nodata = p.nodata
		if p.dtype == godal.Float32 {
			s.nodata = float64(float32(p.nodata))
		}
	}
	switch p.dtype {
	case godal.Byte:
		s.table = make([]uint8, 1<<8)
	case godal.Int16, godal.UInt16:
		s.table = make([]uint8, 1<<16)
	}
	for i := range s.table {
		code := int64(i)
		switch {
		case p.dtype == godal.Int16:
			code = int64(int16(uint16(i)))
		case p.signed:
			code = int64(int8(uint8(i)))
		}
		s.table[i] = s.of(code)
	}
	s = s.translated()
	if p.dtype == godal.Byte {
		fill := slices.Index(s.table, raster.NoData)
		if fill >= 0 || !gaps && !p.mask {
			s.raw, s.index, s.fill = true, [256]uint8(s.table), uint8(max(fill, 0))
		}
	}
	return s, nil
}

// translated returns symbols that Read translates. Then one is always left for NoData.
func (s symbols) translated() symbols {
	s.raw, s.fill = false, raster.NoData
	for i := range s.index {
		s.index[i] = uint8(i)
	}
	return s
}

// hasFill reports whether s.fill is a NoData symbol.
func (s *symbols) hasFill() bool { return s.index[s.fill] == raster.NoData }

func (s *symbols) of(code int64) uint8 {
	if at, ok := s.position[code]; ok {
		return at
	}
	return raster.Unknown
}

// maxExact is the largest magnitude up to which float64 holds every whole number.
const maxExact = 1 << 53

// Index implements [raster.Source].
func (s *symbols) Index() *[256]uint8 { return &s.index }
