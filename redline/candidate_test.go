package redline

import "testing"

func TestFlags(t *testing.T) {
	seen := map[string]bool{"": true}
	for _, f := range Flags() {
		if label := FlagChinese(f); seen[label] || seen[f] {
			t.Errorf("%s is called %q", f, label)
		}
		seen[f], seen[FlagChinese(f)] = true, true
	}
	if len(Flags()) != 5 || FlagChinese(FlagEdge) != "疑似错位" || FlagChinese("edge") != "" {
		t.Errorf("%d flags, %s is %q", len(Flags()), FlagEdge, FlagChinese(FlagEdge))
	}
}
