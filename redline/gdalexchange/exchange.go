package gdalexchange

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math"
	"strings"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/vector"
)

// Options are the choices of [Report].
type Options struct {
	Shapefile   bool   // write candidates.shp and coverage.shp
	FlatGeobuf  bool   // write candidates.fgb and coverage.fgb
	Geodatabase bool   // write candidates.gdb.zip and coverage.gdb.zip
	CRS         string // of the files, as PROJ takes it
	ShpEncoding string // of the text of Shapefiles: UTF-8 or GBK
}

// Report returns the report that writes the files that o asks for, a Shapefile with its .shx, .dbf, .prj and .cpg, and
// exchange_fields.csv. The order of candidates is that of files, the order of zones that of coverage.csv, except in a
// FlatGeobuf.
//
// In a Shapefile, a text that is longer than 254 bytes is cut after a character, one of characters that the encoding
// lacks gets question marks; an outline that meets itself in the CRS is mended: a warning says how many there are and
// which is the first. A .shp or .dbf that would have more than 2 GB is a fault of kind Limit; a file that is not read
// back as it was to be written is one of kind Unbalanced; what the disk does not take is one of kind Output.
//
// The error is a fault of kind Usage that says why the CRS cannot be used, or that GDAL cannot write geodatabases.
func Report(o Options) (findings.Report, error) {
	p, err := newProjection(o.CRS)
	if err != nil {
		return nil, redline.Faultf(redline.Usage, "out_crs %q: %w; name another CRS, such as EPSG:4549", o.CRS, err)
	}
	p.close()
	if o.Geodatabase {
		if err := writable(geodatabase(true).driver); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, f findings.Folder, found *findings.Findings) error {
		p, err := newProjection(o.CRS)
		if err != nil {
			return err
		}
		defer p.close()
		all := layers(found)
		for _, l := range all {
			for _, as := range o.formats(found.Summary.YearB, p.to.Geographic) {
				w := &writer{folder: f, warn: found.Warn, layer: l, format: as, projection: p,
					texts: &texts{as.encoding, as.maxText, map[rune]int{}}}
				if err := w.run(ctx); err != nil {
					return err
				}
			}
		}
		return f.Write(fieldsName, func(w io.Writer) error { return writeFields(w, all) })
	}, nil
}

// formats returns how each layer is written; geographic says that the CRS is one of degrees.
func (o *Options) formats(year int, geographic bool) (all []*format) {
	if o.Shapefile {
		all = append(all, shapefile(o.ShpEncoding, year))
	}
	if o.FlatGeobuf {
		all = append(all, flatGeobuf())
	}
	if o.Geodatabase {
		all = append(all, geodatabase(geographic))
	}
	return all
}

// writer writes one file.
type writer struct {
	folder     findings.Folder
	warn       func(text string)
	layer      *layer
	format     *format
	projection *projection
	texts      *texts
	widths     []int // bytes of each field, set by plan
	rows       int64 // set by plan
}

func (w *writer) name() string { return w.layer.name + w.format.ext }

// made is where GDAL writes: a geodatabase is a folder, which is packed into the file afterwards.
func (w *writer) made() string { return w.folder.Path(strings.TrimSuffix(w.name(), ".zip")) }

// run plans, writes and compares.
func (w *writer) run(ctx context.Context) error {
	if err := w.plan(ctx); err != nil {
		return err
	}
	if err := w.write(ctx); err != nil {
		return err
	}
	return w.compare(ctx)
}

// each gives each row as it is written: its texts fitted, its shape in the CRS of the file.
func (w *writer) each(ctx context.Context, add func(r *row, mended float64) error) error {
	return w.layer.rows(ctx, func(r *row) error {
		for i, c := range w.layer.columns {
			if c.kind == text {
				r.values[i] = w.texts.fit(r.values[i]).text
			}
		}
		shape, mended, err := w.projection.shape(r.shape, w.format.grid)
		if err != nil {
			return redline.Faultf(redline.Incompatible, "%s: %s: %w", w.name(), r.id, err)
		}
		r.shape = shape
		return add(r, mended)
	})
}

