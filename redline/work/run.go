package work

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
	"unsafe"

	"greenshield/redline"
	"greenshield/redline/engine"
	"greenshield/redline/files"
	"greenshield/redline/findings"
	"greenshield/redline/folder"
	"greenshield/redline/priority"
	"greenshield/redline/record"
	"greenshield/redline/shard"
	"greenshield/redline/spool"
	"greenshield/vector/trace"
)

// Source reads what a job names. Its rasters are open already.
type Source interface {
	// Layers reads the zones, counties and exemptions into the inputs of the job; it is called once. The error joins all
	// faults of the inputs, those of the rasters too. Said is valid also with an error.
	Layers(ctx context.Context) (Said, error)
	// Records returns the inputs with the hashes of their files.
	Records(ctx context.Context) ([]record.Input, error)
	// Unchanged checks that no file was written to or replaced since it was read.
	Unchanged() error
}

// Said is what a user should know of the inputs, apart from faults.
type Said struct {
	Warnings []string
	Repairs  []record.Repair
}

// Listener hears of a run while it goes on. Its methods are called by the goroutine of the run.
type Listener interface {
	// Begun says that files are written from now on. When the program ends without the run, abort must be called; it may
	// be called by any goroutine, and gives the run up unless it is published already.
	Begun(abort func() (published bool))
	// Read says that all inputs are read, and what a user should know of them; warnings known before are among these.
	Read(Said)
	// Warn says what the run found odd.
	Warn(text string)
}

// Ledger says what a ledger knows of what a run finds. It was read before the run began.
type Ledger interface {
	// Record returns which ledger it is, and its head.
	Record() *record.Ledger
	// Meet returns what is known of each patch, by its id, and what stands on the ground of every case at the later
	// epoch. The patches are the whole ones of which candidates are kept, with those that have them. The inputs of the
	// manifest, its options and its grid are set.
	Meet(ctx context.Context, m *record.Manifest, in *redline.Inputs, patches []Patch) (*Met, error)
	// Bytes returns how many bytes the cells of the cases take, by [CellBytes].
	Bytes() int64
}

// CellBytes returns how many bytes so many runs of cells take while they are compared: they are kept as they are, on
// the grid on which they are compared, and joined.
func CellBytes(runs int) int64 { return 3 * int64(runs) * int64(unsafe.Sizeof(trace.Run{})) }

// LedgerBytes returns how many bytes the cells of the cases of a ledger, and of the patches that are compared with
// them, may take: half of the memory of the run; 0 is no limit.
func LedgerBytes(maxMemory int64) int64 { return max(0, maxMemory) / 2 }

// TooManyCells says that the cells take more than the limit of [LedgerBytes].
func TooManyCells(limit int64) error {
	return redline.Faultf(redline.Limit, "the cells of the cases of the ledger, and of the patches that are compared "+
		"with them, need more than %d MiB, half of --max-memory; raise it", limit>>20)
}

// Patch is a patch of which a candidate is kept.
type Patch struct {
	redline.Patch
	AreaM2 float64
}

// Met is what a ledger says of a run.
type Met struct {
	Known     map[string]*redline.Known // by id of the patch
	FollowUps []redline.FollowUp
	Warnings  []string // of cases of whose ground nothing is said
	// Sample is what a random sample says of exactly the cases that the patches are, nil without one.
	Sample *record.SampleEstimate
}

// Job is a run to be done.
type Job struct {
	Out     string // the folder of the results
	Replace bool   // an earlier run in Out may be replaced

	Inputs  *redline.Inputs // the rasters; Source.Layers adds the rest
	Options redline.Options
	Tuning  engine.Tuning
	Source  Source
	// Parts is the plan whose shards have compared the epochs, and then the Source too; nil when the run does that.
	Parts *Planned
	// Fault is what is wrong with the inputs so far, nil when nothing is. With a fault the layers are read all the same,
	// so that the user learns of all faults at once.
	Fault error
	// Manifest holds what is known before the run: program, rules, options, versions, machine, warnings. The run sets the
	// rest.
	Manifest *record.Manifest

	NewOverlayer func() engine.Overlayer // called once for each goroutine
	Annotators   []engine.Annotator
	NewExaminer  func() engine.Examiner // nil for none; called once for each goroutine
	Ranking      *priority.Model        // by which the examiners rank; nil for none
	Ledger       Ledger                 // nil for none
	Reports      []findings.Report
	Records      bool // some report walks over the candidates
	Compact      bool // suppressed changes have the fields alone that cannot be looked up
}

// columns returns those of the candidates; known tells that a ledger is asked of them.
func (j *Job) columns(known bool) findings.Columns {
	return findings.ColumnsOf(j.Inputs, known, j.Manifest.Priority != nil)
}

