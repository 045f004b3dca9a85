package gdalinput

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/seeds"
	"greenshield/vector/geos"
)

// Diagnosis is all that can be said of a job's inputs without writing anything.
type Diagnosis struct {
	Inputs   []InputFacts `json:"inputs"`                // in the order of the job
	Grid     *GridFacts   `json:"common_grid,omitempty"` // missing when the rasters have none
	Overlaps *Overlaps    `json:"overlaps,omitempty"`    // missing when no zone could be placed
	Zones    []ZoneFacts  `json:"zones"`                 // in the order of the job
	Warnings []Message    `json:"warnings"`
	Problems []Problem    `json:"problems"`
}

// InputFacts describe one epoch or layer.
type InputFacts struct {
	Role   string       `json:"role"` // before, after, redline, reserve, admin, exempt
	Path   string       `json:"path"`
	Year   int          `json:"year,omitempty"`
	Legend string       `json:"legend,omitempty"`
	Usable bool         `json:"usable"` // no problem is its own
	Files  []FileFacts  `json:"files"`  // all that were read, with their sidecars
	Raster *RasterFacts `json:"raster,omitempty"`
	Layer  *LayerFacts  `json:"layer,omitempty"`
}

// FileFacts name a file.
type FileFacts struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// ZoneFacts tell how much of a zone the rasters show.
type ZoneFacts struct {
	ZoneRef
	AreaHa    float64  `json:"area_ha"`
	OutsideHa *float64 `json:"outside_ha,omitempty"` // outside the common grid
	NoDataHa  *float64 `json:"nodata_ha,omitempty"`  // on cells that are NoData in an epoch; missing when the cells could not be compared
	SeenPct   *float64 `json:"seen_pct,omitempty"`   // share that is neither
}

// Message is a remark.
type Message struct {
	Text  string `json:"message"`
	Input *int   `json:"input,omitempty"` // position in Diagnosis.Inputs; missing when it belongs to none alone
}

// Problem is what keeps a run from starting. Code is the exit status it gives.
type Problem struct {
	Code int `json:"code"`
	Message
}

// Diagnose loads all that j names, reads every cell, and measures the zones against each
// other and against the rasters. It goes on after a fault wherever that makes sense.
// The error joins all problems, each once, those of the inputs first and in the order
// of the job; the diagnosis holds them too. When ctx ends the diagnosis is nil.
func Diagnose(ctx context.Context, j *job.Job, t redline.Tuning, p *redline.Progress) (*Diagnosis, error) {
	l, err := Load(ctx, j)
	if ctx.Err() != nil {
		return nil, err
	}
	if len(l.Read) == 0 {
		return &Diagnosis{}, err
	}
	if l.Workers > 0 {
		t.Workers = l.Workers
	}
	own := map[string]bool{} // texts that Load has told under an input
	for _, in := range l.Read {
		for _, e := range redline.Faults(in.Err) {
			own[e.Error()] = true
		}
	}
	x := &examiner{Loaded: l, job: j, d: &Diagnosis{}}
	for _, e := range redline.Faults(err) {
		if !own[e.Error()] {
			x.general = append(x.general, e)
		}
	}
	if err := x.examine(ctx, t, p); ctx.Err() != nil {
		return nil, err
	} else if err != nil {
		x.general = append(x.general, err)
	}
	return x.d, x.conclude()
}

// examiner is the state of one Diagnose.
type examiner struct {
	*Loaded
	job     *job.Job
	d       *Diagnosis
	general []error // faults of no single input
	outside []float64
	seen    []redline.ZoneTotal // parallel to Inputs.Zones, nil when cells were not compared
}

