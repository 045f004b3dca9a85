package spool

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"greenshield/redline"
	"greenshield/redline/files"
	"greenshield/redline/findings"
	"greenshield/redline/redlinetest"
)

// suppressed returns the record of a suppressed change in suppressed.csv, of which a ledger knows nothing.
func suppressed(c *redline.Candidate) []byte {
	return files.AppendSuppressed(nil, c, func(b []byte) []byte {
		for i, g := range findings.AllColumns.Suppressed().Groups() {
			if i > 0 {
				b = append(b, ',')
			}
			b = files.AppendGroup(b, files.CSV, &g, c)
		}
		return b
	})
}

// TestLateAgainstTwin: what a ledger knows of patches is written into candidates that were taken before it was known, as
// if it had been known from the start; a suppressed one is written as without a ledger.
func TestLateAgainstTwin(t *testing.T) {
	shared := newCommon(findings.AllColumns)
	e, random := newEncoder(shared), rand.New(rand.NewPCG(3, 4))
	hostile := slices.Sorted(maps.Values(redlinetest.Hostile))
	known := map[string]*redline.Known{}
	for i := range 40 {
		verdict := []string{"", "unreviewed", "refuted", "confirmed"}[random.IntN(4)]
		known[fmt.Sprint("p", i)] = &redline.Known{Case: fmt.Sprint("34-", i), Relation: "grown", State: "filed", Linked: "a;b", Near: "\"",
			Verdict: verdict, Reason: "natural", Note: hostile[random.IntN(len(hostile))], Confirm: []string{"", "grown"}[random.IntN(2)], FollowUp: "still"}
	}
	type taken struct {
		c                     redline.Candidate
		text, record, without []byte
	}
	var all []taken
	for i := range 300 {
		c := redlinetest.Candidate("c")
		c.PatchID, c.AdmCode = fmt.Sprint("p", random.IntN(41)), fmt.Sprint(i%7) // p40 is not known: it has no kept candidate
		if c.PatchID == "p40" {
			c.Reason, c.Geometry = redline.ReasonArea, nil
		}
		if random.IntN(3) > 0 {
			c.Dated = &redline.Dated{Year: random.IntN(2) * 2018, From: 2016, To: 2019, Grade: redline.Grade(1 + random.IntN(4))}
			for i := range random.IntN(3) {
				c.Dated.Shares = append(c.Dated.Shares, redline.YearShare{Year: 2016 + i, Pct: 100 * random.Float64()})
			}
			c.Evidence = &redline.Evidence{Width: random.Float64() * 9, Compact: 50, Confused: 7.5, NearM: math.Inf(1), LeadM: 12, StaysPct: 100,
				Agreed: append([]redline.Agreement(nil), []redline.Agreement{{Same: random.Float64()}, {NoData: 1}}[:random.IntN(3)]...)}
			c.Priority = &redline.Priority{Score: random.IntN(101), Why: hostile[random.IntN(len(hostile))]}
			c.ZoneSince, c.VsZone = redline.Date{Year: 2018, Month: random.IntN(13)}, redline.VsStraddles
		}
		x := taken{c: c, record: e.appendRecord(nil, &c)}
		if c.Reason == "" {
			x.text = e.appendFeature(nil, &c)
		} else {
			x.text, x.without = e.appendSuppressed(nil, &c), suppressed(&c)
		}
		all = append(all, x)
	}
	shared.know(known)
	for _, x := range all {
		part, c := byte(partFeature), x.c
		c.Known = known[c.PatchID]
		want := x.without
		if want != nil {
			part = partSuppressed
		} else {
			want = files.AppendFeature(nil, &c, func(b []byte) []byte {
				for i, g := range findings.AllColumns.Groups() {
					if i > 0 {
						b = append(b, ',')
					}
					b = files.AppendGroup(b, files.GeoJSON, &g, &c)
				}
				return b
			})
		}
		if got := shared.expand(nil, x.text, part, nil); !bytes.Equal(got, want) {
			t.Fatalf("got\n%s, want\n%s", got, want)
		}
		var got redline.Candidate
		if err := shared.decode(x.record, &got, nil); err != nil || !reflect.DeepEqual(got, c) {
			t.Fatalf("decodes to\n%+v, %v, want\n%+v", got, err, c)
		}
	}
}
