package redline_test

import (
	"slices"
	"strings"
	"testing"

	"greenshield/redline"
)

func TestAdminLevels(t *testing.T) {
	area := func(code string) *redline.Area { return &redline.Area{Code: code} }
	for code, want := range map[string]string{
		"340102": "county", "340181": "county", "340100": "city", "441900": "city", "340000": "province",
		"": "county", "3401": "county", "3401000": "county", "34010A": "county", "合肥00": "county", "000000": "province",
	} {
		if got := area(code).AdminLevel().String(); got != want {
			t.Errorf("%q is a %s, want a %s", code, got, want)
		}
	}
	for _, c := range []struct {
		outer, inner string
		want         bool
	}{
		{"340100", "340102", true}, {"340000", "340102", true}, {"340000", "340100", true}, {"340100", "340202", false},
		{"340102", "340100", false}, {"340100", "340100", false}, {"340000", "350102", false}, {"340100", "a", false}, {"a", "340102", false},
	} {
		if got := area(c.outer).Contains(area(c.inner)); got != c.want {
			t.Errorf("%s contains %s: %v", c.outer, c.inner, got)
		}
	}
	codes := strings.Fields("340000 b 340100 340202 350000 340102 330100")
	slices.SortFunc(codes, func(a, b string) int { return redline.CompareAreas(area(a), area(b)) })
	if got := strings.Join(codes, " "); got != "340102 340202 b 330100 340100 340000 350000" {
		t.Errorf("the order is %s", got)
	}
}
