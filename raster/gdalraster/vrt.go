package gdalraster

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"greenshield/raster"
)

// vrt is what of a VRT file is understood. A VRT can fetch, compute, resample and read any byte of any file, so GDAL
// never sees the file itself: it gets a VRT of our own, written from what these types hold. What they do not hold is
// refused, unless it has no influence on the cells.
type vrt struct {
	XMLName   xml.Name  `xml:"VRTDataset"`
	Cols      int       `xml:"rasterXSize,attr"`
	Rows      int       `xml:"rasterYSize,attr"`
	SRS       *vrtSRS   `xml:"SRS"`
	Transform string    `xml:"GeoTransform,omitempty"`
	Bands     []vrtBand `xml:"VRTRasterBand"`
	vrtRest
}

type vrtSRS struct {
	Axes string `xml:"dataAxisToSRSAxisMapping,attr,omitempty"`
	WKT  string `xml:",chardata"`
	vrtRest
}

type vrtBand struct {
	Type       string      `xml:"dataType,attr"`
	Number     int         `xml:"band,attr"`
	BlockCols  int         `xml:"blockXSize,attr,omitempty"`
	BlockRows  int         `xml:"blockYSize,attr,omitempty"`
	NoData     *string     `xml:"NoDataValue"`
	Color      string      `xml:"ColorInterp,omitempty"`
	Categories []string    `xml:"CategoryNames>Category"`
	Sources    []vrtSource `xml:",any"` // simple and complex ones, in the order in which they are laid down
	Attrs      []xml.Attr  `xml:",any,attr"`
}

type vrtSource struct {
	XMLName    xml.Name
	File       vrtPath        `xml:"SourceFilename"`
	Band       string         `xml:"SourceBand"`
	Properties *vrtProperties `xml:"SourceProperties"`
	Src        *vrtRect       `xml:"SrcRect"`
	Dst        *vrtRect       `xml:"DstRect"`
	NoData     *string        `xml:"NODATA"`
	from       *part          // what File and SourceBand name
	number     int            // of its band
	vrtRest
}

type vrtPath struct {
	Relative string `xml:"relativeToVRT,attr,omitempty"`
	Path     string `xml:",chardata"`
	vrtRest
}

// vrtProperties describe a source, so that GDAL opens it only when its cells are needed.
type vrtProperties struct {
	Cols      int    `xml:"RasterXSize,attr"`
	Rows      int    `xml:"RasterYSize,attr"`
	Type      string `xml:"DataType,attr"`
	BlockCols int    `xml:"BlockXSize,attr"`
	BlockRows int    `xml:"BlockYSize,attr"`
}

type vrtRect struct {
	Col  float64 `xml:"xOff,attr"`
	Row  float64 `xml:"yOff,attr"`
	Cols float64 `xml:"xSize,attr"`
	Rows float64 `xml:"ySize,attr"`
}

// vrtRest is what an element has besides the parts that are known.
type vrtRest struct {
	Attrs    []xml.Attr   `xml:",any,attr"`
	Elements []vrtElement `xml:",any"`
}

type vrtElement struct{ XMLName xml.Name }

// vrtIdle are the elements, and with "@" the attributes, that say nothing of the cells.
var vrtIdle = []string{"Metadata", "Description", "ColorTable", "Histograms", "GDALRasterAttributeTable",
	"OverviewList", "@shared", "BlockXSize", "BlockYSize"}

// refuse returns an error for the first attribute or element that may have a meaning for the cells.
func (r vrtRest) refuse(of string) error {
	for _, a := range r.Attrs {
		if !slices.Contains(vrtIdle, "@"+a.Name.Local) {
			return fmt.Errorf("<%s %s=%q> is not allowed", of, a.Name.Local, a.Value)
		}
	}
	for _, e := range r.Elements {
		if !slices.Contains(vrtIdle, e.XMLName.Local) {
			return fmt.Errorf("element <%s> is not allowed", e.XMLName.Local)
		}
	}
	return nil
}

