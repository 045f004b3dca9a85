package landcover_test

import (
	"strings"
	"testing"

	"greenshield/raster/landcover"
	"greenshield/seeds"
)

func TestUnlikely(t *testing.T) {
	const km2 = 1e6
	for name, c := range map[string]struct {
		legend string
		m2     map[int64]float64
		want   string // part of what is said, "" for nothing
	}{
		"a county":                        {"clcd", map[int64]float64{1: 700 * km2, 2: 200 * km2, 4: 3 * km2, 5: 60 * km2, 8: 90 * km2}, ""},
		"a little built-up land":          {"clcd", map[int64]float64{2: 900 * km2, 8: 900}, ""},
		"codes 1 to 4":                    {"clcd", map[int64]float64{1: 3 * km2, 2: 40 * km2, 3: 52 * km2, 4: 6 * km2}, "none of its 101 km² is built-up land (8 不透水面)"},
		"a small map":                     {"clcd", map[int64]float64{1: 3 * km2, 2: 46.9 * km2}, ""},
		"exactly 50 km²":                  {"clcd", map[int64]float64{2: 50 * km2}, "none of its 50 km²"},
		"NoData and unknown do not count": {"clcd", map[int64]float64{0: 900 * km2, 77: 900 * km2, 2: 40 * km2}, ""},
		"the open sea":                    {"esa_cci", map[int64]float64{210: 154_475 * km2}, ""},
		"a coast":                         {"clcd", map[int64]float64{2: 50 * km2, 5: 900 * km2}, "none of its 950 km²"},
		"built and not":                   {"clcd", map[int64]float64{1: 20 * km2, 8: 80 * km2}, ""},
		"mostly built":                    {"clcd", map[int64]float64{1: 10 * km2, 8: 90 * km2}, "90 % of its 100 km² are built (8 不透水面)"},
		"mostly shrub":                    {"clcd", map[int64]float64{3: 90 * km2, 8: 10 * km2}, "90 % of its 100 km² are shrub (3 灌木)"},
		"mostly ice":                      {"clcd", map[int64]float64{6: 90 * km2, 8: 10 * km2}, "90 % of its 100 km² are ice (6 冰雪)"},
		"forest alone, with a village":    {"clcd", map[int64]float64{2: 99 * km2, 8: 1 * km2}, ""},
		"shrub of several codes":          {"esa_cci", map[int64]float64{120: 40 * km2, 121: 45 * km2, 190: 5 * km2, 10: 10 * km2}, "85 % of its 100 km² are shrub (120 灌木林, 121 常绿灌木, 122 落叶灌木, 152 稀疏灌木)"},
		"codes 1 to 4 by IGBP":            {"mcd12q1", map[int64]float64{1: 25 * km2, 2: 25 * km2, 3: 25 * km2, 4: 25 * km2}, "none of its 100 km² is built-up land (13 "},
	} {
		t.Run(name, func(t *testing.T) {
			text, ok := seeds.Legend(c.legend)
			if !ok {
				t.Fatalf("no legend %s", c.legend)
			}
			l, err := landcover.ParseLegend(c.legend, text)
			if err != nil {
				t.Fatal(err)
			}
			if got := l.Unlikely(c.m2); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	// A legend without built-up land cannot miss it.
	l, err := landcover.ParseLegend("forest", []byte(header+"1,forest,,,forest\n2,other,,,bare\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Unlikely(map[int64]float64{1: 900 * km2}); got != "" {
		t.Errorf("without built-up land: %q", got)
	}
}
