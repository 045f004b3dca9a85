package landscape

import "greenshield/raster"

// Total is what is known of a key.
type Total struct {
	Key     Key
	Patches int64       // how many maximal connected sets its cells form
	Largest raster.Area // the area of the largest patch
	// Edge is the length of the sides between a cell of the key and a cell of another class in the same unit, in units of
	// raster.SideUnitM.
	Edge int64
}

// known tells that something was added: patches, or edges, which have a length.
func (t *Total) known() bool { return t.Patches > 0 || t.Edge > 0 }

func (t *Total) add(o Total) {
	t.Patches += o.Patches
	if t.Largest.Less(o.Largest) {
		t.Largest = o.Largest
	}
	t.Edge += o.Edge
}

// merge adds up two lists of totals in the order of keys.
func merge(a, b []Total) []Total {
	out := make([]Total, 0, len(a)+len(b))
	for len(a) > 0 || len(b) > 0 {
		if len(b) == 0 || len(a) > 0 && a[0].Key < b[0].Key {
			a, b = b, a
		}
		if n := len(out); n > 0 && out[n-1].Key == b[0].Key {
			out[n-1].add(b[0])
		} else {
			out = append(out, b[0])
		}
		b = b[1:]
	}
	return out
}
