package gdalinput

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/raster/patch"
	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/redline/report"
	"greenshield/seeds"
	"greenshield/vector/geos"
)

// Loaded is what a job names, read and brought to one lattice.
type Loaded struct {
	Inputs  redline.Inputs
	Options redline.Options
	Workers int // the job's, or as many as its memory suffices for

	Read    []*Input // in the order of the job
	Rules   report.RuleTable
	Repairs []report.Repair
	// Images are mosaics of pictures of both epochs, nil where the job names none or no report shows them.
	Images [2]*gdalraster.Images

	stamps map[string]os.FileInfo
	geos   []*geos.Context // one for each worker
	zoneIn []*Input        // parallel to Inputs.Zones
	shapes map[*Input][]orb.MultiPolygon
	ground ground
}

// ground is what the lattice of the layers stands on.
type ground int

const (
	groundNone   ground = iota // there is no lattice
	groundCommon               // the common grid of both rasters
	groundOne                  // the grid of one raster, since the other is missing or does not fit
	groundApart                // likewise, and the two rasters do not even overlap
	groundLayer                // made for the first layer, since no raster can be used
)

// placed tells whether it is known where on earth the rasters lie.
func (g ground) placed() bool { return g == groundCommon || g == groundOne }

// Input is one epoch's mosaic or one layer as it was read.
type Input struct {
	Record   report.Input // its files are hashed by [Loaded.Hash]
	Raster   *RasterFacts // of an epoch that could be opened
	Layer    *LayerFacts  // of a layer that could be read
	Warnings []string     // each names the file
	Err      error        // all that is wrong with it

	paths []string       // of Record.Files
	epoch *redline.Epoch // of a raster, over its whole extent
}

// Load reads what j names. The error joins the faults of all inputs in the order of
// the job, each a [redline.Fault]; Loaded then still describes what could be read, but
// must not be run. Rasters are opened, their cells are not read.
func Load(ctx context.Context, j *job.Job) (*Loaded, error) {
	l, layers, _ := Open(j)
	return l, layers(ctx)
}

// Open does the part of [Load] that comes before the layers: rules, legends, rasters and
// their common grid. layers, to be called once, does the rest; until it has returned, Loaded lacks
// zones, counties and exemptions, and what is told of their layers. It returns what Load does: all
// faults, those of Open too.
func Open(j *job.Job) (opened *Loaded, layers func(context.Context) error, err error) {
	l := &loader{Loaded: &Loaded{stamps: map[string]os.FileInfo{}, shapes: map[*Input][]orb.MultiPolygon{}}, job: j}
	if err := l.open(); err != nil {
		return l.Loaded, func(context.Context) error { return err }, err
	}
	return l.Loaded, func(ctx context.Context) error {
		if err := l.layers(ctx); err != nil {
			return err
		}
		return l.told()
	}, l.told()
}

// told joins the faults so far.
func (l *loader) told() error {
	var faults []error
	for _, in := range l.Read {
		faults = append(faults, in.Err)
	}
	return once(append(faults, l.faults...))
}

// once joins faults, each text once: two epochs of one bad file have one fault.
func once(faults []error) error {
	told := map[string]bool{}
	var all []error
	for _, err := range faults {
		for _, e := range redline.Faults(err) {
			if !told[e.Error()] {
				told[e.Error()] = true
				all = append(all, e)
			}
		}
	}
	return errors.Join(all...)
}

// loader is the state of one Load.
type loader struct {
	*Loaded
	job    *job.Job
	faults []error // that belong to no single input
	vocab  *redline.Vocabulary
	ids    map[[2]string]string // layer, id → where it stands
}

// fail notes a fault that belongs to no single input.
func (l *loader) fail(err error) { l.faults = append(l.faults, err) }

