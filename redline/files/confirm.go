package files

import (
	"greenshield/redline"
	"greenshield/redline/findings"
)

// ConfirmName is the file of what other pairs of maps show on the ground of each candidate.
const ConfirmName = "confirm.csv"

// ConfirmHeader returns the header of confirm.csv.
func ConfirmHeader() string {
	var r Row
	r.Texts("cand_id", "name", "year_a", "year_b", "same_pct", "other_pct", "none_pct", "nodata_pct", "agrees")
	r.End()
	return string(r)
}

// AppendConfirm appends a record of confirm.csv for each pair, in their order. c has an agreement for each.
func AppendConfirm(b []byte, c *redline.Candidate, pairs []redline.Pair) []byte {
	r := Row(b)
	for i := range pairs {
		p, a := &pairs[i], c.Evidence.Agreed[i]
		r.Texts(c.ID, p.Name)
		r.Integer(int64(p.Before.Year))
		r.Integer(int64(p.After.Year))
		for _, m2 := range []float64{a.Same, a.Other, a.Unchanged, a.NoData} {
			r.Fixed(redline.Percent(m2, a.Known()+a.NoData), findings.PctDecimals)
		}
		switch {
		case !a.Sees():
			r.Text("")
		case a.Agrees():
			r.Integer(1)
		default:
			r.Integer(0)
		}
		r.End()
	}
	return r
}
