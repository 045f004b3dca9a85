package gdalinput

import (
	"context"
	"errors"
	"slices"

	"greenshield/raster/object"
	"greenshield/redline"
	"greenshield/redline/job"
)

// Examination is what is found out of a job's inputs, step by step: [Examine], [Examination.Cells],
// [Examination.Zones], [Examination.Seen] where the inputs are [Examination.Comparable], and [Examination.Conclude]. It
// goes on after a fault wherever that makes sense. It belongs to one goroutine at a time.
type Examination struct {
	*Loaded
	found   *Diagnosis
	general []error             // faults of no single input
	outside []float64           // m² of each zone outside the common grid, parallel to Inputs.Zones; nil without one
	seen    []redline.ZoneTotal // parallel to Inputs.Zones; nil when cells were not compared
}

// Examine loads all that j names. Faults of the inputs are noted for [Examination.Conclude]; its error is that of ctx.
func Examine(ctx context.Context, j *job.Job) (*Examination, error) {
	l, err := Load(ctx, j)
	if ctx.Err() != nil {
		return nil, err
	}
	x := &Examination{Loaded: l, found: &Diagnosis{}}
	ofInputs := map[string]bool{} // texts of the faults that belong to an input
	for _, in := range l.Read {
		for _, fault := range redline.Faults(in.Err) {
			ofInputs[fault.Error()] = true
		}
	}
	for _, fault := range redline.Faults(err) {
		if !ofInputs[fault.Error()] {
			x.Fault(fault)
		}
	}
	return x, nil
}

// Fault notes a fault of no single input.
func (x *Examination) Fault(err error) { x.general = append(x.general, err) }

// Cells reads and judges every cell of all rasters that could be opened. Its error is that of ctx.
func (x *Examination) Cells(ctx context.Context, workers int, p *redline.Progress) error {
	for _, in := range x.Read {
		if in.epoch == nil {
			continue
		}
		in.Raster.Grid = gridFacts(in.epoch.Source.Grid())
		if err := x.judgeCodes(ctx, in, workers, p); err != nil {
			in.Err = errors.Join(in.Err, err)
		}
	}
	return context.Cause(ctx)
}

// Zones measures the zones of layers without a fault against each other and against the rasters, and looks for layers
// that lie off the others. It takes the zones of all other layers out of Inputs: their faults are noted. Its error is
// that of ctx.
func (x *Examination) Zones(ctx context.Context) error {
	zones, zoneIn := x.Inputs.Zones[:0:0], x.zoneIn[:0:0]
	for i, zone := range x.Inputs.Zones {
		if in := x.zoneIn[i]; in.Err == nil && zone.Shape != nil {
			zones, zoneIn = append(zones, zone), append(zoneIn, in)
		}
	}
	x.Inputs.Zones, x.zoneIn = zones, zoneIn
	if x.Inputs.Earth == nil {
		return nil
	}
	if err := errors.Join(x.measureZones(ctx), x.suspectShifts(ctx)); err != nil && ctx.Err() == nil {
		x.Fault(err)
	}
	return context.Cause(ctx)
}

// Comparable tells that a run could begin: nothing is wrong with the rasters, their common grid, and the rules.
func (x *Examination) Comparable() bool {
	return x.ground == groundCommon && x.Options.Rules != nil && len(x.general) == 0 &&
		!slices.ContainsFunc(x.Read, func(in *Input) bool { return isMapRole(in.Record.Role) && in.Err != nil })
}

// Seen notes what a run said of the zones, parallel to Inputs.Zones. A file that was changed since it was read is a
// fault.
func (x *Examination) Seen(zones []redline.ZoneTotal) {
	x.seen = zones
	if err := x.Unchanged(); err != nil {
		x.Fault(err)
	}
}

// Conclude returns what was found; it may be called once. The error joins all problems, each once, those of the inputs
// first and in the order of the job; the diagnosis holds them too.
func (x *Examination) Conclude() (*Diagnosis, error) {
	d := x.found
	d.Inputs, d.Zones, d.Warnings, d.Problems = []InputFacts{}, []ZoneFacts{}, []Message{}, []Problem{}
	listed := map[string]bool{} // texts of warnings and problems: two epochs of one file have one
	var all []error
	for at, in := range x.Read {
		d.Inputs = append(d.Inputs, in.facts())
		for _, text := range in.Warnings {
			if !listed[text] {
				listed[text] = true
				d.Warnings = append(d.Warnings, Message{text, &at})
			}
		}
		all = append(all, x.listProblems(listed, &at, redline.Faults(in.Err))...)
	}
	all = append(all, x.listProblems(listed, nil, x.general)...)
	if x.ground == groundCommon {
		grid := gridFacts(x.Inputs.Grid)
		d.Grid = &grid
	}
	for i := range x.Inputs.Zones {
		d.Zones = append(d.Zones, x.zoneFacts(i))
	}
	return d, errors.Join(all...)
}

// facts describes an input after all steps.
func (in *Input) facts() InputFacts {
	f := InputFacts{
		Role:       in.Record.Role,
		Name:       in.Record.Name,
		Path:       in.Record.Path,
		YearsApart: in.YearsApart,
		Year:       in.Record.Year,
		Legend:     in.Record.Legend,
		Usable:     in.Err == nil,
		Files:      []FileFacts{},
		Raster:     in.Raster,
		Layer:      in.Layer,
	}
	if in.CoversPct > 0 {
		f.CoversPct = &in.CoversPct
	}
	for i, path := range in.paths {
		file := FileFacts{Name: in.Record.Files[i].Name}
		if info, err := object.Stat(path); err == nil {
			file.Bytes = info.Size()
		}
		f.Files = append(f.Files, file)
	}
	if in.Layer != nil {
		in.Layer.sortTexts()
	}
	return f
}

// listProblems adds faults to the problems of the diagnosis and returns them, but for those that are listed already.
// input is the position of the input that they belong to, nil for none.
func (x *Examination) listProblems(listed map[string]bool, input *int, faults []error) (added []error) {
	for _, fault := range faults {
		if listed[fault.Error()] {
			continue
		}
		listed[fault.Error()] = true
		added = append(added, fault)
		x.found.Problems = append(x.found.Problems, Problem{int(redline.KindOf(fault)), Message{fault.Error(), input}})
	}
	return added
}

// zoneFacts tells how much of zone i the rasters show.
func (x *Examination) zoneFacts(i int) ZoneFacts {
	z := &x.Inputs.Zones[i]
	f := ZoneFacts{ZoneRef: x.zoneRef(i), AreaHa: hectares(z.TotalM2)}
	if x.outside == nil {
		return f
	}
	outside, noData := x.outside[i], 0.0
	if x.seen != nil {
		outside, noData = x.seen[i].OutsideM2, x.seen[i].NoDataM2
		ha := hectares(noData)
		pct := redline.SeenPct(z.TotalM2, outside+noData)
		f.NoDataHa, f.SeenPct = &ha, &pct
	}
	ha := hectares(outside)
	f.OutsideHa = &ha
	f.Seen = redline.SeenOf(z.TotalM2, outside+noData)
	return f
}

// zoneRef names zone i.
func (x *Examination) zoneRef(i int) ZoneRef {
	z := &x.Inputs.Zones[i]
	return ZoneRef{
		Input:   slices.Index(x.Read, x.zoneIn[i]),
		Layer:   z.Layer,
		ID:      z.ID,
		Name:    z.Name,
		Type:    z.Type.String(),
		Feature: z.Feature,
	}
}
