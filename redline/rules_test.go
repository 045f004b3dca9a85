package redline_test

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/seeds"
)

func day(iso string) time.Time {
	d, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		panic(err)
	}
	return d
}

const ruleHeader = "change,change_zh,from,to,zone_type,severity,activity,basis,effective_from,effective_to\n"

// everyZone writes one row per zone type; %s in row is the zone type.
func everyZone(row string) string {
	var b strings.Builder
	for _, z := range redline.ZoneTypes() {
		fmt.Fprintf(&b, row+"\n", z)
	}
	return b.String()
}

func TestParseRules(t *testing.T) {
	text := ruleHeader +
		everyZone("build,建,forest|wetland,built,%s,3,act,old,,2019-12-31") + // lines 2-10
		everyZone("build,建,forest|wetland,built,%s,2,act,new,2020-01-01,") + // lines 11-19
		everyZone("heal,复,built,forest,%s,0,a,b,,") +
		everyZone("heal,复,bare|built,wetland,%s,0,wet,b,,") +
		everyZone("grow,长,forest,shrub,%s,1,a,b,2001-01-01,") +
		everyZone("grow,长,forest,grassland,%s,1,a,b,,")
	for _, tt := range []struct {
		on, id, basis string
		severity      redline.Severity
	}{
		{"2019-12-31", "build/buffer", "old", 3}, // both days belong to their periods
		{"2020-01-01", "build/buffer@2020-01-01", "new", 2},
	} {
		table, err := redline.ParseRules("mine", []byte(text), day(tt.on))
		if err != nil {
			t.Fatal(err)
		}
		r := table.Rule(table.Change(landcover.Forest, landcover.Built), redline.Buffer, "")
		want := redline.Rule{ID: tt.id, Change: "build", ZoneType: redline.Buffer, Severity: tt.severity, Basis: tt.basis,
			Activities: map[[2]landcover.Ecosystem]string{{landcover.Forest, landcover.Built}: "act", {landcover.Wetland, landcover.Built}: "act"}}
		if !reflect.DeepEqual(*r, want) {
			t.Errorf("on %s: got %+v, want %+v", tt.on, *r, want)
		}
	}
	table, err := redline.ParseRules("mine", []byte(text), day("2024-12-31"))
	if err != nil {
		t.Fatal(err)
	}
	type pair = [2]landcover.Ecosystem
	for i, want := range []redline.ChangeType{
		{Name: "build", NameZH: "建", Pairs: []pair{{landcover.Forest, landcover.Built}, {landcover.Wetland, landcover.Built}}},
		{Name: "heal", NameZH: "复", Pairs: []pair{{landcover.Built, landcover.Forest}, {landcover.Built, landcover.Wetland}, {landcover.Bare, landcover.Wetland}}},
	} {
		got := table.Changes[i]
		if got.Name != want.Name || got.NameZH != want.NameZH || !slices.Equal(got.Pairs, want.Pairs) {
			t.Errorf("change %d = %+v, want %+v", i, got, want)
		}
		for _, p := range want.Pairs {
			if c := table.Change(p[0], p[1]); c != i {
				t.Errorf("Change(%s, %s) = %d, want %d", p[0], p[1], c, i)
			}
		}
	}
	for _, p := range []pair{{landcover.Built, landcover.Built}, {landcover.Bare, landcover.Forest}, {landcover.NoData, landcover.Built}} {
		if c := table.Change(p[0], p[1]); c != -1 {
			t.Errorf("Change(%s, %s) = %d, want -1", p[0], p[1], c)
		}
	}
	if id := table.Rule(1, redline.Core, "").ID; id != "heal/core" {
		t.Errorf("a rule of two rows has the id %q", id)
	}
	heal := table.Rule(1, redline.Core, "").Activities
	if heal[pair{landcover.Built, landcover.Forest}] != "a" || heal[pair{landcover.Built, landcover.Wetland}] != "wet" || len(heal) != 3 {
		t.Errorf("the activities of two rows are %v", heal)
	}
	if id := table.Rule(2, redline.Core, "").ID; id != "grow/core@2001-01-01" {
		t.Errorf("a rule that its second row completed in 2001 has the id %q", id)
	}
}

