package scene

import "greenshield/raster"

// YearC is the year of a third epoch, epoch 2, which scenes with the parameters of the demo have: what became of some
// changes a year later. See [Scene.Later].
const YearC = 2021

// later says how a window of the third epoch differs from the second one.
type later struct {
	raster.Window
	how laterKind
}

type laterKind uint8

const (
	restored laterKind = iota // changed cells have their class of before again
	built                     // cells of the class from have become impervious
	unseen                    // NoData
)

// story is what the year 2021 brings in the demo. The windows hold patches of its seed.
var story = []later{
	{raster.Window{Col: 418, Row: 424, Cols: 20, Rows: 5}, restored},   // the northern half of a built-up patch
	{raster.Window{Col: 484, Row: 359, Cols: 13, Rows: 15}, restored},  // all of a built-up patch
	{raster.Window{Col: 658, Row: 111, Cols: 7, Rows: 5}, built},       // forest where nothing was built before
	{raster.Window{Col: 1303, Row: 676, Cols: 11, Rows: 12}, built},    // more forest beside one
	{raster.Window{Col: 735, Row: 741, Cols: 8, Rows: 11}, built},      // the cropland between two of them
	{raster.Window{Col: 1874, Row: 1549, Cols: 4, Rows: 28}, restored}, // the middle of one
	{raster.Window{Col: 724, Row: 1484, Cols: 17, Rows: 27}, unseen},   // a cloud over one
}

// Later tells whether the scene has a third epoch.
func (s *Scene) Later() bool { return s.params == Default() }

// later changes dst, the whole row of epoch 1, to that of epoch 2.
func (s *Scene) later(row int, dst []uint8) {
	var before []uint8
	for _, l := range story {
		if row < l.Row || row >= l.Row+l.Rows {
			continue
		}
		if before == nil {
			before = make([]uint8, len(dst))
			s.Row(0, row, before)
		}
		for col := l.Col; col < l.Col+l.Cols; col++ {
			switch {
			case l.how == unseen:
				dst[col] = 0
			case l.how == restored:
				dst[col] = before[col]
			case before[col] == forest || before[col] == cropland:
				dst[col] = impervious
			}
		}
	}
}
