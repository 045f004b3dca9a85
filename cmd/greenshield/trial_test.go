package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/priority"
	"greenshield/redline/scene"
	"greenshield/redline/scene/gdalscene"
	"greenshield/seeds"
)

// trialFound is a kept candidate of a trial.
type trialFound struct {
	ID       string   `json:"cand_id"`
	County   string   `json:"adm_code"`
	Change   string   `json:"change"`
	Severity float64  `json:"severity"`
	Cells    float64  `json:"cells"`
	EdgePct  float64  `json:"edge_pct"`
	AgreePct *float64 `json:"agree_pct"`
	AgreeN   float64  `json:"agree_n"`
	AgreeOf  float64  `json:"agree_of"`
	StaysPct *float64 `json:"stays_pct"`
	Width    *float64 `json:"width"`
	Compact  *float64 `json:"compact"`
	Confused *float64 `json:"confused"`
	NearM    *float64 `json:"near_m"`
	Prio     float64  `json:"prio"`

	group string // transition group
	real  bool   // at least half of its ground truly changed as its group says
}

// features returns the features of the candidate.
func (f *trialFound) features() (all priority.Features) {
	for i := range all {
		all[i] = math.NaN()
	}
	put := func(of priority.Feature, x *float64) {
		if x != nil {
			all[of] = *x
		}
	}
	against := f.AgreeOf - f.AgreeN
	far := math.Inf(1) // there is no such cell within the distance that is looked at
	put(priority.Cells, &f.Cells)
	put(priority.EdgePct, &f.EdgePct)
	put(priority.StaysPct, f.StaysPct)
	put(priority.Width, f.Width)
	put(priority.Compact, f.Compact)
	put(priority.Confused, f.Confused)
	put(priority.NearM, cmp.Or(f.NearM, &far))
	if f.AgreeOf > 0 {
		put(priority.AgreePct, f.AgreePct)
		put(priority.AgreeN, &f.AgreeN)
		put(priority.AgainstN, &against)
	}
	return all
}

// runTrial makes a trial of size × size cells, runs it, and returns what it found, by id.
func runTrial(t *testing.T, seed uint64, size int) []*trialFound {
	t.Helper()
	trial, err := scene.NewTrial(seed, size)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "trial")
	if err := gdalscene.WriteTrial(dir, trial); err != nil {
		t.Fatal(err)
	}
	here(t, dir, "run", "job.yaml", "--quiet", "--formats", "geojson").want(t, 0)
	return foundIn(t, filepath.Join(dir, "out"), trial)
}