// Result says what became of a run.
type Result struct {
	Summary   *redline.Summary // nil when Unchanged
	Unchanged bool             // the folder holds the results of the same inputs, options and version
}

// Run does a whole job: it reads the layers, compares the epochs, cuts the changes by the zones, and writes and
// publishes the folder of results, whole or not at all. An earlier run in the folder stays as it is until the new one
// is complete; when the new one would be the same, nothing is done. When ctx ends, nothing is published either.
func Run(ctx context.Context, j *Job, l Listener, p *redline.Progress) (Result, error) {
	if j.Ledger != nil {
		j.Manifest.Ledger = j.Ledger.Record()
	}
	ctx, cancel := context.WithCancel(ctx) // a run that fails stops hashing
	defer cancel()
	r := &run{Job: j, listener: l, progress: p, hashed: make(chan hashed, 1)}
	defer r.abort()
	// With an earlier run in the folder, the inputs are read and hashed first, since this run may turn out to be the same.
	// Without one the target is locked, or refused, at once, and the rasters are compared while the layers are read.
	_, err := os.Stat(filepath.Join(j.Out, record.Name))
	earlier := err == nil
	if !earlier {
		if err := r.begin(); err != nil {
			return Result{}, err
		}
		if j.Fault == nil {
			if err := r.compare(ctx); err != nil {
				return Result{}, err
			}
		}
	}
	if err := r.read(ctx); err != nil {
		return Result{}, err
	}
	if earlier {
		if err := r.identify(); err != nil {
			return Result{}, err
		}
		if record.Unchanged(j.Out, j.Manifest.Identity()) {
			folder.Sweep(j.Out)
			return Result{Unchanged: true}, nil
		}
		if err := r.begin(); err != nil {
			return Result{}, err
		}
		if err := r.compare(ctx); err != nil {
			return Result{}, err
		}
	}
	sum, err := r.finish(ctx)
	if err != nil {
		return Result{}, err
	}
	return Result{Summary: sum}, nil
}

// run is the state of one call of Run.
type run struct {
	*Job
	listener   Listener
	progress   *redline.Progress
	folder     *folder.Folder     // nil before begin
	comparison *engine.Comparison // nil before compare
	compared   time.Time          // when the comparison began
	hashed     chan hashed
	parts      *shard.Reader // nil without Parts
}

// hashed is the inputs for the record, or why they could not be hashed.
type hashed struct {
	inputs []record.Input
	err    error
}

// begin locks the target and begins to write a folder beside it.
func (r *run) begin() error {
	f, err := folder.Begin(r.Out, r.Replace)
	if err != nil {
		return err
	}
	r.folder = f
	r.listener.Begun(func() (published bool) {
		f.Abort()
		return f.Published()
	})
	return nil
}

// compare begins to compare the epochs, or checks the parts of them.
func (r *run) compare(ctx context.Context) (err error) {
	r.compared = time.Now()
	if r.Parts != nil {
		return r.Parts.Plan.Parts(ctx)
	}
	r.comparison, err = engine.Begin(ctx, r.Inputs, r.Options, r.Tuning, r.progress)
	return err
}

// abort stops the comparison and removes the folder, unless it is published.
func (r *run) abort() {
	if r.comparison != nil {
		r.comparison.Stop()
	}
	if r.folder != nil {
		r.folder.Abort()
	}
}

// read reads the layers, and begins to hash all inputs.
func (r *run) read(ctx context.Context) error {
	since := time.Now()
	said, err := r.Source.Layers(ctx)
	r.Manifest.Warnings, r.Manifest.Repairs = append(r.Manifest.Warnings, said.Warnings...), said.Repairs
	r.listener.Read(Said{r.Manifest.Warnings, said.Repairs})
	if err != nil {
		return err
	}
	r.timed("read", since)
	go func() {
		inputs, err := r.Source.Records(ctx)
		r.hashed <- hashed{inputs, err}
	}()
	return nil
}

// identify waits for the hashes of the inputs, by which the run has its identity, and checks that no file has changed.
func (r *run) identify() error {
	h := <-r.hashed
	if h.err != nil {
		return h.err
	}
	r.Manifest.Inputs = h.inputs
	return r.Source.Unchanged()
}

