package change

import (
	"fmt"

	"greenshield/raster"
	"greenshield/raster/landcover"
)

// These values of [Run].Type are no change types.
const (
	NoDataType  = 0xFF // NoData in either epoch
	UnruledType = 0xFE // the ecosystem class differs, but no change type covers the transition
	stable      = 0xFD // no run is made of these
)

// MaxTypes is the largest number of change types.
const MaxTypes = 200

// Classifier turns symbols of the two epochs into runs. It is immutable.
type Classifier struct {
	before, after [256]uint8 // the class of a symbol; the number of classes is NoData, one more is unknown
	nB, nA        int        // the number of classes before and after
	types         []uint8    // by pair
	calm          [256]bool  // by symbol: a cell that has it in both epochs makes no run
	// hadClassOf has, for each class after, a table of the symbols before: 1 where their ecosystem class is that of the
	// class after.
	hadClassOf []*[256]uint8
}

// NewClassifier compares epochs whose symbols map by before and after (see [raster.Source]) to positions in classesB
// and classesA, the legends' classes without the NoData ones. There are so many change types as types says; typeOf
// returns the change type of a transition between two different ecosystem classes, −1 for none. The error is
// [raster.ErrLimit] if there are more than MaxTypes types or raster.MaxClasses classes.
func NewClassifier(before, after *[256]uint8, classesB, classesA []landcover.Class, types int,
	typeOf func(from, to landcover.Ecosystem) int) (*Classifier, error) {
	if types > MaxTypes || len(classesB) > raster.MaxClasses || len(classesA) > raster.MaxClasses {
		return nil, fmt.Errorf("%w: %d change types, %d and %d classes",
			raster.ErrLimit, types, len(classesB), len(classesA))
	}
	c := &Classifier{nB: len(classesB), nA: len(classesA)}
	fill := func(lut *[256]uint8, index *[256]uint8, n int) {
		for s, i := range index {
			switch i {
			case raster.NoData:
				lut[s] = uint8(n)
			case raster.Unknown:
				lut[s] = uint8(n + 1)
			default:
				lut[s] = i
			}
		}
	}
	fill(&c.before, before, c.nB)
	fill(&c.after, after, c.nA)
	c.types = make([]uint8, (c.nB+2)*(c.nA+2))
	for p := range c.types {
		b, a := p/(c.nA+2), p%(c.nA+2)
		switch {
		case b >= c.nB || a >= c.nA:
			c.types[p] = NoDataType
		case classesB[b].Ecosystem == classesA[a].Ecosystem:
			c.types[p] = stable
		default:
			if t := typeOf(classesB[b].Ecosystem, classesA[a].Ecosystem); t >= 0 {
				c.types[p] = uint8(t)
			} else {
				c.types[p] = UnruledType
			}
		}
	}
	var had [landcover.NumEcosystems][256]uint8
	for s, b := range c.before {
		if int(b) < c.nB {
			had[classesB[b].Ecosystem][s] = 1
		}
	}
	for _, class := range classesA {
		c.hadClassOf = append(c.hadClassOf, &had[class.Ecosystem])
	}
	for s := range c.calm { // of the symbols that stand for no class none is calm
		b, a := int(c.before[s]), int(c.after[s])
		c.calm[s] = b < c.nB && a < c.nA && c.types[c.pair(uint8(s), uint8(s))] == stable
	}
	return c, nil
}

func (c *Classifier) pair(before, after uint8) int {
	return int(c.before[before])*(c.nA+2) + int(c.after[after])
}

// Classes returns the positions of a pair's classes in their legends. A position equal to the number of classes means
// NoData, one more means a code that the legend lacks.
func (c *Classifier) Classes(pair uint16) (before, after int) {
	return int(pair) / (c.nA + 2), int(pair) % (c.nA + 2)
}

// TypeOf returns what Run.Type is for a pair, and whether cells of the pair make runs.
func (c *Classifier) TypeOf(pair uint16) (t uint8, changed bool) {
	t = c.types[pair]
	return t, t != stable
}

// NewMatrix returns an empty transition matrix for the classifier's classes.
func (c *Classifier) NewMatrix() *Matrix {
	n := (c.nB + 2) * (c.nA + 2)
	return &Matrix{Cells: make([]int64, n), Area: make([]raster.Area, n)}
}