func (x *examiner) examine(ctx context.Context, t redline.Tuning, p *redline.Progress) error {
	for _, in := range x.Read {
		if in.epoch != nil {
			in.Raster.Grid = gridFacts(in.epoch.Source.Grid())
			if err := x.count(ctx, in, t, p); err != nil {
				in.Err = errors.Join(in.Err, err)
			}
		}
	}
	// Only zones of sound layers can be measured; the others would be told twice.
	sound := func(i int) bool { return x.zoneIn[i].Err == nil && x.Inputs.Zones[i].Shape != nil }
	zones, zoneIn := x.Inputs.Zones[:0:0], x.zoneIn[:0:0]
	for i := range x.Inputs.Zones {
		if sound(i) {
			zones, zoneIn = append(zones, x.Inputs.Zones[i]), append(zoneIn, x.zoneIn[i])
		}
	}
	x.Inputs.Zones, x.zoneIn = zones, zoneIn
	if x.Inputs.Earth == nil {
		return nil
	}
	if err := errors.Join(x.measure(ctx), x.suspectShifts(ctx)); err != nil {
		return err
	}
	return x.compare(ctx, t, p)
}

// count reads all cells of an epoch and judges its codes.
func (x *examiner) count(ctx context.Context, in *Input, t redline.Tuning, p *redline.Progress) error {
	earth, err := newEarth(in.Record.Path, in.epoch.Source.Grid())
	if err != nil {
		if in.Err != nil {
			return nil // told by Load
		}
		return err
	}
	c, err := redline.TakeCensus(ctx, in.epoch, earth, t.Workers, p)
	if err != nil {
		return err
	}
	in.Raster.CensusFacts = censusFacts(c)
	aligned := in.epoch.Window.Cells() == 0
	if x.ground == groundCommon && !aligned {
		n := c.Cells - in.epoch.Window.Cells()
		in.Raster.OutsideCells = &n
	}
	elsewhere := int64(0)
	for _, u := range c.Unknown {
		if u.Common == 0 {
			elsewhere += u.Cells
		}
	}
	switch {
	case elsewhere > 0 && aligned:
		in.warn("%d of its cells have codes that legend %q lacks; the run fails if the common grid shows one of them", elsewhere, in.epoch.Legend.Name)
	case elsewhere > 0:
		in.warn("%d cells outside the common grid have codes that legend %q lacks; they are not compared", elsewhere, in.epoch.Legend.Name)
	}
	remedy := "; name the right legend, or add the code to a legend CSV"
	if fitting := fittingLegends(c); len(fitting) > 0 {
		remedy += "; of the shipped legends " + strings.Join(fitting, ", ") + " know all its codes"
	}
	return c.Judge(in.epoch, remedy)
}

// fittingLegends lists the shipped legends that know all codes of a raster.
func fittingLegends(c *redline.Census) (names []string) {
	for _, name := range seeds.Legends() {
		text, _ := seeds.Legend(name)
		legend, err := landcover.ParseLegend(name, text)
		if err != nil || c.MoreUnknown > 0 {
			continue
		}
		knows := func(code int64) bool { _, ok := legend.Find(code); return ok }
		if !slices.ContainsFunc(c.Classes, func(k redline.ClassCount) bool { return !knows(k.Code) }) &&
			!slices.ContainsFunc(c.Unknown, func(u redline.UnknownCode) bool { return !knows(u.Code) }) {
			names = append(names, name)
		}
	}
	return names
}

