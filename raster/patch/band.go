package patch

import (
	"greenshield/raster/change"
	"greenshield/raster/sets"
)

// Seam is a run in the first or last row of a band.
type Seam struct {
	Run  change.Run
	Open int32 // position of its patch in Band.Open; −1 for NoData
}

// Band is the partial result of the rows [Row0, Row1) of a raster.
type Band struct {
	Row0, Row1  int
	Closed      []Patch // complete, with another tag than OutsideTag
	Outside     []Count // by type: the complete patches with OutsideTag
	Open        []Patch // touch a row next to the band
	Top, Bottom []Seam  // first and last row; empty at the border of the raster
}

// Count is how many patches and cells of one type there are.
type Count struct{ Patches, Cells int64 }

// count adds patches of type t to counts, which are by type, and returns counts, which it lengthens if need be.
func count(counts []Count, t uint8, more Count) []Count {
	for len(counts) <= int(t) {
		counts = append(counts, Count{})
	}
	counts[t].Patches += more.Patches
	counts[t].Cells += more.Cells
	return counts
}

// Raster tells Label and Join what the bands are cut from.
type Raster struct {
	Rows, Cols int
	Conn       Connectivity
}

// Join joins two bands, a directly above b, along their seam. It may reuse the memory of both, so neither may be used
// any more. In Closed of the result, the patches that the join completes come after those of a and b.
func Join(r Raster, a, b Band) Band {
	out := Band{Row0: a.Row0, Row1: b.Row1, Closed: append(a.Closed, b.Closed...), Outside: a.Outside}
	for t, more := range b.Outside {
		out.Outside = count(out.Outside, uint8(t), more)
	}
	shift := int32(len(a.Open))
	shiftOpen(b.Top, shift)
	shiftOpen(b.Bottom, shift)
	patches, same := joinOpen(r, append(a.Open, b.Open...), a.Bottom, b.Top)
	position := make([]int32, len(patches)) // 0: not met yet, else position in out.Open, plus 1
	keep := func(seam []Seam) []Seam {
		for i := range seam {
			if seam[i].Open < 0 {
				continue
			}
			root := same.Find(seam[i].Open)
			if position[root] == 0 {
				out.Open = append(out.Open, patches[root])
				position[root] = int32(len(out.Open))
			}
			seam[i].Open = position[root] - 1
		}
		return seam
	}
	out.Top, out.Bottom = keep(a.Top), keep(b.Bottom)
	for i := range patches {
		p := &patches[i]
		switch {
		case same[i] != int32(i) || position[i] != 0: // is part of another patch, or still open
		case p.Tag == OutsideTag:
			out.Outside = count(out.Outside, p.Type, Count{1, p.Cells})
		default:
			p.sort()
			out.Closed = append(out.Closed, *p)
		}
	}
	return out
}

// shiftOpen adds by to the positions of patches, because that many open patches come before them now.
func shiftOpen(seam []Seam, by int32) {
	for i := range seam {
		if seam[i].Open >= 0 {
			seam[i].Open += by
		}
	}
}

// joinOpen joins open patches where they meet along the seam of two bands: bottom is the last row of the upper band,
// top the first row of the lower one. It returns the patches and which of them are one now: the root has all of it.
func joinOpen(r Raster, patches []Patch, bottom, top []Seam) ([]Patch, sets.Sets) {
	same := sets.New(len(patches))
	eachContact(bottom, top, func(above, below *Seam, corner bool) {
		x, y := above.Open, below.Open
		switch {
		case x < 0 && y < 0:
		case x < 0:
			patches[same.Find(y)].TouchesNoData = true
		case y < 0:
			patches[same.Find(x)].TouchesNoData = true
		case above.Run.Type == below.Run.Type && !(corner && r.Conn == Four):
			x, y = same.Find(x), same.Find(y)
			if x == y {
				return
			}
			root := same.Union(x, y)
			other := x + y - root
			if len(patches[root].Runs) < len(patches[other].Runs) { // moving the fewer runs keeps long joins cheap
				patches[root], patches[other] = patches[other], patches[root]
			}
			patches[root].absorb(&patches[other])
		}
	})
	return patches, same
}

// eachContact calls f for each pair of runs of two adjacent rows that share an edge or a corner; corner tells that it
// is a corner only. Both rows are sorted by column.
func eachContact(bottom, top []Seam, f func(above, below *Seam, corner bool)) {
	start := 0
	for b := range top {
		below := &top[b]
		for start < len(bottom) && bottom[start].Run.Col1 < below.Run.Col0 {
			start++
		}
		for a := start; a < len(bottom) && bottom[a].Run.Col0 <= below.Run.Col1; a++ {
			above := &bottom[a]
			f(above, below, above.Run.Col1 == below.Run.Col0 || above.Run.Col0 == below.Run.Col1)
		}
	}
}
