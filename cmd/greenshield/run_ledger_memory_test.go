package main

import (
	"os"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/vector/gdalvector"
)

// TestRunLedgerMemory: stripes over the whole raster have as many runs of cells as rows each; with a ledger these are
// kept, so that half of the least memory does not suffice: for those of the run when the ledger is empty, and for those
// of the ledger before anything is begun when it has them. With more memory, as the message says, the run is done.
func TestRunLedgerMemory(t *testing.T) {
	zone := []gdalvector.Row{{Values: []string{"Z1"}, Shape: orb.MultiPolygon{{ring(orb.Point{116.9, 31.495}, orb.Point{117.5, 31.495}, orb.Point{117.5, 31.505}, orb.Point{116.9, 31.505})}}}}
	f := fieldJob(t, "EPSG:4527", 1400, 30, zone, func(col, _ int) bool { return col%2 == 0 })
	do := func(args string) outcome {
		return here(t, f.dir, append(strings.Fields("run job.yaml --formats geojson --quiet --max-memory"), strings.Fields(args)...)...)
	}
	do("64MiB").want(t, 0) // without a ledger
	here(t, f.dir, strings.Fields("ledger init --code 34 --name 台账 --as 王建国 --level city --at 2026-01-05")...).want(t, 0)
	refused := func(out string) {
		t.Helper()
		o := do("64MiB --ledger ledger.gpkg --out " + out)
		o.want(t, 17)
		o.has(t, "the cells of the cases of the ledger, and of the patches that are compared with them, need more than 32 MiB, half of --max-memory; raise it")
		if _, err := os.Stat(f.path(out)); err == nil {
			t.Errorf("%s was written", out)
		}
	}
	refused("out2")
	do("256MiB --ledger ledger.gpkg --out out2").want(t, 0)
	here(t, f.dir, strings.Fields("ledger add out --at 2026-01-05")...).want(t, 0)
	refused("out3")
	do("256MiB --ledger ledger.gpkg --out out3").want(t, 0)
	for folder, want := range map[string]string{"out2": "new", "out3": "persisting"} {
		all := candidatesOf(t, f.path(folder))
		for id, c := range all {
			if c["relation"] != want {
				t.Fatalf("%s of %s is %s", id, folder, c["relation"])
			}
		}
		if len(all) != 700 {
			t.Errorf("%s has %d candidates", folder, len(all))
		}
	}
}
