package intake

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgergpkg"
	"greenshield/redline/redlinetest"
)

const refuted = `{"kind":"judged","fields":{"verdict":"refuted","reason":"natural","note":"水位"}}`

// TestPost: a verdict is an event in the name and at the level of its sender and at the time of the service; it is taken
// back by what the answer says, and given again.
func TestPost(t *testing.T) {
	eachStore(t, func(t *testing.T, o *office) {
		before := o.at(case13)
		a := o.want(201, o.post("li", case13, before.Seq, "k1", refuted))
		now := o.at(case13)
		if !reflect.DeepEqual(a.said.Case, *now) || a.header.Get("ETag") != fmt.Sprintf(`"%d"`, now.Seq) ||
			now.State != ledger.Archived || now.Get("verdict") != "refuted" || now.Get("reviewer") != "李明" ||
			now.Get("review_date") != "2026-03-03" || now.Get("request") != "" {
			t.Errorf("the case is %+v, the answer %s, ETag %s", now, a.body, a.header.Get("ETag"))
		}
		all := events(t, o.store, case13)
		judged, moved := all[len(all)-2], all[len(all)-1]
		if judged.Kind != ledger.Judged || judged.Actor != "李明" || judged.Level != ledger.County || !judged.Time.Equal(today) ||
			moved.Kind != ledger.Advanced || moved.Actor != "李明" || !reflect.DeepEqual(a.said.Events, []int64{judged.Seq, moved.Seq}) {
			t.Errorf("events %+v, numbers %v", all, a.said.Events)
		}
		if s, ok := o.store.(*ledgergpkg.Store); ok {
			unseen(t, s, judged.Fields["request"])
		}
		if n := len(judged.Fields["request"]); n != 65 || judged.Fields["request"] != moved.Fields["request"] {
			t.Errorf("the request is %q", judged.Fields["request"])
		}
		if len(a.said.Undo) != 1 {
			t.Fatalf("undo: %s", a.body)
		}
		o.want(201, o.post("li", case13, now.Seq, "k2", jsonOf(a.said.Undo[0])))
		now = o.at(case13)
		if delete(now.Fields, "verdict"); now.State != ledger.Unreviewed || !reflect.DeepEqual(now.Fields, before.Fields) {
			t.Errorf("taken back: %v, before: %v", now.Fields, before.Fields)
		}
		o.want(201, o.post("li", case13, now.Seq, "k3", refuted))
		if n := len(events(t, o.store, case13)); n != len(all)+4 {
			t.Errorf("%d events, want %d", n, len(all)+4)
		}
		sound(t, o.store)
	})
}

// unseen fails the test when a text stands in what QGIS shows of cases and their history, or in the copy for reviewers.
func unseen(t *testing.T, s *ledgergpkg.Store, text string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy.gpkg")
	redlinetest.Must(t, s.Backup(t.Context(), path))
	db, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	redlinetest.Must(t, err)
	defer db.Close()
	rows := 0
	for _, view := range []string{"case_areas", "case_points", "case_history", "cases"} {
		redlinetest.Must(t, sqlitex.ExecuteTransient(db, "SELECT * FROM "+view, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			rows++
			for i := range stmt.ColumnCount() {
				if strings.Contains(stmt.ColumnText(i), text) {
					t.Errorf("%s shows the request in %s", view, stmt.ColumnName(i))
				}
			}
			return nil
		}}))
	}
	if rows < 40 {
		t.Errorf("only %d rows were looked at", rows)
	}
}

