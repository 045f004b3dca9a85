package page

import (
	"strings"
	"testing"

	"greenshield/redline/priority"
)

// TestReliabilityDiagram: points and intervals stand where their numbers say, and the text says them too.
func TestReliabilityDiagram(t *testing.T) {
	c := &Calibration{Title: "台账<1>", Warnings: []string{"a\x01b"}, Reliability: []priority.RelyBin{
		{From: 0.5, To: 0.6, N: 100, Chance: 0.5, Share: 0.25, Low: 0, High: 1}, {From: 0.9, To: 1, N: 4, Chance: 1, Share: 1, Low: 0.5, High: 1}}}
	var b strings.Builder
	if err := WriteCalibration(&b, c); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		`<path class="interval" d="M250 400V20"/><circle cx="250" cy="305" r="4.5"/>`,
		`<path class="interval" d="M440 210V20"/><circle cx="440" cy="20" r="2.9"/>`,
		"可能性约 50% 的 100 个点位中，实际属实 25%（95% 区间 0% 至 100%）；可能性约 100% 的 4 个点位中，实际属实 100%（95% 区间 50% 至 100%）。",
		"台账&lt;1&gt;", `role="img" aria-labelledby="reliability-title reliability-text"`,
	} {
		if !strings.Contains(b.String(), text) {
			t.Errorf("the page lacks %s", text)
		}
	}
	if strings.ContainsRune(b.String(), 1) {
		t.Error("a control character stands in the page")
	}
}
