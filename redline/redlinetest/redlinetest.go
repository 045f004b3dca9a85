// Package redlinetest holds what the tests of several packages of redline need: a candidate, texts made to do harm, an
// overlayer without cgo, and two ways to end a test.
package redlinetest

import (
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline"
)

// Candidate returns a kept candidate: a square with a hole and a square that meets it in a corner, 8100 m².
func Candidate(id string) redline.Candidate {
	ring := func(x, y, size float64) orb.Ring {
		return orb.Ring{{x, y}, {x + size, y}, {x + size, y + size}, {x, y + size}, {x, y}}
	}
	hole := orb.Ring{
		{117.0001, 30.0001}, {117.0001, 30.0002}, {117.0002, 30.0002}, {117.0002, 30.0001}, {117.0001, 30.0001},
	}
	return redline.Candidate{
		ID: id, PatchID: "p1", YearA: 2015, YearB: 2020, Change: "construction", ChangeZH: "新增建设",
		FromEco: "forest", FromCode: "2", FromName: "林地", ToEco: "built", ToCode: "8", ToName: "不透水面",
		FromMix:  "forest:62;cropland:38",
		Severity: 4, RuleID: "construction/core", Activity: "采矿", Basis: "条例",
		Layer: "reserve", ZoneID: "R1", ZoneName: "测试保护区", ZoneType: "core", FuncZone: "核心区", ZoneLvl: "国家级",
		ZonesAll: []string{"R1", "L1"}, AreaM2: 8100, PatchM2: 10800, Cells: 12, AdmCode: "340100", AdmName: "合肥市",
		Lon: 117.00005, Lat: 30.00005, Flags: []string{"EDGE", redline.FlagNoData},
		Geometry: orb.MultiPolygon{{ring(117, 30, 0.0005), hole}, {ring(117.0005, 30.0005, 0.00025)}},
	}
}

// Must ends the test when err is an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// WantFault fails unless err is a fault of that kind whose text holds all the words.
func WantFault(t testing.TB, err error, kind redline.Kind, words ...string) {
	t.Helper()
	if err == nil || redline.KindOf(err) != kind {
		t.Fatalf("got error %v (kind %d), want kind %d", err, redline.KindOf(err), kind)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

// Hostile are texts that a field may hold and that formats, spreadsheets and pages trip over.
var Hostile = map[string]string{
	"html":              `<img src=x onerror="alert(1)">&amp;`,
	"formula":           "=cmd|' /C calc'!A0",
	"full-width":        "＝1+1",
	"at":                "@SUM(1)",
	"tab":               "\t=1",
	"quotes":            `a "quoted", \back\slash`,
	"line ends":         "one\r\ntwo\nthree\u2028four\u2029",
	"bidi":              "abc\u202Edef",
	"controls":          "\x00\x01\x1f\x7f",
	"escape":            "\x1b[31mred\x1b]0;title\x07",
	"C1 controls":       "a\u009b31mb\u0085c\u0080",
	"isolates":          "a\u2066b\u2067c\u2068d\u2069e\u200f\u061c",
	"200 characters":    strings.Repeat("绿", 200),
	"not UTF-8 (GBK)":   "\xba\xcf\xb7\xca",
	"cut UTF-8":         "合\xe8\x82",
	"spaces":            "  x ",
	"beyond the BMP":    "𠀀🌲",
	"template":          "{{.}}[% @x %]",
	"ends with a comma": "a,",
}
