package intake

import (
	"fmt"
	"net/http"

	"greenshield/redline/service/answer"
)

// results of one case in a request for many.
const (
	wasTaken = "taken"
	wasSame  = "same" // the case had all of it already
	refusal  = "refused"
)

// rowTaken is the answer for one of many cases.
type rowTaken struct {
	ID     string         `json:"id"`
	Result string         `json:"result"`
	Seq    int64          `json:"seq,omitempty"`    // of the case's last event
	Events []int64        `json:"events,omitempty"` // numbers
	Undo   []statement    `json:"undo,omitempty"`
	Status int            `json:"status,omitempty"` // that it would have alone
	Detail string         `json:"detail,omitempty"`
	More   map[string]any `json:"more,omitempty"` // reasons or conflicts
}

// postBulk takes what is said of many cases alike.
func (in *Intake) postBulk(w http.ResponseWriter, r *http.Request) {
	q, s, err := read(w, r)
	if err == nil {
		err = checkBulk(s)
	}
	var all []outcome
	if err == nil {
		q.rows = s.Cases
		all, err = in.take(r.Context(), q)
	}
	if err != nil {
		in.fail(w, r, err)
		return
	}
	rows, counts, again := make([]rowTaken, len(all)), map[string]int{}, false
	for i := range all {
		rows[i] = q.row(&all[i])
		counts[rows[i].Result]++
		again = again || all[i].again
	}
	w.Header().Set("Cache-Control", "no-store")
	body := map[string]any{"cases": rows}
	for _, result := range []string{wasTaken, wasSame, refusal} {
		body[result] = counts[result]
	}
	switch {
	case q.whole && counts[refusal] > 0 && !again:
		delete(body, wasTaken)
		answer.Problem{Status: http.StatusUnprocessableEntity, More: body,
			Detail: fmt.Sprintf("nothing is taken: of %d cases %d are refused, and it was to be all or nothing",
				len(all), refusedThemselves(rows))}.Write(w, r)
	case counts[wasTaken] > 0 && !again:
		answer.JSON(w, r, http.StatusCreated, body)
	default:
		answer.JSON(w, r, http.StatusOK, body)
	}
}

// refusedThemselves counts the cases that are refused, but not for the sake of others.
func refusedThemselves(rows []rowTaken) (n int) {
	for _, r := range rows {
		if r.Result == refusal && r.Status != http.StatusFailedDependency {
			n++
		}
	}
	return n
}

func checkBulk(s *sent) error {
	switch {
	case s.Kind == "":
		return fail(http.StatusBadRequest, `of many cases one thing is said, by "kind"`)
	case len(s.Cases) == 0 || len(s.Cases) > maxCases:
		return fail(http.StatusBadRequest, fmt.Sprintf(`"cases" lists from 1 to %d cases`, maxCases))
	}
	known := map[string]bool{}
	for _, c := range s.Cases {
		if c.ID == "" || c.Seq < 0 || known[c.ID] {
			return fail(http.StatusBadRequest, fmt.Sprintf("the case %q is listed twice, or has no id or a bad number",
				shortened(c.ID)))
		}
		known[c.ID] = true
	}
	return nil
}

// row returns the answer for one of many cases.
func (q *request) row(o *outcome) rowTaken {
	row := rowTaken{ID: o.id, Result: wasSame, Seq: o.after.Seq}
	switch {
	case o.wrong != nil:
		row.Result, row.Status, row.Detail, row.More = refusal, o.wrong.Status, o.wrong.Detail, o.wrong.More
		row.Seq = 0
	case len(o.events) > 0:
		row.Result, row.Events, row.Undo = wasTaken, o.numbers(), q.undo(o)
	}
	return row
}