const timedHeader = "timing," + ruleHeader

// TestTimedRules: rules may differ by what the maps show; a row for that goes before the rows for all. Without the
// column nothing differs.
func TestTimedRules(t *testing.T) {
	parse := func(text string) *redline.RuleTable {
		t.Helper()
		table, err := redline.ParseRules("R", []byte(text), day("2020-12-31"))
		if err != nil {
			t.Fatal(err)
		}
		return &table
	}
	rows := everyZone("build,建,forest|wetland,built,%s,3,act,law,,")
	plain := parse(ruleHeader + rows)
	all := strings.ReplaceAll(rows, "build,建", ",build,建")
	if same := parse(timedHeader + all); !reflect.DeepEqual(same, plain) {
		t.Errorf("an empty column makes %+v of %+v", same, plain)
	}
	table := parse(timedHeader + all +
		"before,build,建,forest,built,core,2,old act,old law,2018-01-01,\n" + "before,build,建,wetland,built,core,2,old shore,old law,,\n" +
		"after,build,建,forest|wetland,built,core,4,act,law,,\n" +
		"unknown,build,建,forest|wetland,built,core,1,act,law,2021-01-01,\n") // not yet in force
	for _, tt := range []struct {
		v        redline.VsZone
		zone     redline.ZoneType
		id       string
		severity redline.Severity
		basis    string
	}{
		{redline.VsBefore, redline.Core, "build/core@2018-01-01+before", 2, "old law"},
		{redline.VsAfter, redline.Core, "build/core+after", 4, "law"},
		{redline.VsStraddles, redline.Core, "build/core", 3, "law"},
		{redline.VsUnknown, redline.Core, "build/core", 3, "law"},
		{"", redline.Core, "build/core", 3, "law"},
		{redline.VsBefore, redline.Buffer, "build/buffer", 3, "law"},
	} {
		if r := table.Rule(0, tt.zone, tt.v); r.ID != tt.id || r.Severity != tt.severity || r.Basis != tt.basis {
			t.Errorf("%s in %s: got %+v, want %+v", tt.v, tt.zone, r, tt)
		}
	}
	if got := table.Rule(0, redline.Core, redline.VsBefore).Activities; got[[2]landcover.Ecosystem{landcover.Wetland, landcover.Built}] != "old shore" || len(got) != 2 {
		t.Errorf("activities are %v", got)
	}
	if table.Severest(0, redline.Core) != 4 || table.Severest(0, redline.Buffer) != 3 || table.Count() != 11 || plain.Count() != 9 {
		t.Errorf("severest %d, %d; %d and %d rules", table.Severest(0, redline.Core), table.Severest(0, redline.Buffer), table.Count(), plain.Count())
	}
	if len(table.Timed(0, redline.Core)) != 4 || table.Timed(0, redline.Buffer) != nil {
		t.Errorf("timed: %v, %v", table.Timed(0, redline.Core), table.Timed(0, redline.Buffer))
	}
	four := ""
	for _, v := range redline.VsZones() {
		four += strings.ReplaceAll(rows, "build,建", v.String()+",build,建")
	}
	if r := parse(timedHeader+four).Rule(0, redline.Periphery, ""); r.ID != "build/periphery+unknown" || r.Timing != redline.VsUnknown {
		t.Errorf("got %+v", r)
	}
}

