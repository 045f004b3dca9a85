package ledgerpg

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/ledgertest"
	"greenshield/redline/redlinetest"
)

// people are the roles of a test: what each is granted, and the county that is his.
var people = []struct{ role, granted, level, county string }{
	{"reading", "ledger_reader", "", ""},
	{"li", "ledger_reviewer", "county", "341701"}, {"wang", "ledger_reviewer", "county", "341701"},
	{"zhao", "ledger_reviewer", "county", "341702"}, {"unit", "ledger_acceptor", "city", "3417"},
	{"keeping", "ledger_keeper", "", ""}, {"stranger", "", "", ""}, {"nowhere", "ledger_reviewer", "", ""},
}

// peopled returns a ledger of 6 cases, two in each of the counties 341700 to 341702, with the people of the test.
func peopled(t *testing.T) string {
	t.Helper()
	url := filled(t, 6)
	sql := []string{}
	for _, p := range people {
		sql = append(sql, fmt.Sprintf(`DO $$ BEGIN CREATE ROLE %s LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`, p.role))
		if p.granted != "" {
			sql = append(sql, fmt.Sprintf("GRANT %s TO %s", p.granted, p.role))
		}
		if p.level != "" {
			sql = append(sql, fmt.Sprintf("INSERT INTO ledger.people VALUES ('%s', '%s某', '%s', '%s')", p.role, p.role, p.level, p.county))
		}
	}
	super(t, url, sql...)
	return url
}

// as runs a statement as a role, and returns how many rows it found or changed, and what the server says.
func as(t *testing.T, url, role, sql string) (rows int64, said string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url+" user="+role)
	redlinetest.Must(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	tag, err := conn.Exec(t.Context(), sql)
	if err != nil {
		said = err.Error()
	}
	return tag.RowsAffected(), said
}

// TestRights: what each may see and do, and what he is told when he may not.
func TestRights(t *testing.T) {
	url := peopled(t)
	const (
		denied = "permission denied"
		policy = "violates row-level security policy"
		only   = "只能由程序写入"
		insert = "INSERT INTO ledger.edits (case_id, base_seq, field, value) VALUES ('340000-000001', 1, "
	)
	for _, c := range []struct {
		role, sql string
		rows      int64
		said      string
	}{
		{"reading", "SELECT FROM ledger.cases", 6, ""}, {"reading", "SELECT FROM ledger.events", 14, ""},
		{"reading", "UPDATE ledger.judging SET verdict = 'confirmed'", 0, denied},
		{"li", "SELECT FROM ledger.cases", 2, ""}, {"li", "SELECT FROM ledger.detections", 2, ""},
		{"li", "SELECT FROM ledger.events", 6, ""}, {"li", "SELECT FROM ledger.judging", 2, ""},
		{"unit", "SELECT FROM ledger.cases", 6, ""}, {"keeping", "SELECT FROM ledger.cases", 6, ""},
		{"nowhere", "SELECT FROM ledger.cases", 0, ""}, {"stranger", "SELECT FROM ledger.cases", 0, denied},
		{"li", "UPDATE ledger.judging SET verdict = 'confirmed' WHERE id = '340000-000003'", 0, "The case has changed since you read it, or is not yours"},
		{"li", "UPDATE ledger.judging SET verdict = 'confirmed' WHERE version = '340000-000001@3'", 0, "该点位在您读取之后已有变化，或不归您管；请刷新图层后再改。"},
		{"li", insert + "'verdict', 'x')", 1, ""},
		{"zhao", insert + "'verdict', 'x')", 0, policy}, {"li", insert + "'outcome', 'passed')", 0, policy},
		{"unit", insert + "'verdict', 'x')", 0, policy}, {"reading", insert + "'verdict', 'x')", 0, denied},
		{"li", "INSERT INTO ledger.edits (case_id, base_seq, field, value, editor) VALUES ('340000-000001', 1, 'note', 'x', 'wang')", 0, denied},
		{"li", "DELETE FROM ledger.edits", 0, denied}, {"li", "UPDATE ledger.people SET county = ''", 0, denied},
		{"li", "UPDATE ledger.cases SET state = 'archived'", 0, denied}, {"li", "DELETE FROM ledger.events", 0, denied},
		{"li", "UPDATE ledger.judging SET state = 'archived'", 0, "字段 state 不能在此修改。The field state cannot be changed here."},
		{"li", "UPDATE ledger.judging SET geom = NULL", 0, "字段 geom 不能在此修改"},
		{"li", "DELETE FROM ledger.judging", 0, "点位不能删除；不属实的请在核查结论中注明。Cases cannot be deleted; judge them."},
		{"li", "INSERT INTO ledger.judging (id) VALUES ('x')", 0, "点位由程序生成，不能新增"},
		{"keeping", "UPDATE ledger.events SET actor = 'x'", 0, denied}, {"keeping", "DELETE FROM ledger.cases", 0, denied},
		{"keeping", "UPDATE ledger.cases SET state = 'archived'", 0, only}, {"keeping", "UPDATE ledger.head SET seq = 0", 0, only},
		{"postgres", "UPDATE ledger.events SET actor = 'x'", 0, "事项和图斑一经记录不能修改；有误请另记一条更正。Events and detections never change: add an event that corrects."},
		{"postgres", "DELETE FROM ledger.events", 0, "台账只增不删"}, {"postgres", "TRUNCATE ledger.detections", 0, "台账只增不删"},
		{"postgres", "SET ledger.appending = 'on'; UPDATE ledger.detections SET area_m2 = 1", 0, "一经记录不能修改"},
	} {
		rows, said := as(t, url, c.role, c.sql)
		if c.said == "" && said != "" || !strings.Contains(said, c.said) || said == "" && rows != c.rows {
			t.Errorf("%s: %s: %d rows, %q; want %d, %q", c.role, c.sql, rows, said, c.rows, c.said)
		}
	}
}

