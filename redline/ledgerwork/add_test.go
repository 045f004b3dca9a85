package ledgerwork

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"greenshield/redline/ledger"
	"greenshield/vector/trace"
)

var (
	grid = ledger.Grid{CRS: "EPSG:4490", OriginX: 117, OriginY: 32, CellX: 0.00025, CellY: 0.00025, Cols: 100, Rows: 100}
	by   = By{Name: "李明", Level: ledger.County, At: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)}
)

// runOf returns a run whose patches are drawn: each letter is one patch.
func runOf(number int, g ledger.Grid, rows ...string) *RunFound {
	id := strings.Repeat(fmt.Sprint(number), 64)
	r := &RunFound{Run: ledger.Run{ID: id, YearA: 2015, YearB: 2020, Product: "clcd", Legend: "clcd", Grid: g}, MinArea: "1cells"}
	patches := map[rune]*ledger.Detection{}
	for v, row := range rows {
		for u, letter := range row {
			if letter == '.' {
				continue
			}
			d := patches[letter]
			if d == nil {
				d = &ledger.Detection{ID: ledger.DetectionID(id, string(letter)), Run: id, YearA: 2015, YearB: 2020, Product: "clcd", Legend: "clcd", Grid: g.ID(), Group: "natural>built",
					Candidates: []ledger.Candidate{{ID: fmt.Sprint(number, string(letter)), Severity: 3}}}
				patches[letter] = d
			}
			d.Cells++
			if n := len(d.Spans); n > 0 && d.Spans[n-1].Row == int32(v) && d.Spans[n-1].Col1 == int32(u) {
				d.Spans[n-1].Col1++
			} else {
				d.Spans = append(d.Spans, ledger.Span{Row: int32(v), Col0: int32(u), Col1: int32(u + 1)})
			}
		}
	}
	for _, d := range patches {
		r.Detections = append(r.Detections, *d)
	}
	slices.SortFunc(r.Detections, func(a, b ledger.Detection) int { return strings.Compare(a.ID, b.ID) })
	return r
}

// founded returns a ledger of code 34 to which runs were added.
func founded(t *testing.T, runs ...*RunFound) *ledger.Memory {
	t.Helper()
	s := new(ledger.Memory)
	c, err := Found(t.Context(), s, "34", "台账", by)
	if err == nil {
		err = c.Commit(t.Context(), s)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		add(t, s, r)
	}
	return s
}

func add(t *testing.T, s ledger.Store, r *RunFound) {
	t.Helper()
	c, err := Add(t.Context(), s, r, by)
	if err == nil {
		err = c.Commit(t.Context(), s)
	}
	if err != nil {
		t.Fatal(err)
	}
	problems := 0
	if err := ledger.Verify(t.Context(), s, func(p string) { problems++; t.Error(p) }); err != nil || problems > 0 {
		t.Fatal(err)
	}
}