// foundIn reads the candidates of a run of a trial.
func foundIn(t *testing.T, folder string, trial *scene.Trial) (all []*trialFound) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "candidates.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	var features struct {
		Features []struct {
			Properties trialFound
			Geometry   struct{ Coordinates orb.MultiPolygon }
		}
	}
	if err := json.Unmarshal(text, &features); err != nil {
		t.Fatal(err)
	}
	truth := newTrueGroups(t, trial)
	for i := range features.Features {
		f := &features.Features[i]
		f.Properties.group = truth.groupOf(f.Properties.Change)
		f.Properties.real = truth.real(f.Properties.group, f.Geometry.Coordinates)
		all = append(all, &f.Properties)
	}
	slices.SortFunc(all, func(a, b *trialFound) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// trueGroups tells what truly changed in a trial.
type trueGroups struct {
	trial  *scene.Trial
	legend landcover.Legend
	rules  redline.RuleTable
}

func newTrueGroups(t *testing.T, trial *scene.Trial) *trueGroups {
	t.Helper()
	codes, _ := seeds.Legend("clcd")
	table, _ := seeds.Rules("green-shield")
	legend, err := landcover.ParseLegend("clcd", codes)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := redline.ParseRules("green-shield", table, time.Date(scene.YearB, 12, 31, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return &trueGroups{trial, legend, rules}
}

// group returns the transition group by which a cell truly changed, "" for none.
func (g *trueGroups) group(cell int) string {
	from, _ := g.legend.Find(int64(g.trial.Truth(0)[cell]))
	to, _ := g.legend.Find(int64(g.trial.Truth(1)[cell]))
	if i := g.rules.Change(from.Ecosystem, to.Ecosystem); i >= 0 && from.Ecosystem != to.Ecosystem {
		return g.rules.Changes[i].Group()
	}
	return ""
}

// groupOf returns the transition group of a change type.
func (g *trueGroups) groupOf(change string) string {
	i := slices.IndexFunc(g.rules.Changes, func(c redline.ChangeType) bool { return c.Name == change })
	return g.rules.Changes[i].Group()
}

// real tells whether at least half of the ground truly changed by a group: of sixteen points in each cell.
func (g *trueGroups) real(group string, ground orb.MultiPolygon) bool {
	grid, bound := g.trial.Grid(), ground.Bound()
	inside, changed := 0, 0
	col0, col1 := int((bound.Min[0]-grid.OriginX)/grid.CellX), int((bound.Max[0]-grid.OriginX)/grid.CellX)
	row0, row1 := int((grid.OriginY-bound.Max[1])/grid.CellY), int((grid.OriginY-bound.Min[1])/grid.CellY)
	for row := max(0, row0); row <= min(row1, grid.Rows-1); row++ {
		for col := max(0, col0); col <= min(col1, grid.Cols-1); col++ {
			same := g.group(row*grid.Cols+col) == group
			for k := range 16 {
				x, y := grid.Map(float64(col)+0.125+float64(k%4)/4, float64(row)+0.125+float64(k/4)/4)
				if planar.MultiPolygonContains(ground, orb.Point{x, y}) {
					inside++
					if same {
						changed++
					}
				}
			}
		}
	}
	return inside > 0 && 2*changed >= inside
}

// first returns how many of a hundred among the first tenth by a rank are real; the higher rank comes first. Of those of
// one rank that the tenth cuts the share counts that is expected, as if they came at random.
func first(all []*trialFound, rank func(f *trialFound) float64) float64 {
	order := slices.Clone(all)
	slices.SortStableFunc(order, func(a, b *trialFound) int { return cmp.Compare(rank(b), rank(a)) })
	left, real := float64(max(1, len(order)/10)), 0.0
	tenth := left
	for len(order) > 0 && left > 0 {
		n := 1
		for n < len(order) && rank(order[n]) == rank(order[0]) {
			n++
		}
		take := min(left, float64(n))
		real, left, order = real+take*realShare(order[:n]), left-take, order[n:]
	}
	return real / tenth
}

// realShare returns how many of a hundred are real.
func realShare(all []*trialFound) float64 {
	n := 0
	for _, f := range all {
		if f.real {
			n++
		}
	}
	return 100 * float64(n) / math.Max(1, float64(len(all)))
}

func bySeverity(f *trialFound) float64 { return f.Severity }

func byPriority(f *trialFound) float64 { return f.Prio }

// trials returns the seeds and the size of the trials: three small ones, or so many as GREENSHIELD_TRIALS says and as
// large: "20x3000".
func trials(t *testing.T) (seeds []uint64, size int) {
	t.Helper()
	n, size := 3, 1400
	if text := os.Getenv("GREENSHIELD_TRIALS"); text != "" {
		if _, err := fmt.Sscanf(text, "%dx%d", &n, &size); err != nil {
			t.Fatal("GREENSHIELD_TRIALS: ", err)
		}
	}
	for i := range n {
		seeds = append(seeds, uint64(i+1))
	}
	return seeds, size
}

// TestPriorityOnTrials: where the truth is known, the simple rule finds three times as many real ones among the first
// tenth as severity alone, in every trial; a model that is calibrated from 200 verdicts in half of the counties does
// better than the rule in the other half; those from some 2,400 verdicts tell chances that are true in counties that
// they have not seen.
func TestPriorityOnTrials(t *testing.T) {
	seeds, size := trials(t)
	var few scores
	var every []*trialFound
	for _, seed := range seeds {
		all := runTrial(t, seed, size)
		share, severity, simple := realShare(all), first(all, bySeverity), first(all, byPriority)
		t.Logf("seed %d: %d candidates, %.1f %% real; of the first tenth by severity %.1f %%, by the simple rule %.1f %%",
			seed, len(all), share, severity, simple)
		if share < 2 || share > 15 {
			t.Errorf("seed %d: %.1f %% are real", seed, share)
		}
		if simple < 3*severity {
			t.Errorf("seed %d: the first tenth by priority is %.1f times that by severity", seed, simple/severity)
		}
		for _, f := range all {
			f.County = fmt.Sprintf("%d-%s", seed, f.County)
		}
		parts := partByCounty(all, 2, seed)
		judged, held := asCountyJudges(parts[0], 200, seed), parts[1]
		few.add(t, fmt.Sprintf("seed %d, 200 verdicts, %.1f %% of them real", seed, realShare(judged)),
			odds(calibratedFrom(t, judged), held), held)
		every = append(every, all...)
	}
	few.better(t)
	tellChances(t, every)
}
