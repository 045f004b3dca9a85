package work

import (
	"context"
	"fmt"
	"testing"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/folder"
	"greenshield/redline/record"
	"greenshield/redline/redlinetest"
	"greenshield/redline/spool"
)

// spooled puts n candidates, every third of which is suppressed, in the reverse order of
// their keys, and fits the summary to them.
func spooled(b *testing.B, f *folder.Folder, n int) Found {
	b.Helper()
	sc := sceneA()
	in := &redline.Inputs{Zones: sc.zones}
	s, err := spool.New(f, in, findings.Columns{}, true)
	redlinetest.Must(b, err)
	sum := &sc.summary
	sum.Candidates, sum.Suppressed, sum.CandidateM2 = 0, 0, 0
	for i := range n {
		c := redlinetest.Candidate(fmt.Sprint("c", i))
		key := redline.Key{Row: int32(n - i)}
		if i%3 == 0 {
			c.Reason, c.Geometry = redline.ReasonArea, nil
			sum.Suppressed++
			redlinetest.Must(b, s.Put(key, &c, nil))
			continue
		}
		sum.Candidates++
		sum.CandidateM2 += c.AreaM2
		redlinetest.Must(b, s.Put(key, &c, sc.puts[0].overlaps))
	}
	return Found{Inputs: in, Summary: sum, Spool: s}
}

// Write itself compares what it reads back with the summary.
func BenchmarkWrite(b *testing.B) {
	const n = 20_000
	for b.Loop() {
		b.StopTimer()
		f := begin(b)
		found := spooled(b, f, n)
		m := &record.Manifest{Program: "greenshield 1"}
		b.StartTimer()
		redlinetest.Must(b, Write(context.Background(), f, found, m))
		b.StopTimer()
		if len(m.Outputs) != 7 || m.Counts.Candidates != found.Summary.Candidates || found.Summary.Candidates+found.Summary.Suppressed != n {
			b.Fatalf("%d outputs, %+v", len(m.Outputs), m.Counts)
		}
		bytes := int64(0)
		for _, o := range m.Outputs {
			bytes += o.Bytes
		}
		b.SetBytes(bytes)
		f.Abort()
		b.StartTimer()
	}
	b.ReportMetric(n, "candidates/op")
}
