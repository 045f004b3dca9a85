package gdalinput

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"unicode"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/seeds"
)

// epoch is one land-cover map, opened.
type epoch struct {
	*gdalraster.Epoch
	legend landcover.Legend
	in     *Input
}

// openEpoch reads the legend of one epoch and opens its rasters. It returns nil when the epoch cannot be used; the
// fault then stands in its Input.
func (l *Loaded) openEpoch(role string, e *job.Epoch) *epoch {
	return l.openMap(l.addInput(role, e.Files...), e)
}

// openMap is openEpoch for an input that is there.
func (l *Loaded) openMap(in *Input, e *job.Epoch) *epoch {
	in.Record.Year, in.Record.Band, in.Record.Legend = e.Year, e.Band, l.job.Relative(e.Legend)
	text, err := l.readTable("legend", e.Legend, seeds.Legend, seeds.Legends())
	if err != nil {
		in.Err = fmt.Errorf("%s: %w", in.role(), err)
		return nil
	}
	legend, err := landcover.ParseLegend(l.job.AsGiven(e.Legend), text)
	if err != nil {
		in.Err = redline.WithKind(redline.Usage, err)
		return nil
	}
	in.Record.LegendSHA256 = hashText(text)
	mosaic, err := gdalraster.Open(e.Files, gdalraster.Options{
		Band:        e.Band,
		Codes:       legend.Codes(),
		NoDataCodes: legend.NoDataCodes(),
		CRS:         e.CRS,
		Definitions: &l.definitions,
	})
	if err != nil {
		in.Err = redline.WithKind(faultKind(redline.Raster, err), err)
		return nil
	}
	l.noteFiles(in, filepath.Dir(gdalraster.FileOf(e.Files[0])), mosaic.Files())
	d := mosaic.Describe()
	in.Warnings = d.Warnings
	if differ := misnamed(d.Names, legend); differ != "" {
		in.warn("names its classes otherwise than legend %q: %s; the codes count: is it the right legend?",
			l.job.Relative(e.Legend), differ)
	}
	in.Record.Band = d.Band
	in.Record.CRS = crsTitle(d.Grid.CRS)
	g := d.Grid
	x, y := g.Map(float64(g.Cols)/2, float64(g.Rows)/2)
	in.noteStated(e.CRS, d.Declares, g.CRS, x, y)
	if !l.judgePlace(in, g) {
		return nil
	}
	in.Raster = rasterFacts(&d, legend)
	in.epoch = &redline.Epoch{
		Name:   in.Record.Path,
		Source: mosaic,
		Legend: legend,
		Year:   e.Year,
		Window: raster.Window{Cols: d.Grid.Cols, Rows: d.Grid.Rows},
		NoData: d.NoData,
	}
	if d.NoData != "" {
		var v float64
		if _, err := fmt.Sscan(d.NoData, &v); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) { // JSON has no NaN
			in.Record.NoData = &v
		}
	}
	return &epoch{mosaic, legend, in}
}

// openImages opens a mosaic of pictures, which the page report shows. It returns nil when the mosaic cannot be used;
// the fault then stands in its Input.
func (l *Loaded) openImages(role, path string) *gdalraster.Images {
	in := l.addInput(role, path)
	mosaic, err := gdalraster.OpenImages(path)
	if err != nil {
		in.Err = redline.WithKind(faultKind(redline.Raster, err), err)
		return nil
	}
	l.noteFiles(in, filepath.Dir(path), mosaic.Files())
	in.Record.CRS = crsTitle(mosaic.CRS())
	return mosaic
}

// misnamed says which codes the raster and the legend call by different names, the first five of them; "" when there
// are none. names are those that the raster gives, by code. Names are compared by their letters and digits alone; one
// may be part of the other.
func misnamed(names []string, legend landcover.Legend) string {
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				return -1
			}
			return unicode.ToLower(r)
		}, s)
	}
	same := func(a, b string) bool {
		return b != "" && (strings.Contains(a, b) || strings.Contains(b, a))
	}
	var differ []string
	for code, name := range names {
		class, ok := legend.Find(int64(code))
		given := letters(name)
		if ok && given != "" && !same(given, letters(class.NameEN)) && !same(given, letters(class.NameZH)) {
			differ = append(differ, fmt.Sprintf("%d is %q there and %q in the legend", code, name, class.Name()))
		}
	}
	const maxListed = 5
	if more := len(differ) - maxListed; more > 0 {
		differ = append(differ[:maxListed], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(differ, ", ")
}
