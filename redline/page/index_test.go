package page

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline"
)

// listed are candidates in the order of files.
type listed []redline.Candidate

func (l listed) All(context.Context, bool) iter.Seq2[*redline.Candidate, error] {
	return func(yield func(*redline.Candidate, error) bool) {
		for i := range l {
			if !yield(&l[i], nil) {
				return
			}
		}
	}
}

func (l listed) Pick(_ context.Context, positions iter.Seq[uint32]) iter.Seq2[*redline.Candidate, error] {
	return func(yield func(*redline.Candidate, error) bool) {
		for i := range positions {
			if !yield(&l[i], nil) {
				return
			}
		}
	}
}

// TestNumbers: cards and list number the same candidates alike: by severity, then by area, equal ones in the order of
// files, of which ids say nothing.
func TestNumbers(t *testing.T) {
	var all listed
	for i := range 60 {
		all = append(all, redline.Candidate{
			ID: fmt.Sprintf("C%02d", (i*37)%60), Severity: redline.Severity(1 + i%4), AreaM2: float64(1000 * (1 + i/4%3)),
			ZoneID: fmt.Sprint("Z", i%5), ZoneType: "core", Lon: 117 + float64(i)/100, Lat: 31,
			Flags: []string{"EDGE", "SLIVER"}[:i%3],
		})
	}
	tally := newTally(Options{}, nil)
	for i := range all {
		tally.add(&all[i])
	}
	x := &index{place: func(lon, lat float64) orb.Point { return orb.Point{(lon - 117) * 1000, lat} }}
	text, err := x.pack(context.Background(), all, tally.ranks)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(string(text))))
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Rows  [][]any
		Lists map[string][]any
	}
	if err := json.Unmarshal(unpacked, &got); err != nil {
		t.Fatal(err)
	}
	var want []string
	for severity := redline.Severity(4); severity >= 1; severity-- {
		for area := 3000.0; area >= 1000; area -= 1000 {
			for i := range all {
				if c := &all[i]; c.Severity == severity && c.AreaM2 == area {
					want = append(want, fmt.Sprint(c.ID, " ", area/1e4, " ", strings.Join(redline.FlagsChinese(c.Flags), "；"), " ", c.ZoneID))
				}
			}
		}
	}
	if len(got.Rows) != 60 || len(want) != 60 || len(tally.worst) != worst {
		t.Fatalf("%d rows, %d cards", len(got.Rows), len(tally.worst))
	}
	for i, r := range got.Rows {
		zone := got.Lists["zones"][int(r[3].(float64))].([]any)
		if is := fmt.Sprint(r[0], " ", r[6], " ", got.Lists["flags"][int(r[9].(float64))], " ", zone[0]); is != want[i] {
			t.Errorf("number %d is %s, want %s", i+1, is, want[i])
		}
		if i < worst && tally.worst[i].ID != r[0] {
			t.Errorf("card %d is of %s, the list has %s", i+1, tally.worst[i].ID, r[0])
		}
	}
	if kinds := got.Lists["kinds"]; len(kinds) != 1 || kinds[0] != "核心区" {
		t.Errorf("types of zones %v", kinds)
	}
	again, err := x.pack(context.Background(), all, tally.ranks)
	if err != nil || again != text {
		t.Error("packed twice, the list has other bytes", err)
	}
	if !bytes.Contains(unpacked, []byte(`,0.300000,`)) || !bytes.Contains(unpacked, []byte(`,31.000000,`)) {
		t.Errorf("decimals: %.300s", unpacked)
	}
}
