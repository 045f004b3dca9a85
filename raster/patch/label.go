package patch

import (
	"cmp"
	"slices"

	"greenshield/raster/change"
	"greenshield/raster/sets"
)

// A Labeler finds the patches of bands, one after the other, in the same memory. It belongs to one goroutine; the zero
// value is ready.
//
// A run takes the label of one that it touches in the row above, or a new one. So labels are numbered by first cells,
// and of labels that turn out to be one patch the smallest is kept.
type Labeler struct {
	labels []int32   // by run; no meaning for runs that are in no patch
	same   sets.Sets // of labels: those of one patch
	known  []known   // by label
}

// known is what is known of the runs with a label.
type known struct {
	cells, byShift int64
	runs           int32
	tag            int32
	// patch has a meaning for roots alone: the position of the patch among those that are kept, later its position in
	// Band.Open; −1 for a patch that is only counted.
	patch              int32
	kind               uint8
	nodata, edge, open bool
}

// span is the runs from start to end-1: those of a row.
type span struct{ start, end int }

// bandRuns is what Label is given, and in which rows of the band a patch stays open (−1 for none).
type bandRuns struct {
	Raster
	runs                []change.Run
	tags, byShift       []int32
	openTop, openBottom int32
}

// Label finds the patches in the rows [row0, row1), whose runs are given in row-major order. tags are the runs' tags;
// if it is nil, every run has OutsideTag. byShift is how many cells of each run count in Patch.ByShift; if it is nil,
// none do. Runs with types from change.UnruledType on belong to no patch.
func (l *Labeler) Label(r Raster, row0, row1 int, runs []change.Run, tags, byShift []int32) Band {
	band := Band{Row0: row0, Row1: row1}
	in := &bandRuns{r, runs, tags, byShift, int32(row0), int32(row1 - 1)}
	if row0 == 0 {
		in.openTop = -1
	}
	if row1 == r.Rows {
		in.openBottom = -1
	}
	l.labels = slices.Grow(l.labels[:0], len(runs))[:len(runs)]
	l.same, l.known = l.same[:0], l.known[:0]
	if cap(l.known) == 0 { // room for all labels that there may be, so that it need not grow
		l.same, l.known = make(sets.Sets, 0, len(runs)), make([]known, 0, len(runs))
	}
	var above span
	for start := 0; start < len(runs); {
		if above.end > above.start && runs[above.start].Row != runs[start].Row-1 {
			above = span{}
		}
		end := l.row(in, above, start)
		above, start = span{start, end}, end
	}
	l.gather()
	l.collect(&band, runs)
	band.Top, band.Bottom = l.seam(runs, in.openTop), l.seam(runs, in.openBottom)
	return band
}

// row labels the runs of a row, the first of which is at start, and returns where they end. above is the row above.
func (l *Labeler) row(in *bandRuns, above span, start int) int {
	runs, tags, byShift, row := in.runs, in.tags, in.byShift, in.runs[start].Row
	four, cols := in.Conn == Four, in.Cols
	border, open := row == 0 || int(row) == in.Rows-1, row == in.openTop || row == in.openBottom
	at, i := above.start, start
	for ; i < len(runs) && runs[i].Row == row; i++ {
		run := &runs[i]
		for at < above.end && runs[at].Col1 < run.Col0 {
			at++
		}
		beside := i > start && runs[i-1].Col1 == run.Col0
		if !inPatch(run.Type) {
			if run.Type == change.NoDataType {
				for k := at; k < above.end && runs[k].Col0 <= run.Col1; k++ {
					l.touchNoData(runs, k)
				}
				if beside {
					l.touchNoData(runs, i-1)
				}
			}
			continue
		}
		label, nodata := int32(-1), false // label is the root of the run's label so far, −1 for none
		for k := at; k < above.end && runs[k].Col0 <= run.Col1; k++ {
			switch o := &runs[k]; {
			case o.Type == change.NoDataType:
				nodata = true
			case o.Type == run.Type && !(four && (o.Col1 == run.Col0 || o.Col0 == run.Col1)): // corners connect, unless four
				label = l.unite(label, l.labels[k])
			}
		}
		if beside {
			switch runs[i-1].Type {
			case change.NoDataType:
				nodata = true
			case run.Type:
				label = l.unite(label, l.labels[i-1])
			}
		}
		tag, explained := int32(OutsideTag), int64(0)
		if tags != nil {
			tag = tags[i]
		}
		if byShift != nil {
			explained = int64(byShift[i])
		}
		if label < 0 {
			label = l.same.Add()
			l.known = append(l.known, known{kind: run.Type, tag: tag})
		}
		l.labels[i] = label
		k := &l.known[label]
		k.cells += int64(run.Col1 - run.Col0)
		k.byShift += explained
		k.runs++
		if k.tag != tag {
			k.tag = MixedTag
		}
		k.nodata = k.nodata || nodata
		k.edge = k.edge || border || run.Col0 == 0 || int(run.Col1) == cols
		k.open = k.open || open
	}
	return i
}

