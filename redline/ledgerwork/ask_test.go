package ledgerwork

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/record"
	"greenshield/redline/work"
	"greenshield/vector/trace"
)

// asked returns what a run of those patches is told by a ledger, by patch.
func asked(t *testing.T, s ledger.Store, r *RunFound) map[string]*redline.Known {
	t.Helper()
	a, err := Ask(t.Context(), s, "ledger.gpkg", by.At, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	input := func(role string, year int) record.Input { return record.Input{Role: role, Year: year, Legend: "clcd"} }
	m := &record.Manifest{Options: map[string]any{"min_area": r.MinArea}, Inputs: []record.Input{input("before", 2015), input("after", 2020)},
		Grid: record.Grid{EPSG: 4490, OriginX: r.Grid.OriginX, OriginY: r.Grid.OriginY, CellX: r.Grid.CellX, CellY: r.Grid.CellY, Cols: r.Grid.Cols, Rows: r.Grid.Rows}}
	var patches []work.Patch
	for _, d := range r.Detections {
		_, id, _ := strings.Cut(d.ID, "/")
		p := work.Patch{Patch: redline.Patch{ID: id, Group: d.Group}, AreaM2: 900 * float64(d.Cells)}
		for _, s := range d.Spans {
			p.Cells = append(p.Cells, trace.Run{Row: s.Row, Col0: s.Col0, Col1: s.Col1})
		}
		patches = append(patches, p)
	}
	slices.Reverse(patches) // their order does not matter
	run := runOfPatches(m, patches)
	for i := range run.Detections {
		run.Detections[i].Product, run.Detections[i].Legend = "clcd", "clcd"
	}
	met, err := a.snapshot.Meet(run, ledger.DayOf(a.at))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]*redline.Known{}
	for i := range met {
		if d := met[i].Detection; d != nil {
			_, id, _ := strings.Cut(d.ID, "/")
			known[id] = met[i].known(nil)
		}
	}
	return known
}

