package raster

import (
	"math"
	"math/bits"
)

// AreaUnitM2 is the unit of areas that are summed: 2⁻²⁸ m², about 0.004 mm². Sums of whole units do not depend on the
// order of adding.
const AreaUnitM2 = 1.0 / (1 << 28)

// Area is a sum of areas in units of [AreaUnitM2], 128 bits wide, so that neither
// the order of adding nor the size of the raster can change it. The zero value is 0.
type Area struct{ Hi, Lo uint64 }

// AddUnits adds u units.
func (a *Area) AddUnits(u uint64) {
	var carry uint64
	a.Lo, carry = bits.Add64(a.Lo, u, 0)
	a.Hi += carry
}

// AddTimes adds n times b.
func (a *Area) AddTimes(n uint64, b Area) {
	hi, lo := bits.Mul64(n, b.Lo)
	a.Add(Area{hi + n*b.Hi, lo})
}

// Add adds b.
func (a *Area) Add(b Area) {
	var carry uint64
	a.Lo, carry = bits.Add64(a.Lo, b.Lo, 0)
	a.Hi += b.Hi + carry
}

// Minus returns a less b, which is not larger.
func (a Area) Minus(b Area) Area {
	lo, borrow := bits.Sub64(a.Lo, b.Lo, 0)
	return Area{a.Hi - b.Hi - borrow, lo}
}

// Less tells whether a is smaller than b.
func (a Area) Less(b Area) bool { return a.Hi < b.Hi || a.Hi == b.Hi && a.Lo < b.Lo }

// AddM2 adds an area of m2 ≥ 0 square metres, rounded to whole units.
func (a *Area) AddM2(m2 float64) {
	units := m2 / AreaUnitM2
	if units < 1<<62 {
		whole := uint64(int64(units))
		if units-float64(whole) >= 0.5 {
			whole++
		}
		a.AddUnits(whole)
		return
	}
	units = math.Round(units)
	high := math.Floor(units / (1 << 64))
	a.Add(Area{uint64(high), uint64(units - high*(1<<64))})
}

// M2 returns the area in square metres.
func (a Area) M2() float64 {
	return (float64(a.Hi)*(1<<64) + float64(a.Lo)) * AreaUnitM2
}