func TestTimedRulesErrors(t *testing.T) {
	good := timedHeader + everyZone(",build,建,forest|wetland,built,%s,3,act,law,,") // lines 2-10
	for _, tt := range []struct{ name, text, want string }{
		{"no timing", good + "later,build,建,forest|wetland,built,core,3,act,law,,\n", `R:11: timing "later" is none of before, after, straddles, unknown; leave it empty for all`},
		{"two rows", good + "before,build,建,forest|wetland,built,core,3,act,law,,\nbefore,build,建,forest,built,core,3,act,law,,\n",
			"R:12: contradicts line 11: forest→built in core has two rows"},
		{"severities differ", good + "before,build,建,forest,built,core,3,act,law,,\nbefore,build,建,wetland,built,core,2,act,law,,\n",
			"R:12: contradicts line 11: the rows of build in core must agree"},
		{"fewer transitions", good + "before,build,建,forest,built,buffer,3,act,law,,\n",
			"R:11: build must cover the same transitions in every zone type, but wetland→built is covered in only one of buffer (timing before) and core (line 2)"},
		{"two types", good + "before,x,叉,forest,built,core,3,act,law,,\n", "R:11: contradicts line 2: forest→built belongs to both x and build"},
		{"some missing", strings.Replace(good, ",build,建,forest|wetland,built,buffer", "after,build,建,forest|wetland,built,buffer", 1),
			"R:2: build has no rule on 2020-12-31 for zone type buffer (timing before, straddles, unknown); add rows"},
		{"another column", strings.Replace(good, "timing", "time", 1), "R:1: the columns are"},
		{"column twice", strings.Replace(good, "timing,", "timing,timing,", 1), "R:1: the columns are"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if table, err := redline.ParseRules("R", []byte(tt.text), day("2020-12-31")); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %+v, %v\nwant %s", table, err, tt.want)
			}
		})
	}
}

