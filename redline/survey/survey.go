// Package survey computes the indicators of the survey of ecological change (生态状况变化调查) from what the engine found of a unit.
// README.md beside this file has every formula, and an example computed by hand.
//
// The formulas, and what is set here, are this project's choice. None of it was checked against a standard.
package survey

import (
	"fmt"
	"math"
	"strconv"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/seeds"
)

// The denominators of the transition index.
const (
	Changed = "changed" // the area whose class changed
	Total   = "total"   // all area valid in both epochs
)

// Settings are what sources leave open in the formulas.
type Settings struct {
	Divisor     int    // of the comprehensive dynamic degree: 1 or 2
	Annualise   bool   // dynamic degrees are for a year, not for the whole period
	Denominator string // of the transition index: Changed or Total
	// Ranks are the ecological ranks for the transition index, 1 is the best; 0 for NoData.
	Ranks [landcover.NumEcosystems]int
}

// Default returns the settings of a job that says nothing.
func Default() Settings {
	s := Settings{Divisor: 1, Annualise: true, Denominator: Changed}
	rows, err := landcover.ReadTable("seeds/survey/ranks.csv", seeds.Ranks(), "class", "rank")
	for _, r := range rows {
		var rank int
		if rank, err = strconv.Atoi(r.Fields["rank"]); err == nil {
			err = s.SetRank(r.Fields["class"], rank)
		}
		if err != nil {
			break
		}
	}
	if err != nil {
		panic(fmt.Sprint("seeds: ", err))
	}
	return s
}

// MaxRank is the largest rank.
const MaxRank = 9

// SetRank sets the rank, from 1 to MaxRank, of the class of that name.
func (s *Settings) SetRank(class string, rank int) error {
	e, err := landcover.ParseEcosystem(class)
	if err != nil {
		return err
	}
	if e == landcover.NoData || rank < 1 || rank > MaxRank {
		return fmt.Errorf("rank %d of %s is not one from 1 to %d", rank, class, MaxRank)
	}
	s.Ranks[e] = rank
	return nil
}

// Unit is one unit with its indicators. Shares, rates, degrees and indices are in %; NaN is undefined, where a formula divides by nothing.
type Unit struct {
	*redline.UnitSurvey
	M2      float64 // valid in both epochs
	Cells   int64
	Classes [landcover.NumEcosystems]Class
	// Comprehensive is the comprehensive dynamic degree (综合动态度).
	Comprehensive float64
	// Index is the land-cover transition index (土地覆被转类指数): above 0 classes of better rank gain.
	Index float64
}

// Class is one ecosystem class of a unit.
type Class struct {
	BeforeCells, AfterCells   int64
	BeforeM2, AfterM2         float64
	BeforeShare, AfterShare   float64 // of the unit
	NetM2, GainM2, LossM2     float64 // net = after − before = gain − loss
	SwapM2                    float64 // 2 · min(gain, loss)
	Rate                      float64 // net / before (类型变化率)
	Dynamic                   float64 // the same for a year, if annualised (单一动态度)
	MeanM2                    [2]float64
	LargestShare, EdgeDensity [2]float64 // largest patch in % of the unit; m of edges per ha of the unit
}

// Compute computes the indicators of u between epochs so many years apart.
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

// RowShare is the share of what was class b before that is class a after, in %.
func (u *Unit) RowShare(b, a landcover.Ecosystem) float64 {
	return percent(u.AreaM2[b][a], u.Classes[b].BeforeM2)
}

// ColumnShare is the share of what is class a after that was class b before, in %.
func (u *Unit) ColumnShare(b, a landcover.Ecosystem) float64 {
	return percent(u.AreaM2[b][a], u.Classes[a].AfterM2)
}

// percent is NaN when whole is 0.
func percent(part, whole float64) float64 {
	if whole == 0 {
		return math.NaN()
	}
	return 100 * part / whole
}

// Formula is an indicator's formula, in Chinese, and how it is set.
type Formula struct{ Name, Text, Setting string }

// Formulas lists all formulas with the settings used.
func (s Settings) Formulas(years int) []Formula {
	annual := "年化：否"
	period := ""
	if s.Annualise {
		annual = fmt.Sprintf("年化：是，T = %d 年", years)
		period = " ÷ T"
	}
	denominator := map[string]string{Changed: "发生转类的面积", Total: "两期均有效的总面积"}[s.Denominator]
	ranks := ""
	for _, e := range landcover.Ecosystems() {
		ranks += fmt.Sprintf(" %s %d", e.Chinese(), s.Ranks[e])
	}
	return []Formula{
		{"构成比例", "P = 类型面积 ÷ 单元面积 × 100%", ""},
		{"净变化", "净变化 = 后期面积 − 前期面积 = 转入 − 转出", ""},
		{"转入、转出", "转入 = 其他类型变为该类型的面积；转出 = 该类型变为其他类型的面积", ""},
		{"交换变化", "2 × min(转入, 转出)", ""},
		{"类型变化率", "(后期面积 − 前期面积) ÷ 前期面积 × 100%", ""},
		{"单一动态度", "(后期面积 − 前期面积) ÷ 前期面积" + period + " × 100%", annual},
		{"转移矩阵", "a(i,j) = 前期为 i、后期为 j 的面积；行比例 = a(i,j) ÷ 前期 i 的面积（去向）；列比例 = a(i,j) ÷ 后期 j 的面积（来源）", ""},
		{"综合动态度", fmt.Sprintf("Σ 转出面积 ÷ (%d × Σ 前期面积)%s × 100%%", s.Divisor, period), fmt.Sprintf("除数 %d；%s", s.Divisor, annual)},
		{"土地覆被转类指数", "Σ[a(i,j) × (D(i) − D(j))] ÷ " + denominator + " × 100%，D 为生态级别（1 最好）；大于 0 表示转好，小于 0 表示转差", "分母：" + denominator + "；级别：" + ranks},
		{"斑块数", "单元内同一类型的相连像元为一个斑块，相连规则同本次运行；单元边界之外视为空白", ""},
		{"平均斑块面积", "类型面积 ÷ 斑块数", ""},
		{"最大斑块", "最大斑块的面积，及其占单元面积的比例", ""},
		{"边缘密度", "该类型与单元内其他类型相邻的像元边长之和 ÷ 单元面积（米/公顷）；单元边界与无数据边界不计", ""},
	}
}

// Unverified is what must stand wherever these numbers stand.
const Unverified = "公式与参数为本项目设定，未对照标准核实"