// open returns an error only when it makes no sense to go on.
func (l *loader) open() (err error) {
	if l.vocab, err = redline.ParseVocabulary(seeds.ZoneTypes(), seeds.Fields()); err != nil {
		return err
	}
	l.ids = map[[2]string]string{}
	for range l.job.Workers {
		l.geos = append(l.geos, geos.New())
	}
	l.rules()
	before, after := l.epoch("before", &l.job.Before), l.epoch("after", &l.job.After)
	if before != nil && after != nil {
		if err := l.unite(before, after); err != nil {
			l.fail(err)
		}
	}
	for i, path := range []string{l.job.ImageBefore, l.job.ImageAfter} {
		if path != "" && l.job.Formats.Has(job.HTML) {
			l.Images[i] = l.images([]string{"image_before", "image_after"}[i], path)
		}
	}
	// Without a common grid the layers are still judged, on that of one raster.
	for _, e := range []*epoch{before, after} {
		if e == nil || l.Inputs.Earth != nil {
			continue
		}
		l.Inputs.Grid, l.ground = e.Grid(), max(l.ground, groundOne)
		if err := l.measure(e.in.Record.Path); err != nil {
			e.in.Err = errors.Join(e.in.Err, err)
		}
	}
	return nil
}

func (l *loader) rules() {
	name := l.job.Rules
	text, err := table("rule table", name, seeds.Rules, seeds.RuleTables())
	if err != nil {
		l.fail(err)
		return
	}
	rules, err := redline.ParseRules(name, text, time.Date(l.job.After.Year, time.December, 31, 0, 0, 0, 0, time.UTC))
	if err != nil {
		l.fail(redline.WithKind(redline.Usage, err))
		return
	}
	l.Rules = report.RuleTable{Name: l.job.Relative(name), SHA256: hash(text), Rules: len(rules.Changes) * len(redline.ZoneTypes())}
	l.Options = redline.Options{
		Rules: &rules, Conn: patch.Connectivity(l.job.Connectivity),
		MinArea: l.job.MinArea, MinPart: l.job.MinPart, MinSeverity: l.job.MinSeverity,
		Survey: l.job.Formats.Has(job.CSV | job.XLSX | job.HTML),
	}
}

// table returns the text of a shipped table, or of a CSV file.
func table(what, name string, shipped func(string) ([]byte, bool), names []string) ([]byte, error) {
	if !job.IsFile(name) {
		if text, ok := shipped(name); ok {
			return text, nil
		}
		return nil, redline.Faultf(redline.Usage, "unknown %s %q, and no CSV file (ending in .csv)%s", what, name, redline.DidYouMean(name, names))
	}
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is not a regular file")
	}
	const enough = 2 << 20 // above what a table may have
	if err == nil && info.Size() > enough {
		err = fmt.Errorf("has %d bytes, too many for a %s", info.Size(), what)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, redline.Faultf(redline.Usage, "%s %s: %w", what, name, cause(err))
	}
	return text, nil
}

// cause strips what the message says already.
func cause(err error) error {
	var p *os.PathError
	switch {
	case errors.Is(err, os.ErrNotExist):
		return errors.New("no such file")
	case errors.As(err, &p):
		return p.Err
	}
	return err
}

// kind is the kind of a fault in one input.
func kind(normal redline.Kind, err error) redline.Kind {
	switch {
	case errors.Is(err, raster.ErrLimit):
		return redline.Limit
	case errors.Is(err, gdalraster.ErrBand):
		return redline.Usage
	}
	return normal
}

// add starts the record of an input, and notes the state of the files that it names.
func (l *loader) add(role string, given ...string) *Input {
	in := &Input{Record: report.Input{Role: role}}
	for i, path := range given {
		if i > 0 {
			in.Record.Path += ", "
		}
		in.Record.Path += l.job.Relative(path)
		l.stamp(path)
	}
	l.Read = append(l.Read, in)
	return in
}

// files sets the files that an input turned out to consist of.
func (l *loader) files(in *Input, folder string, paths []string) {
	in.paths = paths
	if absolute, err := filepath.Abs(folder); err == nil {
		folder = absolute
	}
	for _, path := range paths {
		l.stamp(path)
		name := path
		if absolute, err := filepath.Abs(path); err == nil {
			if name, err = filepath.Rel(folder, absolute); err != nil {
				name = path
			}
		}
		in.Record.Files = append(in.Record.Files, report.File{Name: name})
	}
}

// Warnings returns the warnings of all inputs.
func (l *Loaded) Warnings() []string {
	var all []string
	for _, in := range l.Read {
		all = append(all, in.Warnings...)
	}
	return all
}

// Records returns the inputs for the record of the run.
func (l *Loaded) Records() []report.Input {
	var all []report.Input
	for _, in := range l.Read {
		all = append(all, in.Record)
	}
	return all
}