// touchNoData notes that the patch of a run, if it is in one, touches NoData.
func (l *Labeler) touchNoData(runs []change.Run, run int) {
	if inPatch(runs[run].Type) {
		l.known[l.labels[run]].nodata = true
	}
}

// unite makes the patches of a root, or of none yet (−1), and of a label one, and returns its root.
func (l *Labeler) unite(root, label int32) int32 {
	if root < 0 {
		return l.same.Find(label)
	}
	return l.same.Union(root, label)
}

func (k *known) add(o known) {
	k.cells += o.cells
	k.byShift += o.byShift
	k.runs += o.runs
	if k.tag != o.tag {
		k.tag = MixedTag
	}
	k.nodata = k.nodata || o.nodata
	k.edge = k.edge || o.edge
	k.open = k.open || o.open
}

// gather adds what is known of every label to its root. From then on l.same is flat.
func (l *Labeler) gather() {
	l.same.Flatten()
	for label, root := range l.same {
		if int(root) != label {
			l.known[root].add(l.known[label])
		}
	}
}

// collect counts the patches with OutsideTag, makes the others from their runs, which keep their order, and notes in
// known.patch where open ones are.
func (l *Labeler) collect(band *Band, runs []change.Run) {
	kept, total := 0, 0
	for label := range l.known {
		k := &l.known[label]
		switch {
		case int(l.same[label]) != label:
		case k.tag == OutsideTag && !k.open:
			band.Outside = count(band.Outside, k.kind, Count{1, k.cells})
			k.patch = -1
		default:
			k.patch = int32(kept)
			kept++
			total += int(k.runs)
		}
	}
	patches, storage := make([]Patch, kept), make([]change.Run, total)
	for label := range l.known {
		if k := &l.known[label]; int(l.same[label]) == label && k.patch >= 0 {
			patches[k.patch] = Patch{
				Type: k.kind, TouchesNoData: k.nodata, TouchesEdge: k.edge, Tag: k.tag,
				Cells: k.cells, ByShift: k.byShift, Runs: storage[:0:k.runs],
			}
			storage = storage[k.runs:]
		}
	}
	for i := range runs {
		if !inPatch(runs[i].Type) {
			continue
		}
		if k := l.known[l.same[l.labels[i]]].patch; k >= 0 {
			patches[k].Runs = append(patches[k].Runs, runs[i])
		}
	}
	band.Closed = make([]Patch, 0, kept)
	for label := range l.known {
		k := &l.known[label]
		switch {
		case int(l.same[label]) != label || k.patch < 0:
		case k.open:
			band.Open = append(band.Open, patches[k.patch])
			k.patch = int32(len(band.Open)) - 1
		default:
			band.Closed = append(band.Closed, patches[k.patch])
		}
	}
}

// seam returns the runs of a row in which patches stay open; for row −1 there are none.
func (l *Labeler) seam(runs []change.Run, row int32) (seam []Seam) {
	if row < 0 {
		return nil
	}
	i, _ := slices.BinarySearchFunc(runs, row, func(r change.Run, row int32) int { return cmp.Compare(r.Row, row) })
	for ; i < len(runs) && runs[i].Row == row; i++ {
		if run := runs[i]; run.Type == change.NoDataType {
			seam = append(seam, Seam{run, -1})
		} else if inPatch(run.Type) {
			seam = append(seam, Seam{run, l.known[l.same[l.labels[i]]].patch})
		}
	}
	return seam
}
