package register

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/service/gate"
)

// office fills a store with cases that stand around the first one.
func office(t *testing.T, s ledger.Store) {
	t.Helper()
	// A cell is 27.7 m high and 23.6 m wide.
	own, beside, far := patch(1, "341702", 100, 100, 2, 2), patch(2, "341702", 100, 110, 2, 2), patch(3, "341702", 100, 130, 2, 2)
	gone, child := patch(4, "341702", 104, 100, 1, 1), patch(5, "341703", 108, 100, 1, 1)
	split := child.Event(caseID(5), ledger.Split)
	split.Fields[ledger.FieldSplitFrom] = caseID(1)
	lead := func(no int, dLat string) ledger.Event {
		return say(caseID(no), ledger.LeadTold, ledger.FieldLeadSource, "信访", ledger.FieldLeadNo, fmt.Sprint("X", no), ledger.FieldLeadText,
			"有人毁林<b>", ledger.FieldLon, "117.025", ledger.FieldLat, dLat, ledger.FieldLeadDate, "2026-01-05")
	}
	seen := say(caseID(1), ledger.FollowUp, ledger.FieldFinding, ledger.Partly, ledger.FieldYear, "2024", ledger.FieldRun, runID,
		ledger.FieldShareBad, "61.5", ledger.FieldShareOld, "38.5", ledger.FieldBadM2, "1500")
	evidence := say(caseID(1), ledger.Evidence)
	evidence.Doc = ledger.Document{Name: "照片.pdf", SHA256: strings.Repeat("a", 64)}
	commit(t, s, begin, []ledger.Detection{own, beside, far, gone, child}, append(founding(),
		own.Event(caseID(1), ledger.New), beside.Event(caseID(2), ledger.New), far.Event(caseID(3), ledger.New),
		gone.Event(caseID(4), ledger.New), say(caseID(4), ledger.Merged, ledger.FieldInto, caseID(2)),
		say(caseID(2), ledger.Merged, ledger.FieldInto, caseID(1)), split,
		lead(6, "31.980"), lead(7, "31.967"), lead(8, "31.960"),
		say(caseID(1), ledger.Judged, ledger.FieldVerdict, "confirmed", ledger.FieldReviewer, person, ledger.FieldNote, "现场核实"),
		say(caseID(1), ledger.Advanced, ledger.FieldTo, string(ledger.Filed)),
		say(caseID(1), ledger.Advanced, ledger.FieldTo, string(ledger.Rectifying)), evidence, seen,
		say(caseID(1), ledger.Conflict, ledger.FieldField, ledger.FieldVerdict, ledger.FieldBase, "confirmed", ledger.FieldOurs, "confirmed",
			ledger.FieldFile, "partly", ledger.FieldValue, "confirmed"))...)
}

// TestCase: all that is known of a case.
func TestCase(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			office(t, s)
			r := open(t, s)
			var c Case
			w := get(t, r, "/cases/"+caseID(1), &c)
			story, err := ledgerwork.StoryOf(t.Context(), s, caseID(1))
			if err != nil {
				t.Fatal(err)
			}
			if w.Code != http.StatusOK || w.Header().Get("ETag") != fmt.Sprintf(`"%d"`, story.Case.Seq) || c.Seq != story.Case.Seq ||
				w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%d %v, want %d", w.Code, w.Header(), story.Case.Seq)
			}
			if c.State != (term{"rectifying", "整改中"}) || !slices.Contains(c.Side, term{"disputed", "结论冲突"}) {
				t.Error(c.State, c.Side)
			}
			fieldsAre(t, c.Fields)
			if want := `{"type":"MultiPolygon","coordinates":[[[[117.025,31.975],[117.025,31.9745],[117.0255,31.9745],[117.0255,31.975],[117.025,31.975]]]]}`; string(c.Geometry) != want {
				t.Errorf("geometry %s", c.Geometry)
			}
			relationsAre(t, &c)
			if len(c.Detections) != 1 || c.Detections[0].ID != patch(1, "", 0, 0, 1, 1).ID || !c.Detections[0].Latest || !c.Detections[0].Ground ||
				c.Detections[0].Candidates[0].ID != "C1" || c.Detections[0].Run != runID || c.Detections[0].YearB != 2020 {
				t.Errorf("detections %+v", c.Detections)
			}
			if want := []seen{{Seq: story.Case.Seq - 1, Year: "2024", Finding: term{"partly", "部分恢复"}, Run: runID, Day: "2026-03-02",
				Shares: map[string]float64{"share_bad": 61.5, "share_before": 38.5, "bad_m2": 1500}}}; !reflect.DeepEqual(c.FollowUps, want) {
				t.Errorf("follow-ups %+v", c.FollowUps)
			}
			if len(c.Evidence) != 1 || c.Evidence[0].Name != "照片.pdf" {
				t.Error(c.Evidence)
			}
			if want := []dispute{{field{"verdict", "核查结论", "verdict"}, []term{{"confirmed", "属实"}, {"partly", "部分属实"}}}}; !reflect.DeepEqual(c.Disputes, want) {
				t.Errorf("disputes %+v", c.Disputes)
			}
			historyIs(t, &c, story)
		})
	}
}

