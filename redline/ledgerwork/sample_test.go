package ledgerwork

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/record"
)

// sampleRun returns a run of 40 patches: 30 of severity 3 and 10 of severity 1, of 2 candidates each, one of which may be
// suppressed; patch k has 1000·k m², of which its kept candidates are 900·k.
func sampleRun() *RunFound {
	g := grid
	g.Rows, g.Cols = 80, 4
	rows := make([]string, 80)
	for k := range 40 {
		rows[2*k], rows[2*k+1] = string(rune('A'+k))+"...", "...."
	}
	r := runOf(1, g, rows...)
	for i := range r.Detections {
		d, k := &r.Detections[i], float64(i+1)
		d.AreaM2 = 1000 * k
		d.Candidates = []ledger.Candidate{{ID: fmt.Sprint("a", i), Severity: 3, AreaM2: 600 * k}, {ID: fmt.Sprint("b", i), Severity: 1, AreaM2: 300 * k},
			{ID: fmt.Sprint("c", i), Severity: 4, AreaM2: 7000, Reason: "too_small"}}
		if i >= 30 {
			d.Candidates[0].Severity = 1
		}
	}
	return r
}

var tenOf40 = Sampling{Name: "甲", Run: "latest", N: 10, By: []string{"group", "severity"}, Least: 2, Seed: 7}

// drawn commits a sample and returns its cases by stratum.
func drawn(t *testing.T, s ledger.Store, o Sampling) (*Change, *DrawnSample) {
	t.Helper()
	c, err := DrawSample(t.Context(), s, o, by)
	if err == nil {
		err = c.Commit(t.Context(), s)
	}
	if err != nil {
		t.Fatal(err)
	}
	sample, err := SampleNamed(t.Context(), s, o.Name)
	if err != nil {
		t.Fatal(err)
	}
	if err := ledger.Verify(t.Context(), s, func(p string) { t.Error(p) }); err != nil {
		t.Fatal(err)
	}
	return c, sample
}

func idsOf(s *DrawnSample) (ids []string) {
	for _, c := range s.Cases {
		ids = append(ids, c.ID)
	}
	return ids
}

// TestDrawSample: the sample is of all cases, reviewed ones too, as many of each stratum as its share, with probability and
// area; the same ledger, run and seed draw the same cases, another seed others.
func TestDrawSample(t *testing.T) {
	s := founded(t, sampleRun())
	for no := range int64(40) {
		if no%2 == 0 { // those that people chose
			say(t, s, ledger.CaseID("34", no+1), ledger.Judged, map[string]string{"verdict": "confirmed"})
		}
	}
	c, sample := drawn(t, s, tenOf40)
	if n := c.Kinds(); n[ledger.SampleDesigned] != 1 || n[ledger.CaseDrawn] != 10 || len(c.Events) != 11 {
		t.Errorf("events: %v", n)
	}
	want := []ledger.DrawStratum{{Name: "natural>built/1", Cases: 10, Drawn: 3, AreaM2: 900 * (31 + 40) * 5}, {Name: "natural>built/3", Cases: 30, Drawn: 7, AreaM2: 900 * 465}}
	if !slices.Equal(sample.Strata, want) || sample.Seed != 7 || sample.Run != strings.Repeat("1", 64) || sample.Day != ledger.DayOf(by.At) {
		t.Errorf("%+v", sample.Sample)
	}
	reviewed := 0
	for _, d := range sample.Cases {
		var no float64
		fmt.Sscanf(d.ID, "34-%f", &no)
		if p := map[string]string{"natural>built/1": "3/10", "natural>built/3": "7/30"}[d.Stratum]; d.Inclusion != p || d.AreaM2 != fmt.Sprint(900*no) ||
			(no > 30) != (d.Stratum == "natural>built/1") {
			t.Errorf("%s: %+v", d.ID, d.Draw)
		}
		if verdictOf(d.Case) == "confirmed" {
			reviewed++
		}
	}
	if reviewed == 0 || reviewed == 10 {
		t.Errorf("%d of the cases drawn are reviewed", reviewed)
	}
	again := founded(t, sampleRun())
	if _, twin := drawn(t, again, tenOf40); !slices.Equal(idsOf(twin), idsOf(sample)) {
		t.Errorf("the same seed drew %v, then %v", idsOf(sample), idsOf(twin))
	}
	other := tenOf40
	other.Name, other.Seed = "", 8
	_, second := drawn(t, again, other)
	if slices.Equal(idsOf(second), idsOf(sample)) || second.Name != "11111111-8" {
		t.Errorf("another seed drew %v as %s", idsOf(second), second.Name)
	}
	chosen, err := Select(t.Context(), s, Filter{Sample: "甲"})
	if ids := idsOfCases(chosen); err != nil || !slices.Equal(ids, slices.Sorted(slices.Values(idsOf(sample)))) {
		t.Errorf("the list of the sample: %v, %v", ids, err)
	}
	if text := string(JSON(chosen)); strings.Count(text, `"samples": "甲"`) != 10 {
		t.Errorf("no list says what was drawn: %s", text)
	}
}

