package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"greenshield/raster/gdalraster"
	"greenshield/redline/redlinetest"
)

// unseen returns the first character that a terminal would obey and not show; line feeds are allowed.
func unseen(text string) string {
	if !utf8.ValidString(text) {
		return "bytes that are no UTF-8"
	}
	for _, r := range text {
		if r != '\n' && unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 ||
			r == 0x2028 || r == 0x2029 || r == 0x200e || r == 0x200f || r == 0x61c {
			return fmt.Sprintf("%U", r)
		}
	}
	return ""
}

func TestUnseen(t *testing.T) {
	for _, text := range []string{"\x1b", "\t", "\r", "\x7f", "\u0085", "\u009b", "\u202e", "\u2066", "\u2028", "\xff", "\u200f"} {
		if unseen("a"+text+"b") == "" {
			t.Errorf("%q is not found", text)
		}
		if shown := oneLine("绿" + text); unseen(shown) != "" || shown == "绿" || !strings.HasPrefix(shown, "绿\\") {
			t.Errorf("%q is shown as %q", text, shown)
		}
	}
	if got := oneLine("a\x1b[1m\n\u202e\xff绿"); got != `a\u001b[1m\n\u202e\xff绿` {
		t.Errorf("shown is %s", got)
	}
}

// TestNothingSteersTheTerminal puts texts made to do harm into all that the program reads, and looks at all that it
// says: of check and of run, as text and as JSON, of good inputs and of faults.
func TestNothingSteersTheTerminal(t *testing.T) {
	f := folder{t, newSample(t)}
	e, err := gdalraster.Open([]string{f.path("lc2015.tif")}, gdalraster.Options{Codes: []int64{1}})
	f.check(err)
	grid := e.Grid()
	at := func(u, v float64) orb.Point { x, y := grid.Map(u, v); return orb.Point{x, y} }
	var names []string // of all texts that JSON may hold
	for _, text := range redlinetest.Hostile {
		if utf8.ValidString(text) && !strings.ContainsRune(text, 0) && !strings.Contains(text, ";") {
			names = append(names, text)
		}
	}
	slices.Sort(names)
	if len(names) < 10 {
		t.Fatal("too few texts")
	}
	zones := func(funcZones bool) string {
		var features []any
		for i, name := range names {
			u := 5 + 12*float64(i)
			zone := ""
			if funcZones {
				zone = name
			}
			features = append(features, map[string]any{"type": "Feature",
				"properties": map[string]any{"HXBM": name + "x", "HXMC": name, "GNFQ": zone},
				"geometry":   map[string]any{"type": "Polygon", "coordinates": []orb.Ring{ring(at(u, 5), at(u, 250), at(u+14, 250), at(u+14, 5))}}})
		}
		b, err := json.Marshal(map[string]any{"type": "FeatureCollection", "features": features})
		f.check(err)
		return string(b)
	}
	const odd = "zones\x1b[31m\u009b\u202e"
	f.check(os.WriteFile(f.path(odd+".geojson"), []byte(zones(false)), 0o666))
	f.check(os.WriteFile(f.path("unknown.geojson"), []byte(zones(true)), 0o666))
	legends := 0
	legend := func(text string) string {
		legends++
		name := fmt.Sprintf("legend%d.csv", legends)
		b, err := os.ReadFile("../../seeds/legends/clcd.csv")
		f.check(err)
		b = []byte(strings.ReplaceAll(string(b), "Cropland", `"`+strings.ReplaceAll(text, `"`, `""`)+`"`))
		f.check(os.WriteFile(f.path(name), b, 0o666))
		return name
	}
	odds := []string{odd, "\x1b", "\u009b", "\u202e", "\u2066"}
	all := slices.Concat([][]string{}, [][]string{
		{"run", "--redline", odd + ".geojson", "--out", "out\x1b[1m\u202e"},
		{"run", "--redline", odd + ".geojson", "--out", "out\x1b[1m\u202e"},
		{"run", "--redline", "unknown.geojson", "--out", "new"},
		{"check", "--redline", odd + ".geojson"},
		{"check", "--reserve", odd + ".geojson"},
		{"check", "--redline", "unknown.geojson"},
		{"check", "--redline", odd + ".geojson|layername=" + odd},
		{"run", "--redline", odd, "--out", "new"},
		{"run", "job\x1b.yaml"}, {"run\x1b[1m"}, {"run", "--x\x1b", "\u202e"}, {"legends", "\x1b[2J\u202e"}, {"demo", odd},
	})
	for _, key := range slices.Sorted(maps.Keys(redlinetest.Hostile)) {
		all = append(all, []string{"check", "--redline", odd + ".geojson", "--legend", legend(redlinetest.Hostile[key])})
	}
	for _, text := range odds {
		all = append(all, []string{"check", "--before", text, "--redline", text})
	}
	said := ""
	for _, given := range all {
		for _, more := range [][]string{nil, {"--json"}} {
			args := given
			if args[0] == "check" || args[0] == "run" && len(args) > 2 {
				args = slices.Concat([]string{args[0], "--before", "lc2015.tif", "--after", "lc2020.tif", "--before-year", "2015",
					"--after-year", "2020", "--legend", "clcd", "--quiet"}, args[1:], more)
				if args[0] == "run" {
					args = append(args, "--formats", "geojson")
				}
			}
			o := here(t, f.dir, args...)
			said += o.stdout + o.stderr
			for what, text := range map[string]string{"stdout": o.stdout, "stderr": o.stderr} {
				if found := unseen(text); found != "" {
					t.Errorf("%q: %s holds %s:\n%q", args, what, found, text)
				}
			}
			if more != nil && slices.Contains(args, "--json") && o.stdout != "" && !json.Valid([]byte(o.stdout)) {
				t.Errorf("%q: stdout is no JSON:\n%s", args, o.stdout)
			}
			for line := range strings.Lines(o.stderr) {
				if slices.Contains(args, "--json") && !slices.Contains(args, "--x\x1b") && !json.Valid([]byte(line)) {
					t.Errorf("%q: stderr has a line that is no JSON:\n%s", args, line)
				}
			}
		}
	}
	for _, want := range []string{`zones\u001b[31m\u009b\u202e`, `abc\u202edef`, `\u001b[31mred\u001b]0;title\u0007`, `a\u009b31mb`, `results: out\u001b[1m\u202e`} {
		if !strings.Contains(said, want) {
			t.Errorf("nothing says %s", want)
		}
	}
	f.check(os.RemoveAll(filepath.Join(f.dir, odd)))
}
