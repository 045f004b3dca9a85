package redline

import (
	"slices"
	"testing"
)

func TestFlags(t *testing.T) {
	seen := map[string]bool{"": true}
	for _, f := range Flags() {
		if label := FlagChinese(f); seen[label] || seen[f] {
			t.Errorf("%s is called %q", f, label)
		}
		seen[f], seen[FlagChinese(f)] = true, true
	}
	if len(Flags()) != 6 || FlagChinese("edge") != "" {
		t.Errorf("%d flags, edge is %q", len(Flags()), FlagChinese("edge"))
	}
	want := []string{"可由错位解释", "裁切后窄于一个像元", "与无数据相接", "与数据边缘相接", "在已批准项目内", "年际反复", "NEW"}
	if got := FlagsChinese(append(Flags(), "NEW")); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