// readVRT sets what p knows of its sources, and p.name to the text of a VRT that holds nothing but plain copies of
// cells from local raster files. Gaps between the sources are looked for in one band, which is the first one if band
// is 0.
func (p *part) readVRT(band int) error {
	f, err := os.Open(p.path)
	if err != nil {
		return err
	}
	defer f.Close()
	const enough = 64 << 20 // some 100,000 sources
	content, err := io.ReadAll(io.LimitReader(f, enough))
	if err != nil {
		return err
	}
	r := vrtReader{dir: filepath.Dir(p.path), parts: map[string]*part{}, into: p}
	if err := r.read(content); err != nil {
		var inSource sourceError
		if errors.As(err, &inSource) {
			return fmt.Errorf("%s: source %w", p.path, err)
		}
		var altered valuesError
		if errors.As(err, &altered) {
			return fmt.Errorf("%s: %w; %s", p.path, err, r.inItsPlace())
		}
		return fmt.Errorf("%s: %w; %s", p.path, err, p.translate(""))
	}
	if band = max(band, 1); band <= len(r.Bands) {
		p.layers = r.layers(r.Bands[band-1].Sources)
		if n := r.gap(slices.Clone(r.Bands[band-1].Sources)); n > 0 && r.Bands[band-1].NoData == nil {
			p.warn("no source covers %d cells, and it has no NoData value, so they are code 0; if they are not, %s", n,
				r.inItsPlace())
		}
	}
	own, err := xml.Marshal(&r.vrt)
	p.name = string(own)
	return err
}

// valuesError tells that cells would change their meaning on the way from a source to the VRT.
type valuesError struct{ error }

// inItsPlace is a remedy: the job names the sources themselves.
func (r *vrtReader) inItsPlace() string {
	var files []string
	for _, s := range r.Bands[0].Sources {
		file := strings.TrimSpace(s.File.Path)
		if s.File.Relative == "1" && !filepath.IsAbs(file) {
			file = filepath.Join(r.dir, file)
		}
		files = append(files, strconv.Quote(file))
	}
	const enough = 20
	if len(files) > enough {
		files = append(files[:enough], "…")
	}
	return "name its sources in its place, files: [" + strings.Join(files, ", ") + "]"
}

// sourceError is a fault of a source, not of the VRT itself.
type sourceError struct{ error }

func (e sourceError) Unwrap() error { return e.error }

type vrtReader struct {
	vrt
	dir   string
	parts map[string]*part // by source file and band
	into  *part            // is the VRT itself
}

func (r *vrtReader) read(content []byte) error {
	if err := xml.Unmarshal(content, &r.vrt); err != nil {
		return fmt.Errorf("not readable as a VRT: %w", err)
	}
	if err := r.refuse("VRTDataset"); err != nil {
		return err
	}
	if r.SRS != nil {
		if err := r.SRS.refuse("SRS"); err != nil {
			return err
		}
	}
	r.vrtRest = vrtRest{}
	for i := range r.Bands {
		b := &r.Bands[i]
		if err := (vrtRest{Attrs: b.Attrs}).refuse("VRTRasterBand"); err != nil {
			return err
		}
		b.Attrs = nil
		b.Sources = slices.DeleteFunc(b.Sources, func(s vrtSource) bool { return slices.Contains(vrtIdle, s.XMLName.Local) })
		for k := range b.Sources {
			if err := r.source(b, &b.Sources[k]); err != nil {
				return err
			}
		}
	}
	if len(r.into.sources) == 0 {
		return errors.New("has no source files")
	}
	return nil
}

