package work_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"golang.org/x/sys/unix"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/folder"
	"greenshield/redline/record"
	"greenshield/redline/spool"
	"greenshield/redline/work"
)

// TestDiskFullWhileWriting: what candidates need more than the disk has is told of the file that they were for.
func TestDiskFullWhileWriting(t *testing.T) {
	for _, c := range []struct {
		name        string
		n, idLength int
		want        string
	}{
		{"spool", 20, 1 << 20, "candidates.spool"}, // more than memory keeps
		{"finish", 200, 1000, "candidates.geojson"},
	} {
		t.Run(c.name, func(t *testing.T) {
			disk := t.TempDir()
			if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=200k"); err != nil {
				t.Skipf("cannot mount a tmpfs: %v", err)
			}
			t.Cleanup(func() {
				if err := unix.Unmount(disk, 0); err != nil {
					t.Error(err)
				}
			})
			target := filepath.Join(disk, "out")
			f, err := folder.Begin(target, true)
			if err != nil {
				t.Fatal(err)
			}
			s, err := spool.New(f, &redline.Inputs{Zones: []redline.Zone{{Layer: "reserve", ID: "R1", Type: redline.Core}}}, findings.Columns{}, true)
			for i := 0; err == nil && i < c.n; i++ {
				err = s.Put(redline.Key{Row: int32(i)}, square(fmt.Sprint(strings.Repeat("c", c.idLength), i)), nil)
			}
			if err == nil {
				sum := &redline.Summary{Candidates: int64(c.n), CandidateM2: float64(c.n) * 8100}
				err = work.Write(context.Background(), f, work.Found{Inputs: &redline.Inputs{}, Summary: sum, Spool: s}, &record.Manifest{})
			}
			want := filepath.Join(target, c.want) + ": cannot be written: no space left on device; make room, or name a folder on another disk"
			if redline.KindOf(err) != redline.Output || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
			f.Abort()
			if left, err := os.ReadDir(disk); err != nil || len(left) > 0 {
				t.Errorf("left %v, %v", left, err)
			}
		})
	}
}

func square(id string) *redline.Candidate {
	return &redline.Candidate{
		ID: id, Layer: "reserve", ZoneID: "R1", ZoneType: "core", AreaM2: 8100, PatchM2: 8100, Cells: 9, Lon: 117, Lat: 30,
		Geometry: orb.MultiPolygon{{{{117, 30}, {117.1, 30}, {117.1, 30.1}, {117, 30.1}, {117, 30}}}},
	}
}
