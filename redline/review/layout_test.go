package review

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestSheet: everything lies on the paper, nothing on something else, and every field that a text names is there.
func TestSheet(t *testing.T) {
	s := candidateSheet(mapLayer{Style: reviewStyle()}, extent{116.2, 30, 118.6, 32})
	if s.Meridian != 117 || s.Order != reviewStyle().SortBy {
		t.Errorf("meridian %d, order %s", s.Meridian, s.Order)
	}
	var boxes []sheetBox
	for _, m := range s.Maps {
		boxes = append(boxes, m.sheetBox)
	}
	named := regexp.MustCompile(`"(\w+)"`)
	var all strings.Builder
	for _, text := range s.Texts {
		boxes = append(boxes, text.sheetBox)
		all.WriteString(text.Text)
		for _, name := range named.FindAllStringSubmatch(text.Text, -1) {
			if !slices.ContainsFunc(s.Coverage.Style.Fields, func(f field) bool { return f.Name == name[1] }) {
				t.Errorf("%s: no field is called %s", text.Text, name[1])
			}
		}
	}
	for i, a := range boxes {
		if a.X < 10 || a.Y < 5 || a.X+a.Width > 200 || a.Y+a.Height > 292 || a.Width < 20 || a.Height < 5 {
			t.Errorf("%v is too near the edge of the paper, or too small", a)
		}
		for _, b := range boxes[:i] {
			const touch = 1e-9
			beside := a.X+touch >= b.X+b.Width || b.X+touch >= a.X+a.Width
			if !beside && a.Y+touch < b.Y+b.Height && b.Y+touch < a.Y+a.Height {
				t.Errorf("%v lies on %v", a, b)
			}
		}
	}
	for _, part := range []string{"签名", "□ 属实　□ 不属实　□ 已批准　□ 重复　□ 需实地", "候选线索，非违法认定"} {
		if !strings.Contains(all.String(), part) {
			t.Errorf("the sheet lacks %s", part)
		}
	}
}