// plan finds the widths of fields, and warns of texts that do not fit.
func (w *writer) plan(ctx context.Context) error {
	w.widths = make([]int, len(w.layer.columns))
	long, lacking := make([]finds, len(w.widths)), make([]finds, len(w.widths))
	err := w.layer.rows(ctx, func(r *row) error {
		w.rows++
		for i, v := range r.values {
			n := len(v)
			if w.layer.columns[i].kind == text {
				f := w.texts.fit(v)
				if n = f.bytes; n < f.whole {
					long[i].add(r.id)
				}
				if f.lacks {
					lacking[i].add(r.id)
				}
			}
			w.widths[i] = max(w.widths[i], n, 1)
		}
		return nil
	})
	if err != nil {
		return err
	}
	record := int64(1)
	for i, c := range w.layer.columns {
		w.widths[i] = max(w.widths[i], 1)
		record += int64(w.widths[i])
		if n := long[i]; n.count > 0 {
			w.warn(fmt.Sprintf("%s: %s of field %s cut, since a field of a Shapefile holds %d bytes; the first is that of %s; "+
				"%s has them whole", w.name(), n.texts(), c.name, w.texts.limit, n.first, w.layer.whole()))
		}
		if n := lacking[i]; n.count > 0 {
			w.warn(fmt.Sprintf("%s: %s of field %s written with ? for characters that %s lacks; the first is that of %s; "+
				"choose shp_encoding UTF-8 to keep them", w.name(), n.texts(), c.name, w.texts.encoding, n.first))
		}
	}
	if bytes := 34 + 32*int64(len(w.widths)) + record*w.rows; bytes > w.format.limit {
		return w.tooLarge(".dbf", bytes)
	}
	return nil
}

// finds counts places.
type finds struct {
	count int
	first string
}

func (f *finds) add(id string) {
	f.count++
	f.first = cmp.Or(f.first, id)
}

func (f *finds) texts() string {
	if f.count == 1 {
		return "1 text"
	}
	return fmt.Sprint(f.count, " texts")
}

func (w *writer) tooLarge(ext string, bytes int64) error {
	return redline.Faultf(redline.Limit, "%s%s: would have more than %d bytes, and no file of a Shapefile can have more "+
		"than %d; take shp out of formats, or raise min_area or min_severity", w.layer.name, ext, bytes-1, w.format.limit)
}