// source checks one source of a band and makes its path absolute.
func (r *vrtReader) source(b *vrtBand, s *vrtSource) error {
	name := s.XMLName.Local
	if name != "SimpleSource" && name != "ComplexSource" || s.XMLName.Space != "" {
		return fmt.Errorf("element <%s> is not allowed", name)
	}
	if slices.ContainsFunc(s.Attrs, func(a xml.Attr) bool { return strings.EqualFold(a.Name.Local, "resampling") }) {
		return fmt.Errorf("<%s> resamples its source", name)
	}
	if err := errors.Join(s.refuse(name), s.File.refuse("SourceFilename")); err != nil {
		return err
	}
	s.vrtRest, s.File.vrtRest = vrtRest{}, vrtRest{}
	number, err := strconv.Atoi(strings.TrimSpace(s.Band))
	if err != nil || number < 1 {
		return fmt.Errorf("source band %q is not the number of a band", s.Band)
	}
	file := strings.TrimSpace(s.File.Path)
	if s.File.Relative == "1" && !filepath.IsAbs(file) {
		file = filepath.Join(r.dir, file)
	}
	p, err := r.part(file, number)
	if err != nil {
		return err
	}
	// A name such as GTIFF_DIR:2:x.tif means something else to GDAL than to the file system; an absolute one does not.
	absolute, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	s.File = vrtPath{Relative: "0", Path: absolute}
	s.from, s.number = p, number
	s.Properties = &vrtProperties{p.size[0], p.size[1], p.dtype.String(), p.block[0], p.block[1]}
	if err := s.place(p); err != nil {
		return err
	}
	if err := s.values(b, p); err != nil {
		return valuesError{err}
	}
	return nil
}

// part inspects a source file, once for each of its bands that the VRT uses.
func (r *vrtReader) part(file string, number int) (*part, error) {
	key := fmt.Sprintf("%d %s", number, file)
	if p := r.parts[key]; p != nil {
		return p, nil
	}
	if driver, _ := driverOf(file); !slices.Contains([]string{"GTiff", "HFA", "AAIGrid"}, driver) {
		return nil, fmt.Errorf("source %q is not a .tif, .tiff, .img or .asc file", file)
	}
	p, err := inspect(file, number, nil)
	if err != nil {
		return nil, sourceError{err}
	}
	r.parts[key] = p
	for _, f := range append([]string{file}, p.sources...) {
		if !slices.Contains(r.into.sources, f) {
			r.into.sources = append(r.into.sources, f)
		}
	}
	r.into.warnings = append(r.into.warnings, p.warnings...)
	r.into.blockBytes = max(r.into.blockBytes, p.blockBytes)
	return p, nil
}

// place makes sure that cells are copied one to one, and rounds the rectangles to whole cells.
func (s *vrtSource) place(p *part) error {
	whole := vrtRect{Cols: float64(p.size[0]), Rows: float64(p.size[1])}
	if s.Src == nil {
		s.Src = &whole
	}
	if s.Dst == nil {
		s.Dst = &whole
	}
	const slack = 1e-3 // cells; gdalbuildvrt writes rounded sizes
	rounded := func(r *vrtRect) (vrtRect, bool) {
		n := vrtRect{math.Round(r.Col), math.Round(r.Row), math.Round(r.Cols), math.Round(r.Rows)}
		return n, math.Abs(r.Col-n.Col) <= slack && math.Abs(r.Row-n.Row) <= slack && math.Abs(r.Cols-n.Cols) <= slack &&
			math.Abs(r.Rows-n.Rows) <= slack
	}
	src, srcWhole := rounded(s.Src)
	dst, dstWhole := rounded(s.Dst)
	if !srcWhole || !dstWhole || src.Cols != dst.Cols || src.Rows != dst.Rows {
		return fmt.Errorf("resamples a source (SrcRect %v, DstRect %v)", *s.Src, *s.Dst)
	}
	if src.Col < 0 || src.Row < 0 || src.Cols < 1 || src.Rows < 1 || src.Col+src.Cols > whole.Cols ||
		src.Row+src.Rows > whole.Rows {
		return fmt.Errorf("takes cells %v from %s, which has %d × %d", src, p.path, p.size[0], p.size[1])
	}
	s.Src, s.Dst = &src, &dst
	return nil
}

