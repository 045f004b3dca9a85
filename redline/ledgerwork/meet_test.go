package ledgerwork

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"greenshield/redline/ledger"
	"greenshield/redline/ledger/follow"
	"greenshield/redline/record"
)

// TestClosedAndOpenDoNotMerge: a patch over a case that is struck off or handed over and one that is open decides
// nothing: neither is lost in the other.
func TestClosedAndOpenDoNotMerge(t *testing.T) {
	for name, close := range map[string]func(s ledger.Store){
		"struck off": func(s ledger.Store) { struckOff(t, s, "34-000001") },
		"handed over": func(s ledger.Store) {
			say(t, s, "34-000001", ledger.Handed, map[string]string{ledger.FieldHandedTo: "某市"})
		},
	} {
		s := founded(t, runOf(1, grid, "aaaa.ccc"))
		for _, id := range []string{"34-000001", "34-000002"} {
			say(t, s, id, ledger.Judged, map[string]string{ledger.FieldVerdict: "confirmed"})
		}
		say(t, s, "34-000002", ledger.Advanced, map[string]string{ledger.FieldTo: "filed"})
		close(s)
		add(t, s, runOf(2, grid, "bbbbbbbb"))
		want := []string{"34-000001 complex confirmed ground 1, confirm complex",
			"34-000002 new confirmed ground 1, confirm complex"}
		if got := told(t, s); !slices.Equal(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestMergedIntoArchived: a case that was no problem waits again when one is merged into it of which nobody knows.
func TestMergedIntoArchived(t *testing.T) {
	s := founded(t, runOf(1, grid, "aaaa.ccc"))
	say(t, s, "34-000001", ledger.Judged, map[string]string{ledger.FieldVerdict: "refuted", ledger.FieldReason: "natural"})
	add(t, s, runOf(2, grid, "bbbbbbbb"))
	c, err := ledger.CaseOf(t.Context(), s, "34-000001")
	if err != nil || len(c.Disputes) != 1 || c.State != ledger.Unreviewed {
		t.Errorf("%s, %v, %v", c.State, c.Disputes, err)
	}
}

// TestUndecidedByGround: of several cases and detections each detection is told of the case that it shares most with,
// whatever their ids.
func TestUndecidedByGround(t *testing.T) {
	s := founded(t, runOf(1, grid, "aaaaaaaa.ccccccc"))
	add(t, s, runOf(2, grid, "zzzddddddddddddd"))
	for id, want := range map[string]string{"34-000001": "z", "34-000002": "d"} {
		c, err := ledger.CaseOf(t.Context(), s, id)
		if err != nil || c.Relation != ledger.Complex || c.Detection != ledger.DetectionID(run2, want) {
			t.Errorf("%s: %s %s, %v", id, c.Relation, c.Detection, err)
		}
	}
}

const run2 = "2222222222222222"

// TestSplitKeepsGround: where the parts of a split are less than half of the case, the rest is not forgotten: that it
// is absent from a run does not say that it is gone.
func TestSplitKeepsGround(t *testing.T) {
	s := founded(t, runOf(1, grid, "aaaaaaaaaa"))
	add(t, s, runOf(2, grid, "bb......cc"))
	lattices, _, err := Ground(t.Context(), s)
	if err != nil || len(lattices) != 1 || len(lattices[0].Cases) != 2 {
		t.Fatal(lattices, err)
	}
	if got := fmt.Sprint(lattices[0].Cases[0].Cells, lattices[0].Cases[1].Cells); got != "[{0 0 10}] [{0 8 10}]" {
		t.Error(got)
	}
}

// TestMinAreaWithoutCandidates: a run that found nothing has the minimum area that its job said.
func TestMinAreaWithoutCandidates(t *testing.T) {
	for _, tt := range []struct {
		minArea string
		badM2   float64
		want    bool
	}{{"0.05ha", 400, false}, {"0.05ha", 500, true}, {"500m2", 499, false}, {"500m2", 500, true}, {"5cells", 400, false},
		{"5cells", 500, true}} {
		s := founded(t, runOf(1, grid, "aaaaaaaaaa"))
		struckOff(t, s, "34-000001")
		r := runOf(2, grid)
		r.MinArea, r.Image = tt.minArea, Image{Year: 2027, Source: "a"}
		r.Grounds = []follow.Ground{groundOf("34-000001", tt.badM2, 1000-tt.badM2, 0, 0)}
		later := by
		later.At = time.Date(2027, 3, 2, 1, 0, 0, 0, time.UTC)
		c, err := Add(t.Context(), s, r, later)
		if err != nil {
			t.Fatal(err)
		}
		if _, suspected := c.Followed(); (len(suspected) == 1) != tt.want {
			t.Errorf("%s, %g m² are bad: %v", tt.minArea, tt.badM2, suspected)
		}
	}
}

// TestAskOfAnOldLedger: that nothing was said since the year before the image hides nothing that it shows.
func TestAskOfAnOldLedger(t *testing.T) {
	s := founded(t, runOf(1, grid, "aaaaaaaaaa"))
	struckOff(t, s, "34-000001")
	a, err := Ask(t.Context(), s, "ledger.gpkg", time.Time{}, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	r := runOf(2, grid)
	r.Image = ImageOf(record.Input{Year: 2027})
	told, err := a.followUps(2027, r, []follow.Ground{groundOf("34-000001", 1000, 0, 0, 0)})
	if err != nil || len(told) != 1 || told[0].Suspicion != ledger.SuspectFalse {
		t.Errorf("%+v, %v", told, err)
	}
}
