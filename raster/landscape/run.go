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

// KeyOf returns the key of a class in a unit, which is less than 2^24.
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

// PairKey is the classes of both epochs in a unit.
type PairKey uint32

const pairBits = 2 * classBits

// PairOf returns the key of the classes before and after in a unit, which is less than 2^24.
func PairOf(unit int32, before, after uint8) PairKey {
	return PairKey(unit)<<pairBits | PairKey(before)<<classBits | PairKey(after)
}

// Unit returns the unit of a key.
func (k PairKey) Unit() int32 { return int32(k >> pairBits) }

// Classes returns the classes before and after.
func (k PairKey) Classes() (before, after uint8) {
	return uint8(k>>classBits) & MaxClass, uint8(k & MaxClass)
}

// In returns the key of the unit in before (0) or after (1).
func (k PairKey) In(epoch int) Key {
	if epoch == 0 {
		return Key(k >> classBits)
	}
	return Key(k>>pairBits<<classBits | k&MaxClass)
}

// steady tells that both classes are the same.
func (k PairKey) steady() bool { return (k>>classBits^k)&MaxClass == 0 }

// Pair is the cells [Col0, Col1) of one row, all of one key.
type Pair struct {
	Col0, Col1 int32
	Key        PairKey
}

// AppendPairs appends the runs of equal classes of a row of symbols to pairs and returns them. The first symbols are in
// column col0; before and after are equally long; classes says the class of each symbol of each; cells of class 0 in
// either are left out. The runs are of unit 0. Where the last one of the given runs ends at col0 and has the classes of
// the first new one, the two become one run.
func AppendPairs(pairs []Pair, col0 int, before, after []uint8, classes *[2][256]uint8) []Pair {
	after = after[:len(before)]
	start := 0
	add := func(end int) {
		b, a := classes[0][before[start]], classes[1][after[start]]
		if from, to := int32(col0+start), int32(col0+end); b != 0 && a != 0 {
			key := PairOf(0, b, a)
			if n := len(pairs) - 1; n >= 0 && pairs[n].Col1 == from && pairs[n].Key == key {
				pairs[n].Col1 = to
			} else {
				pairs = append(pairs, Pair{from, to, key})
			}
		}
		start = end
	}
	k := 0
	for ; k+65 <= len(before); k += 64 { // 64 cells at a time: which of them differ from the next one?
		differ := uint64(0)
		for i := 0; i < 64; i += 8 {
			differ |= Differing(before[k+i:k+i+9], after[k+i:k+i+9]) << i
		}
		for ; differ != 0; differ &= differ - 1 {
			add(k + bits.TrailingZeros64(differ) + 1)
		}
	}
	for ; k < len(before); k++ {
		if k+1 == len(before) || before[k] != before[k+1] || after[k] != after[k+1] {
			add(k + 1)
		}
	}
	return pairs
}

// Differing returns a bit for each of the first eight cells of nine: whether it differs from the next one in b or a.
func Differing(b, a []uint8) uint64 {
	le := binary.LittleEndian
	x := (le.Uint64(b) ^ le.Uint64(b[1:])) | (le.Uint64(a) ^ le.Uint64(a[1:]))
	const low, high = 0x7f7f7f7f7f7f7f7f, 0x8080808080808080
	x = (x&low + low | x) & high // the highest bit of each byte that is not 0
	return x >> 7 * 0x0102040810204080 >> 56
}
