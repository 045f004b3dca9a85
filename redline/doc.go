// Package redline is the domain: zones and their precedence, rules, candidates, and
// the engine that turns two land-cover epochs and a set of zones into candidates.
//
// A candidate (自动变化检测图斑) is a lead for a reviewer, never a finding.
package redline
