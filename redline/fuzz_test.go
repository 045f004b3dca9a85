package redline_test

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/seeds"
)

var placed = regexp.MustCompile(`^R(:[0-9]+)?: .`)

var ruleColumns = strings.Split(strings.TrimSpace(ruleHeader), ",")

// FuzzParseRules: a rule table is refused by an error that begins with its name and a
// line of the file. Otherwise there is a rule for every change type and zone type,
// every transition has the rule of the one row that covers it on the day, or none, and
// the table means the same when written anew.
func FuzzParseRules(f *testing.F) {
	shipped, _ := seeds.Rules("green-shield")
	f.Add(shipped)
	f.Add([]byte(ruleHeader + everyZone("build,建,forest|wetland,built,%s,3,act,law,2020-12-31,2020-12-31")))
	f.Add([]byte(ruleHeader + everyZone("build,建,forest,built,%s,3,a,old,,2019-12-31") + everyZone("build,建,forest,built,%s,2,a,new,2020-01-01,") + everyZone("heal,复, built | bare ,wetland,%s,0,,,,")))
	f.Add([]byte(ruleHeader + everyZone("a,甲,forest,built,%s,3,x,y,,") + everyZone("b,乙,forest,built,%s,3,x,y,2021-01-01,")))
	f.Add([]byte(ruleHeader + everyZone("a,甲,forest,built,%s,9,x,y,,")))
	f.Add([]byte(ruleHeader + "a,甲,forest,built,core,3,\"x\ny\",y,2020-02-30,\n"))
	f.Add([]byte(timedHeader + everyZone(",a,甲,forest,built,%s,3,x,y,,") + "before,a,甲,forest,built,core,2,x,z,2018-01-01,\nafter,a,甲,forest,built,redline,4,x,z,,\n"))
	const on = "2020-12-31"
	f.Fuzz(func(t *testing.T, text []byte) {
		table, err := redline.ParseRules("R", text, day(on))
		if err != nil {
			m := placed.FindStringSubmatch(err.Error())
			if m == nil || strings.Contains(err.Error(), "%!") && !bytes.Contains(text, []byte("%!")) {
				t.Fatalf("%q", err)
			}
			if m[1] != "" {
				if line, _ := strconv.Atoi(m[1][1:]); line < 1 || line > bytes.Count(text, []byte("\n"))+1 {
					t.Fatalf("no line of the file: %q", err)
				}
			}
			return
		}
		want, err := slowRules(text, on)
		if err != nil {
			t.Fatalf("%v, although the table was accepted", err)
		}
		for _, from := range landcover.Ecosystems() {
			for _, to := range landcover.Ecosystems() {
				change := table.Change(from, to)
				for i := range 4 * len(redline.ZoneTypes()) {
					z, v := redline.ZoneTypes()[i/4], redline.VsZones()[i%4]
					got := ""
					if change >= 0 {
						r := table.Rule(change, z, v)
						got = fmt.Sprint(r.Change, table.Changes[change].NameZH, r.ZoneType, int(r.Severity), r.Activities[[2]landcover.Ecosystem{from, to}], r.Basis)
					}
					key := fmt.Sprint(from, to, z, " ", v)
					if slow, timed := want[key]; got != slow && (timed || got != want[fmt.Sprint(from, to, z, " ")]) {
						t.Fatalf("%s: got %q, want %q or %q", key, got, slow, want[fmt.Sprint(from, to, z, " ")])
					}
				}
			}
		}

		var b bytes.Buffer
		w := csv.NewWriter(&b)
		_ = w.Write(append(slices.Clone(ruleColumns), "timing"))
		lf := strings.NewReplacer("\r\n", "\n") // Go's reader of CSV takes CR LF for LF also inside quotes
		for i, c := range table.Changes {
			table.Changes[i].NameZH = lf.Replace(c.NameZH)
			seen := map[*redline.Rule]bool{}
			for j := range 4 * len(redline.ZoneTypes()) {
				z := redline.ZoneTypes()[j/4]
				r := table.Rule(i, z, redline.VsZones()[j%4])
				if seen[r] {
					continue
				}
				seen[r] = true
				r.Basis = lf.Replace(r.Basis)
				id, _, _ := strings.Cut(r.ID, "+")
				_, since, _ := strings.Cut(id, "@")
				for _, p := range c.Pairs {
					r.Activities[p] = lf.Replace(r.Activities[p])
					_ = w.Write([]string{c.Name, lf.Replace(c.NameZH), p[0].String(), p[1].String(), z.String(), strconv.Itoa(int(r.Severity)), r.Activities[p], r.Basis, since, "", r.Timing.String()})
				}
			}
		}
		w.Flush()
		if b.Len() > 1<<20 {
			return
		}
		if again, err := redline.ParseRules("R", b.Bytes(), day(on)); err != nil || !reflect.DeepEqual(again, table) {
			t.Fatalf("%+v\nwritten as\n%s\nbecame %+v, %v", table, &b, again, err)
		}
	})
}