// TestPostTwoReviewers: who saw the case before another one wrote is heard where he speaks of another field, and told of
// the other one's where it is the same; both are kept when he wants that.
func TestPostTwoReviewers(t *testing.T) {
	eachStore(t, func(t *testing.T, o *office) {
		seq := o.at(case13).Seq
		o.want(201, o.post("li", case13, seq, "a", refuted))
		o.want(201, o.post("wang", case13, seq, "a", `{"kind":"set","fields":{"due_text":"立行立改"}}`))
		head := o.head()
		confirmed := `{"kind":"judged","fields":{"verdict":"confirmed"}}`
		a := o.want(409, o.post("wang", case13, seq, "b", confirmed))
		if fmt.Sprint(a.said.Conflicts) != "[{verdict unreviewed refuted confirmed}]" || !a.said.Keep || o.head() != head {
			t.Errorf("in conflict: %s", a.body)
		}
		a = o.want(201, o.post("wang", case13, seq, "c", `{"kind":"judged","fields":{"verdict":"confirmed"},"conflict":"keep_both"}`))
		now := o.at(case13)
		if fmt.Sprint(now.Disputes) != "[{verdict [confirmed refuted]}]" || now.State != ledger.Unreviewed ||
			now.Get("verdict") != "confirmed" || now.Get("reviewer") != "李明、王强" || a.said.Undo != nil {
			t.Errorf("both are kept: %+v, %s", now, a.body)
		}
		// A move of what somebody else has moved is neither made twice nor against him.
		o.want(201, o.post("zhao", case13, now.Seq, "d", `{"kind":"settled","fields":{"field":"verdict","value":"confirmed"}}`))
		seq = o.at(case13).Seq
		file := `{"kind":"advanced","fields":{"to":"filed"}}`
		o.want(201, o.post("zhao", case13, seq, "e", file))
		if a := o.want(200, o.post("shi", case13, seq, "e", file)); len(a.said.Events) != 0 || a.said.Case.State != ledger.Filed {
			t.Errorf("moved already: %s", a.body)
		}
		a = o.want(409, o.post("shi", case13, seq, "f", `{"kind":"advanced","fields":{"to":"archived"},"conflict":"keep_both"}`))
		if fmt.Sprint(a.said.Conflicts) != "[{state unreviewed filed archived}]" || a.said.Keep {
			t.Errorf("moved otherwise: %s", a.body)
		}
		sound(t, o.store)
	})
}

// TestPostAgain: what is sent again is answered as before and said once; another body under a key is refused; the key of
// another user is another one.
func TestPostAgain(t *testing.T) {
	eachStore(t, func(t *testing.T, o *office) {
		seq := o.at(case13).Seq
		first := o.want(201, o.post("li", case13, seq, "key", refuted))
		o.want(201, o.post("wang", case13, o.at(case13).Seq, "x", `{"kind":"set","fields":{"goal":"复绿"}}`))
		head := o.head()
		again := o.want(200, o.post("li", case13, seq, "key", refuted))
		if again.body != first.body || again.header.Get("ETag") != first.header.Get("ETag") || o.head() != head {
			t.Errorf("again:\n%s, first:\n%s", again.body, first.body)
		}
		o.want(422, o.post("li", case13, seq, "key", refuted+" "))
		if o.head() != head {
			t.Error("another body under the same key was taken")
		}
		other := o.want(201, o.post("wang", case13, o.at(case13).Seq, "key", `{"kind":"judged","fields":{"verdict":"confirmed"}}`))
		if o.head() != head+2 || len(other.said.Events) != 2 {
			t.Errorf("the key of another user: %s", other.body)
		}
		// What made no event is looked at anew, and makes none.
		same := `{"kind":"judged","fields":{"verdict":"confirmed","reason":""}}`
		for range 2 {
			if a := o.want(200, o.post("wang", case13, o.at(case13).Seq, "same", same)); len(a.said.Events) != 0 || o.head() != head+2 {
				t.Errorf("nothing new: %s", a.body)
			}
		}
		sound(t, o.store)
	})
}

