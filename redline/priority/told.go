package priority

import (
	"fmt"
	"math"
	"strconv"
)

// Beyond is how a ledger writes a distance that is farther than a run looked: [math.Inf].
const Beyond = "inf"

// ParseFeatures returns the features that a ledger keeps of a candidate, by name, as they were printed: the decimals of
// candidates.geojson, or [Beyond]. Those that it does not keep are not known. Names that are no features are passed
// over, for a later version may know them.
func ParseFeatures(kept map[string]string) (f Features, err error) {
	for i := range f {
		f[i] = math.NaN()
	}
	for name, text := range kept {
		i, ok := ParseFeature(name)
		if !ok {
			continue
		}
		if text == Beyond {
			f[i] = math.Inf(1)
			continue
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return f, fmt.Errorf("the feature %s is %q, which is no number", name, text)
		}
		f[i] = v
	}
	return f, nil
}