// TestRolesOfStores: the keeper appends, others are refused with what to do, and each reads what is his.
func TestRolesOfStores(t *testing.T) {
	url := peopled(t)
	keeper := store(t, url+" user=keeping")
	head, err := keeper.Head(t.Context())
	redlinetest.Must(t, err)
	d := ledgertest.Detection(2, 9, 100)
	e := d.Event(ledger.CaseID("340000", 7), ledger.New)
	e.Time = ledgertest.At.AddDate(0, 0, 2)
	redlinetest.Must(t, ledger.Commit(t.Context(), keeper, head, []ledger.Event{note("kept"), e}, []ledger.Detection{d}))
	ledgertest.Sound(t, keeper)
	head, err = keeper.Head(t.Context())
	redlinetest.Must(t, err)
	for _, role := range []string{"li", "reading", "unit"} {
		err := ledger.Commit(t.Context(), store(t, url+" user="+role), head, []ledger.Event{note("x")}, nil)
		if redline.KindOf(err) != redline.Usage || !strings.Contains(err.Error(), "ask the keeper of the ledger for the role") {
			t.Errorf("%s appends: %v", role, err)
		}
	}
	if err := onlyError(Open(t.Context(), url+" user=stranger")); redline.KindOf(err) != redline.Usage ||
		!strings.HasPrefix(err.Error(), "PostgreSQL does not allow that: permission denied") {
		t.Errorf("a stranger: %v", err)
	}
	n := 0
	for c, err := range store(t, url+" user=zhao").Cases(t.Context(), ledger.CaseFilter{}) {
		redlinetest.Must(t, err)
		if n++; c.Get(ledger.FieldCounty) != "341702" {
			t.Errorf("zhao sees %s of county %s", c.ID, c.Get(ledger.FieldCounty))
		}
	}
	if n != 2 {
		t.Errorf("zhao sees %d cases", n)
	}
}

// edits lists what the keeper finds, without times.
func edits(t *testing.T, s *Store) (all []string) {
	t.Helper()
	for e, err := range s.Edits(t.Context()) {
		redlinetest.Must(t, err)
		all = append(all, fmt.Sprintf("%s@%d %s=%s by %s %s %s", e.Case, e.BaseSeq, e.Field, e.Value, e.Editor, e.Name, e.Level))
	}
	return all
}

