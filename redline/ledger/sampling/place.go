package sampling

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// Eccentricity of CGCS2000, squared.
const e2 = (2 - 1/298.257222101) / 298.257222101

// maxTries is how many places are tried for points at most: some seconds.
var maxTries = 5_000_000

// Place returns the place that try k (≥ 1) gives in a box of degrees, to seven decimals, and whether it counts: places
// that count are spread over the box in proportion to the area on the ellipsoid. Of the SHA-256 of
// "SEED\nFRAME\npoint\nK", read as 64-bit numbers in big-endian order and taken as parts of 2^64 by their first 53
// bits, the first says where the place lies from west to east, the second where from south to north, and the third is
// below the density of the area at that latitude, as a part of the highest one in the box, when the place counts.
func Place(box orb.Bound, seed int64, frame string, k int) (p orb.Point, counts bool) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\n%s\npoint\n%d", seed, frame, k))
	part := func(i int) float64 { return float64(binary.BigEndian.Uint64(sum[8*i:])>>11) / (1 << 53) }
	for i := range p {
		at := box.Min[i] + float64(part(i)*(box.Max[i]-box.Min[i])) // not fused: the same on every machine
		p[i] = math.Round(at*1e7) / 1e7
	}
	most := density(max(box.Min[1], min(0, box.Max[1])))
	return p, part(2)*most < density(p[1])
}

// density returns the area of a square degree at a latitude, but for a factor. It falls towards the poles.
func density(lat float64) float64 {
	sin, cos := math.Sincos(lat * math.Pi / 180)
	w := 1 - e2*sin*sin
	return cos / (w * w)
}

// Places returns the first n tries whose place counts and is taken, see [Place]. It fails when there are too few among
// five million.
func Places(box orb.Bound, seed int64, frame string, n int, takes func(orb.Point) bool) (tries []int, err error) {
	for k := 1; k <= maxTries && len(tries) < n; k++ {
		if p, counts := Place(box, seed, frame, k); counts && takes(p) {
			tries = append(tries, k)
		}
	}
	if len(tries) < n {
		return nil, fmt.Errorf("of %d places around the zones only %d lie in the ground; draw fewer points",
			maxTries, len(tries))
	}
	return tries, nil
}
