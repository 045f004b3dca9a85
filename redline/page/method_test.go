package page

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"greenshield/redline"
)

// TestRulesByTiming: severities that differ by what the maps show have a row for each.
func TestRulesByTiming(t *testing.T) {
	var text strings.Builder
	text.WriteString("change,change_zh,from,to,zone_type,severity,activity,basis,effective_from,effective_to,timing\n")
	for _, z := range redline.ZoneTypes() {
		fmt.Fprintf(&text, "build,建,forest,built,%s,4,a,b,,,\nheal,复,built,forest,%s,0,a,b,,,\n", z, z)
	}
	text.WriteString("build,建,forest,built,redline,3,a,b,,,before\n")
	rules, err := redline.ParseRules("R", []byte(text.String()), time.Date(2020, 12, 31, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	var p page
	p.rules(&rules)
	want := "[{建（按影像：历史遗留） [4 4 4 4 4 4 4 3 4]} {建（按影像：新增） [4 4 4 4 4 4 4 4 4]} {建（按影像：不能判定） [4 4 4 4 4 4 4 4 4]} " +
		"{建（按影像：未知） [4 4 4 4 4 4 4 4 4]} {复 [0 0 0 0 0 0 0 0 0]}]"
	if got := fmt.Sprint(p.Rules); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
