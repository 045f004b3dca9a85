package survey

import (
	"math"

	"greenshield/raster/landcover"
	"greenshield/redline"
)

// Unit is one unit with its indicators. Shares, rates, degrees and indices are in %. An
// indicator is NaN where its formula divides by nothing.
type Unit struct {
	*redline.UnitSurvey
	M2      float64 // area that is valid in both epochs
	Cells   int64   // cells that are valid in both epochs
	Classes [landcover.NumEcosystems]Class
	// Comprehensive is the comprehensive dynamic degree (综合动态度).
	Comprehensive float64
	// Index is the land-cover transition index (土地覆被转类指数). Above 0, classes of
	// better rank gain.
	Index float64
}

// Class is one ecosystem class of a unit.
type Class struct {
	BeforeCells, AfterCells   int64
	BeforeM2, AfterM2         float64
	BeforeShare, AfterShare   float64    // area in % of the unit
	NetM2, GainM2, LossM2     float64    // net = after − before = gain − loss
	SwapM2                    float64    // 2 · min(gain, loss)
	Rate                      float64    // net / before (类型变化率)
	Dynamic                   float64    // single dynamic degree (单一动态度): Rate, for a year if annualised
	MeanM2                    [2]float64 // area of the mean patch in each epoch
	LargestShare, EdgeDensity [2]float64 // in each epoch: largest patch in % of the unit; edges in m/ha of the unit
}

// Compute computes the indicators of u between epochs that are so many years apart.
func Compute(u *redline.UnitSurvey, years int, s Settings) Unit {
	out := Unit{UnitSurvey: u}
	period := 1.0
	if s.Annualise {
		period = float64(years)
	}
	var changed, ranked float64
	for b := range u.AreaM2 {
		for a, m2 := range u.AreaM2[b] {
			cells := u.Cells[b][a]
			from, to := &out.Classes[b], &out.Classes[a]
			out.M2 += m2
			out.Cells += cells
			from.BeforeM2 += m2
			from.BeforeCells += cells
			to.AfterM2 += m2
			to.AfterCells += cells
			if a != b {
				from.LossM2 += m2
				to.GainM2 += m2
				changed += m2
				ranked += m2 * float64(s.Ranks[b]-s.Ranks[a])
			}
		}
	}
	for i := range out.Classes {
		c := &out.Classes[i]
		c.BeforeShare, c.AfterShare = percent(c.BeforeM2, out.M2), percent(c.AfterM2, out.M2)
		c.NetM2, c.SwapM2 = c.GainM2-c.LossM2, 2*min(c.GainM2, c.LossM2)
		c.Rate = percent(c.NetM2, c.BeforeM2)
		c.Dynamic = c.Rate / period
		for e := range c.MeanM2 {
			p, m2 := &u.Pattern[e][i], c.BeforeM2
			if e == 1 {
				m2 = c.AfterM2
			}
			c.MeanM2[e] = m2 / float64(p.Patches)
			c.LargestShare[e] = percent(p.LargestM2, out.M2)
			c.EdgeDensity[e] = p.EdgeM / (out.M2 / 1e4)
		}
	}
	out.Comprehensive = percent(changed, out.M2) / float64(s.Divisor) / period
	denominator := changed
	if s.Denominator == Total {
		denominator = out.M2
	}
	out.Index = percent(ranked, denominator)
	return out
}

// RowShare returns which share of what was class b before is class a after, in %. It is
// NaN when there was nothing of class b.
func (u *Unit) RowShare(b, a landcover.Ecosystem) float64 {
	return percent(u.AreaM2[b][a], u.Classes[b].BeforeM2)
}

// ColumnShare returns which share of what is class a after was class b before, in %. It
// is NaN when there is nothing of class a.
func (u *Unit) ColumnShare(b, a landcover.Ecosystem) float64 {
	return percent(u.AreaM2[b][a], u.Classes[a].AfterM2)
}

// ChangedM2 returns the area whose class changed.
func (u *Unit) ChangedM2() (m2 float64) {
	for i := range u.Classes {
		m2 += u.Classes[i].LossM2
	}
	return m2
}

// percent returns part in % of whole, NaN when whole is 0.
func percent(part, whole float64) float64 {
	if whole == 0 {
		return math.NaN()
	}
	return 100 * part / whole
}
