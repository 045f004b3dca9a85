package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestLedgerMerge: the ledger of a city comes into that of the province, event by event and once. What both changed
// otherwise is told, until somebody settles it; what the province accepted comes back to the city.
func TestLedgerMerge(t *testing.T) {
	dir := newLedger(t) // of the city 341700
	do := func(args string) outcome { return here(t, dir, strings.Fields("ledger "+args)...) }
	do("init --code 340000 --name 安徽省 --as 王 --level province --ledger 省.gpkg").want(t, 0)
	cases, own := len(listed(t, dir)), events(t, dir)
	dry := do("merge ledger.gpkg --ledger 省.gpkg --as 王 --level province --dry-run")
	dry.want(t, 0)
	dry.has(t, fmt.Sprintf("nothing was written (--dry-run); it would be %d events: %d detected, 1 run\n", own-1, cases))
	if n := events(t, dir, "--ledger", "省.gpkg"); n != 1 {
		t.Errorf("%d events after a dry run", n)
	}
	merge := "merge ledger.gpkg --ledger 省.gpkg --as 王 --level province"
	do(merge).has(t, fmt.Sprintf("%d events written to 省.gpkg: ", own-1))
	do(merge).has(t, "nothing was written to 省.gpkg\n")
	id := "341700-000001"
	do("set "+id+" verdict=confirmed --as 李明 --level county").want(t, 0)
	do("set "+id+" verdict=refuted reason=natural --as 赵 --level province --ledger 省.gpkg").want(t, 0)
	o := do(merge)
	o.want(t, 0)
	o.has(t, "conflict: case "+id+": verdict: confirmed / refuted\n", "3 events written to 省.gpkg: 1 advanced, 1 conflict, 1 judged\n")
	if n := len(listed(t, dir, "--disputed", "--ledger", "省.gpkg")); n != 1 {
		t.Errorf("%d cases are disputed", n)
	}
	do("set "+id+" --settle verdict=confirmed --as 王 --level province --ledger 省.gpkg").want(t, 0)
	do("merge 省.gpkg --as 李 --level city").want(t, 0)
	for _, place := range []string{"ledger.gpkg", "省.gpkg"} {
		if c := listed(t, dir, id, "--ledger", place); len(c) != 1 {
			t.Errorf("%v", c)
		} else {
			for _, c := range c {
				if c["verdict"] != "confirmed" || c["state"] != "unreviewed" {
					t.Errorf("%s: %v, %v", place, c["verdict"], c["state"])
				}
			}
		}
		events(t, dir, "--ledger", place) // which verifies it
	}
	said := jsonOf(t, do(merge+" --json"))
	if said["status"] != "unchanged" && said["status"] != "written" || said["conflicts"] != nil {
		t.Errorf("%v", said)
	}
	if again := jsonOf(t, do(merge+" --json")); again["status"] != "unchanged" {
		t.Errorf("%v", again)
	}
}

// TestLedgerMergeRefuses: a ledger of the same code, one that was changed behind its back, and none are refused.
func TestLedgerMergeRefuses(t *testing.T) {
	dir := newLedger(t)
	do := func(args string) outcome { return here(t, dir, strings.Fields("ledger "+args)...) }
	do("init --code 341700 --name 另一 --as 王 --level city --ledger same.gpkg").want(t, 0)
	do("init --code 340000 --name 安徽省 --as 王 --level province --ledger 省.gpkg").want(t, 0)
	for _, tt := range []struct {
		args, want string
		status     int
	}{
		{"merge --as 王 --level city", "no other ledger; name one: greenshield ledger merge OTHER.gpkg", 10},
		{"merge none.gpkg --as 王 --level city", "none.gpkg: there is no ledger", 10},
		{"merge ledger.gpkg --ledger 省.gpkg", "who speaks is not said; give the name by --as NAME", 10},
		{"merge same.gpkg --as 王 --level city", "same.gpkg: both ledgers have the code 341700, so that their cases cannot be told apart", 13},
	} {
		o := do(tt.args)
		o.want(t, tt.status)
		o.has(t, tt.want)
	}
	for _, trigger := range query(t, dir+"/ledger.gpkg", "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events'") {
		query(t, dir+"/ledger.gpkg", "DROP TRIGGER "+trigger)
	}
	query(t, dir+"/ledger.gpkg", "UPDATE events SET actor = '某' WHERE seq = 2")
	o := do("merge ledger.gpkg --ledger 省.gpkg --as 王 --level province")
	o.want(t, 13)
	o.has(t, "ledger.gpkg: ")
	if n := events(t, dir, "--ledger", "省.gpkg"); n != 1 {
		t.Errorf("%d events", n)
	}
}