// slowRules says for each transition in each zone type what the row of the table that
// is in force says.
func slowRules(text []byte, on string) (map[string]string, error) {
	rows, err := landcover.ReadTableWith("R", text, "timing", ruleColumns...)
	if err != nil {
		return nil, err
	}
	rules := map[string]string{}
	for _, row := range rows {
		v := row.Fields
		if v["effective_from"] > on || cmp.Or(v["effective_to"], "9999") < on {
			continue
		}
		for _, from := range strings.Split(v["from"], "|") {
			for _, to := range strings.Split(v["to"], "|") {
				a, errA := landcover.ParseEcosystem(strings.TrimSpace(from))
				b, errB := landcover.ParseEcosystem(strings.TrimSpace(to))
				z, errZ := redline.ParseZoneType(v["zone_type"])
				severity, errS := strconv.Atoi(v["severity"])
				if err := cmp.Or(errA, errB, errZ, errS); err != nil {
					return nil, err
				}
				key := fmt.Sprint(a, b, z, " ", v["timing"])
				if rules[key] != "" {
					return nil, fmt.Errorf("%s has two rows", key)
				}
				rules[key] = fmt.Sprint(v["change"], v["change_zh"], z, severity, v["activity"], v["basis"])
			}
		}
	}
	return rules, nil
}

// FuzzZoneType: the zone type of a text is that of any spelling of it that differs in
// case and white space around it only; what the job says goes before the vocabulary,
// and the answer is the same every time.
func FuzzZoneType(f *testing.F) {
	v, err := redline.ParseVocabulary(seeds.ZoneTypes(), seeds.Fields())
	if err != nil {
		f.Fatal(err)
	}
	f.Add("核心区", "core", "核心区")
	f.Add(" HXQ　", "buffer", "hxq")
	f.Add("", "nature_park", " ")
	f.Add("\xff\x00", "core", "İ")
	f.Add("General_Control", "cor", "")
	f.Fuzz(func(t *testing.T, text, to, key string) {
		if got, ok := v.ZoneType(redline.LayerRedLine, text, map[string]string{key: to}); got != redline.RedLine || !ok {
			t.Fatalf("%q in the red line: %v, %v", text, got, ok)
		}
		plain, known := v.ZoneType(redline.LayerReserve, text, nil)
		if blank := strings.TrimSpace(text) == ""; blank && (plain != redline.Unzoned || !known) {
			t.Fatalf("blank %q: %v, %v", text, plain, known)
		}
		want, wantKnown := plain, known
		if redline.SameWord(key, text) {
			z, err := redline.ParseZoneType(to)
			want, wantKnown = z, err == nil
		}
		for _, spelling := range []string{text, " " + text + "\t", strings.ToLower(text), "　" + strings.ToLower(text)} {
			got, ok := v.ZoneType(redline.LayerReserve, spelling, map[string]string{key: to})
			if ok != wantKnown || ok && got != want {
				t.Fatalf("%q with %q: %q: got %v, %v, want %v, %v", spelling, key, to, got, ok, want, wantKnown)
			}
		}
	})
}