func fieldsAre(t *testing.T, fields []said) {
	t.Helper()
	got := map[string]said{}
	for _, f := range fields {
		if _, twice := got[f.Name]; twice || f.Title == "" {
			t.Errorf("%+v is there twice, or has no title", f)
		}
		got[f.Name] = f
	}
	for _, want := range []said{
		{field{"verdict", "核查结论", "verdict"}, "confirmed", "属实"}, {field{"severity", "严重程度", "severity"}, 1.0, "提示"},
		{field{"note", "核查说明", ""}, "现场核实", ""}, {field{"area_ha", "面积(公顷)", ""}, 0.2502, ""},
		{field{"assigned_to", "核查分派", ""}, nil, ""}, {field{"group", "变化类别", "group"}, "natural>built", "自然地类变城镇"},
		{field{"year_b", "后期年份", ""}, "2020", ""}, {field{"share_bad", "仍为问题地类(%)", ""}, "61.5", ""},
	} {
		if got[want.Name] != want {
			t.Errorf("%+v, want %+v", got[want.Name], want)
		}
	}
}

// relationsAre: which cases and leads stand around the first one of the office, and how far.
func relationsAre(t *testing.T, c *Case) {
	t.Helper()
	unreviewed := term{"unreviewed", "待核查"}
	if c.MergedInto != nil || c.SplitFrom != nil || len(c.MergedFrom) != 1 || c.MergedFrom[0].ID != caseID(2) ||
		len(c.SplitInto) != 1 || c.SplitInto[0].ID != caseID(5) {
		t.Errorf("%+v %+v %+v %+v", c.MergedInto, c.SplitFrom, c.MergedFrom, c.SplitInto)
	}
	// From the cells 100–101 to 108 there are 6 cells; to the lead of 31.967 there are 30, of 31.980 there are 20.
	if len(c.Neighbours) != 1 || c.Neighbours[0].ID != caseID(5) || c.Neighbours[0].State != unreviewed ||
		*c.Neighbours[0].Metres < 166 || *c.Neighbours[0].Metres > 167 {
		t.Errorf("neighbours %+v", c.Neighbours)
	}
	var leads []string
	for _, l := range c.NearLeads {
		leads = append(leads, fmt.Sprintf("%s %s %s %.0f", l.Case, l.Number, l.Day, *l.Metres))
	}
	want := []string{caseID(6) + " X6 2026-01-05 554", caseID(7) + " X7 2026-01-05 832"}
	if !slices.Equal(leads, want) || c.NearLeads[0].Text != "有人毁林<b>" || c.NearLeads[0].ID != "0000000010" {
		t.Errorf("leads %v %+v, want %v", leads, c.NearLeads, want)
	}
}

func historyIs(t *testing.T, c *Case, story *ledgerwork.Story) {
	t.Helper()
	if len(c.History) != len(story.Events) {
		t.Fatalf("%d events, want %d", len(c.History), len(story.Events))
	}
	e := c.History[1]
	if e.Kind != (term{"judged", "核查结论"}) || e.Actor != person || *e.Level != (term{"county", "县级"}) || !strings.HasPrefix(e.Time, "2026-03-02T09:00:") ||
		!strings.HasSuffix(e.Time, "+08:00") || !slices.Contains(e.Fields, said{field{"verdict", "核查结论", "verdict"}, "confirmed", "属实"}) {
		t.Errorf("%+v", e)
	}
	if last := c.History[4]; last.Document == nil || last.Document.Name != "照片.pdf" {
		t.Errorf("%+v", last)
	}
	for _, e := range c.History {
		for _, f := range e.Fields {
			if f.Name == ledger.FieldDetectionHash {
				t.Error("the history tells hashes")
			}
		}
	}
}

