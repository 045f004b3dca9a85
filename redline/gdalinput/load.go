package gdalinput

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/redline/record"
	"greenshield/seeds"
	"greenshield/vector/geos"
)

// Loaded is what a job names, read and brought to one lattice. It belongs to one goroutine at a time.
type Loaded struct {
	Inputs  redline.Inputs
	Options redline.Options
	Workers int // as many as the job asks for, or fewer when its memory does not suffice; 0 without a common grid

	Read    []*Input // in the order of the job
	Rules   record.RuleTable
	Repairs []record.Repair
	// Images are the mosaics of pictures, [0] of before and [1] of after. One is nil where the job names no picture of
	// that epoch, where the picture cannot be opened, and where no report of the job shows pictures.
	Images [2]*gdalraster.Images

	definitions gdalraster.Definitions

	job    *job.Job
	stamps map[string]os.FileInfo        // absolute path → the file's state before it was read
	tables []string                      // files of the legends and the rule table
	geos   []*geos.Context               // one for each worker
	zoneIn []*Input                      // the layer of each zone; parallel to Inputs.Zones
	shapes map[*Input][]orb.MultiPolygon // the features of each layer on the lattice
	fits   raster.Grid                   // the last grid of a raster whose coordinates are found to be those of its CRS
	ground ground                        // what Inputs.Grid is
	faults []error                       // faults that belong to no single input
	vocab  *redline.Vocabulary           // nil when it cannot be read
	ids    map[zoneKey]string            // where the zone with that id stands
}

// ground says what the lattice is on which the layers lie.
type ground int

const (
	groundNone   ground = iota // there is no lattice
	groundCommon               // the common grid of both rasters
	groundOne                  // the grid of one raster: the other is missing or does not fit
	groundApart                // the grid of one raster: the two do not even overlap
	groundLayer                // a lattice made for the first layer, since no raster can be used
)

// placed tells whether it is known where on earth the rasters lie.
func (g ground) placed() bool { return g == groundCommon || g == groundOne }

// Load reads all that j names: it is [Open] followed by [Loaded.Layers], and returns the error of the latter.
func Load(ctx context.Context, j *job.Job) (*Loaded, error) {
	l, _ := Open(j)
	return l, l.Layers(ctx)
}

// Open reads the rules and legends, opens the rasters and finds their common grid. It does not read their cells. It
// always returns a Loaded; [Loaded.Layers] does the rest, also after faults. The error joins the faults so far, each a
// [redline.Fault].
func Open(j *job.Job) (*Loaded, error) {
	l := newLoaded(j)
	var err error
	if l.vocab, err = redline.ParseVocabulary(seeds.ZoneTypes(), seeds.Fields()); err != nil {
		l.fail(err)
		return l, err
	}
	l.open()
	return l, l.allFaults()
}

func newLoaded(j *job.Job) *Loaded {
	return &Loaded{
		job:    j,
		stamps: map[string]os.FileInfo{},
		shapes: map[*Input][]orb.MultiPolygon{},
		ids:    map[zoneKey]string{},
	}
}

// Layers reads the zones, counties and exemptions. It may be called once. The error joins the faults of all inputs in
// the order of the job, those of [Open] too, each a [redline.Fault]; Loaded then still describes what could be read,
// but must not be run. When ctx ends before all is read, the error is that of ctx.
func (l *Loaded) Layers(ctx context.Context) error {
	if l.vocab != nil {
		if err := l.readLayers(ctx); err != nil {
			return err
		}
	}
	return l.allFaults()
}

// Warnings returns the warnings of all inputs in the order of the job, each once: the maps of one file share theirs.
func (l *Loaded) Warnings() []string {
	var all []string
	for _, in := range l.Read {
		for _, text := range in.Warnings {
			if !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	return all
}

// open does the work of [Open] once the vocabulary is read.
func (l *Loaded) open() {
	for range l.job.Workers {
		l.geos = append(l.geos, geos.New())
	}
	l.readRules()
	before, after := l.openEpoch(RoleBefore, &l.job.Before), l.openEpoch(RoleAfter, &l.job.After)
	between, others := l.openBetween(), l.openOthers()
	if before != nil && after != nil {
		if err := l.findCommonGrid(before, after, between, others.all()); err != nil {
			l.fail(err)
		} else {
			l.placeOthers(others, before, after)
		}
	}
	for i, path := range []string{l.job.ImageBefore, l.job.ImageAfter} {
		if path != "" && (l.job.Formats.Has(job.HTML) || l.job.Formats.Has(job.GPKG)) {
			l.Images[i] = l.openImages([]string{roleImageBefore, roleImageAfter}[i], path)
		}
	}
	// Without a common grid the layers are still judged, on the grid of one raster.
	for _, e := range []*epoch{before, after} {
		if e == nil || l.Inputs.Earth != nil {
			continue
		}
		l.Inputs.Grid, l.ground = e.Grid(), max(l.ground, groundOne) // groundApart says more, and stays
		if err := l.measureGrid(e.in.Record.Path); err != nil {
			e.in.Err = errors.Join(e.in.Err, err)
		}
	}
}

// fail notes a fault that belongs to no single input.
func (l *Loaded) fail(err error) { l.faults = append(l.faults, err) }

// allFaults joins the faults so far: those of the inputs in the order of the job, then those of no single input.
func (l *Loaded) allFaults() error {
	var faults []error
	for _, in := range l.Read {
		faults = append(faults, in.Err)
	}
	return joinOnce(append(faults, l.faults...))
}

// joinOnce joins faults, each text once: two epochs of one bad file have one fault.
func joinOnce(faults []error) error {
	seen := map[string]bool{}
	var all []error
	for _, err := range faults {
		for _, fault := range redline.Faults(err) {
			if !seen[fault.Error()] {
				seen[fault.Error()] = true
				all = append(all, fault)
			}
		}
	}
	return errors.Join(all...)
}
