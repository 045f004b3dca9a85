package gdalvector

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"greenshield/raster/gdalraster"
	"greenshield/raster/object"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/vector"
)

// Layer is a polygon layer, read whole.
type Layer struct {
	Path, Name string // the file as given, and the layer's name in it
	Driver     string // GDAL's short name
	CRS        raster.CRS
	Declares   raster.CRS // CRS that the file declares, which Source.CRS may override; the zero value for none

	Encoding string // of attribute text in the file
	// EncodingFrom tells how the encoding is known: "said for this layer", "declared in .cpg", "DBF language byte 0x4D",
	// "--encoding", "valid UTF-8", "guessed" or "fixed by the format".
	EncodingFrom string
	Files        []string // every file that was read, as absolute paths
	Fields       []string // in the file's order
	// FloatBits tells of each field how many bits its floating-point numbers have: 32 or 64, 0 for other types. It is nil
	// for a Shapefile, whose numbers are decimal.
	FloatBits []int
	Domains   []Domain // parallel to Fields; nil for a Shapefile, which has none

	Declared int // how many features the file says it has: len(Features) + SkippedEmpty + LeftOut
	Features []Feature

	opened string // the path of the file, with what of an archive was meant

	SkippedEmpty int // features without any geometry
	LeftOut      int // features that Source.Where does not keep
	DroppedZM    int // features whose heights or measures were dropped
	NonPolygon   int // points and lines left out of collections that also hold polygons
	Linearised   int // features with arcs, which became chords of at most 1°
	Warnings     []string

	keep []bool // by feature of the file: Source.Where keeps it; nil without that
}

// Feature is one feature of a [Layer] that has an area. With Source.Places it may have a point or nothing instead.
type Feature struct {
	Number int      // counted from 1 in the file's order, skipped features included
	Values []string // parallel to Layer.Fields; "" for no value
	Shape  orb.MultiPolygon
	Point  *orb.Point
}

// bound returns the extent of the feature, which is empty without a place.
func (f *Feature) bound() orb.Bound {
	if f.Point != nil {
		return f.Point.Bound()
	}
	return f.Shape.Bound()
}

// bytes returns about how much memory the feature takes.
func (f *Feature) bytes() int64 {
	const header = 16 // of a text
	n := vector.Bytes(f.Shape)
	for _, v := range f.Values {
		n += header + int64(len(v))
	}
	return n
}

// Value returns f's value of the field of exactly that name, as it is stored; it is "" if the layer has no such field
// or the feature no value.
func (l *Layer) Value(f *Feature, field string) string {
	if i := slices.Index(l.Fields, field); i >= 0 {
		return f.Values[i]
	}
	return ""
}