func idsOfCases(cases []ledger.Case) (ids []string) {
	for _, c := range cases {
		ids = append(ids, c.ID)
	}
	return ids
}

// TestSampleShares: a share is rounded up and gives way to the minimum of each stratum.
func TestSampleShares(t *testing.T) {
	for _, tt := range []struct {
		share float64
		least int
		by    []string
		want  string
	}{
		{20, 2, []string{"severity"}, "1:2 3:6"}, {21, 2, []string{"severity"}, "1:2 3:7"}, {1, 2, []string{"severity"}, "1:2 3:2"},
		{100, 1, []string{"severity"}, "1:10 3:30"}, {10, 1, nil, "all:4"}, {10, 1, []string{"county"}, "-:4"},
	} {
		c, err := DrawSample(t.Context(), founded(t, sampleRun()), Sampling{Name: "x", Run: "11111", Share: tt.share, Least: tt.least, By: tt.by}, by)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range c.Sample.Strata {
			got = append(got, fmt.Sprintf("%s:%d", s.Name, s.Drawn))
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%g %% by %v: %v, want %s", tt.share, tt.by, got, tt.want)
		}
	}
}

func TestSampleFaults(t *testing.T) {
	s := founded(t, sampleRun())
	drawn(t, s, tenOf40)
	again, err := DrawSample(t.Context(), s, tenOf40, by)
	if err != nil || len(again.Events) > 0 || again.Sample == nil {
		t.Errorf("the same sample is drawn again: %v, %v", again, err)
	}
	for want, change := range map[string]func(*Sampling){
		"there is a sample 甲 already; a sample is drawn once": func(o *Sampling) { o.Seed++ },
		"the ledger has no run 2;":                            func(o *Sampling) { o.Run = "2" },
		"41 are to be drawn, but there are only 40":           func(o *Sampling) { o.Name, o.N = "乙", 41 },
		"3 are to be drawn, but 2 strata of at least 2":       func(o *Sampling) { o.Name, o.N = "乙", 3 },
	} {
		o := tenOf40
		change(&o)
		if _, err := DrawSample(t.Context(), s, o, by); err == nil || !strings.Contains(err.Error(), want) || redline.KindOf(err) != redline.Usage {
			t.Errorf("%v, want %s", err, want)
		}
	}
	two := runOf(1, grid, "zz")
	two.ID = strings.Repeat("1", 63) + "2"
	for i := range two.Detections {
		two.Detections[i].Run, two.Detections[i].ID = two.ID, "2/"+two.Detections[i].ID
	}
	alike, o := founded(t, sampleRun(), two), tenOf40
	o.Run, o.N, o.Least = "111", 1, 1
	if _, err := DrawSample(t.Context(), alike, o, by); err == nil || !strings.Contains(err.Error(), "2 runs of the ledger begin with 111; write more of the id") {
		t.Error(err)
	}
	o.Run = two.ID
	if c, err := DrawSample(t.Context(), alike, o, by); err != nil || c.Sample.Run != two.ID || c.Sample.Strata[0].Cases != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := DrawSample(t.Context(), founded(t), tenOf40, by); err == nil || !strings.Contains(err.Error(), "the ledger has no run; add one") {
		t.Error(err)
	}
	if _, err := SampleNamed(t.Context(), s, "乙"); redline.KindOf(err) != redline.Usage || !strings.Contains(err.Error(), "there is no sample 乙") {
		t.Error(err)
	}
	if _, err := Select(t.Context(), founded(t), Filter{Sample: "甲"}); err == nil || !strings.Contains(err.Error(), "the ledger has no sample; draw one") {
		t.Error(err)
	}
}

// TestSampleOfMerged: a case that was merged into another before the draw is drawn as that one, and counts once; one that
// is merged after it is judged by the verdict of that one.
func TestSampleOfMerged(t *testing.T) {
	s := founded(t, sampleRun())
	merge := func(id, into string) {
		say(t, s, id, ledger.Merged, map[string]string{"into": into})
	}
	merge("34-000001", "34-000002")
	all := tenOf40
	all.N = 39
	_, sample := drawn(t, s, all)
	if ids := idsOf(sample); len(ids) != 39 || slices.Contains(ids, "34-000001") {
		t.Errorf("drawn: %v", ids)
	}
	area := func(id string) string {
		return sample.Cases[slices.IndexFunc(sample.Cases, func(d DrawnCase) bool { return d.ID == id })].AreaM2
	}
	if area("34-000002") != "2700" || area("34-000003") != "2700" {
		t.Errorf("areas %s and %s", area("34-000002"), area("34-000003"))
	}
	merge("34-000003", "34-000004")
	say(t, s, "34-000004", ledger.Judged, map[string]string{"verdict": "partly", "reason": "legacy"})
	sample, err := SampleNamed(t.Context(), s, "")
	if err != nil {
		t.Fatal(err)
	}
	if e := EstimateOf(sample); e.Real.Judged != 2 || e.Real.Found != 2 || e.Open["unreviewed"] != 37 {
		t.Errorf("%+v", e)
	}
	chosen, err := Select(t.Context(), s, Filter{Sample: "甲"})
	if ids := idsOfCases(chosen); err != nil || len(ids) != 38 || slices.Contains(ids, "34-000003") {
		t.Errorf("to be judged: %v, %v", ids, err)
	}
}