// say says one thing of a case.
func say(t *testing.T, s ledger.Store, id string, kind ledger.Kind, fields map[string]string) {
	t.Helper()
	f := Filter{}
	f.IDs = []string{id}
	c, err := Say(t.Context(), s, f, []ledger.Event{{Kind: kind, Fields: fields}}, by)
	if err != nil || len(c.Refused) > 0 {
		t.Fatal(err, c.Refused)
	}
	if err := c.Commit(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

// told returns what there is to say of all cases in short.
func told(t *testing.T, s ledger.Store) (lines []string) {
	t.Helper()
	for c, err := range s.Cases(context.Background(), ledger.CaseFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprint(c.ID, " ", c.Relation, " ", verdictOf(&c), " ground ", len(c.Ground))
		for _, said := range [][2]string{{"into ", c.MergedInto}, {"from ", c.Get(ledger.FieldSplitFrom)}, {"confirm ", c.Get(ledger.FieldToConfirm)}} {
			if said[1] != "" {
				line += ", " + said[0] + said[1]
			}
		}
		if len(c.Disputes) > 0 {
			line += ", disputed"
		}
		lines = append(lines, line)
	}
	return lines
}

// TestAdd: what became of cases between two runs that are drawn.
func TestAdd(t *testing.T) {
	verdict := func(v string) map[string]string { return map[string]string{ledger.FieldVerdict: v} }
	for name, tt := range map[string]struct {
		before, after []string
		want          []string
	}{
		"persisting":  {[]string{"aaaa", "aaaa"}, []string{"bbbb", "bbbb"}, []string{"34-000001 persisting confirmed ground 1"}},
		"grown":       {[]string{"aaaa...."}, []string{"bbbbbb.."}, []string{"34-000001 grown confirmed ground 2, confirm grown"}},
		"shrunk":      {[]string{"aaaaaa"}, []string{"bbbb.."}, []string{"34-000001 shrunk confirmed ground 1"}},
		"shifted":     {[]string{"aaaaaa.."}, []string{"..bbbbbb"}, []string{"34-000001 shifted confirmed ground 1, confirm shifted"}},
		"absent":      {[]string{"aaaa......"}, []string{"........bb"}, []string{"34-000001 new confirmed ground 1", "34-000002 new unreviewed ground 1"}},
		"split":       {[]string{"aaaaaaaa"}, []string{"bbbb.ccc"}, []string{"34-000001 split confirmed ground 1", "34-000002 split confirmed ground 1, from 34-000001, confirm split"}},
		"merged":      {[]string{"aaaa.ccc"}, []string{"bbbbbbbb"}, []string{"34-000001 merged confirmed ground 3, disputed", "34-000002 new unreviewed ground 0, into 34-000001"}},
		"two of each": {[]string{"aaaaaaaa.c"}, []string{"bbbb.ddddd"}, []string{"34-000001 complex confirmed ground 1, confirm complex", "34-000002 new unreviewed ground 1, confirm complex"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := founded(t, runOf(1, grid, tt.before...))
			say(t, s, "34-000001", ledger.Judged, verdict("confirmed"))
			add(t, s, runOf(2, grid, tt.after...))
			if got := told(t, s); !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
			add(t, s, runOf(2, grid, tt.after...))
			if got := told(t, s); !slices.Equal(got, tt.want) {
				t.Errorf("a second time it changes: %s", got)
			}
		})
	}
}

// TestGrownStaysOne: the new cells of a case that has grown do not become a case that the next run merges with it.
func TestGrownStaysOne(t *testing.T) {
	s := founded(t, runOf(1, grid, "aaaa......"), runOf(2, grid, "bbbbbb...."), runOf(3, grid, "cccccc...."), runOf(4, grid, "ddddddddd."))
	if got := fmt.Sprint(told(t, s)); got != "[34-000001 grown unreviewed ground 3]" {
		t.Error(got)
	}
}

// TestGrownGains: how much a case has grown by since its verdict adds up until somebody judges it again; the verdict
// is of what was there before.
func TestGrownGains(t *testing.T) {
	area := func(r *RunFound) *RunFound {
		for i := range r.Detections {
			r.Detections[i].AreaM2 = 900 * float64(r.Detections[i].Cells)
		}
		return r
	}
	s := founded(t, area(runOf(1, grid, "aaaa......")))
	say(t, s, "34-000001", ledger.Judged, map[string]string{ledger.FieldVerdict: "confirmed"})
	var c ledger.Case
	var err error
	for i, step := range []struct{ row, gained string }{{"bbbbbb....", "1800"}, {"cccccc....", "1800"}, {"dddddddd..", "3600"}} {
		add(t, s, area(runOf(2+i, grid, step.row)))
		if c, err = ledger.CaseOf(t.Context(), s, "34-000001"); err != nil || c.Get(ledger.FieldGainedM2) != step.gained {
			t.Errorf("%s: it has gained %q, want %s, %v", step.row, c.Get(ledger.FieldGainedM2), step.gained, err)
		}
	}
	if c.Get(ledger.FieldToConfirm) != "grown" || c.Get(ledger.FieldVerdict) != "confirmed" {
		t.Errorf("%+v, %v", c, err)
	}
	say(t, s, "34-000001", ledger.Judged, map[string]string{ledger.FieldVerdict: "confirmed"})
	if c, err = ledger.CaseOf(t.Context(), s, "34-000001"); err != nil || c.Get(ledger.FieldGainedM2)+c.Get(ledger.FieldToConfirm) != "" {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestOtherLattice: cells of a grid whose origin lies whole cells away are the same cells; other lattices are refused.
func TestOtherLattice(t *testing.T) {
	s := founded(t, runOf(1, grid, "....", ".aa."))
	moved := grid
	moved.OriginX, moved.OriginY, moved.Cols = grid.OriginX+grid.CellX, grid.OriginY-grid.CellY, 90
	add(t, s, runOf(2, moved, "bb"))
	if got := fmt.Sprint(told(t, s)); got != "[34-000001 persisting unreviewed ground 1]" {
		t.Error(got)
	}
	for name, change := range map[string]func(g *ledger.Grid){
		"origins differ by an odd part":     func(g *ledger.Grid) { g.OriginX += g.CellX * 0.317 },
		"neither cells are whole multiples": func(g *ledger.Grid) { g.CellY *= 1.5 },
		"their CRSs differ":                 func(g *ledger.Grid) { g.CRS = "EPSG:4326" },
	} {
		other := grid
		change(&other)
		_, err := Add(t.Context(), s, runOf(3, other, "cc"), by)
		if err == nil || !strings.Contains(err.Error(), "the cells of the run cannot be compared with those of run 1111111111111111 in the ledger: ") ||
			!strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAcrossLattices: cells of other sizes and origins are compared by area. The verdict is shown, and to be confirmed.
func TestAcrossLattices(t *testing.T) {
	thirds, doubles, halfOff := grid, grid, grid
	thirds.CellX, thirds.CellY = grid.CellX/3, grid.CellY/3
	doubles.CellX, doubles.CellY = grid.CellX*2, grid.CellY*2
	halfOff.OriginX += grid.CellX / 2
	three := func(row string) []string { return []string{row, row, row} }
	for name, tt := range map[string]struct {
		g             ledger.Grid
		before, after []string
		want          string
		cells         int64 // of the ground of the first case, on the lattice on which it is looked at
	}{
		"thirds, the same":     {thirds, []string{"aa.."}, three("bbbbbb......"), "[34-000001 persisting confirmed ground 1, confirm grid_changed]", 2},
		"thirds, a bit more":   {thirds, []string{"aaaa."}, three("bbbbbbbbbbbbb"), "[34-000001 persisting confirmed ground 1, confirm grid_changed]", 4},
		"thirds, grown":        {thirds, []string{"aa.."}, three("bbbbbbbbbbbb"), "[34-000001 grown confirmed ground 2, confirm grid_changed]", 36},
		"thirds, shrunk":       {thirds, []string{"aaaa"}, three("bbbbbbb....."), "[34-000001 shrunk confirmed ground 1, confirm grid_changed]", 4},
		"thirds, split":        {thirds, []string{"aaaa"}, three("bbbbbb..cccc"), "[34-000001 split confirmed ground 1, confirm grid_changed 34-000002 split confirmed ground 1, from 34-000001, confirm split]", 18},
		"thirds, elsewhere":    {thirds, []string{"a..."}, three(".........bbb"), "[34-000001 new confirmed ground 1 34-000002 new unreviewed ground 1]", 1},
		"doubles, the same":    {doubles, []string{"aa..", "aa.."}, []string{"b."}, "[34-000001 persisting confirmed ground 1, confirm grid_changed]", 4},
		"half a cell off":      {halfOff, []string{"aaaa."}, []string{"bbbb"}, "[34-000001 persisting confirmed ground 1, confirm grid_changed]", 4},
		"half a cell off, new": {halfOff, []string{"a..."}, []string{"b..."}, "[34-000001 new confirmed ground 1 34-000002 new unreviewed ground 1]", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := founded(t, runOf(1, grid, tt.before...))
			say(t, s, "34-000001", ledger.Judged, map[string]string{ledger.FieldVerdict: "confirmed"})
			add(t, s, runOf(2, tt.g, tt.after...))
			if got := fmt.Sprint(told(t, s)); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			lattices, mixed, err := Ground(t.Context(), s)
			if err != nil || len(mixed) > 0 {
				t.Fatal(mixed, err)
			}
			for _, l := range lattices {
				for _, c := range l.Cases {
					if n := trace.Count(c.Cells); c.ID == "34-000001" && n != tt.cells {
						t.Errorf("its ground has %d cells of %g, want %d", n, l.Grid.CellX, tt.cells)
					}
				}
			}
		})
	}
}

// TestPriority: a case has the priority of the last detection that met it, and none where its run ranked none.
func TestPriority(t *testing.T) {
	rows := []string{"aa..b", "aa..."}
	first, second, third := runOf(1, grid, rows...), runOf(2, grid, rows...), runOf(3, grid, rows...)
	first.Prio = map[string]string{first.Detections[0].ID: "71", first.Detections[1].ID: "0"}
	second.Prio = map[string]string{second.Detections[0].ID: "12"}
	s := founded(t, first)
	for _, want := range [][2]string{{"71", "0"}, {"12", ""}, {"", ""}} {
		var got []string
		for c, err := range s.Cases(t.Context(), ledger.CaseFilter{}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, c.Get(ledger.FieldPrio))
		}
		if !slices.Equal(got, want[:]) {
			t.Errorf("priorities %q, want %q", got, want)
		}
		if want[0] == "71" {
			add(t, s, second)
		} else if want[0] == "12" {
			add(t, s, third)
		}
	}
	for e := range s.Events(t.Context(), ledger.EventFilter{After: 1, Kinds: []ledger.Kind{ledger.Detected}}) {
		if prio, said := e.Fields[ledger.FieldPrio]; said && prio == "" && strings.HasPrefix(e.Fields[ledger.FieldRun], "1") {
			t.Errorf("event %d takes a priority away that there was not", e.Seq)
		}
	}
}
