package landcover_test

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"greenshield/raster/landcover"
	"greenshield/seeds"
)

const header = "code,name_en,name_zh,color,ecosystem\n"

func TestParseLegend(t *testing.T) {
	text := "\uFEFF# a comment, with \"quotes\"\r\n" + header +
		"# another\n30,Lake,湖泊,#1e69b4,wetland\n0,None,无,,nodata\n-5,\"Woods, closed\",,#006400, forest \n255,Fill,,#000000,nodata\n"
	l, err := landcover.ParseLegend("mine", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []landcover.Class{
		{Code: -5, NameEN: "Woods, closed", Color: "#006400", Ecosystem: landcover.Forest},
		{Code: 30, NameEN: "Lake", NameZH: "湖泊", Color: "#1E69B4", Ecosystem: landcover.Wetland},
		{Code: 0, NameEN: "None", NameZH: "无", Color: "#000000", Ecosystem: landcover.NoData},
		{Code: 255, NameEN: "Fill", Color: "#000000", Ecosystem: landcover.NoData},
	}
	if l.Name != "mine" || !slices.Equal(l.Classes, want) {
		t.Errorf("got %q %+v\nwant %+v", l.Name, l.Classes, want)
	}
	if got := l.Codes(); !slices.Equal(got, []int64{-5, 30}) {
		t.Errorf("Codes() = %v", got)
	}
	if got := l.NoDataCodes(); !slices.Equal(got, []int64{0, 255}) {
		t.Errorf("NoDataCodes() = %v", got)
	}
	if c, ok := l.Find(30); !ok || c.Name() != "湖泊" {
		t.Errorf("Find(30) = %+v, %v", c, ok)
	}
	if c, ok := l.Find(31); ok {
		t.Errorf("Find(31) = %+v, want none", c)
	}
}

func TestParseLegendErrors(t *testing.T) {
	entries := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%d,c,,#000000,forest\n", i)
		}
		return b.String()
	}
	if _, err := landcover.ParseLegend("full", []byte(header+entries(254))); err != nil {
		t.Errorf("254 entries: %v", err)
	}
	const good = "1,Forest,森林,#006400,forest\n"
	tests := []struct{ name, text, want string }{
		{"too large", header + strings.Repeat("#\n", 1<<19), "L: the file has 1048613 bytes"},
		{"empty file", "", "L: the file has no header"},
		{"comments only", "# nothing\n", "L: the file has no header"},
		{"column missing", "code,name_en,name_zh,ecosystem\n1,a,,forest\n", `L:1: the columns are "code,name_en,name_zh,ecosystem"`},
		{"column unknown", "code,name_en,name_zh,color,eco\n", `L:1: the columns are`},
		{"column twice", "code,name_en,name_zh,color,ecosystem,code\n", `L:1: the columns are`},
		{"field missing", "# c\n" + header + good + "2,Lake,wetland\n", "L:4: 3 fields, but the header has 5"},
		{"bare comma in a name", header + "2,Lake, big,湖,#000000,wetland\n", "L:2: 6 fields, but the header has 5"},
		{"quote left open", header + good + "2,\"Lake,,#000000,wetland\n", "L:3: not readable as CSV"},
		{"GBK bytes", header + "1,Forest,\xc9\xad\xc1\xd6,#006400,forest\n", "L:2: the text is not UTF-8"},
		{"UTF-16", "\xff\xfec\x00o\x00", "L:1: the text is not UTF-8"},
		{"code not a number", header + "1x,Forest,,#006400,forest\n", `L:2: code "1x" is not an integer`},
		{"code with decimals", header + "1.0,Forest,,#006400,forest\n", `L:2: code "1.0" is not an integer`},
		{"code empty", header + ",Forest,,#006400,forest\n", `L:2: code "" is not an integer`},
		{"code too large", header + "9223372036854775808,Forest,,#006400,forest\n", "L:2: code"},
		{"code twice", header + good + "# gap\n01,Wood,,#006400,forest\n", "L:4: code 1 stands already in line 2"},
		{"no name", header + "1,,,#006400,forest\n", "L:2: code 1 has no name"},
		{"unknown ecosystem", header + "1,Town,,#006400,urban\n", `unknown ecosystem class "urban"; valid are nodata, forest, shrub, grassland, wetland, cropland, built, desert, bare, ice`},
		{"colour name", header + "1,Forest,,green,forest\n", `L:2: code 1: colour "green" is not of the form #RRGGBB`},
		{"short colour", header + "1,Forest,,#0F0,forest\n", `colour "#0F0"`},
		{"255 entries", header + entries(255), "L:256: more than 254 entries"},
		{"nodata only", header + "0,None,,#000000,nodata\n", "L: no entry maps to an ecosystem class"},
		{"no entries", header, "L: no entry maps to an ecosystem class"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := landcover.ParseLegend("L", []byte(tt.text))
			if err == nil {
				t.Fatalf("no error, but %+v", l)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestLegendTellsAllFaults(t *testing.T) {
	_, err := landcover.ParseLegend("L", []byte(header+"x,Lake,,,wetland\n2,,,red,forest\n3,Ice,,,iceberg\n3,Woods,,,forest\n"))
	var got []string
	if err != nil {
		got = strings.Split(err.Error(), "\n")
	}
	want := []string{`L:2: code "x"`, "L:3: code 2 has no name", "L:3: code 2: colour", "L:4: code 3: ", "L:5: code 3 stands"}
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("got\n%s\nwant the beginnings\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// factsOf names the table that a shipped legend was made from.
var factsOf = map[string]string{
	"clcd": "clcd", "cnlucc": "cnlucc", "esa_cci": "esa_cci_c3s_lc", "esa_worldcover": "esa_worldcover",
	"esri_9class": "esri_lulc_9class", "from_glc": "from_glc", "glc_fcs30": "glc_fcs30_v1", "glc_fcs30d": "glc_fcs30d",
	"globeland30": "globeland30", "hj1166": "hj1166_l2", "mcd12q1": "mcd12q1_igbp",
}

// Of very many faults ten are told, and how many more there are.
func TestLegendOfManyFaults(t *testing.T) {
	text := "code,name_en,name_zh,color,ecosystem\n" + strings.Repeat("x,,,,\n", 3000)
	_, err := landcover.ParseLegend("mine.csv", []byte(text))
	lines := strings.Split(err.Error(), "\n")
	if !strings.Contains(err.Error(), ": more than ") || len(lines) != 1 {
		t.Errorf("%d lines: %v", len(lines), err)
	}
	text = "code,name_en,name_zh,color,ecosystem\n" + strings.Repeat("x,,,,\n", 200)
	_, err = landcover.ParseLegend("mine.csv", []byte(text))
	if lines = strings.Split(err.Error(), "\n"); len(lines) != 11 || lines[0] != `mine.csv:2: code "x" is not an integer` ||
		lines[9] != `mine.csv:11: code "x" is not an integer` || lines[10] != "mine.csv: 190 more entries are wrong" {
		t.Errorf("%d lines: %v", len(lines), err)
	}
}

// A value of a table stands in the rows of very many candidates.
func TestLongValue(t *testing.T) {
	legend := func(name string) []byte {
		return []byte("code,name_en,name_zh,color,ecosystem\n1,Crop,农田,,cropland\n2," + name + ",,,forest\n")
	}
	if _, err := landcover.ParseLegend("mine.csv", legend(strings.Repeat("林", 1000))); err != nil {
		t.Error(err)
	}
	_, err := landcover.ParseLegend("mine.csv", legend(strings.Repeat("林", 1001)))
	if err == nil || err.Error() != "mine.csv:3: value 2 has 1001 characters, at most 1000 are taken; shorten it" {
		t.Error(err)
	}
}

func TestShippedLegends(t *testing.T) {
	names := seeds.Legends()
	if len(names) != len(factsOf) {
		t.Errorf("shipped are %v, want %d legends", names, len(factsOf))
	}
	// What a slip in the generation would most likely spoil.
	spot := []struct {
		legend string
		code   int64
		zh     string
		eco    landcover.Ecosystem
	}{
		{"clcd", 8, "不透水面", landcover.Built},
		{"clcd", 5, "水体", landcover.Wetland},
		{"glc_fcs30d", 61, "开阔落叶阔叶林", landcover.Forest},
		{"esa_cci", 61, "郁闭落叶阔叶林", landcover.Forest},
		{"cnlucc", 64, "沼泽地", landcover.Wetland},
		{"cnlucc", 62, "戈壁", landcover.Desert},
		{"cnlucc", 99, "海洋", landcover.NoData},
		{"globeland30", 255, "海域(填充)", landcover.NoData},
		{"esri_9class", 11, "牧地(草灌)", landcover.Grassland},
		{"hj1166", 81, "冰川/永久积雪", landcover.Ice},
	}
	color := regexp.MustCompile(`^#[0-9A-F]{6}$`)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			data, ok := seeds.Legend(name)
			if !ok {
				t.Fatal("listed, but not found")
			}
			if !strings.HasPrefix(string(data), "# ") {
				t.Error("does not begin with comment lines")
			}
			l, err := landcover.ParseLegend(name, data)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range l.Classes {
				if c.NameEN == "" || c.NameZH == "" || !color.MatchString(c.Color) {
					t.Errorf("incomplete: %+v", c)
				}
			}
			for _, s := range spot {
				if s.legend != name {
					continue
				}
				if c, ok := l.Find(s.code); !ok || c.NameZH != s.zh || c.Ecosystem != s.eco {
					t.Errorf("code %d = %+v, want %s, %s", s.code, c, s.zh, s.eco)
				}
			}
		})
	}
}

// TestShippedLegendsAgreeWithFacts holds the shipped legends against the tables that
// they were made from, where those are at hand.
func TestShippedLegendsAgreeWithFacts(t *testing.T) {
	data := cmp.Or(os.Getenv("GREENSHIELD_DATA"), filepath.Join("..", "..", "..", "shared", "data"))
	facts := filepath.Join(data, "..", "facts", "legends")
	if _, err := os.Stat(facts); err != nil {
		t.Skipf("the tables of facts are not here: %v", err)
	}
	rename := map[string]string{"urban": "built", "snow_ice": "ice"}
	for name, fact := range factsOf {
		t.Run(name, func(t *testing.T) {
			file, err := os.Open(filepath.Join(facts, fact+".csv"))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			rows, err := csv.NewReader(file).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			shipped, _ := seeds.Legend(name)
			l, err := landcover.ParseLegend(name, shipped)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows)-1 != len(l.Classes) {
				t.Errorf("%d entries, the facts have %d", len(l.Classes), len(rows)-1)
			}
			for _, r := range rows[1:] { // code,name_en,name_zh,color_hex,ecosystem_l1
				code, err := strconv.ParseInt(r[0], 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				eco := cmp.Or(rename[r[4]], r[4])
				if c, ok := l.Find(code); !ok || c.NameEN != r[1] || c.NameZH != r[2] || c.Color != r[3] || c.Ecosystem.String() != eco {
					t.Errorf("code %d is %+v, the facts say %v", code, c, r)
				}
			}
		})
	}
}
