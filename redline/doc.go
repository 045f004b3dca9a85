// Package redline is the words of the domain: zones, rules, candidates, what a run is given and what it finds. Each
// word is spelled once, with its Chinese. The packages below say what is done with them.
//
// A candidate (自动变化检测图斑) is a lead for a reviewer, never a finding.
package redline