// TestGoneCases: a case that was merged says into which, to the end; one that never was is not found.
func TestGoneCases(t *testing.T) {
	s := new(ledger.Memory)
	office(t, s)
	r := open(t, s)
	var c Case
	get(t, r, "/cases/"+caseID(4), &c)
	if c.MergedInto == nil || c.MergedInto.ID != caseID(1) || c.MergedInto.State.Code != "rectifying" || len(c.Next) != 0 {
		t.Errorf("%+v, next %+v", c.MergedInto, c.Next)
	}
	c = Case{}
	get(t, r, "/cases/"+caseID(5), &c)
	if c.SplitFrom == nil || c.SplitFrom.ID != caseID(1) {
		t.Errorf("%+v", c.SplitFrom)
	}
	for _, path := range []string{"/cases/34-999999", "/cases/..%2f", "/cases/34-999999/events", "/cases/'"} {
		var problem struct{ Status int }
		if w := get(t, r, path, &problem); w.Code != http.StatusNotFound || problem.Status != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestNext: what may be said of a case is what the rules allow, and what they miss is told in Chinese.
func TestNext(t *testing.T) {
	s := new(ledger.Memory)
	office(t, s)
	r := open(t, s)
	steps := func(no int) map[string]step {
		c, err := r.Case(t.Context(), caseID(no), &gate.User{Name: "王", Level: ledger.City})
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]step{}
		for _, s := range c.Next {
			name := s.Kind.Code
			if s.To != nil {
				name += " " + s.To.Code
			}
			all[name] = s
		}
		return all
	}
	under, fresh := steps(1), steps(3)
	allowed := func(all map[string]step) (names []string) {
		for name, s := range all {
			if s.Allowed {
				names = append(names, name)
			}
			if s.Allowed != (len(s.Missing) == 0) {
				t.Errorf("%s is allowed: %v, missing %v", name, s.Allowed, s.Missing)
			}
		}
		slices.Sort(names)
		return names
	}
	if got, want := allowed(fresh), []string{"handed", "judged", "merged", "set"}; !slices.Equal(got, want) {
		t.Errorf("of a fresh case: %v, want %v", got, want)
	}
	if got, want := allowed(under), []string{"evidence", "handed", "judged", "merged", "set", "settled"}; !slices.Equal(got, want) {
		t.Errorf("of one that is being rectified: %v, want %v", got, want)
	}
	submit := under["advanced submitted"]
	if len(submit.Missing) != 1 || !strings.Contains(submit.Missing[0].English, "problem, measures, standard") ||
		strings.HasPrefix(submit.Missing[0].English, "case ") || !strings.Contains(submit.Missing[0].Chinese, "清单") {
		t.Errorf("%+v", submit)
	}
	if file := fresh["advanced filed"]; file.Fields["to"] != "filed" || len(file.Missing) != 1 || file.Missing[0].Chinese == file.Missing[0].English {
		t.Errorf("%+v", file)
	}
	if under["settled"].Fields["field"] != "verdict" || !slices.Contains(under["settled"].Ask, ask{field{"value", "裁定值", ""}, true}) {
		t.Errorf("%+v", under["settled"])
	}
	if asked := fresh["judged"].Ask; !slices.Contains(asked, ask{field{"verdict", "核查结论", "verdict"}, true}) ||
		!slices.Contains(asked, ask{field{"reason", "核查依据", "reason"}, false}) || len(asked) != len(ledger.Reviewed()) {
		t.Errorf("%+v", asked)
	}
}

// TestStepsAreWhatTheRulesAllow: on the whole way of a case, each step that is allowed is taken by the rules as it is
// offered, and each one that is not is refused.
func TestStepsAreWhatTheRulesAllow(t *testing.T) {
	s := new(ledger.Memory)
	office(t, s)
	r := open(t, s)
	c, err := ledger.CaseOf(t.Context(), s, caseID(3))
	if err != nil {
		t.Fatal(err)
	}
	random, states := rand.New(rand.NewPCG(1, 1)), map[ledger.State]bool{}
	for range 400 {
		seq := c.Seq
		c.Fields["problem"], c.Fields["measures"], c.Fields["standard"], c.Fields["responsible_unit"] = "甲", "乙", "丙", "丁"
		c.Fields["responsible_person"], c.Fields["due_text"], c.Fields["verdict"] = "戊", "立行立改", "confirmed"
		var open []trial
		for _, trial := range r.trials(&c, &gate.User{Name: "王", Level: ledger.City}) {
			offered := stepOf(&c, trial)
			if offered.Allowed != (ledger.Shipped().Check(&c, trial.Event) == nil) {
				t.Fatalf("%+v", offered)
			}
			if offered.Allowed && trial.Kind != ledger.Merged && trial.Kind != ledger.Handed {
				open = append(open, trial)
			}
		}
		e := open[random.IntN(len(open))].Event
		e.Seq = seq + 1
		if c, err = c.Apply(e); err != nil {
			t.Fatal(err)
		}
		states[c.State] = true
	}
	if len(states) < 7 {
		t.Errorf("only %v were reached", states)
	}
}

// TestEvents: the history in parts.
func TestEvents(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			office(t, s)
			r := open(t, s)
			var whole Case
			get(t, r, "/cases/"+caseID(1), &whole)
			for _, limit := range []int{1, 2, 6, 7, 1000} {
				var got []event
				for after := int64(0); ; {
					var part events
					get(t, r, fmt.Sprintf("/cases/%s/events?limit=%d&after=%d", caseID(1), limit, after), &part)
					if got = append(got, part.Events...); part.Next == nil {
						break
					}
					if after = *part.Next; len(part.Events) != limit {
						t.Fatalf("a part of %d", len(part.Events))
					}
				}
				if !reflect.DeepEqual(got, whole.History) {
					t.Errorf("by %d: %d events, want %d", limit, len(got), len(whole.History))
				}
			}
			for _, bad := range []string{"after=x", "after=-1", "limit=0", "limit=1001", "limit=1e3"} {
				if w := get(t, r, "/cases/"+caseID(1)+"/events?"+bad, nil); w.Code != http.StatusBadRequest {
					t.Errorf("%s: %d", bad, w.Code)
				}
			}
		})
	}
}