// TestEstimateOf: what counts as real, as a change and not at all; verdicts of cases that were not drawn change nothing.
func TestEstimateOf(t *testing.T) {
	s := founded(t, sampleRun())
	_, sample := drawn(t, s, tenOf40)
	if text := EstimateOf(sample).expected(); text != "样本“甲”（"+string(sample.Day)+" 抽取）：抽查 10 个，尚无核查结论，不作估计。" {
		t.Errorf("without any verdict: %s", text)
	}
	verdicts := []map[string]string{
		{"verdict": "confirmed"}, {"verdict": "partly", "reason": "outside"}, {"verdict": "refuted", "reason": "misclassified"},
		{"verdict": "refuted", "reason": "natural"}, {"verdict": "refuted", "reason": "residents"}, {"verdict": "unverifiable", "reason": "natural"},
	}
	for i, fields := range verdicts {
		say(t, s, sample.Cases[i].ID, ledger.Judged, fields)
	}
	estimate := func() *Estimate {
		sample, err := SampleNamed(t.Context(), s, "甲")
		if err != nil {
			t.Fatal(err)
		}
		return EstimateOf(sample)
	}
	e := estimate()
	if want := map[string]int{"unverifiable": 1, "unreviewed": 4}; !maps.Equal(e.Open, want) {
		t.Errorf("open: %v", e.Open)
	}
	for name, r := range map[string][2]any{"real": {e.Real, [4]int{40, 10, 5, 2}}, "change": {e.Change, [4]int{40, 10, 5, 4}}} {
		got := r[0].(record.SampleResult)
		if [4]int{got.Cases, got.Drawn, got.Judged, got.Found} != r[1] || got.AtLeast < got.Found || got.AtMost > 40-(got.Judged-got.Found) || got.Low != float64(got.AtLeast)/40 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	// stratum 1: 2 of 3 real; stratum 3: 0 of 2 judged real, of 30
	if e.Strata[0].Judged != 3 || e.Strata[0].Real != 2 || e.Strata[1].Judged != 2 || *e.Real.Share != roundedTo(10*2.0/3/40, 6) {
		t.Errorf("%+v, share %g", e.Strata, *e.Real.Share)
	}
	for _, id := range idsOfCases(mustSelect(t, s)) {
		if !slices.Contains(idsOf(sample), id) {
			say(t, s, id, ledger.Judged, map[string]string{"verdict": "confirmed"})
		}
	}
	if after := estimate(); fmt.Sprintf("%+v", after.Strata) != fmt.Sprintf("%+v", e.Strata) || *after.Real.Share != *e.Real.Share || after.Real.AtMost != e.Real.AtMost {
		t.Errorf("cases that people chose changed the estimate: %+v, before %+v", after, e)
	}
	say(t, s, sample.Cases[0].ID, ledger.Conflict, map[string]string{"field": "verdict", "ledger": "confirmed", "file": "refuted", "value": "confirmed"})
	say(t, s, sample.Cases[1].ID, ledger.Set, map[string]string{"note": "x"})
	if after := estimate(); after.Real.Found != 1 || after.Open["disputed"] != 1 {
		t.Errorf("with a conflict: %+v", after)
	}
	sample.Cases = sample.Cases[1:] // somebody who may not see all
	if part := EstimateOf(sample); part.Open["unseen"] != 1 || part.Real.Drawn != 10 {
		t.Errorf("with one that cannot be seen: %+v", part)
	}
}

func mustSelect(t *testing.T, s ledger.Store) []ledger.Case {
	t.Helper()
	cases, err := Select(t.Context(), s, Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// TestStratumTitle: people read groups and severities in Chinese, and counties by their codes.
func TestStratumTitle(t *testing.T) {
	for _, tt := range []struct {
		by         []string
		name, want string
	}{
		{[]string{ledger.FieldGroup, ledger.FieldSeverity}, "natural>built/4", "自然地类变城镇/严重"},
		{[]string{ledger.FieldSeverity, ledger.FieldCounty}, "1/340002", "提示/340002"},
		{nil, "", "全部"},
	} {
		if got := StratumTitle(tt.by, tt.name); got != tt.want {
			t.Errorf("%v %s: %s, want %s", tt.by, tt.name, got, tt.want)
		}
	}
}