// write writes the file.
func (w *writer) write(ctx context.Context) error {
	d, err := create(w.made(), w.layer, w.format, w.projection.to.WKT, w.widths)
	if err != nil {
		return w.folder.Fault(w.name(), err)
	}
	defer d.close()
	var mended finds
	largest, bytes := 0.0, int64(100)
	err = w.each(ctx, func(r *row, change float64) error {
		if change >= 0 {
			mended.add(r.id)
			largest = max(largest, change)
		}
		if bytes += shpBytes(r.shape); bytes > w.format.limit {
			return w.tooLarge(".shp", bytes)
		}
		if err := d.add(r.values, r.shape); err != nil {
			return w.folder.Fault(w.name(), err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := d.close(); err != nil {
		return w.folder.Fault(w.name(), err)
	}
	if err := w.pack(); err != nil {
		return err
	}
	if mended.count > 0 {
		w.warn(fmt.Sprintf("%s: %d outlines that meet themselves in %s mended, their areas changed by at most %.2g square "+
			"units; the first is that of %s", w.name(), mended.count, w.projection.to.Name, largest, mended.first))
	}
	return nil
}

// shpBytes returns the length of a record of a .shp.
func shpBytes(shape orb.MultiPolygon) int64 {
	n := int64(8 + 44)
	for _, polygon := range shape {
		for _, ring := range polygon {
			n += 4 + 16*int64(len(ring))
		}
	}
	return n
}

// compare reads the file back and compares it with what was to be written.
func (w *writer) compare(ctx context.Context) error {
	if err := w.taken(); err != nil {
		return err
	}
	d, err := open(w.format.opened(w.folder.Path(w.name())), w.format)
	if err != nil {
		return w.differs("", err)
	}
	defer d.close()
	if w.format.ext == ".fgb" {
		return w.compareUnordered(ctx, d)
	}
	seed := maphash.MakeSeed()
	err = w.each(ctx, func(r *row, _ float64) error {
		values, shape, more, err := d.next(w.layer.columns)
		switch {
		case err != nil:
			return w.differs(r.id, err)
		case !more:
			return w.differs(r.id, fmt.Errorf("it is missing"))
		}
		for i, v := range values {
			if v != r.values[i] {
				return w.differs(r.id, fmt.Errorf("%s is %q instead of %q", w.layer.columns[i].name, v, r.values[i]))
			}
		}
		shape = w.format.grid.snap(shape)
		area, want := vector.Area(vector.Orient(shape)), vector.Area(vector.Orient(r.shape))
		box := vector.Bound(r.shape)
		slack := 1e-9 * (box.Max[0] - box.Min[0]) * (box.Max[1] - box.Min[1])
		if !(math.Abs(area-want) <= slack) || vertices(seed, shape) != vertices(seed, r.shape) {
			return w.differs(r.id, fmt.Errorf("its outline is another one, of an area of %.9g instead of %.9g", area, want))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if _, _, more, err := d.next(w.layer.columns); more || err != nil {
		return w.differs("", cmp.Or(err, fmt.Errorf("it has more than %d features", w.rows)))
	}
	return nil
}

// compareUnordered compares a file that has its features in another order. Of each it keeps but a hash.
func (w *writer) compareUnordered(ctx context.Context, d *dataset) error {
	seed := maphash.MakeSeed()
	left := map[uint64]int32{} // features of the file that have not been looked for, by their hashes
	for {
		values, shape, more, err := d.next(w.layer.columns)
		if err != nil {
			return w.differs("", err)
		}
		if !more {
			break
		}
		left[feature(seed, values, shape)]++
	}
	err := w.each(ctx, func(r *row, _ float64) error {
		hash := feature(seed, r.values, r.shape)
		if left[hash] == 0 {
			return w.differs(r.id, errors.New("no feature has its values and its outline"))
		}
		if left[hash]--; left[hash] == 0 {
			delete(left, hash)
		}
		return nil
	})
	if err == nil && len(left) > 0 {
		return w.differs("", fmt.Errorf("it has more than %d features", w.rows))
	}
	return err
}

// feature is a hash of values and outline.
func feature(seed maphash.Seed, values []string, shape orb.MultiPolygon) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, v := range values {
		maphash.WriteComparable(&h, v)
	}
	for _, polygon := range shape {
		maphash.WriteComparable(&h, len(polygon))
		for _, ring := range polygon {
			maphash.WriteComparable(&h, len(ring))
			for _, p := range ring {
				maphash.WriteComparable(&h, p)
			}
		}
	}
	return h.Sum64()
}

// vertices is a hash of the vertices of a shape that does not depend on their order.
func vertices(seed maphash.Seed, shape orb.MultiPolygon) (sum uint64) {
	for _, polygon := range shape {
		for _, ring := range polygon {
			for _, p := range ring {
				sum += maphash.Comparable(seed, p)
			}
		}
	}
	return sum
}

// differs returns the fault of a file, or of one of its features, that is not read back as it was to be written.
func (w *writer) differs(id string, err error) error {
	if id != "" {
		id = " " + id + ":"
	}
	return redline.Faultf(redline.Unbalanced, "%s is not read back as it was written:%s %w; nothing is published; "+
		"please report this", w.name(), id, err)
}