// TestVocabulary: every code has its Chinese, and none is missing that a rule knows.
func TestVocabulary(t *testing.T) {
	var v map[string]json.RawMessage
	get(t, open(t, new(ledger.Memory)), "/vocabulary", &v)
	for set, codes := range sets() {
		var terms []term
		if err := json.Unmarshal(v[set], &terms); err != nil || len(terms) != len(codes) || len(codes) == 0 {
			t.Errorf("%s: %s", set, v[set])
		}
		for _, c := range terms {
			if c.Title == "" || c.Title == c.Code {
				t.Errorf("%s of %s has no Chinese", c.Code, set)
			}
		}
	}
	var verdicts []verdict
	var reasons []reason
	if json.Unmarshal(v["verdict"], &verdicts) != nil || json.Unmarshal(v["reason"], &reasons) != nil {
		t.Fatal(string(v["verdict"]))
	}
	needs := map[string]string{}
	for _, one := range verdicts {
		needs[one.Code] = one.Reason
	}
	if needs["refuted"] != "required" || needs["confirmed"] == "required" || len(needs) != 5 {
		t.Error(needs)
	}
	if at := slices.IndexFunc(reasons, func(r reason) bool { return r.Code == "duplicate" }); at < 0 || len(reasons[at].Needs) == 0 ||
		reasons[at].Needs[0] != (field{"duplicate_of", "与之重复", ""}) {
		t.Errorf("%+v", reasons)
	}
	for _, name := range []string{"severity", "measure", "judged_fields", "set_fields", "columns"} {
		var all []map[string]any
		if json.Unmarshal(v[name], &all) != nil || len(all) < 4 {
			t.Errorf("%s: %s", name, v[name])
		}
	}
}