// measure finds what zones share and what of them lies outside.
func (x *examiner) measure(ctx context.Context) error {
	zones := x.Inputs.Zones
	if len(zones) == 0 {
		return nil
	}
	s, err := x.newSurface()
	if err != nil {
		return err
	}
	defer s.close()
	if x.ground == groundCommon {
		if x.outside, err = s.outside(ctx); err != nil {
			return err
		}
	}
	pairs, err := s.overlaps(ctx)
	if err != nil {
		return err
	}
	covered, err := s.coveredM2(ctx, pairs, func(int) bool { return true })
	if err != nil {
		return err
	}
	total := 0.0
	for i := range zones {
		total += zones[i].TotalM2
	}
	x.d.Overlaps = &Overlaps{ZonesHa: ha(total), CoveredHa: ha(covered), Pairs: []Overlap{}}
	for _, o := range pairs {
		a, b := &zones[o.a], &zones[o.b]
		o.A, o.B, o.AreaHa = x.ref(o.a), x.ref(o.b), ha(o.m2)
		o.PctA, o.PctB = pct(o.m2, a.TotalM2), pct(o.m2, b.TotalM2)
		const same = 0.9999
		o.Identical = o.m2 >= same*a.TotalM2 && o.m2 >= same*b.TotalM2
		x.d.Overlaps.Pairs = append(x.d.Overlaps.Pairs, o)
	}
	for _, in := range x.Read {
		if in.Layer == nil || !slices.Contains(x.zoneIn, in) {
			continue
		}
		if covered, err = s.coveredM2(ctx, pairs, func(i int) bool { return x.zoneIn[i] == in }); err != nil {
			return err
		}
		sums := map[redline.ZoneType]*TypeFacts{}
		whole := 0.0
		areas := map[redline.ZoneType]float64{}
		for i := range zones {
			if x.zoneIn[i] != in {
				continue
			}
			t := zones[i].Type
			if sums[t] == nil {
				sums[t] = &TypeFacts{Type: t.String(), TypeZH: t.Chinese()}
			}
			sums[t].Zones++
			areas[t] += zones[i].TotalM2
			whole += zones[i].TotalM2
		}
		in.Layer.ZonesHa, in.Layer.CoveredHa = ha(whole), ha(covered)
		for _, t := range redline.ZoneTypes() {
			if f := sums[t]; f != nil {
				f.AreaHa = ha(areas[t])
				in.Layer.Types = append(in.Layer.Types, *f)
			}
		}
	}
	return nil
}

func pct(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return math.Round(1e4*part/whole) / 100
}

func (x *examiner) ref(zone int) ZoneRef {
	z := &x.Inputs.Zones[zone]
	return ZoneRef{Input: slices.Index(x.Read, x.zoneIn[zone]), Layer: z.Layer, ID: z.ID, Name: z.Name, Type: z.Type.String(), Feature: z.Feature}
}

