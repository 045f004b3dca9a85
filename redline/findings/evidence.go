package findings

import (
	"math"

	"greenshield/redline"
)

// evidenceFields returns the fields of the evidence on a candidate, and of its priority.
func (columns Columns) evidenceFields() (fields []Field) {
	if columns.Confirmed {
		fields = append(fields,
			evidence("agree_pct", "其他图同类变化比例(%)", PctDecimals, (*redline.Evidence).AgreedPct),
			number("agree_n", "一致的图数", unexamined, func(c *redline.Candidate) int {
				agree, _ := c.Evidence.Agreeing()
				return agree
			}),
			number("agree_of", "看得到的图数", unexamined, func(c *redline.Candidate) int {
				_, see := c.Evidence.Agreeing()
				return see
			}))
	}
	if columns.Newest {
		fields = append(fields, evidence("stays_pct", "最新图仍为新地类(%)", PctDecimals,
			func(e *redline.Evidence) float64 { return e.StaysPct }))
	}
	if !columns.Ranked {
		return fields
	}
	fields = append(fields,
		evidence("width", "最大宽度(像元)", 1, func(e *redline.Evidence) float64 { return e.Width }),
		evidence("compact", "紧凑度(%)", PctDecimals, func(e *redline.Evidence) float64 { return e.Compact }),
		evidence("confused", "两类易混程度(%)", PctDecimals, func(e *redline.Evidence) float64 { return e.Confused }),
		evidence("near_m", "距前期同类地物(米)", 0, func(e *redline.Evidence) float64 { return e.NearM }))
	if columns.Known {
		fields = append(fields, evidence("lead_m", "距线索(米)", 0, func(e *redline.Evidence) float64 { return e.LeadM }))
	}
	return append(fields,
		number("prio", "核查优先级", func(c *redline.Candidate) bool { return c.Priority == nil },
			func(c *redline.Candidate) int { return c.Priority.Score }),
		text("prio_why", "优先理由", func(c *redline.Candidate) string {
			if c.Priority == nil {
				return ""
			}
			return c.Priority.Why
		}))
}

// evidence is a decimal field of the evidence, which is empty where nothing is known.
func evidence(name, alias string, decimals int, get func(e *redline.Evidence) float64) Field {
	f := decimal(name, alias, decimals, func(c *redline.Candidate) float64 {
		if c.Evidence == nil {
			return math.NaN()
		}
		return get(c.Evidence)
	})
	f.Optional = true
	return f
}

// number is an integer field whose 0 is a number: a candidate that it is unknown of has none.
func number(name, alias string, unknown func(c *redline.Candidate) bool, get func(c *redline.Candidate) int) Field {
	f := integer(name, alias, func(c *redline.Candidate) int64 {
		if unknown(c) {
			return 0
		}
		return int64(get(c))
	})
	f.unknown = unknown
	return f
}

// unexamined tells that nothing else is known of a candidate.
func unexamined(c *redline.Candidate) bool { return c.Evidence == nil }