// Read reads the layer that s names. Shapes are as the file has them: in the layer's
// CRS, x east or longitude first, neither repaired nor oriented.
//
// An error means that nothing of the layer can be trusted. It names the file, and the
// layer, field and feature where there is one. Refused are among others: a layer
// without CRS or features, a damaged or cut file, features that are not polygons,
// rings that are not closed, coordinates that are not finite, and text that is not
// valid in its encoding (see [Source]). Features without geometry are skipped and
// named in Warnings.
//
// It may be called concurrently.
func Read(s Source) (*Layer, error) {
	l := &Layer{Path: s.File, Encoding: "UTF-8", EncodingFrom: "fixed by the format"}
	if err := l.read(s); err != nil {
		if fault := object.Fault(s.File); fault != nil {
			return nil, fault
		}
		at := s.File
		if l.Name != "" && l.Driver != "ESRI Shapefile" && l.Driver != "GeoJSON" {
			at += ", layer " + l.Name
		}
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	return l, nil
}

func (l *Layer) read(s Source) error {
	driver, path, err := locate(s.File)
	if err != nil {
		return err
	}
	l.Driver, l.Files, l.opened = driver, []string{path}, path
	if s.Encoding != "" && driver != "ESRI Shapefile" {
		l.Warnings = append(l.Warnings,
			fmt.Sprintf("encoding %s is not used: the text of this format is always UTF-8", s.Encoding))
	}

	dbf, frame, err := l.judgeFile(s)
	if err != nil {
		return err
	}
	name, err := gdalName(path)
	if err != nil {
		return err
	}
	d, err := open(name, driver)
	if err != nil {
		return err
	}
	defer d.close()
	choose := choose
	if driver == "LIBKML" {
		choose = frame.choose
	}
	ly, err := choose(d.layers(), s.Layer)
	if err != nil {
		return err
	}
	l.Name = ly.name
	l.CRS, err = ly.crs(s.Definitions)
	if l.Declares = l.CRS; s.CRS != "" { // what the file declares may not even be understood
		l.CRS, err = s.Definitions.StateCRS(s.CRS, l.CRS)
	}
	if err != nil {
		return l.WithRemedy(err)
	}
	if driver != "ESRI Shapefile" && driver != "GeoJSON" { // the others were counted above
		if l.Declared, err = ly.declared(); err != nil {
			return err
		}
	}
	if l.Declared == 0 {
		return errors.New("empty layer: it has no features")
	}
	if dbf == nil {
		var warnings []string
		l.Fields, l.FloatBits = ly.fields()
		l.Domains, warnings = ly.domains(driver)
		l.Warnings = append(l.Warnings, warnings...)
		if err := ly.checkNUL(driver); err != nil {
			return err
		}
	}
	if s.Where != "" {
		if err := l.selectFeatures(ly, dbf, s.Where); err != nil {
			return err
		}
	}
	if err := l.readFeatures(ly, dbf, s); err != nil {
		return err
	}
	l.warnOfDestroyed()
	l.Warnings = append(l.Warnings, d.warnings()...)
	l.warn(frame.links, "%s not followed: what is behind is not read", "network link is", "network links are")
	if l.CRS == (raster.CRS{}) {
		return l.noCRS()
	}
	return nil
}

// judgeFile looks for what OGR would not tell, before it sees the file. It returns what a Shapefile's .dbf and .shx
// hold, and what a KML file has.
func (l *Layer) judgeFile(s Source) (dbf *attributes, frame kml, err error) {
	switch l.Driver {
	case "ESRI Shapefile":
		dbf, err = l.readShapefile(l.opened, s)
	case "GeoJSON":
		l.Declared, err = checkGeoJSON(l.opened, s.File, s.Memory)
	case "LIBKML":
		frame, err = checkKML(l.opened)
	case "GPKG":
		err = checkJournal(l.opened)
	case "OpenFileGDB":
		l.Files, err = geodatabaseFiles(l.opened)
	}
	if archive, _, ok := gdalraster.Packed(l.opened); ok {
		l.Files = []string{archive}
	}
	return dbf, frame, err
}

// WithRemedy returns err, and the command that brings the layer to degrees when that is what it asks for
// ([gdalraster.ErrReproject]).
func (l *Layer) WithRemedy(err error) error {
	if errors.Is(err, gdalraster.ErrReproject) {
		return fmt.Errorf("%w: %s", err, l.Mend("-t_srs EPSG:4490"))
	}
	return err
}

// Mend is [gdalraster.Mend] by ogr2ogr with the given options. The copy keeps the text of the layer, which ogr2ogr by
// itself would read in another encoding.
func (l *Layer) Mend(options string) string {
	if l.Driver == "ESRI Shapefile" {
		options += " -oo ENCODING=" + strings.Replace(l.Encoding, "GBK", "GB18030", 1) // which holds all of GBK
	}
	source, path := l.Path, l.Path
	if archive, inner, ok := gdalraster.Packed(l.opened); ok {
		source, _ = gdalraster.VirtualName(archive, inner) // which opened it
		path = gdalraster.BesideArchive(gdalraster.FileOf(l.Path), inner)
	}
	return gdalraster.MendFrom(".gpkg", source, path, "ogr2ogr "+options, l.Name)
}

// NoCRSError is the error of [Read] for a layer without CRS in which nothing else is
// wrong. Box is its extent, from which the CRS may be guessed.
type NoCRSError struct {
	Box orb.Bound
	why string
}

func (e *NoCRSError) Error() string {
	return "layer has no CRS" + e.why
}

func (l *Layer) noCRS() error {
	e := &NoCRSError{Box: l.Features[0].bound()}
	for i := range l.Features {
		e.Box = e.Box.Union(l.Features[i].bound())
	}
	if l.Driver == "ESRI Shapefile" {
		e.why = " (its .prj is missing)"
		if slices.ContainsFunc(l.Files, func(path string) bool { return strings.EqualFold(filepath.Ext(path), ".prj") }) {
			e.why = " (its .prj cannot be understood)"
		}
		e.why += l.besideSaysCRS()
	}
	return e
}

// besideSaysCRS names the .qpj file of QGIS beside a Shapefile, and the CRS that it says; "" when there is none.
func (l *Layer) besideSaysCRS() string {
	beside, err := siblings(l.opened)
	if err != nil || beside["qpj"] == "" {
		return ""
	}
	text, err := os.ReadFile(beside["qpj"])
	if err != nil {
		return ""
	}
	crs, err := gdalraster.ParseCRS(string(text))
	if err != nil || crs.EPSG == 0 {
		return ""
	}
	return fmt.Sprintf("; %s beside it is not read, but says crs: EPSG:%d", filepath.Base(beside["qpj"]), crs.EPSG)
}

func choose(layers []layer, name string) (layer, error) {
	names := make([]string, len(layers))
	for i, ly := range layers {
		if names[i] = ly.name; name == ly.name {
			return ly, nil
		}
	}
	switch {
	case len(layers) == 0:
		return layer{}, errors.New("it has no layer with geometry (of a file geodatabase: is the copy complete?)")
	case name != "":
		return layer{}, fmt.Errorf("it has no layer %q; its layers: %s", name, strings.Join(names, ", "))
	case len(layers) > 1:
		return layer{}, fmt.Errorf("it has %d layers, say which one by |layername=NAME (layer: NAME in a job file); its "+
			"layers: %s", len(layers), strings.Join(names, ", "))
	}
	return layers[0], nil
}

// readFeatures reads all features, which may take as many bytes as s.Memory says; 0 is no limit.
func (l *Layer) readFeatures(ly layer, dbf *attributes, s Source) error {
	memory := s.Memory
	var skipped []string
	held := int64(0)
	fields := len(l.Fields)
	if dbf != nil {
		fields = 0
	}
	for n := 1; ; n++ {
		r, err := ly.next(fields)
		if err != nil {
			return fmt.Errorf("feature %d cannot be read: %w", n, err)
		}
		if r == nil {
			if n-1 != l.Declared {
				return fmt.Errorf("%s declared, %d read: the file is cut or damaged; get a complete copy",
					counted(l.Declared, "feature", "features"), n-1)
			}
			break
		}
		if n > l.Declared {
			return fmt.Errorf("more features than the %d declared: the file is damaged", l.Declared)
		}
		if dbf != nil {
			r.values = dbf.rows[n-1]
			if r.wkb == nil && dbf.present[n-1] {
				return fmt.Errorf("feature %d: its shape cannot be read: the .shp is cut or damaged; get a complete copy", n)
			}
		}
		if l.keep != nil && !l.keep[n-1] {
			l.LeftOut++
			continue
		}
		for i, v := range r.values {
			if !utf8.ValidString(v) {
				return fmt.Errorf("feature %d, field %s: %s, as the format asks for%s", n, l.Fields[i],
					utf8Set.offence([]byte(v)), fitting([]byte(v)))
			}
		}
		feature := Feature{Number: n, Values: r.values}
		feature.Shape, feature.Point, err = l.shape(r, s.Places)
		if err != nil {
			return fmt.Errorf("feature %d: %w", n, err)
		}
		if len(feature.Shape) == 0 && !s.Places {
			skipped = append(skipped, fmt.Sprint(n))
			continue
		}
		l.Features = append(l.Features, feature)
		if held += l.Features[len(l.Features)-1].bytes(); memory > 0 && held > memory {
			return fmt.Errorf("%w: feature %d and those before it take more than the %d MiB that --max-memory leaves for them; "+
				"raise it, or take out what does not meet the rasters", raster.ErrLimit, n, memory>>20)
		}
	}
	if l.LeftOut == l.Declared {
		return fmt.Errorf("where leaves out all of its features (%d); correct the expression", l.Declared)
	}
	if l.SkippedEmpty = len(skipped); l.SkippedEmpty+l.LeftOut == l.Declared {
		if l.Declared == 1 {
			return errors.New("empty layer: its only feature has no polygon")
		}
		return fmt.Errorf("empty layer: none of its %d features has a polygon", l.Declared)
	}
	l.warn(l.SkippedEmpty, "%s skipped: "+list(skipped),
		"feature without geometry is", "features without geometry are")
	l.warn(l.DroppedZM, "heights or measures (Z, M) of %s are dropped", "feature", "features")
	l.warn(l.NonPolygon, "%s left out", "point or line in a collection is", "points or lines in collections are")
	l.warn(l.Linearised, "arcs of %s became chords of at most 1 degree", "feature", "features")
	return nil
}

// warn adds a warning unless count is 0. The %s in format stands for the count with its noun.
func (l *Layer) warn(count int, format, one, many string) {
	if count > 0 {
		l.Warnings = append(l.Warnings, fmt.Sprintf(format, counted(count, one, many)))
	}
}

// list joins the first ten feature numbers.
func list(numbers []string) string {
	if len(numbers) > 10 {
		numbers = append(slices.Clone(numbers[:10]), "…")
	}
	return strings.Join(numbers, ", ")
}

// shape decodes the polygons of r and counts what is left out, or with places a point. If there is neither and no
// error, r is empty.
func (l *Layer) shape(r *record, places bool) (orb.MultiPolygon, *orb.Point, error) {
	if r.wkb == nil {
		return nil, nil, nil
	}
	mp, info, err := vector.DecodeWKB(r.wkb)
	switch {
	case err != nil:
		return nil, nil, err
	case len(mp) == 0 && info.NonPolygon > 0 && places:
		p, err := vector.DecodePoint(r.wkb)
		return nil, &p, err
	case len(mp) == 0 && info.NonPolygon > 0:
		return nil, nil, errors.New("not a polygon but points or lines; remove it or give a polygon layer")
	}
	l.NonPolygon += info.NonPolygon
	if info.HasZ || info.HasM {
		l.DroppedZM++
	}
	if r.curved {
		l.Linearised++
	}
	return mp, nil, nil
}

// attributes are what the .dbf and the .shx of a Shapefile say, by feature.
type attributes struct {
	rows    [][]string
	present []bool // the feature has a shape
	numeric []bool // by field: it holds numbers
}

func (l *Layer) readShapefile(path string, s Source) (*attributes, error) {
	beside, err := siblings(path)
	if err != nil {
		return nil, err
	}
	for _, ext := range []string{"shx", "dbf"} {
		if beside[ext] == "" {
			return nil, fmt.Errorf("the .%s is missing; copy it from where the .shp came from", ext)
		}
	}
	for _, ext := range []string{"shx", "dbf", "prj", "cpg"} {
		if beside[ext] != "" {
			l.Files = append(l.Files, beside[ext])
		}
	}
	t, err := readTable(beside["dbf"])
	if err != nil {
		return nil, err
	}
	present, err := shapes(path, beside["shx"], len(t.deleted))
	if err != nil {
		return nil, err
	}
	l.Declared = len(t.records)
	a := &attributes{}
	for i, gone := range t.deleted {
		if !gone {
			a.present = append(a.present, present[i])
		}
	}
	c, from, warnings, err := t.charset(s, beside["cpg"])
	if err != nil {
		return nil, err
	}
	l.Encoding, l.EncodingFrom, l.Warnings = c.name, from, warnings
	for _, f := range t.fields {
		a.numeric = append(a.numeric, f.kind == 'N' || f.kind == 'F')
	}
	if l.Fields, a.rows, warnings, err = t.decode(c); err != nil {
		return nil, err
	}
	l.Warnings = append(l.Warnings, warnings...)
	return a, nil
}
