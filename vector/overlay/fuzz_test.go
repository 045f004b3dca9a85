package overlay

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/vector/trace"
)

// FuzzClip: for any valid region and any patch, every cell is covered by 0 to 1 of its
// area, the covers of the cells sum up to the area of the region inside the patch, the
// clipped polygon has that area too, and its rings are closed, the right way round and
// inside the patch.
//
// A vertex is made of four bytes, two for each coordinate, in units that style chooses;
// close, if set, moves it by single digits of a float64, so that vertices lie within
// rounding of lattice lines. A bit of in is a cell of the patch.
func FuzzClip(f *testing.F) {
	vertices := func(points ...uint16) (b []byte) {
		for _, p := range points {
			b = binary.LittleEndian.AppendUint16(b, p)
		}
		return b
	}
	const u = 256
	all := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	f.Add(uint8(3), uint8(0), false, vertices(2*u, 2*u, 5*u, 2*u, 5*u, 4*u, 2*u, 4*u), all)               // on lattice lines
	f.Add(uint8(3), uint8(1), true, vertices(2*u, 2*u, 5*u, 2*u, 5*u, 4*u, 2*u, 4*u), all)                // beside them
	f.Add(uint8(7), uint8(2), false, vertices(0, 0, 9*u, 7, 8*u, 8*u, 3, 5*u), []byte{0xaa, 0x55, 0xaa})  // chess board
	f.Add(uint8(5), uint8(3), true, vertices(1, 2, 3*u, 0, 3*u+1, 3*u, 2*u, u, 1, 6*u), []byte{0xf7, 14}) // spike
	f.Add(uint8(0), uint8(2), false, vertices(0, 0, 65535, 0, 65535, 65535), all)                         // far outside
	f.Fuzz(func(t *testing.T, size, style uint8, close bool, outline, in []byte) {
		cols, rows := 1+int(size%8), 1+int(size/8%8)
		var ring orb.Ring
		for ; len(outline) >= 4 && len(ring) < 24; outline = outline[4:] {
			var p orb.Point
			for axis := range p {
				n := binary.LittleEndian.Uint16(outline[2*axis:])
				switch style % 4 {
				case 0: // lattice corners
					p[axis] = float64(int(n/256)%16 - 3)
				case 1: // halves
					p[axis] = float64(int(n/256)%32-6) / 2
				case 2: // anywhere, exact in binary
					p[axis] = float64(n)/4096 - 3
				case 3: // anywhere
					p[axis] = float64(n)/3333 - 3
				}
				if close {
					for range n % 3 {
						p[axis] = math.Nextafter(p[axis], float64(int(n%5)*1000-2000))
					}
				}
			}
			ring = append(ring, p)
		}
		if len(ring) < 3 {
			return
		}
		ring = append(ring, ring[0])
		region := orb.MultiPolygon{{ring}}
		if toGeom(t, region).Validate() != nil {
			return
		}
		if trace.DoubleArea(ring) < 0 {
			slices.Reverse(ring)
		}
		var runs []trace.Run
		cells := 0.0
		for i := range min(cols*rows, 8*len(in)) {
			if in[i/8]>>(i%8)&1 == 1 {
				row, col := int32(i/cols), int32(i%cols)
				runs = trace.Append(runs, trace.Run{Row: row, Col0: col, Col1: col + 1})
				cells++
			}
		}
		c, err := coverOf(cols, rows, region)
		if err != nil {
			t.Fatalf("%v: %v", region, err)
		}
		const tolerance = 1e-9 // of a cell; rounding alone reaches some 1e-14
		sum := 0.0
		for _, run := range runs {
			for col := run.Col0; col < run.Col1; col++ {
				cell := []trace.Run{{Row: run.Row, Col0: col, Col1: col + 1}}
				covered := coverage(t, c, cell, 0)
				if want := clippedArea(cell, region); covered < -tolerance || covered > 1+tolerance || math.Abs(covered-want) > tolerance {
					t.Fatalf("cell row %d, column %d is covered by %v, want %v: %v", run.Row, col, covered, want, region)
				}
				sum += covered
			}
		}
		if whole := coverage(t, c, runs, 0); math.Abs(whole-sum) > tolerance {
			t.Fatalf("the patch is covered by %v, its cells by %v: %v", whole, sum, region)
		}
		mp, err := new(Clipper).Clip(Stack{c}, runs, 0)
		if err != nil {
			if !close {
				t.Fatalf("%v, runs %v: %v", region, runs, err)
			}
			return // within rounding of lattice lines it may give up, and say so
		}
		if got := area(mp); math.Abs(got-sum) > tolerance {
			t.Fatalf("the clip has area %v, the cover %v: %v, runs %v, clip %v", got, sum, region, runs, mp)
		}
		for _, p := range mp {
			for k, r := range p {
				if len(r) < 4 || r[0] != r[len(r)-1] || (trace.DoubleArea(r) > 0) != (k == 0) {
					t.Fatalf("ring %d of the clip is open or the wrong way round: %v", k, mp)
				}
				for _, q := range r {
					if q[0] < 0 || q[1] < 0 || q[0] > float64(cols) || q[1] > float64(rows) {
						t.Fatalf("(%v, %v) of the clip lies outside the patch", q[0], q[1])
					}
				}
			}
		}
	})
}
