package seeds

import (
	"embed"
	"strings"
)

//go:embed legends/*.csv rules/*.csv zones/*.csv survey/*.csv ledger/*.csv confusion/*.csv priority/*.csv
var files embed.FS

// Legend returns the shipped legend of that name as the CSV text that
// [landcover.ParseLegend] reads, and whether there is one.
func Legend(name string) ([]byte, bool) { return read("legends/" + name) }

// Legends lists the names of the shipped legends, sorted.
func Legends() []string { return list("legends") }

// Rules returns the shipped rule table of that name as the CSV text that
// [redline.ParseRules] reads, and whether there is one.
func Rules(name string) ([]byte, bool) { return read("rules/" + name) }

// RuleTables lists the names of the shipped rule tables, sorted.
func RuleTables() []string { return list("rules") }

// ZoneTypes returns the words for functional zones and the zone types that they mean, as the
// CSV text that [redline.ParseVocabulary] reads.
func ZoneTypes() []byte { return must("zones/zone_types") }

// Fields returns the names that attribute fields are known by, as the CSV text that
// [redline.ParseVocabulary] reads.
func Fields() []byte { return must("zones/fields") }

// Ranks returns the ecological ranks of ecosystem classes, for the settings of the survey, as
// CSV text.
func Ranks() []byte { return must("survey/ranks") }

// Confusion returns the table of how often maps of a shipped legend's product confuse ecosystem classes, as the CSV
// text that [evidence.ParseConfusion] reads, and whether there is one.
func Confusion(legend string) ([]byte, bool) { return read("confusion/" + legend) }

// Confusions lists the legends whose product has such a table, sorted.
func Confusions() []string { return list("confusion") }

// Priority returns the shipped rule of that name by which candidates are ranked, as the CSV text that
// [priority.ParseCard] reads, and whether there is one.
func Priority(name string) ([]byte, bool) { return read("priority/" + name) }

// Priorities lists the names of the shipped rules by which candidates are ranked, sorted.
func Priorities() []string { return list("priority") }

// Ledger returns a table of the ledger as CSV text: verdicts, reasons, words, lists, measures, holidays, labels, or
// score. It panics when there is none of that name.
func Ledger(name string) []byte { return must("ledger/" + name) }

func read(path string) ([]byte, bool) {
	data, err := files.ReadFile(path + ".csv")
	return data, err == nil
}

func must(path string) []byte {
	data, ok := read(path)
	if !ok {
		panic("seeds: " + path + ".csv is not embedded")
	}
	return data
}

func list(dir string) []string {
	entries, err := files.ReadDir(dir) // sorted by name
	if err != nil {
		panic(err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".csv")
	}
	return names
}