// values makes sure that no cell changes its meaning on the way from source p to band b.
func (s *vrtSource) values(b *vrtBand, p *part) error {
	switch {
	case b.Type != p.dtype.String():
		return fmt.Errorf("has type %s, its source %s type %s: codes would be clipped or rounded", b.Type, p.path, p.dtype)
	case p.mask:
		return fmt.Errorf("source %s has a mask, which a VRT drops", p.path)
	case p.signed:
		return fmt.Errorf("source %s has bytes with sign, which a VRT takes for others", p.path)
	case s.NoData == nil && !p.hasNoData:
		return nil
	}
	clear := p.nodata
	if s.NoData != nil {
		var err error
		if clear, err = parseNoData(*s.NoData); err != nil {
			return err
		}
		if p.hasNoData && !sameNumber(clear, p.nodata) {
			return fmt.Errorf("takes %s as NoData of source %s, which says %s", *s.NoData, p.path, p.nodataText())
		}
	}
	if b.NoData == nil {
		return fmt.Errorf("has no NoData value, but its source %s has %s: missing cells would become a class", p.path,
			raster.Number(clear))
	}
	own, err := parseNoData(*b.NoData)
	if err == nil && s.NoData == nil && !sameNumber(own, clear) {
		err = fmt.Errorf("has NoData value %s, but copies those of source %s, which has %s", *b.NoData, p.path,
			raster.Number(clear))
	}
	return err
}

// gap counts the cells that no source covers. It sorts sources.
func (v *vrt) gap(sources []vrtSource) int64 {
	edges := []float64{0, float64(v.Rows)}
	for _, s := range sources {
		edges = append(edges, s.Dst.Row, s.Dst.Row+s.Dst.Rows)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	slices.SortFunc(sources, func(a, b vrtSource) int { return cmp.Compare(a.Dst.Col, b.Dst.Col) })
	var gap float64
	for i := 1; i < len(edges); i++ {
		top, bottom := max(edges[i-1], 0), min(edges[i], float64(v.Rows))
		if top >= bottom {
			continue
		}
		col, open := 0.0, 0.0 // the cells up to col are judged; open of them are uncovered
		for _, s := range sources {
			if s.Dst.Row > top || s.Dst.Row+s.Dst.Rows < bottom {
				continue
			}
			open += max(0, min(s.Dst.Col, float64(v.Cols))-col)
			col = max(col, s.Dst.Col+s.Dst.Cols)
		}
		gap += (open + max(0, float64(v.Cols)-col)) * (bottom - top)
	}
	return int64(gap)
}

// layers returns the sources as layers in the frame of the VRT. A source has no observation where its NoData value
// lets show what lies below it; a source that copies its NoData hides that.
func (v *vrt) layers(sources []vrtSource) (all []layer) {
	frame := raster.Window{Cols: v.Cols, Rows: v.Rows}
	for _, s := range sources {
		dst := raster.Window{Col: int(s.Dst.Col), Row: int(s.Dst.Row), Cols: int(s.Dst.Cols), Rows: int(s.Dst.Rows)}
		at := intersection(frame, dst)
		if at.Cols <= 0 || at.Rows <= 0 {
			continue
		}
		right, down := int(s.Src.Col)-dst.Col, int(s.Src.Row)-dst.Row
		all = append(all, layer{s.from, at, down, func(w raster.Window, dst []float64) error {
			w.Col, w.Row = w.Col+right, w.Row+down
			return s.read(w, dst)
		}})
	}
	return all
}

// read fills dst with the numbers of a window of the source file, NaN where it lets show what lies below.
func (s *vrtSource) read(w raster.Window, dst []float64) error {
	r := &reader{e: &Epoch{band: s.number}}
	defer r.Close()
	h, err := r.handle(s.from)
	if err != nil {
		return err
	}
	if err := h.read(w, dst); err != nil {
		return err
	}
	empty := noCode
	if s.NoData != nil {
		empty = math.NaN()
	}
	for i, v := range dst {
		if math.IsNaN(v) || s.from.hasNoData && v == s.from.nodata {
			dst[i] = empty
		}
	}
	return nil
}

func parseNoData(text string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil {
		return 0, fmt.Errorf("NoData value %q is not a number", text)
	}
	return v, nil
}

func sameNumber(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
