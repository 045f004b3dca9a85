package landscape

import (
	"encoding/binary"
	"math/bits"
)

// Key is a class in a unit.
type Key uint32

// MaxClass is the largest class; 0 is none.
const (
	MaxClass  = 1<<classBits - 1
	classBits = 4
)

// KeyOf returns the key of a class in a unit, which is less than 2^28.
func KeyOf(unit int32, class uint8) Key { return Key(unit)<<classBits | Key(class) }

// Unit returns the unit of a key.
func (k Key) Unit() int32 { return int32(k >> classBits) }

// Class returns the class of a key.
func (k Key) Class() uint8 { return uint8(k & MaxClass) }

// Run is the cells [Col0, Col1) of one row, all of one key.
type Run struct {
	Col0, Col1 int32
	Key        Key
}

// AppendRuns appends the runs of equal classes of a row of symbols to runs and returns them. The first symbol is in
// column col0; classes says the class of each symbol; cells of class 0 are left out. The runs are of unit 0. Where the
// last one of the given runs ends at col0 and has the class of the first new one, the two become one run.
func AppendRuns(runs []Run, col0 int, symbols []uint8, classes *[256]uint8) []Run {
	start := 0
	add := func(end int) {
		if class := classes[symbols[start]]; class != 0 {
			from, to := int32(col0+start), int32(col0+end)
			if n := len(runs) - 1; n >= 0 && runs[n].Col1 == from && runs[n].Key == Key(class) {
				runs[n].Col1 = to
			} else {
				runs = append(runs, Run{from, to, Key(class)})
			}
		}
		start = end
	}
	k := 0
	for ; k+9 <= len(symbols); k += 8 { // eight cells at a time: which of them differ from the next one?
		b := symbols[k : k+9]
		for differ := binary.LittleEndian.Uint64(b) ^ binary.LittleEndian.Uint64(b[1:]); differ != 0; {
			at := bits.TrailingZeros64(differ) / 8
			add(k + at + 1)
			differ &^= 0xff << (8 * at)
		}
	}
	for ; k < len(symbols); k++ {
		if k+1 == len(symbols) || symbols[k] != symbols[k+1] {
			add(k + 1)
		}
	}
	return runs
}
