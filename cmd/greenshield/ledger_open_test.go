package main

import "testing"

// TestShownPlace: the password of a database is not printed.
func TestShownPlace(t *testing.T) {
	for place, want := range map[string]string{
		"ledger.gpkg": "ledger.gpkg", "postgres://a:secret@h/d": "postgres://a:xxxxx@h/d",
		"postgresql://h/d?password=secret": "postgresql://h/d?password=xxxxx", "postgres://a:%zz@h": "postgres://",
	} {
		if got := shownPlace(place); got != want {
			t.Errorf("%s is shown as %s", place, got)
		}
	}
}
