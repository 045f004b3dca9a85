package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// edit has somebody set fields of cases in a copy. Guards are off when the fields begin with !.
func edit(t *testing.T, path, id, set string) {
	t.Helper()
	if set[0] == '!' {
		for _, name := range query(t, path, "SELECT name FROM sqlite_master WHERE name LIKE 'guard_%update'") {
			query(t, path, "DROP TRIGGER "+name)
		}
	}
	query(t, path, "UPDATE case_areas SET "+strings.TrimPrefix(set, "!")+" WHERE id = '"+id+"'")
}

// TestLedgerCopies: what reviewers write in copies is compared with what they were given and with the ledger as it is; rows
// that say what cannot be are refused one by one; a copy taken again says nothing.
func TestLedgerCopies(t *testing.T) {
	dir := newLedger(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	ids := query(t, at("ledger.gpkg"), "SELECT id FROM case_areas ORDER BY id")
	for _, name := range []string{"甲.gpkg", "乙.gpkg"} {
		here(t, dir, "ledger", "review", name).has(t, fmt.Sprintf("%s written, for %s.qgz in QGIS: %d cases", name, strings.TrimSuffix(name, ".gpkg"), len(ids)))
	}
	take := func(name, who string) outcome {
		t.Helper()
		return here(t, dir, "ledger", "take", name, "--as", who, "--level", "county", "--at", "2026-03-01")
	}
	take("甲.gpkg", "李明").has(t, fmt.Sprintf("nothing new in %d rows\nnothing was written to ledger.gpkg", len(ids)))
	for i, set := range []string{
		"verdict = 'refuted', reason = 'natural', note = ' 水位' || char(13, 10) || '变化 '", "measures = '拆除', due_date = '2026-06-30'",
		"verdict = 'refuted'", "verdict = 'maybe'", "due_date = '2026-02-30'", "!severity = '1', verdict = 'confirmed'", "!id = '341700-009999'", "measure_kind = '拆除'",
	} {
		edit(t, at("甲.gpkg"), ids[i], set)
	}
	edit(t, at("乙.gpkg"), ids[0], "verdict = 'confirmed'")
	edit(t, at("乙.gpkg"), ids[1], "measures = '复绿', due_date = NULL")
	o := take("甲.gpkg", "李明")
	o.want(t, 13)
	o.has(t, ids[2]+": the verdict refuted needs a reason", ids[3]+`: the verdict "maybe" is unknown`, ids[4]+": the field due_date: ",
		ids[5]+": the field severity was changed, which is not for reviewers", "341700-009999: the ledger had no such case: its id was changed",
		fmt.Sprintf("nothing new in %d rows\n", len(ids)-8), "4 events written to ledger.gpkg: 1 advanced, 1 judged, 2 set\n")
	if got := query(t, at("ledger.gpkg"), "SELECT state || '|' || verdict || '|' || note FROM case_areas WHERE id = '"+ids[0]+"'"); !slices.Equal(got, []string{"archived|refuted|水位\n变化"}) {
		t.Errorf("the case is %q", got)
	}
	take("乙.gpkg", "王芳").has(t, "3 events written to ledger.gpkg: 1 advanced, 2 conflict\n")
	for _, name := range []string{"乙.gpkg", "甲.gpkg", "乙.gpkg"} {
		take(name, "王芳").has(t, "nothing was written to ledger.gpkg")
	}
	here(t, dir, "ledger", "case", ids[1]).has(t, "复绿", "拆除")
	here(t, dir, "ledger", "verify").want(t, 0)
	here(t, dir, strings.Fields("ledger take 甲.gpkg --as 李明 --level county --reason misclassified --all-or-nothing --at 2026-03-01")...).has(t, "nothing was written")
	here(t, dir, strings.Fields("ledger take 甲.gpkg --as 李明 --level county --reason misclassified --at 2026-03-01")...).has(t, "1 judged")
	here(t, dir, strings.Fields("ledger init --code 341800 --name 别处 --as 李明 --level city --ledger other.gpkg")...).want(t, 0)
	for _, tt := range []struct {
		args    string
		status  int
		message string
	}{
		{"take 甲.gpkg --as 李明 --level county --ledger other.gpkg", 13, "甲.gpkg: it is a copy of another ledger, or of events that this one has lost; name its ledger by --ledger"},
		{"take 甲.gpkg out/review.gpkg --as 李明 --level county", 10, "甲.gpkg: is a copy of the ledger, out/review.gpkg is of a run; take them one after the other"},
		{"review 丙.xlsx", 10, "丙.xlsx: the copy is a GeoPackage; name it as 东至县.gpkg"},
		{"review 甲.gpkg", 15, "甲.qgz: there is such a file already; name a new one"},
		{"review 丙.gpkg --county 77", 10, "no case is chosen; nothing was written"},
		{"qgis --county 1|2", 10, `"1|2" is no code of a county; write such as --county 341721`},
		{"qgis --ledger other.gpkg 甲.qgz", 15, "甲.qgz: there is such a file already; name a new one"},
		{"qgis --day 2026-02-30", 10, "2026-02-30"},
		{"qgis --ledger postgres://u:geheim@h/d", 10, "postgres://u:xxxxx@h/d: is a database, and qgis writes the project of a file; in QGIS add the layer ledger.judging of the database"},
	} {
		o := here(t, dir, strings.Fields("ledger "+tt.args)...)
		if o.status != tt.status || !strings.Contains(o.stderr, tt.message) {
			t.Errorf("%s: status %d, %s", tt.args, o.status, o.stderr)
		}
		inChinese(t, o.stderr)
	}
	here(t, dir, "ledger", "review", "丙.gpkg").want(t, 0)
	here(t, dir, "ledger", "qgis", "--county", "990102").want(t, 0)
	here(t, dir, "ledger", "qgis").want(t, 15)
	here(t, dir, "ledger", "qgis", "--replace").want(t, 0)
	if err := os.Rename(at("other.gpkg"), at("o|r.gpkg")); err != nil {
		t.Fatal(err)
	}
	here(t, dir, "ledger", "qgis", "--ledger", "o|r.gpkg").has(t, "QGIS opens no path in which | stands; rename it")
	if err := os.Rename(at("o|r.gpkg"), at("other.gpkg")); err != nil {
		t.Fatal(err)
	}
	here(t, dir, "ledger", "qgis", "--ledger", "other.gpkg").has(t, "other.qgz written")
}
