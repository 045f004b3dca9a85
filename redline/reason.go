package redline

// Reason says why a change inside a zone is no candidate. A candidate that is kept has the reason "".
type Reason string

// The reasons. A change for which several hold has the first of them.
const (
	ReasonSeverity0 Reason = "severity_0"         // the rule table gives it the severity NoCandidate
	ReasonSeverity  Reason = "below_min_severity" // its severity is below Options.MinSeverity
	ReasonArea      Reason = "below_min_area"     // its patch is smaller than Options.MinArea
	ReasonPart      Reason = "below_min_part"     // the part inside the zone is smaller than Options.MinPart
	ReasonShape     Reason = "no_valid_shape"     // with 7 decimals its outline touches itself, whatever is done
)

var reasons = map[Reason]string{
	ReasonSeverity0: "规则判为非候选",
	ReasonSeverity:  "低于最低严重程度",
	ReasonArea:      "斑块小于最小面积",
	ReasonPart:      "区内部分过小",
	ReasonShape:     "轮廓无法有效写出",
}

// Reasons lists all reasons in the order in which they are looked for.
func Reasons() []Reason {
	return []Reason{ReasonSeverity0, ReasonSeverity, ReasonArea, ReasonPart, ReasonShape}
}

// String returns the reason as files have it.
func (r Reason) String() string { return string(r) }

// Chinese returns the reason in Chinese.
func (r Reason) Chinese() string { return reasons[r] }
