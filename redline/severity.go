package redline

// Severity says how serious a change is by the rule table, from 0 (no candidate) to 4 (critical).
type Severity int

// The severities. A change of severity NoCandidate is counted, and listed among the suppressed ones.
const (
	NoCandidate Severity = iota
	Notice
	Medium
	Serious
	Critical
	NumSeverities // how many there are
)

var severities = [NumSeverities]struct{ name, zh string }{
	NoCandidate: {"none", "非候选"},
	Notice:      {"notice", "提示"},
	Medium:      {"medium", "一般"},
	Serious:     {"serious", "较重"},
	Critical:    {"critical", "严重"},
}

// Severities lists the severities that a kept candidate can have, the most severe first; NoCandidate is not among them.
func Severities() []Severity { return []Severity{Critical, Serious, Medium, Notice} }

// String returns the severity's name as files have it.
func (s Severity) String() string { return severities[s].name }

// Chinese returns the severity's name in Chinese.
func (s Severity) Chinese() string { return severities[s].zh }
