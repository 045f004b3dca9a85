package redline

// Verdict is what a reviewer says of a candidate.
type Verdict string

// The verdicts. A run writes only Unreviewed.
const (
	Unreviewed Verdict = "unreviewed" // no reviewer has judged yet
	Confirmed  Verdict = "confirmed"
	Refuted    Verdict = "refuted"
	Approved   Verdict = "approved"
	Duplicate  Verdict = "duplicate"
	FieldCheck Verdict = "field_check"
)

var verdicts = map[Verdict]string{
	Unreviewed: "待核查", Confirmed: "属实", Refuted: "不属实", Approved: "已批准",
	Duplicate: "重复", FieldCheck: "需实地",
}

// Verdicts lists what a reviewer can choose, the initial verdict first.
func Verdicts() []Verdict {
	return []Verdict{Unreviewed, Confirmed, Refuted, Approved, Duplicate, FieldCheck}
}

// String returns the verdict as files have it.
func (v Verdict) String() string { return string(v) }

// Chinese returns the verdict in Chinese.
func (v Verdict) Chinese() string { return verdicts[v] }
