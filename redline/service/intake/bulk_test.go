package intake

import (
	"fmt"
	"testing"

	"greenshield/redline/ledger"
)

// refuteAll returns a request to refute cases, which JSON lists.
func refuteAll(cases, more string) string {
	return `{"kind":"judged","fields":{"verdict":"refuted","reason":"natural"},"cases":[` + cases + `]` + more + `}`
}

// results returns what became of each case.
func (a reply) results() (all string) {
	for _, c := range a.said.Cases {
		all += fmt.Sprint(c.ID[len(c.ID)-2:], " ", c.Result, " ", c.Status, " ", len(c.Events), "; ")
	}
	return all
}

// TestBulk: each case is answered for itself, in the order that was asked for; sent again, the answer is the same, and
// what was refused at first is not said now.
func TestBulk(t *testing.T) {
	eachStore(t, func(t *testing.T, o *office) {
		seq := o.at(case13).Seq
		o.want(201, o.post("wang", case13, seq, "w", `{"kind":"judged","fields":{"verdict":"confirmed"}}`)) // meanwhile
		o.want(201, o.post("li", case16, o.at(case16).Seq, "l", `{"kind":"judged","fields":{"verdict":"refuted","reason":"natural"}}`))
		body := refuteAll(fmt.Sprintf(`{"id":"%s","seq":%d},"%s",{"id":"%s"},"%s","340000-000099"`, case13, seq, case14, case16, "340000-000010"), "")
		head := o.head()
		first := o.want(201, o.bulk("li", "b", body))
		want := "13 refused 409 0; 14 refused 403 0; 16 same 0 0; 10 taken 0 2; 99 refused 404 0; "
		if first.results() != want || first.said.Taken != 1 || first.said.Same != 1 || first.said.Refused != 3 || o.head() != head+2 {
			t.Errorf("%s, want\n%s, %d events: %s", first.results(), want, o.head()-head, first.body)
		}
		// The clash is settled meanwhile; the request that is sent again does not use that.
		o.want(201, o.post("wang", case13, o.at(case13).Seq, "w2", `{"kind":"judged","fields":{"verdict":"unreviewed"}}`))
		head = o.head()
		again := o.want(200, o.bulk("li", "b", body))
		if again.results() != want || o.head() != head {
			t.Errorf("again: %s, %d more events", again.results(), o.head()-head)
		}
		o.want(422, o.bulk("li", "b", refuteAll(`"`+case16+`","340000-000010"`, "")))
		if a := o.want(201, o.bulk("li", "new", refuteAll(`"`+case13+`"`, ""))); a.said.Taken != 1 {
			t.Errorf("what is left, by a new request: %s", a.body)
		}
		sound(t, o.store)
	})
}

// TestBulkWhole: all or nothing, and the undo of each.
func TestBulkWhole(t *testing.T) {
	eachStore(t, func(t *testing.T, o *office) {
		head := o.head()
		a := o.want(422, o.bulk("li", "b", refuteAll(`"`+case13+`","`+case14+`"`, `,"all_or_nothing":true`)))
		if a.results() != "13 refused 424 0; 14 refused 403 0; " || o.head() != head {
			t.Errorf("one is refused: %s", a.body)
		}
		a = o.want(201, o.bulk("wang", "b", refuteAll(`"`+case13+`","`+case14+`"`, `,"all_or_nothing":true`)))
		if a.results() != "13 taken 0 2; 14 taken 0 2; " || o.at(case13).State != ledger.Archived || o.at(case14).State != ledger.Archived {
			t.Errorf("none is refused: %s", a.body)
		}
		for i, c := range a.said.Cases {
			if c.Seq != o.at(c.ID).Seq || len(c.Undo) != 1 {
				t.Fatalf("%+v", c)
			}
			o.want(201, o.post("wang", c.ID, c.Seq, fmt.Sprint("u", i), jsonOf(c.Undo[0])))
			if o.at(c.ID).State != ledger.Unreviewed {
				t.Errorf("taken back: %+v", o.at(c.ID))
			}
		}
		sound(t, o.store)
	})
}

// TestBulkRefused: what makes no sense for many cases.
func TestBulkRefused(t *testing.T) {
	o := newOffice(t, new(ledger.Memory))
	head, many := o.head(), ""
	for i := range maxCases + 1 {
		many += fmt.Sprintf(`,"%d"`, i)
	}
	for name, c := range map[string]struct {
		user, body string
		status     int
	}{
		"reader":         {"reader", refuteAll(`"`+case13+`"`, ""), 403},
		"no cases":       {"keeper", refuteAll("", ""), 400},
		"too many":       {"keeper", refuteAll(many[1:], ""), 400},
		"twice":          {"keeper", refuteAll(`"`+case13+`",{"id":"`+case13+`","seq":3}`, ""), 400},
		"no id":          {"keeper", refuteAll(`{"seq":3}`, ""), 400},
		"unknown member": {"keeper", refuteAll(`{"id":"`+case13+`","version":3}`, ""), 400},
		"a number":       {"keeper", refuteAll(`13`, ""), 400},
		"before all":     {"keeper", refuteAll(`{"id":"`+case13+`","seq":-3}`, ""), 400},
		"several events": {"keeper", `{"events":[{"kind":"judged"}],"cases":["` + case13 + `"]}`, 400},
	} {
		if a := o.bulk(c.user, name, c.body); a.status != c.status || a.said.Detail == "" {
			t.Errorf("%s: status %d, want %d: %.300s", name, a.status, c.status, a.body)
		}
	}
	if o.head() != head {
		t.Errorf("%d events were written", o.head()-head)
	}
}

// TestBulkIsPosted: other methods are told the one that there is, also that by which a case would be read.
func TestBulkIsPosted(t *testing.T) {
	o := newOffice(t, new(ledger.Memory))
	for _, method := range []string{"GET", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		if a := o.want(405, o.send(method, "/cases/events", "keeper", "")); a.header.Get("Allow") != "POST" {
			t.Errorf("%s: Allow is %q", method, a.header.Get("Allow"))
		}
	}
}