// suspectShifts looks for a steady shift of admin layers against each layer of zones.
func (x *examiner) suspectShifts(ctx context.Context) error {
	for _, in := range x.Read {
		if in.Record.Role != "admin" || x.shapes[in] == nil {
			continue
		}
		degrees, done, err := latticeDegrees(x.Inputs.Grid)
		if err != nil {
			return err
		}
		defer done()
		for _, other := range x.Read {
			if r := other.Record.Role; r != redline.LayerRedLine && r != redline.LayerReserve || x.shapes[other] == nil {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			s, err := findShift(notEmpty(x.shapes[in]), notEmpty(x.shapes[other]), degrees)
			if err != nil {
				continue // a point without longitude and latitude: told elsewhere, and no reason to suspect anything
			}
			if s != nil && (in.Layer.Shift == nil || s.Fit > in.Layer.Shift.Fit) {
				s.Against = other.Record.Path
				in.Layer.Shift = s
			}
		}
		if s := in.Layer.Shift; s != nil {
			in.warn("%s", s.describe())
		}
	}
	return nil
}

func notEmpty(shapes []orb.MultiPolygon) []orb.MultiPolygon {
	return slices.DeleteFunc(slices.Clone(shapes), func(mp orb.MultiPolygon) bool { return len(mp) == 0 })
}

// describe puts a suspicion into words.
func (s *Shift) describe() string {
	compass := []string{"east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east"}
	octant := int(math.Round(math.Atan2(s.NorthM, s.EastM)/(math.Pi/4))+8) % 8
	reason := "a steady shift, as from another datum (Beijing 1954, Xi'an 1980, a web map's) under a wrong name"
	switch s.Kind {
	case ShiftGCJ02:
		reason = "the offset of GCJ-02 (国测局坐标, by its unofficial formula) explains it, so the layer may be in GCJ-02"
	case ShiftToGCJ02:
		reason = "the offset of GCJ-02 (国测局坐标, by its unofficial formula) explains it, so that layer may be in GCJ-02"
	}
	return fmt.Sprintf("suspected shift: its outlines lie about %.0f m %s (%+.0f m east, %+.0f m north) of those of %s: %s; without it %d instead of %d of %d nearby points meet. Compare both with an image, or get the layer in CGCS2000; shifted borders give candidates the wrong county",
		math.Round(s.LengthM()/10)*10, compass[octant], math.Round(s.EastM/10)*10, math.Round(s.NorthM/10)*10, s.Against, reason, s.Fit, s.Unmoved, s.Points)
}

// nowhere takes candidates and keeps none.
type nowhere struct{}

func (nowhere) Put(redline.Key, *redline.Candidate, []redline.Overlap) error { return nil }

// compare does what a run does, and keeps only how much of each zone it saw. It is the
// last proof that a run would succeed.
func (x *examiner) compare(ctx context.Context, t redline.Tuning, p *redline.Progress) error {
	if x.ground != groundCommon || x.Options.Rules == nil || slices.ContainsFunc(x.Read[:2], func(in *Input) bool { return in.Err != nil }) {
		return nil
	}
	sum, err := redline.Run(ctx, &x.Inputs, x.Options, t, func() redline.Overlayer { return geos.New() }, nowhere{}, p)
	if err != nil {
		return err
	}
	x.seen = sum.Zones
	return x.Unchanged()
}

// conclude fills the rest of the diagnosis and joins all problems.
func (x *examiner) conclude() error {
	d := x.d
	d.Inputs, d.Zones, d.Warnings, d.Problems = []InputFacts{}, []ZoneFacts{}, []Message{}, []Problem{}
	told := map[string]bool{}
	var all []error
	for at, in := range x.Read {
		f := InputFacts{Role: in.Record.Role, Path: in.Record.Path, Year: in.Record.Year, Legend: in.Record.Legend, Usable: in.Err == nil,
			Files: []FileFacts{}, Raster: in.Raster, Layer: in.Layer}
		for i, path := range in.paths {
			file := FileFacts{Name: in.Record.Files[i].Name}
			if info, err := os.Stat(path); err == nil {
				file.Bytes = info.Size()
			}
			f.Files = append(f.Files, file)
		}
		if in.Layer != nil {
			in.Layer.sortTexts()
		}
		d.Inputs = append(d.Inputs, f)
		for _, w := range in.Warnings {
			if !told[w] {
				told[w] = true
				d.Warnings = append(d.Warnings, Message{w, &at})
			}
		}
		all = append(all, x.tell(told, &at, redline.Faults(in.Err))...)
	}
	all = append(all, x.tell(told, nil, x.general)...)
	if x.ground == groundCommon {
		g := gridFacts(x.Inputs.Grid)
		d.Grid = &g
	}
	for i := range x.Inputs.Zones {
		z := &x.Inputs.Zones[i]
		f := ZoneFacts{ZoneRef: x.ref(i), AreaHa: ha(z.TotalM2)}
		out, unseen := 0.0, 0.0
		switch {
		case x.seen != nil:
			out, unseen = x.seen[i].OutsideM2, x.seen[i].NoDataM2
			n := ha(unseen)
			f.NoDataHa = &n
		case x.outside != nil:
			out = x.outside[i]
		}
		if x.outside != nil {
			o := ha(out)
			f.OutsideHa = &o
		}
		if f.NoDataHa != nil {
			// Shares are rounded down: 100 is only what is seen whole.
			s := math.Floor(1e4*max(0, 1-(out+unseen)/cmp.Or(z.TotalM2, 1))+1e-5) / 100
			f.SeenPct = &s
		}
		d.Zones = append(d.Zones, f)
	}
	return errors.Join(all...)
}

func (x *examiner) tell(told map[string]bool, input *int, faults []error) (fresh []error) {
	for _, e := range faults {
		if told[e.Error()] {
			continue
		}
		told[e.Error()] = true
		fresh = append(fresh, e)
		x.d.Problems = append(x.d.Problems, Problem{int(redline.KindOf(e)), Message{e.Error(), input}})
	}
	return fresh
}
