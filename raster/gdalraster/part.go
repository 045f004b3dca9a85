package gdalraster

import (
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
	"greenshield/raster/object"
)

// These limits are checked by the header, before anything is allocated.
const (
	maxCells      = 4e11     // cells of one epoch: all of China at 5 m
	maxBlockBytes = 64 << 20 // bytes of one block in memory
)

// ErrBand marks (by errors.Is) the choice of a band that the file does not have.
var ErrBand = errors.New("no such band")

// part is one file of an epoch.
type part struct {
	path       string      // of the file, of an ESRI grid that of its hdr.adf
	name       string      // what GDAL opens: the absolute path, or the text of a VRT
	info       os.FileInfo // of the file as it was first found: it must not change during a run
	sources    []string    // the files that this one refers to
	layers     []layer     // of a VRT: the sources of the band that counts, in its frame
	driver     string
	packed     bool   // the file is in the zip archive at path
	container  bool   // the file is netCDF or HDF, see [containerLock]
	variable   string // of such a file, or the name in an archive; "" where there is none
	bands      int
	dtype      godal.DataType
	size       [2]int // columns, rows of the file
	block      [2]int // columns, rows of its blocks
	blockBytes int64  // of a block in memory, for a VRT at least as many as for any of its sources
	nodata     float64
	hasNoData  bool
	signed     bool // bytes are numbers from -128 to 127
	mask       bool // the file has an internal mask band
	southUp    bool
	grid       raster.Grid // north-up
	compress   string
	layout     *layout // nil if GDAL alone may read its blocks
	palette    bool
	names      []string // of the codes 0, 1, …
	warnings   []string
	col, row   int // of its first cell, in the epoch's grid
	cols, rows int
}

// find checks that path is a local file of a known kind, and says how GDAL is to open it.
func find(path string, band int) (p *part, err error) {
	if archive, inner, ok := Packed(path); ok {
		return findPacked(archive, inner)
	}
	if object.Named(path) {
		return findObject(path)
	}
	path, variable, _ := strings.Cut(path, variableMark)
	if path, err = gridHeader(path); err != nil {
		return nil, err
	}
	p = &part{path: path}
	if p.info, err = checkFile(path); err != nil {
		return nil, err
	}
	if p.driver, err = driverOf(path); err != nil {
		return nil, err
	}
	// An absolute path cannot be mistaken for one of GDAL's own names, such as "GTIFF_DIR:2:x.tif".
	if p.name, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	_, p.container = containers[p.driver]
	if err := p.chooseVariable(variable); err != nil {
		return nil, err
	}
	if p.driver == "VRT" {
		if err := p.readVRT(band); err != nil {
			return nil, err
		}
	}
	if p.driver == "AIG" {
		if p.sources, err = gridFiles(path); err != nil {
			return nil, err
		}
	}
	// These are the only drivers here that read a second file on their own: one with the CRS of an ASCII grid, one with
	// the cells of a large .img.
	if beside, ok := map[string]string{"AAIGrid": ".prj", "HFA": ".ige"}[p.driver]; ok {
		second := strings.TrimSuffix(path, filepath.Ext(path)) + beside
		if _, err := checkFile(second); err == nil {
			p.sources = append(p.sources, second)
		}
	}
	return p, nil
}