// TestEdits: what two reviewers write in their layers is kept for both, with what each had seen, and shown to each; the
// ledger does not change until it is brought in.
func TestEdits(t *testing.T) {
	url := peopled(t)
	s := store(t, url+" user=keeping")
	before, err := s.Head(t.Context())
	redlinetest.Must(t, err)
	must := func(role, sql string) {
		t.Helper()
		if n, said := as(t, url, role, sql); n != 1 || said != "" {
			t.Fatalf("%s: %s: %d rows, %s", role, sql, n, said)
		}
	}
	judge := func(role, set string) {
		t.Helper()
		must(role, "UPDATE ledger.judging SET "+set+" WHERE id = '340000-000001'")
	}
	super(t, url, "UPDATE ledger.people SET county = '3417'")
	judge("li", "verdict = 'refuted', reason = 'natural', note = E'a ''note''\\n'")
	head := before
	redlinetest.Must(t, ledger.Commit(t.Context(), s, head, []ledger.Event{note("moved")}, nil))
	judge("wang", "verdict = 'partly'")
	judge("li", "reason = 'lawful'")
	judge("li", "reason = 'lawful'") // changes nothing
	want := []string{
		"340000-000001@9 verdict=refuted by li li某 county", "340000-000001@9 reason=lawful by li li某 county",
		"340000-000001@9 note=a 'note'\n by li li某 county", "340000-000001@15 verdict=partly by wang wang某 county",
	}
	got := edits(t, s)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("edits: %q, want %q", got, want)
	}
	for role, others := range map[string]string{"li": "wang: verdict = partly",
		"wang": "li: note = a 'note'\n\nli: reason = lawful\nli: verdict = refuted"} {
		var verdict, told string
		redlinetest.Must(t, store(t, url+" user="+role).pool.QueryRow(t.Context(),
			"SELECT verdict, others FROM ledger.judging WHERE id = '340000-000001'").Scan(&verdict, &told))
		if mine := map[string]string{"li": "refuted", "wang": "partly"}[role]; verdict != mine || told != others {
			t.Errorf("%s sees %q, and of others %q", role, verdict, told)
		}
	}
	if head, err := s.Head(t.Context()); err != nil || head.Seq != before.Seq+1 {
		t.Errorf("the head is %v, %v", head, err)
	}
	// One edit changes again while the command brings in what it has read.
	var all []Edit
	for e, err := range s.Edits(t.Context()) {
		redlinetest.Must(t, err)
		all = append(all, e)
	}
	judge("wang", "verdict = 'confirmed'")
	redlinetest.Must(t, s.Taken(t.Context(), all))
	if got := edits(t, s); len(got) != 0 && !slices.Equal(got, []string{"340000-000001@15 verdict=confirmed by wang wang某 county"}) {
		t.Errorf("after taking: %q", got)
	}
	ledgertest.Sound(t, s)
}

// TestReviewersEditAtOnce: of 50 sessions that edit the same fields at once each keeps what it wrote.
func TestReviewersEditAtOnce(t *testing.T) {
	const sessions = 50
	url := peopled(t)
	var sql []string
	for i := range sessions {
		sql = append(sql, fmt.Sprintf("DO $$ BEGIN CREATE ROLE r%d LOGIN IN ROLE ledger_reviewer; EXCEPTION WHEN duplicate_object THEN NULL; END $$", i),
			fmt.Sprintf("INSERT INTO ledger.people VALUES ('r%d', 'r', 'county', '3417')", i))
	}
	super(t, url, sql...)
	var wait sync.WaitGroup
	for i := range sessions {
		wait.Go(func() {
			for _, set := range []string{"note = 'draft'", fmt.Sprintf("note = 'of %d'", i), "verdict = 'partly'"} {
				if n, said := as(t, url, fmt.Sprint("r", i), "UPDATE ledger.judging SET "+set); n != 6 {
					t.Errorf("session %d: %d rows, %s", i, n, said)
				}
			}
		})
	}
	wait.Wait()
	count := map[string]int{}
	for e, err := range store(t, url).Edits(t.Context()) {
		redlinetest.Must(t, err)
		if count[e.Field]++; e.Field == "note" && "r"+strings.TrimPrefix(e.Value, "of ") != e.Editor {
			t.Errorf("%s has the note %q", e.Editor, e.Value)
		}
	}
	if count["note"] != 6*sessions || count["verdict"] != 6*sessions {
		t.Errorf("edits by field: %v", count)
	}
}