func TestParseRulesErrors(t *testing.T) {
	good := ruleHeader + everyZone("build,建,forest,built,%s,3,act,law,,") // lines 2-10
	if _, err := redline.ParseRules("R", []byte(good), day("2020-12-31")); err != nil {
		t.Fatalf("the table that the cases spoil: %v", err)
	}
	row := func(r string) string { return good + r + "\n" } // line 11
	without := func(zone string) string {
		return strings.Replace(good, "build,建,forest,built,"+zone+",3,act,law,,\n", "", 1)
	}
	tests := []struct{ name, text, want string }{
		{"empty", ruleHeader, "R: the table has no rules"},
		{"columns", "change,from,to\n", "R:1: the columns are"},
		{"name of a change", row("Build it,建,shrub,built,core,3,,,,"), `R:11: change "Build it" must be`},
		{"no Chinese name", row("x,,shrub,built,core,3,,,,"), "R:11: change_zh of x is empty"},
		{"two Chinese names", row("build,造,shrub,built,core,3,act,law,,"), "R:11: contradicts line 2: build is called both"},
		{"unknown class, near", row("x,叉,forrest,built,core,3,,,,"), `R:11: from: unknown ecosystem class "forrest"; did you mean "forest"?`},
		{"unknown class, far", row("x,叉,shrub,城镇,core,3,,,,"), `R:11: to: unknown ecosystem class "城镇"; valid here are forest`},
		{"nodata", row("x,叉,nodata,built,core,3,,,,"), `R:11: from: unknown ecosystem class "nodata"`},
		{"no class", row("x,叉,,built,core,3,,,,"), `R:11: from: unknown ecosystem class ""`},
		{"class twice", row("x,叉,shrub| shrub,built,core,3,,,,"), "R:11: from: shrub stands there twice"},
		{"class to itself", row("x,叉,shrub|bare,ice|bare,core,3,,,,"), "R:11: bare stands in from and in to"},
		{"unknown zone type", row("x,叉,shrub,built,red_line,3,,,,"), `R:11: unknown zone type "red_line"; did you mean "redline"?`},
		{"severity 5", row("x,叉,shrub,built,core,5,,,,"), `R:11: severity "5" is none of 0, 1, 2, 3, 4`},
		{"severity -1", row("x,叉,shrub,built,core,-1,,,,"), `R:11: severity "-1"`},
		{"severity empty", row("x,叉,shrub,built,core,,,,,"), `R:11: severity ""`},
		{"no date", row("x,叉,shrub,built,core,3,,,2026-3-15,"), `R:11: effective_from "2026-3-15" is not a date`},
		{"no such day", row("x,叉,shrub,built,core,3,,,,2026-02-30"), `R:11: effective_to "2026-02-30" is not a date`},
		{"period backwards", row("x,叉,shrub,built,core,3,,,2026-03-15,2026-03-14"), "R:11: effective_from 2026-03-15 is later than effective_to 2026-03-14"},
		{"two types claim a transition", row("x,叉,shrub|forest,built,periphery,3,,,2030-01-01,"), "R:11: contradicts line 2: forest→built belongs to both x and build"},
		{"periods overlap", row("build,建,forest,built,experimental,3,act,law,2030-01-01,"), "R:11: contradicts line 6: forest→built in experimental has two rows"},
		{"periods share one day", ruleHeader + everyZone("build,建,forest,built,%s,3,act,law,,2019-12-31") +
			everyZone("build,建,forest,built,%s,3,act,law,2019-12-31,"), "R:11: contradicts line 2: forest→built in core has two rows"},
		{"severities differ", row("build,建,shrub,built,core,4,act,law,,"), "R:11: contradicts line 2: the rows of build in core must agree"},
		{"bases differ", row("build,建,shrub,built,core,3,act,other,,"), "R:11: contradicts line 2: the rows of build in core must agree"},
		{"more transitions in the first zone type", row("build,建,shrub,built,core,3,act,law,,"), "R:3: build must cover the same transitions in every zone type, but shrub→built is covered in only one of buffer and core (line 2)"},
		{"more transitions in another zone type", row("build,建,shrub,built,periphery,3,act,law,,"), "R:10: build must cover the same transitions in every zone type, but shrub→built"},
		{"zone type missing", without("redline"), "R:2: build has no rule on 2020-12-31 for zone type redline; add rows"},
		{"rules not yet in force", good + everyZone("x,叉,shrub,built,%s,3,,,2021-01-01,"), "R:11: x has no rule on 2020-12-31 for zone type core, buffer,"},
		{"rules no longer in force", good + everyZone("x,叉,shrub,built,%s,3,,,,2020-12-30"), "R:11: x has no rule on 2020-12-31"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table, err := redline.ParseRules("R", []byte(tt.text), day("2020-12-31"))
			if err == nil {
				t.Fatalf("no error, but %+v", table)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func greenShield(t *testing.T, on string) redline.RuleTable {
	t.Helper()
	csv, ok := seeds.Rules("green-shield")
	if !ok {
		t.Fatal("green-shield is not shipped")
	}
	table, err := redline.ParseRules("green-shield", csv, day(on))
	if err != nil {
		t.Fatalf("on %s: %v", on, err)
	}
	return table
}

// TestGreenShieldSeverities holds the shipped table against the severities as the
// product decided them, zone types strictest first.
func TestGreenShieldSeverities(t *testing.T) {
	want := []struct {
		change   string
		severity [9]redline.Severity // core buffer unzoned core_protection experimental general_control nature_park redline periphery
	}{
		{"construction", [9]redline.Severity{4, 4, 4, 4, 3, 3, 3, 3, 1}},
		{"stripping", [9]redline.Severity{4, 4, 4, 4, 4, 3, 3, 3, 2}},
		{"reclamation", [9]redline.Severity{4, 4, 4, 4, 3, 3, 2, 3, 1}},
		{"construction_on_cropland", [9]redline.Severity{4, 3, 4, 3, 2, 2, 2, 2, 1}},
		{"cropland_stripped", [9]redline.Severity{3, 3, 3, 3, 2, 2, 1, 2, 1}},
		{"inundation", [9]redline.Severity{3, 3, 3, 3, 2, 2, 1, 2, 1}},
		{"degradation", [9]redline.Severity{2, 2, 2, 2, 1, 1, 1, 1, 0}},
		{"restoration", [9]redline.Severity{}},
	}
	// Every year end at which the rules in force differ, and far ends.
	for _, on := range []string{"1985-12-31", "2001-12-31", "2015-12-31", "2017-12-31", "2019-12-31", "2020-12-31", "2022-12-31", "2025-12-31", "2026-12-31", "2099-12-31"} {
		table := greenShield(t, on)
		if len(table.Changes) != len(want) {
			t.Fatalf("on %s: %d change types, want %d", on, len(table.Changes), len(want))
		}
		for i, w := range want {
			if table.Changes[i].Name != w.change {
				t.Errorf("on %s: change type %d is %s, want %s", on, i, table.Changes[i].Name, w.change)
			}
			for _, z := range redline.ZoneTypes() {
				r := table.Rule(i, z, redline.VsAfter)
				if r.Severity != w.severity[z] || len(r.Activities) != len(table.Changes[i].Pairs) || r.Basis == "" || r.Change != w.change || r.ZoneType != z {
					t.Errorf("on %s: %s in %s = %+v, want severity %d", on, w.change, z, *r, w.severity[z])
				}
				for p, activity := range r.Activities {
					// What is said of wetland only is said on wetland.
					if ofWetland := regexp.MustCompile("湿地|围垦|填湖|岸线").MatchString(activity); activity == "" || ofWetland != (p[0] == landcover.Wetland && (w.change == "construction" || w.change == "reclamation")) {
						t.Errorf("on %s: %s in %s: %s → %s may be %q", on, w.change, z, p[0], p[1], activity)
					}
				}
			}
		}
	}
}

func TestGreenShieldTransitions(t *testing.T) {
	// Rows: before, columns: after, both in table order: F forest, S shrub, G grassland, W wetland,
	// C cropland, B built, D desert, R bare, I ice. Letters: the change type; '.' is none.
	want := []string{
		//         FSGWCBDRI
		/* F */ ".ddirbss.",
		/* S */ "...irbss.",
		/* G */ "...irbss.",
		/* W */ "....rbss.",
		/* C */ "hhhi.ckk.",
		/* B */ "hhhh.....",
		/* D */ "hhhh.b...",
		/* R */ "hhhh.b...",
		/* I */ ".........",
	}
	letter := map[string]byte{"construction": 'b', "stripping": 's', "reclamation": 'r', "construction_on_cropland": 'c', "cropland_stripped": 'k',
		"inundation": 'i', "degradation": 'd', "restoration": 'h'}
	table := greenShield(t, "2020-12-31")
	for i, from := range landcover.Ecosystems() {
		for j, to := range landcover.Ecosystems() {
			got := byte('.')
			if c := table.Change(from, to); c >= 0 {
				got = letter[table.Changes[c].Name]
			}
			if got != want[i][j] {
				t.Errorf("%s→%s is %c, want %c", from, to, got, want[i][j])
			}
		}
	}
}

// TestGreenShieldBasis: no text is cited for a time at which it did not apply,
// unless the basis says so.
func TestGreenShieldBasis(t *testing.T) {
	tests := []struct {
		on, change string
		zone       redline.ZoneType
		id, has    string
	}{
		{"2015-12-31", "stripping", redline.Experimental, "stripping/experimental", "变化期末适用更早的文本"},
		{"2020-12-31", "stripping", redline.Experimental, "stripping/experimental@2017-10-07", "自然保护区条例(2017文本)第26、29、32条"},
		{"2026-12-31", "stripping", redline.Experimental, "stripping/experimental@2026-03-15", "2017文本第26、29、32条已失效"},
		{"2015-12-31", "reclamation", redline.RedLine, "reclamation/redline", "按现行红线"},
		{"2020-12-31", "reclamation", redline.RedLine, "reclamation/redline@2019-01-01", "厅字〔2019〕48号"},
		{"2022-12-31", "reclamation", redline.RedLine, "reclamation/redline@2022-01-01", "自然资发〔2022〕142号"},
		{"2020-12-31", "construction", redline.CoreProtection, "construction/core_protection@2019-01-01", "未核实"},
		{"2026-12-31", "construction", redline.CoreProtection, "construction/core_protection@2026-03-15", "(2026文本)第26条"},
		{"2020-12-31", "restoration", redline.Core, "restoration/core", "无禁止条款"},
	}
	for _, tt := range tests {
		table := greenShield(t, tt.on)
		c := slices.IndexFunc(table.Changes, func(c redline.ChangeType) bool { return c.Name == tt.change })
		if r := table.Rule(c, tt.zone, redline.VsUnknown); r.ID != tt.id || !strings.Contains(r.Basis, tt.has) {
			t.Errorf("on %s: %s, %q, want %s with %q", tt.on, r.ID, r.Basis, tt.id, tt.has)
		}
	}
	for _, on := range []string{"2015-12-31", "2020-12-31"} {
		table := greenShield(t, on)
		for c := range table.Changes {
			for _, z := range redline.ZoneTypes() {
				for _, later := range []string{"2026文本", "142号"} {
					if r := table.Rule(c, z, redline.VsBefore); strings.Contains(r.Basis, later) {
						t.Errorf("on %s: %s cites %s", on, r.ID, r.Basis)
					}
				}
			}
		}
	}
}