// findObject is [find] for an object, which can only be a GeoTIFF: nothing that lies beside it is read.
func findObject(path string) (p *part, err error) {
	p = &part{path: path, name: GDALName(path)}
	if p.info, err = checkFile(path); err != nil {
		return nil, err
	}
	if p.driver, err = driverOf(path); err == nil && p.driver != "GTiff" {
		err = fmt.Errorf("%s: of object stores only GeoTIFFs are read; copy it to a file with all that lies beside it, or %s",
			path, Mend(".tif", path, "gdal_translate -co COMPRESS=LZW"))
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// files lists the files whose content p depends on.
func (p *part) files() []string { return append([]string{p.path}, p.sources...) }

// inspect opens path, checks all that its header tells, and closes it. Tiles of a mosaic mostly share one CRS, which
// is slow to understand: known keeps those that were seen. A nil map means that the file is a source of a VRT, for
// which it does not matter where it lies.
func inspect(path string, band int, known *crsReader) (p *part, err error) {
	if p, err = find(path, band); err != nil {
		return nil, err
	}
	defer p.lock()()
	ds, err := p.open(func(what string) {
		p.warn("its directory is not as TIFF asks for (%s), which does not concern the cells: they are read", what)
	})
	if err != nil {
		return nil, err
	}
	defer p.close(ds, &err)
	if err := p.read(ds, band, known); err != nil {
		return nil, fmt.Errorf("%s: %w", p.path, err)
	}
	return p, nil
}

func (p *part) read(ds *godal.Dataset, number int, known *crsReader) error {
	bands := ds.Bands()
	p.bands = len(bands)
	switch {
	case p.bands == 0 && len(ds.Metadatas(godal.Domain("SUBDATASETS"))) > 0:
		return errors.New("holds several rasters and none at the top; extract the one you mean with gdal_translate")
	case p.bands == 0:
		return errors.New("has no band")
	case number > p.bands:
		return fmt.Errorf("%w: %d is asked for, its bands are 1 to %d; say which with --before-band, --after-band or |band=N "+
			"in --between, --confirm or --newest (job file: band, first_band)", ErrBand, number, p.bands)
	case number == 0 && p.bands > 1 && alphaOf(bands) != 2:
		return fmt.Errorf("has %d bands%s; say which with --before-band, --after-band or |band=N in --between, --confirm or "+
			"--newest (job file: band)", p.bands, picture(bands))
	}
	if pages := len(ds.Metadatas(godal.Domain("SUBDATASETS"))) / 2; pages > 1 {
		return fmt.Errorf("holds %d rasters (pages); when you mean the first one, %s", pages,
			MendFrom(".tif", "GTIFF_DIR:1:"+p.path, p.path, "gdal_translate"))
	}
	number = max(number, 1)
	if err := p.readBand(ds, bands[number-1], number); err != nil {
		return err
	}
	facts, err := p.facts(number, p.driver == "GTiff" && !p.hasNoData)
	if err != nil {
		return err
	}
	p.names = facts.names
	if facts.unwritten > 0 {
		p.warn("%d cells have never been written (empty blocks), and it has no NoData value, so they are code 0; map 0 to "+
			"nodata in the legend if it is no class", facts.unwritten)
	}
	if known == nil {
		return nil
	}
	if !p.packed {
		p.readLayout(bands[number-1], number)
	}
	return p.readGrid(ds, known)
}

// picture returns a hint for messages that the bands look like a colour image, "" when they do not.
func picture(bands []godal.Band) string {
	if bands[0].ColorInterp() == godal.CIRed && bands[0].Structure().DataType == godal.Byte {
		return " and looks like a picture of a map (red, green, blue), which holds no class codes"
	}
	return ""
}

// alphaOf returns the number of the alpha band, 0 when there is none.
func alphaOf(bands []godal.Band) int {
	return 1 + slices.IndexFunc(bands, func(b godal.Band) bool { return b.ColorInterp() == godal.CIAlpha })
}

// toInteger is a remedy for cells of a type that is not read: the same numbers as Int32. NoData becomes a value that
// this type can hold.
func (p *part) toInteger() string {
	if p.hasNoData {
		return p.warp("-ot Int32 -dstnodata -2147483648")
	}
	return p.translate("-ot Int32")
}

// readBand reads what is to be known of band b, whose number counts from 1.
func (p *part) readBand(ds *godal.Dataset, b godal.Band, number int) error {
	structure := b.Structure()
	p.dtype = structure.DataType
	p.size = [2]int{structure.SizeX, structure.SizeY}
	p.block = [2]int{structure.BlockSizeX, structure.BlockSizeY}
	p.compress = ds.Metadata("COMPRESSION", godal.Domain("IMAGE_STRUCTURE"))
	p.palette = len(b.ColorTable().Entries) > 0

	p.nodata, p.hasNoData = b.NoData()
	const perDataset = 2 // GMF_PER_DATASET
	p.mask = b.MaskFlags()&perDataset != 0
	if _, ok := ranges[p.dtype]; !ok {
		return fmt.Errorf("data type %s cannot hold class codes here; %s", p.dtype, p.toInteger())
	}
	p.signed = b.Metadata("PIXELTYPE", godal.Domain("IMAGE_STRUCTURE")) == "SIGNEDBYTE"
	if float64(p.size[0])*float64(p.size[1]) > maxCells {
		return fmt.Errorf("%d × %d cells are more than %.0g: %w; when you need a part of it only, %s (WEST NORTH EAST SOUTH "+
			"are its edges)", p.size[0], p.size[1], float64(maxCells), raster.ErrLimit,
			p.translate("-projwin WEST NORTH EAST SOUTH"))
	}
	blockBytes := float64(p.block[0]) * float64(p.block[1]) * float64(p.dtype.Size())
	if ds.Metadata("INTERLEAVE", godal.Domain("IMAGE_STRUCTURE")) == "PIXEL" {
		blockBytes *= float64(p.bands) // all bands of a block are decoded together
	}
	if blockBytes > maxBlockBytes {
		return fmt.Errorf("blocks of %d × %d cells need %.0f MB each, more than %d: %w; %s", p.block[0], p.block[1],
			blockBytes/(1<<20), maxBlockBytes>>20, raster.ErrLimit, p.translate("-co TILED=YES"))
	}
	p.blockBytes = max(p.blockBytes, int64(blockBytes))
	if structure.Scale != 1 || structure.Offset != 0 {
		return fmt.Errorf("has scale %g and offset %g, so its numbers are measurements, not class codes; if they are codes "+
			"all the same, %s", structure.Scale, structure.Offset, p.translate("-a_scale 1 -a_offset 0"))
	}

	r := ranges[p.dtype]
	if p.signed {
		r.low, r.high = math.MinInt8, math.MaxInt8
	}
	if p.hasNoData && r.integer && (p.nodata != math.Trunc(p.nodata) || p.nodata < r.low || p.nodata > r.high) {
		return fmt.Errorf("NoData value %s is impossible for type %s (%.0f to %.0f); %s (instead of none, the number that "+
			"is no data, if there is one)", p.nodataText(), p.dtype, r.low, r.high, p.translate("-a_nodata none"))
	}
	// A NoData value takes precedence in GDAL, and then the flags do not tell of an alpha band.
	if alpha := alphaOf(ds.Bands()); alpha > 0 {
		return fmt.Errorf("has an alpha band, which does not say clearly where data ends; %s",
			p.mend(fmt.Sprintf("gdal_translate -b %d -mask %d %s", number, alpha, keepMask)))
	}

	for _, lossy := range []string{"JPEG", "LERC", "WEBP", "JXL"} {
		if strings.Contains(p.compress, lossy) {
			p.warn("compression %s can alter class codes", p.compress)
			break
		}
	}
	for _, key := range []string{"QAPERCENTMISSINGDATA", "NODATA_PIXEL_PERCENTAGE"} { // of MODIS, of Sentinel-2
		if text := ds.Metadata(key); text != "" {
			if share, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err != nil || share > 0 {
				p.warn("says of itself that it is incomplete (%s=%s): is it the final product, copied whole?", key, text)
			}
		}
	}
	for _, sidecar := range []string{".aux.xml", ".msk"} {
		if _, err := os.Stat(p.path + sidecar); err == nil {
			p.warn("%s%s is ignored: only the file itself counts", filepath.Base(p.path), sidecar)
		}
	}
	return nil
}

func (p *part) warn(format string, args ...any) {
	p.warnings = append(p.warnings, p.path+": "+fmt.Sprintf(format, args...))
}

func (p *part) nodataText() string {
	if !p.hasNoData {
		return ""
	}
	return raster.Number(p.nodata)
}

func (p *part) readGrid(ds *godal.Dataset, known *crsReader) error {
	gt, err := ds.GeoTransform(godal.ErrLogger(func(category godal.ErrorCategory, _ int, message string) error {
		if category > godal.CE_Warning {
			return errors.New(message)
		}
		if category == godal.CE_Warning {
			p.warn("%s", message)
		}
		return nil
	}))
	if err != nil {
		return p.noPlace(ds)
	}
	for _, v := range gt {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("geotransform %v is not finite", gt)
		}
	}
	if gt[1] == 0 || gt[5] == 0 || math.Abs(gt[2])*float64(p.size[1]) > raster.AlignTolerance*math.Abs(gt[1]) ||
		math.Abs(gt[4])*float64(p.size[0]) > raster.AlignTolerance*math.Abs(gt[5]) {
		return fmt.Errorf("is rotated or sheared (geotransform %v); %s", gt, p.northUp(""))
	}
	if gt[1] < 0 {
		return fmt.Errorf("is mirrored east to west (geotransform %v); %s", gt, p.northUp(""))
	}
	crs, err := known.of(p.crsText(ds))
	switch {
	case errors.Is(err, errNoCRS):
		return fmt.Errorf("%w%s", err, p.besideSaysCRS())
	case err == nil && crs.Flattening == 0:
		err = fmt.Errorf("its CRS %s is on a sphere, on which areas come out wrong by up to half a percent; %w", title(crs),
			ErrReproject)
	}
	if errors.Is(err, ErrReproject) {
		return fmt.Errorf("%w: %s", err, p.northUp("-t_srs EPSG:4490 "))
	}
	if err != nil {
		return err
	}
	p.checkWorldFile(gt)
	p.grid = raster.Grid{
		OriginX: gt[0], OriginY: gt[3], CellX: gt[1], CellY: math.Abs(gt[5]),
		Cols: p.size[0], Rows: p.size[1], CRS: crs,
	}
	if p.southUp = gt[5] > 0; p.southUp {
		p.grid.OriginY = gt[3] + gt[5]*float64(p.size[1])
	}
	return nil
}

// northUp is a remedy for a raster that does not lie on a north-up grid that can be used; target says on which one it
// shall lie, "" for one of its own CRS.
func (p *part) northUp(target string) string {
	if p.hasNoData {
		return p.warp(target + "-dstnodata " + p.nodataText())
	}
	return p.warp(target+"-dstnodata V") + " (V is a number that is no code of a class)"
}

// besideSaysCRS names a file beside the raster that says which CRS it has, and the CRS; "" when there is none.
func (p *part) besideSaysCRS() string {
	name := p.beside(".prj", filepath.Ext(p.path)+".aux.xml", ".aux.xml")
	if name == "" {
		return ""
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(p.path), name))
	if err != nil || len(text) > 1<<20 {
		return ""
	}
	says := string(text)
	if strings.HasSuffix(name, ".xml") {
		var aux struct{ SRS string }
		if xml.Unmarshal(text, &aux) != nil {
			return ""
		}
		says = aux.SRS
	}
	crs, err := ParseCRS(says)
	switch {
	case err != nil:
		return ""
	case crs.EPSG != 0:
		return fmt.Sprintf("; %s beside it is not read, but says crs: EPSG:%d", name, crs.EPSG)
	}
	return fmt.Sprintf("; %s beside it is not read, but says crs: '%s'", name, crs.WKT)
}

