package arrangement

import "iter"

// Set is a list of numbers ≥ 0, ascending, in few bytes: most often one for each number, so that the sets of hundreds
// of regions that lie over the same ground have room. Sets compare as their lists do, number by number. The zero value
// is the empty set.
type Set string

// MakeSet returns the set of a list of numbers ≥ 0, which must ascend.
func MakeSet(list []int32) Set { return Set(AppendSet(nil, list)) }

// A number is written as its distance to the smallest that may follow the one before it: in one byte if it is less than
// long, and else as long and the count of the bytes that follow, less 1, and these, from the highest on.
const long = 240

// AppendSet appends the bytes of the set of a list as [MakeSet] takes it.
func AppendSet(b []byte, list []int32) []byte {
	least := int32(0)
	for _, x := range list {
		switch step := uint32(x - least); {
		case step < long:
			b = append(b, byte(step))
		case step < 1<<8:
			b = append(b, long, byte(step))
		case step < 1<<16:
			b = append(b, long+1, byte(step>>8), byte(step))
		case step < 1<<24:
			b = append(b, long+2, byte(step>>16), byte(step>>8), byte(step))
		default:
			b = append(b, long+3, byte(step>>24), byte(step>>16), byte(step>>8), byte(step))
		}
		least = x + 1
	}
	return b
}

// next returns the first number of a set of numbers ≥ least, and the rest of the set.
func (s Set) next(least int32) (int32, Set) {
	if s[0] < long {
		return least + int32(s[0]), s[1:]
	}
	step := uint32(0)
	end := int(s[0]) - long + 2
	for _, b := range []byte(s[1:end]) {
		step = step<<8 | uint32(b)
	}
	return least + int32(step), s[end:]
}

// First returns the smallest number of a set that is not empty.
func (s Set) First() int32 {
	x, _ := s.next(0)
	return x
}

// All gives the numbers, ascending.
func (s Set) All() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		var x int32
		for least, rest := int32(0), s; len(rest) > 0; least = x + 1 {
			if x, rest = rest.next(least); !yield(x) {
				return
			}
		}
	}
}

// AppendTo appends the numbers to a list.
func (s Set) AppendTo(list []int32) []int32 {
	var x int32
	for least, rest := int32(0), s; len(rest) > 0; least = x + 1 {
		x, rest = rest.next(least)
		list = append(list, x)
	}
	return list
}

// Bytes returns about how much memory the set takes.
func (s Set) Bytes() int64 { return 32 + int64(len(s)) }
