package raster

import "math"

// SideUnitM is the unit of lengths of cell sides, in metres: sums of whole units do not depend on their order.
const SideUnitM = 1.0 / (1 << 20)

// SideNS returns the length, in SideUnitM, of the sides between neighbours in a row. On a geographic grid it is the
// arc of the meridian on the ellipsoid, on a projected one the height of cells in the plane of the map, whatever the
// scale there.
func (e *Earth) SideNS(row int) int64 {
	if !e.grid.CRS.Geographic {
		return sideUnits(e.grid.CellY * e.grid.CRS.MetresPerUnit())
	}
	// Gauss-Legendre with three points; the radius of curvature hardly varies within a cell.
	_, lat := e.grid.Map(0, float64(row)+0.5)
	half, sum := e.grid.CellY*math.Pi/360, 0.0
	for i, node := range gaussNodes {
		_, m := e.radii(lat*math.Pi/180 + (2*node-1)*half)
		sum += gaussWeights[i] * m
	}
	return sideUnits(sum * 2 * half)
}

// SideEW returns the length, in SideUnitM, of the side between a cell of a row and the one north of it. On a
// geographic grid it is the arc of the parallel, on a projected one the width of cells in the plane of the map,
// whatever the scale there.
func (e *Earth) SideEW(row int) int64 {
	if !e.grid.CRS.Geographic {
		return sideUnits(e.grid.CellX * e.grid.CRS.MetresPerUnit())
	}
	_, lat := e.grid.Map(0, float64(row))
	phi := math.Max(-90, math.Min(90, lat)) * math.Pi / 180
	n, _ := e.radii(phi)
	return sideUnits(n * math.Cos(phi) * e.grid.CellX * math.Pi / 180)
}

func sideUnits(m float64) int64 { return int64(math.Round(m / SideUnitM)) }

// radii returns the radii of curvature at a latitude (radians): in the prime vertical and in the meridian.
func (e *Earth) radii(phi float64) (prime, meridian float64) {
	f := e.grid.CRS.Flattening
	e2, s := f*(2-f), math.Sin(phi)
	w := 1 - e2*s*s
	prime = e.grid.CRS.SemiMajorM / math.Sqrt(w)
	return prime, prime * (1 - e2) / w
}