// noPlace is the error for a raster without geotransform. GDAL's own tools read what lies beside it.
func (p *part) noPlace(ds *godal.Dataset) error {
	const what = "has no geotransform, so its place on earth is unknown; "
	if len(ds.GCPs()) > 0 {
		return fmt.Errorf(what+"it has ground control points: %s", p.northUp(""))
	}
	ext := filepath.Ext(p.path)
	if beside := p.beside(".tfw", ext+"w", ".wld", ".aux.xml", ext+".aux.xml"); beside != "" {
		return fmt.Errorf(what+"what %s says is not read, since only the file itself counts: %s", beside,
			p.translate(""))
	}
	return fmt.Errorf(what+"%s (WEST NORTH EAST SOUTH are its edges)", p.translate("-a_ullr WEST NORTH EAST SOUTH"))
}

// beside returns the base name of the first file there is of the raster's name without its ending and one of those,
// "" for none.
func (p *part) beside(endings ...string) string {
	stem := strings.TrimSuffix(p.path, filepath.Ext(p.path))
	for _, ending := range endings {
		if _, err := os.Stat(stem + ending); err == nil {
			return filepath.Base(stem + ending)
		}
	}
	return ""
}

// checkWorldFile warns when a world file puts the raster elsewhere than the file itself.
func (p *part) checkWorldFile(gt [6]float64) {
	stem, ext := strings.TrimSuffix(p.path, filepath.Ext(p.path)), filepath.Ext(p.path)
	if p.driver != "GTiff" {
		return
	}
	for _, name := range []string{stem + ".tfw", stem + ext + "w", stem + ".wld"} {
		text, err := os.ReadFile(name)
		var a, d, b, e, x, y float64
		if err != nil || len(text) > 1<<10 {
			continue
		}
		if _, err := fmt.Sscan(string(text), &a, &d, &b, &e, &x, &y); err != nil {
			continue
		}
		// A world file says where the centre of the first cell is.
		const slack = 1e-3 // cells; world files have few digits
		same := math.Abs(a-gt[1]) <= slack*math.Abs(gt[1]) && math.Abs(e-gt[5]) <= slack*math.Abs(gt[5]) &&
			math.Abs(x-a/2-gt[0]) <= slack*math.Abs(gt[1]) && math.Abs(y-e/2-gt[3]) <= slack*math.Abs(gt[5])
		if !same {
			p.warn("%s is ignored: it has cells of %g × %g from %.12g, %.12g on; only the file itself counts",
				filepath.Base(name), a, math.Abs(e), x-a/2, y-e/2)
		}
	}
}