// finish does the rest of the comparison, writes all files, and publishes the folder.
func (r *run) finish(ctx context.Context) (*redline.Summary, error) {
	if r.Parts != nil {
		r.parts = r.Parts.Plan.Reader()
		defer r.parts.Close()
	}
	s, err := spool.New(r.folder, r.Inputs, r.columns(r.Ledger != nil), r.Records)
	if err != nil {
		return nil, err
	}
	var sink engine.Sink = s
	patches := &collector{Sink: s, limit: LedgerBytes(r.Tuning.MaxMemory)}
	if r.Ledger != nil {
		sink, patches.bytes = patches, r.Ledger.Bytes()
	}
	if r.Compact {
		s.CompactSuppressed()
	}
	sum, err := r.sum(ctx, engine.Ports{NewOverlayer: r.NewOverlayer, Sink: sink, Annotators: r.Annotators,
		NewExaminer: r.NewExaminer}, s, patches)
	if err != nil {
		return nil, err
	}
	r.timed("compare", r.compared)
	r.warnOfShapes(sum)
	r.warnOfLegends(sum)
	if r.Manifest.Inputs == nil {
		err = r.identify()
	} else {
		err = r.Source.Unchanged()
	}
	if err != nil {
		return nil, err
	}
	var followUps []redline.FollowUp
	if r.Ledger != nil {
		if followUps, err = r.meet(ctx, s, patches.all); err != nil {
			return nil, err
		}
	}
	told := len(r.Manifest.Warnings)
	if err := Write(ctx, r.folder, Found{r.Inputs, sum, s, followUps, r.Ranking}, r.Manifest, r.Reports...); err != nil {
		return nil, err
	}
	for _, w := range r.Manifest.Warnings[told:] {
		r.listener.Warn(w)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return sum, r.folder.Publish(ctx)
}

// meet has the ledger say what it knows of the patches, and writes and returns what stands on the ground of its cases.
func (r *run) meet(ctx context.Context, s *spool.Spool, patches []Patch) ([]redline.FollowUp, error) {
	since := time.Now()
	r.Manifest.Grid = record.GridOf(r.Inputs.Grid)
	met, err := r.Ledger.Meet(ctx, r.Manifest, r.Inputs, patches)
	if err != nil {
		return nil, err
	}
	s.Know(met.Known)
	r.Manifest.Ledger.Sample = met.Sample
	for _, w := range met.Warnings {
		r.warn(w)
	}
	r.timed("ledger", since)
	return met.FollowUps, r.folder.Write(files.FollowUpName, func(w io.Writer) error {
		return files.WriteFollowUps(w, met.FollowUps)
	})
}

// collector keeps the patches of kept candidates.
type collector struct {
	engine.Sink
	limit int64 // on bytes; 0 for none

	mu    sync.Mutex
	bytes int64 // of cells, by [CellBytes], with those of the ledger
	all   []Patch
}

// Put implements [engine.Sink]. It is a fault of kind Limit when there are too many cells.
func (c *collector) Put(key redline.Key, of *redline.Candidate, overlaps []redline.Overlap) error {
	if of.Patch != nil {
		if err := c.keep(Patch{*of.Patch, of.PatchM2}); err != nil {
			return err
		}
	}
	return c.Sink.Put(key, of, overlaps)
}

// keep keeps a patch, and a copy of its cells.
func (c *collector) keep(p Patch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bytes += CellBytes(len(p.Cells)); c.limit > 0 && c.bytes > c.limit {
		return TooManyCells(c.limit)
	}
	p.Cells = slices.Clone(p.Cells)
	c.all = append(c.all, p)
	return nil
}

// warnOfShapes warns of candidates whose outlines no file can show.
func (r *run) warnOfShapes(sum *redline.Summary) {
	n := sum.ByReason[redline.ReasonShape]
	if n == 0 {
		return
	}
	noun := "candidates"
	if n == 1 {
		noun = "candidate"
	}
	r.warn(fmt.Sprintf("%d %s suppressed as %s: the outline cannot be written with 7 decimals; "+
		"judge them by lon and lat in suppressed.csv", n, noun, redline.ReasonShape))
}

// warnOfLegends warns of legends by which the compared cells hardly show a landscape.
func (r *run) warnOfLegends(sum *redline.Summary) {
	before, after := map[int64]float64{}, map[int64]float64{}
	for _, t := range sum.Codes {
		before[t.From.Code] += t.AreaM2
		after[t.To.Code] += t.AreaM2
	}
	for _, e := range []struct {
		*redline.Epoch
		m2 map[int64]float64
	}{{&r.Inputs.Before, before}, {&r.Inputs.After, after}} {
		if why := e.Legend.Unlikely(e.m2); why != "" {
			r.warn(e.Name + ": " + redline.UnlikelyLegend(e.Legend.Name, why))
		}
	}
}

func (r *run) warn(text string) {
	r.Manifest.Warnings = append(r.Manifest.Warnings, text)
	r.listener.Warn(text)
}

// timed notes how long a stage took.
func (r *run) timed(stage string, since time.Time) {
	seconds := math.Round(time.Since(since).Seconds()*1e3) / 1e3
	r.Manifest.Timings = append(r.Manifest.Timings, record.Timing{Stage: stage, Seconds: seconds})
}