// TestAnotherLogin: what a page sends in the name of one is not taken from another who has logged in since; neither
// single events, many, nor files.
func TestAnotherLogin(t *testing.T) {
	eachStore(t, func(t *testing.T, o *office) {
		head, seq := o.head(), o.at(case13).Seq
		send := func(path, login, key string) reply {
			body := refuted
			if path == "/cases/events" {
				body = `{"cases":["` + case13 + `"],` + refuted[1:]
			}
			return o.send("POST", path, "li", body, "Content-Type", "application/json", "Idempotency-Key", key,
				"If-Match", fmt.Sprintf(`"%d"`, seq), "Greenshield-Login", login)
		}
		for _, path := range []string{"/cases/" + case13 + "/events", "/cases/events", "/evidence"} {
			o.want(403, send(path, "zhao", "k1"))
			o.want(403, send(path, "%6Ci2", "k1"))
			o.want(400, send(path, "%", "k1"))
		}
		if o.head() != head {
			t.Error("it was written")
		}
		o.want(201, send("/cases/"+case13+"/events", "%6Ci", "k1"))
	})
}

// TestLoginIsDescribed: the API document names the header of each request that writes.
func TestLoginIsDescribed(t *testing.T) {
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In string }
		}
	}
	if err := json.Unmarshal(new(Intake).OpenAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/cases/{id}/events", "/cases/events", "/evidence"} {
		header := struct{ Name, In string }{"Greenshield-Login", "header"}
		if got := doc.Paths[path]["post"].Parameters; !slices.Contains(got, header) {
			t.Errorf("POST %s has %v, not %v", path, got, header)
		}
	}
}

// TestPostSeveral: several events of one request build on each other, all or none.
func TestPostSeveral(t *testing.T) {
	eachStore(t, func(t *testing.T, o *office) {
		all := `{"events":[{"kind":"judged","fields":{"verdict":"confirmed"}},{"kind":"advanced","fields":{"to":"filed"}},` +
			`{"kind":"set","fields":{"problem":"毁林","measures":"复绿","standard":"林地","responsible_unit":"镇政府","responsible_person":"赵","due_date":"2026-12-31"}},` +
			`{"kind":"advanced","fields":{"to":"%s"}}]}`
		head, seq := o.head(), o.at(case13).Seq
		a := o.want(422, o.post("zhao", case13, seq, "k", fmt.Sprintf(all, "struck_off")))
		if want := `"reasons_zh":["不能从 `; !strings.Contains(a.body, want) {
			t.Errorf("%s lacks %s", a.body, want)
		}
		if o.head() != head || len(a.said.Reasons) != 1 {
			t.Errorf("the last is refused: %s", a.body)
		}
		a = o.want(201, o.post("zhao", case13, seq, "k", fmt.Sprintf(all, "rectifying")))
		if len(a.said.Events) != 4 || a.said.Case.State != ledger.Rectifying || a.said.Undo != nil || o.head() != head+4 {
			t.Errorf("all: %s", a.body)
		}
		sound(t, o.store)
	})
}