// ranges lists the cell types that may hold class codes.
var ranges = map[godal.DataType]struct {
	integer   bool
	low, high float64
}{
	godal.Byte:    {true, 0, math.MaxUint8},
	godal.Int16:   {true, math.MinInt16, math.MaxInt16},
	godal.UInt16:  {true, 0, math.MaxUint16},
	godal.Int32:   {true, math.MinInt32, math.MaxInt32},
	godal.UInt32:  {true, 0, math.MaxUint32},
	godal.Float32: {},
	godal.Float64: {},
}

var errNoCRS = errors.New("has no coordinate reference system; state the right one by crs: EPSG:… under this raster " +
	"in the job file, or --before-crs, --after-crs, |crs=CRS in --between, --confirm or --newest")

// crsReader understands the CRSs of files, each text once.
type crsReader struct {
	definitions *Definitions
	stated      string // by the user, see [Definitions.StateCRS]; "" for nothing
	known       map[string]raster.CRS
	declares    raster.CRS // CRS that the first file declares; the zero value for none
}

// of returns the CRS of a file that declares one by that text, "" for none.
func (r *crsReader) of(wkt string) (crs raster.CRS, err error) {
	if crs, ok := r.known[wkt]; ok {
		return crs, nil
	}
	switch {
	case wkt != "":
		crs, err = r.definitions.ParseCRS(wkt)
	case r.stated == "":
		err = errNoCRS
	}
	if len(r.known) == 0 && err == nil {
		r.declares = crs
	}
	if r.stated != "" { // what the file declares may not even be understood
		crs, err = r.definitions.StateCRS(r.stated, crs)
	}
	if err == nil {
		r.known[wkt] = crs
	}
	return crs, err
}
