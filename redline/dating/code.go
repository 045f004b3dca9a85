package dating

import (
	"math/bits"

	"greenshield/redline"
)

// MaxMaps is how many maps there may be between the epochs: a year is a bit of a word, and the epochs have two.
const MaxMaps = 62

// Code is what the maps tell of a cell: a grade and, for the grades A, B and C, two years by their position in the
// sequence of years. Cells of one code are dated alike. The zero value is that of cells that are not dated.
type Code uint16

// Grade returns the grade of the cell.
func (c Code) Grade() redline.Grade { return redline.Grade(c >> 12) }

// codeUnknown is the first code of cells that a map shows with a code that its legend lacks; the number of the first
// such map is added to it. It is no grade.
const codeUnknown Code = 1 << 15

// Unknown returns a bit for the first map between, the lowest one for the first of all, that shows the cell with a code
// that its legend lacks; 0 for none. What else is told of such a cell has no meaning.
func (c Code) Unknown() uint64 {
	if c < codeUnknown {
		return 0
	}
	return 1 << (c - codeUnknown)
}

// old returns the position of the last year with an observation before the first new one, 0 for grade D.
func (c Code) old() int { return int(c >> 6 & 63) }

// year returns the position of the first year from which on all are new, 0 for grade D.
func (c Code) year() int { return int(c & 63) }

func codeOf(g redline.Grade, old, year int) Code { return Code(g)<<12 | Code(old)<<6 | Code(year) }

// CodeOf applies the rule to a cell. Bit i of valid tells that there is an observation in the i-th year, and the same
// bit of isNew that the ground is in the new group, or, where it is not valid, that the legend lacks its code. The
// first and the last year are valid.
func CodeOf(isNew, valid uint64) Code {
	if unknown := isNew &^ valid; unknown != 0 {
		return codeUnknown + Code(bits.TrailingZeros64(unknown)-1)
	}
	lastOld := bits.Len64(valid&^isNew) - 1
	after := isNew >> (lastOld + 1) << (lastOld + 1) // the years of the last stretch that is new
	hold := bits.OnesCount64(after)
	if isNew&1 != 0 || hold == 0 {
		return codeOf(redline.GradeD, 0, 0)
	}
	before := valid & (isNew&-isNew - 1) // the years up to the first that is new
	old, year := bits.Len64(before)-1, bits.TrailingZeros64(after)
	switch {
	case isNew == after && hold >= redline.Steady && bits.OnesCount64(before) >= redline.Steady:
		return codeOf(redline.GradeA, old, year)
	case isNew == after:
		return codeOf(redline.GradeB, old, year)
	case hold >= redline.Steady:
		return codeOf(redline.GradeC, old, year)
	}
	return codeOf(redline.GradeD, 0, 0)
}