// TestAskSaysWhatAddSays: what a run is told of its patches is what the ledger says of them when the run is added: the
// case, the relation, and what has to be confirmed.
func TestAskSaysWhatAddSays(t *testing.T) {
	for name, tt := range map[string]struct {
		before, after []string
		verdict       string
		want          string // by patch: case, relation, verdict that it is given out with, other cases, what is to confirm
	}{
		"new":            {[]string{"aaaa......"}, []string{"........bb"}, "confirmed", "b:,new,unreviewed,,"},
		"persisting":     {[]string{"aaaa", "aaaa"}, []string{"bbbb", "bbbb"}, "confirmed", "b:34-000001,persisting,confirmed,,"},
		"refuted":        {[]string{"aaaa", "aaaa"}, []string{"bbbb", "bbbb"}, "refuted", "b:34-000001,refuted_before,refuted,,"},
		"refuted, grown": {[]string{"aaaa...."}, []string{"bbbbbb.."}, "refuted", "b:34-000001,grown,unreviewed,,grown"},
		"grown":          {[]string{"aaaa...."}, []string{"bbbbbb.."}, "confirmed", "b:34-000001,grown,unreviewed,,grown"},
		"shrunk":         {[]string{"aaaaaa"}, []string{"bbbb.."}, "partly", "b:34-000001,shrunk,partly,,"},
		"shifted":        {[]string{"aaaaaa.."}, []string{"..bbbbbb"}, "confirmed", "b:34-000001,shifted,unreviewed,,shifted"},
		"split":          {[]string{"aaaaaaaa"}, []string{"bbbb.ccc"}, "confirmed", "b:34-000001,split,confirmed,, c:,split,unreviewed,34-000001,split"},
		"merged":         {[]string{"aaaa.ccc"}, []string{"bbbbbbbb"}, "confirmed", "b:34-000001,merged,unreviewed,34-000002,disputed"},
		"two of each": {[]string{"aaaaaaaa.c"}, []string{"bbbb.ddddd"}, "confirmed",
			"b:34-000001,complex,unreviewed,34-000002,complex d:34-000001,complex,unreviewed,34-000002,complex"},
	} {
		t.Run(name, func(t *testing.T) {
			s := founded(t, runOf(1, grid, tt.before...))
			fields := map[string]string{ledger.FieldVerdict: tt.verdict}
			if tt.verdict != "confirmed" {
				fields[ledger.FieldReason] = "misclassified"
			}
			say(t, s, "34-000001", ledger.Judged, fields)
			r := runOf(2, grid, tt.after...)
			known := asked(t, s, r)
			var got []string
			for _, id := range []string{"b", "c", "d"} {
				if k := known[id]; k != nil {
					got = append(got, id+":"+strings.Join([]string{k.Case, k.Relation, k.Given(), k.Linked, k.Confirm}, ","))
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("told\n%s, want\n%s", strings.Join(got, " "), tt.want)
			}
			add(t, s, r)
			for c, err := range s.Cases(t.Context(), ledger.CaseFilter{}) {
				_, id, _ := strings.Cut(c.Detection, "/")
				k := known[id]
				if err != nil || k == nil { // not met by the run
					continue
				}
				relation := k.Relation
				if relation == "refuted_before" {
					relation = string(c.Relation)
				}
				if !slices.Contains([]string{"", c.ID}, k.Case) || k.Case == "" && c.Opened <= 4 || relation != string(c.Relation) ||
					k.Verdict != "" && k.Verdict != verdictOf(&c) {
					t.Errorf("patch %s: told %+v, but case %s is %s, %s", id, *k, c.ID, c.Relation, verdictOf(&c))
				}
				if confirm := c.Get(ledger.FieldToConfirm); k.Confirm != confirm && !(k.Confirm == "disputed" && len(c.Disputes) > 0) {
					t.Errorf("patch %s: %s is to be confirmed, the ledger says %s", id, k.Confirm, confirm)
				}
			}
		})
	}
}

// TestAskRefuses: a ledger without events, and one whose head is not its last event, are refused; without a time of its
// own a run is of the day of the last event.
func TestAskRefuses(t *testing.T) {
	measure := func(_ string, g raster.Grid) (raster.Grid, *raster.Earth, error) { return g, nil, nil }
	if _, err := Ask(t.Context(), new(ledger.Memory), "", by.At, measure, 0); err == nil || err.Error() != "the ledger is empty; found it first" {
		t.Error(err)
	}
	s := founded(t, runOf(1, grid, "aaaa"))
	a, err := Ask(t.Context(), s, "x", time.Time{}, measure, 0)
	if err != nil {
		t.Fatal(err)
	}
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := record.Ledger{Place: "x", Code: "34", Events: head.Seq, Hash: head.Hash, Day: "2026-03-02"}
	if *a.Record() != want {
		t.Errorf("%+v, want %+v", *a.Record(), want)
	}
	if _, err := Ask(t.Context(), cut{s}, "x", by.At, measure, 0); err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("the ledger does not end with the event that its head names: event %d", head.Seq+1)) {
		t.Error(err)
	}
}

// cut is a ledger that lacks its last event.
type cut struct{ *ledger.Memory }

func (c cut) Head(ctx context.Context) (ledger.Head, error) {
	h, err := c.Memory.Head(ctx)
	h.Seq++
	return h, err
}

// TestAskCountsCells: the cells of the cases count before the run begins: too many are refused with the limit that they
// break, and with the memory that they need the ledger is read.
func TestAskCountsCells(t *testing.T) {
	s := founded(t, runOf(1, grid, "aaaa..aa", "a.aaa.aa", "aaaa....", "......bb"))
	want := work.CellBytes(2 + 3 + 1 + 1)
	for limit, ok := range map[int64]bool{0: true, want: true, want - 1: false, 1: false} {
		a, err := Ask(t.Context(), s, "ledger.gpkg", by.At, nil, limit)
		if ok && (err != nil || a.Bytes() != want || a.Cases() != 2) || !ok && redline.KindOf(err) != redline.Limit {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}