// TestPostRefused: who must not, what cannot be, and what makes no sense is refused by its own status, and nothing is
// written.
func TestPostRefused(t *testing.T) {
	o := newOffice(t, new(ledger.Memory))
	seq, head := o.at(case13).Seq, o.head()
	for name, c := range map[string]struct {
		user, id string
		seq      int64
		body     string
		status   int
	}{
		"nobody":               {"", case13, seq, refuted, 401},
		"reader":               {"reader", case13, seq, refuted, 403},
		"another county":       {"li", case14, seq + 1, refuted, 403},
		"out of his county":    {"li", case13, seq, `{"kind":"set","fields":{"county":"341702"}}`, 403},
		"out of any county":    {"zhao", case13, seq, `{"kind":"set","fields":{"county":""}}`, 403},
		"move by a reviewer":   {"li", case13, seq, `{"kind":"advanced","fields":{"to":"archived"}}`, 403},
		"objection likewise":   {"li", case13, seq, `{"kind":"objection","fields":{"objection":"x"}}`, 403},
		"settled elsewhere":    {"zhao", case13, seq, `{"kind":"settled","fields":{"field":"county","value":"340101"}}`, 403},
		"without a level":      {"none", case13, seq, `{"kind":"settled","fields":{"field":"verdict","value":"refuted"}}`, 403},
		"the ledger's kind":    {"keeper", case13, seq, `{"kind":"conflict","fields":{"field":"note"}}`, 400},
		"a run's kind":         {"keeper", case13, seq, `{"kind":"detected","fields":{}}`, 400},
		"no kind":              {"keeper", case13, seq, `{}`, 400},
		"both forms":           {"keeper", case13, seq, `{"kind":"judged","events":[{"kind":"judged"}]}`, 400},
		"no such case":         {"keeper", "340000-000099", seq, refuted, 404},
		"traversal":            {"keeper", "..%2f..%2fetc%2fpasswd", seq, refuted, 404},
		"SQL":                  {"keeper", "340000-000013'%20OR%20'1'='1", seq, refuted, 404},
		"in the future":        {"keeper", case13, seq + 100, refuted, 412},
		"of another case":      {"keeper", case13, seq - 1, refuted, 412},
		"actor":                {"keeper", case13, seq, `{"kind":"judged","actor":"省长","fields":{"verdict":"confirmed"}}`, 400},
		"level":                {"keeper", case13, seq, `{"kind":"judged","level":"province","fields":{"verdict":"confirmed"}}`, 400},
		"time":                 {"keeper", case13, seq, `{"kind":"judged","time":"2020-01-01T00:00:00Z","fields":{"verdict":"confirmed"}}`, 400},
		"request":              {"keeper", case13, seq, `{"kind":"judged","fields":{"verdict":"confirmed","request":"x"}}`, 400},
		"claims":               {"keeper", case13, seq, `{"kind":"judged","fields":{"verdict":"confirmed","claims":"x"}}`, 400},
		"unknown field":        {"keeper", case13, seq, `{"kind":"judged","fields":{"verdikt":"confirmed"}}`, 400},
		"member in capitals":   {"keeper", case13, seq, `{"kind":"judged","KIND":"set","fields":{"note":"x"}}`, 400},
		"field twice":          {"keeper", case13, seq, `{"kind":"judged","fields":{"verdict":"confirmed","verdict":"refuted"}}`, 400},
		"no JSON":              {"keeper", case13, seq, `{"kind":`, 400},
		"more than one":        {"keeper", case13, seq, refuted + refuted, 400},
		"a list":               {"keeper", case13, seq, `[]`, 400},
		"a number":             {"keeper", case13, seq, `{"kind":"judged","fields":{"verdict":1}}`, 400},
		"NUL":                  {"keeper", case13, seq, `{"kind":"judged","fields":{"verdict":"confirmed","note":"a\u0000b"}}`, 400},
		"no UTF-8":             {"keeper", case13, seq, "{\"kind\":\"judged\",\"fields\":{\"verdict\":\"confirmed\",\"note\":\"\xff\"}}", 400},
		"half a pair":          {"keeper", case13, seq, `{"kind":"judged","fields":{"verdict":"confirmed","note":"\ud800"}}`, 400},
		"long text":            {"keeper", case13, seq, `{"kind":"judged","fields":{"verdict":"confirmed","note":"` + repeated("x", maxText+1) + `"}}`, 400},
		"long body":            {"keeper", case13, seq, refuted + repeated(" ", maxBody), 413},
		"deep":                 {"keeper", case13, seq, repeated("[", 100_000), 400},
		"unknown verdict":      {"keeper", case13, seq, `{"kind":"judged","fields":{"verdict":"guilty"}}`, 422},
		"no reason":            {"keeper", case13, seq, `{"kind":"judged","fields":{"verdict":"refuted"}}`, 422},
		"no such day":          {"keeper", case13, seq, `{"kind":"set","fields":{"due_date":"2026-02-30"}}`, 422},
		"a day to come":        {"keeper", case13, seq, `{"kind":"judged","fields":{"verdict":"confirmed","review_date":"2026-03-04"}}`, 422},
		"not its turn":         {"keeper", case13, seq, `{"kind":"advanced","fields":{"to":"struck_off"}}`, 422},
		"into itself":          {"keeper", case13, seq, `{"kind":"merged","fields":{"into":"` + case13 + `"}}`, 422},
		"into none":            {"keeper", case13, seq, `{"kind":"merged","fields":{"into":"340000-000099"}}`, 422},
		"document not there":   {"keeper", case13, seq, `{"kind":"judged","fields":{"verdict":"confirmed"},"doc":{"name":"a","sha256":"` + repeated("a", 64) + `"}}`, 422},
		"document without sum": {"keeper", case13, seq, `{"kind":"judged","fields":{"verdict":"confirmed"},"doc":{"name":"a","sha256":"../../a"}}`, 400},
		"document's name":      {"keeper", case13, seq, `{"kind":"judged","fields":{"verdict":"confirmed"},"doc":{"name":"a\r\nb","sha256":"` + repeated("a", 64) + `"}}`, 400},
		"bad conflict":         {"keeper", case13, seq, `{"kind":"judged","fields":{"verdict":"confirmed"},"conflict":"mine"}`, 400},
		"many cases":           {"keeper", case13, seq, `{"kind":"judged","cases":["` + case14 + `"],"fields":{"verdict":"confirmed"}}`, 400},
		"too many":             {"keeper", case13, seq, `{"events":[` + repeated(`{"kind":"judged"},`, maxEvents) + `{"kind":"judged"}]}`, 400},
	} {
		if a := o.post(c.user, c.id, c.seq, name, c.body); a.status != c.status || a.said.Detail == "" || len(a.body) > 5000 {
			t.Errorf("%s: status %d, want %d: %.300s", name, a.status, c.status, a.body)
		}
	}
	path, json := "/cases/"+case13+"/events", []string{"Content-Type", "application/json"}
	key, match := []string{"Idempotency-Key", "k"}, []string{"If-Match", fmt.Sprintf(`"%d"`, seq)}
	for name, c := range map[string]struct {
		headers [][]string
		status  int
	}{
		"no If-Match":   {[][]string{json, key}, 428},
		"any":           {[][]string{json, key, {"If-Match", "*"}}, 400},
		"weak":          {[][]string{json, key, {"If-Match", "W/" + match[1]}}, 400},
		"two":           {[][]string{json, key, match, match}, 400},
		"bare":          {[][]string{json, key, {"If-Match", fmt.Sprint(seq)}}, 400},
		"no key":        {[][]string{json, match}, 400},
		"two keys":      {[][]string{json, match, key, key}, 400},
		"long key":      {[][]string{json, match, {"Idempotency-Key", repeated("k", 256)}}, 400},
		"form":          {[][]string{{"Content-Type", "application/x-www-form-urlencoded"}, key, match}, 415},
		"no type":       {[][]string{key, match}, 415},
		"compressed":    {[][]string{json, key, match, {"Content-Encoding", "gzip"}}, 415},
		"by the header": {[][]string{json, key, match, {"X-Remote-User", "keeper"}}, 401},
	} {
		user, all := "keeper", []string{}
		if c.status == 401 {
			user = ""
		}
		for _, h := range c.headers {
			all = append(all, h...)
		}
		if a := o.send("POST", path, user, refuted, all...); a.status != c.status {
			t.Errorf("%s: status %d, want %d: %s", name, a.status, c.status, a.body)
		}
	}
	if o.head() != head {
		t.Errorf("%d events were written", o.head()-head)
	}
}

// TestHostileTexts: texts are kept to the byte, and never said in HTML.
func TestHostileTexts(t *testing.T) {
	eachStore(t, func(t *testing.T, o *office) {
		for i, text := range []string{`<script>alert(1)</script>`, `'; DROP TABLE events; --`, "=cmd|' /C calc'!A0", "a\u202eb\u2028",
			"行\r\n\t末 ", `\ufffd`, "\ufffd", "${jndi:ldap://x}", `{"kind":"merged"}`} {
			body := jsonOf(map[string]any{"kind": "judged", "fields": map[string]string{"verdict": "confirmed", "note": text}})
			a := o.want(201, o.post("li", case13, o.at(case13).Seq, fmt.Sprint("k", i), body))
			if got := o.at(case13).Get("note"); got != text || a.said.Case.Get("note") != text || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("%q became %q, and is told as %q", text, got, a.said.Case.Get("note"))
			}
		}
		sound(t, o.store)
	})
}
