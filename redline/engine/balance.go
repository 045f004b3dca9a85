package engine

import (
	"math"

	"greenshield/raster"
	"greenshield/raster/change"
	"greenshield/redline"
	"greenshield/redline/territory"
)

// balance collects what must add up.
type balance struct{ checks []redline.Check }

// check demands that two numbers differ by no more than tolerance.
func (b *balance) check(name redline.Words, left, right, tolerance float64) {
	b.checks = append(b.checks, redline.NewCheck(name, left, right, tolerance))
}

// equal demands that two numbers are the same.
func (b *balance) equal(name redline.Words, left, right float64) { b.check(name, left, right, 0) }

// finish returns the summary of the whole grid, and checks that nothing is lost and nothing is counted twice. total is
// the part of all bands; unionCells is the planar area of the union of all zones. When a check fails it returns the
// summary with a fault of kind Unbalanced.
func (p *plan) finish(total *Part, unionCells float64) (*redline.Summary, error) {
	in, tally := p.in, &total.Tally
	for t, n := range total.Patches.Outside {
		tally.Patches[t] += n.Patches
		tally.PatchCells[t] += n.Cells
	}
	sum := &redline.Summary{
		Grid:       in.Grid,
		YearA:      in.Before.Year,
		YearB:      in.After.Year,
		Cells:      in.Grid.Cells(),
		BySeverity: tally.BySeverity,
		ByReason:   tally.ByReason,

		KeptPatches:    tally.Kept,
		KeptPatchCells: tally.KeptCells,
	}
	b := new(balance)
	matrixCells, byType := p.matrices(sum, total)
	b.equal(redline.Words{EN: "cells of the matrix = cells of the grid", ZH: "转移矩阵像元数 = 网格像元数"},
		float64(matrixCells), float64(sum.Cells))
	b.equal(redline.Words{
		EN: "valid + NoData = cells of the grid",
		ZH: "有效像元 + 无数据像元 = 网格像元数",
	}, float64(sum.ValidCells+sum.NoDataCells), float64(sum.Cells))
	p.checkMargins(total, b)
	for t, c := range p.options.Rules.Changes {
		sum.Changes = append(sum.Changes, redline.ChangeTotal{
			Change: c.Name, ChangeZH: c.NameZH, Cells: byType[t].Cells, Patches: tally.Patches[t], AreaM2: byType[t].AreaM2})
		name := redline.Words{
			EN: "cells in patches of " + c.Name + " = cells of its transitions",
			ZH: "图斑像元数 = 对应转移的像元数：" + c.NameZH,
		}
		b.equal(name, float64(tally.PatchCells[t]), float64(byType[t].Cells))
	}
	p.zoneTotals(sum, total, b)
	if p.options.Survey {
		sum.Survey, sum.Overview = p.units.Survey(total.Units, p.years), total.Units.Overview
		checkSurvey(sum, b)
		if p.years != nil {
			checkYears(sum.Survey, b)
		}
	}
	name := redline.Words{
		EN: "territories = union of all zones (cells)",
		ZH: "各区管控范围之和 = 全部管控区并集（像元）",
	}
	b.check(name, p.division.Cells, unionCells, 1e-9*unionCells+territory.TouchCells*float64(len(in.Zones)+1))
	sum.Checks = b.checks
	for _, c := range sum.Checks {
		if !c.OK {
			return sum, redline.Faultf(redline.Unbalanced,
				"it does not add up: %s: %.6f against %.6f; nothing is published, please report this",
				c.Name.EN, c.Left, c.Right)
		}
	}
	return sum, nil
}

// checkSurvey compares the survey of the whole, which is that of all counties where there are any, with the matrix of
// ecosystem classes.
func checkSurvey(sum *redline.Summary, check *balance) {
	whole := &sum.Survey.Units[0]
	name := redline.Words{
		EN: "survey of the whole = matrix of ecosystem classes",
		ZH: "全区调查统计 = 生态系统转移矩阵（像元）",
	}
	var cells float64
	for _, t := range sum.Ecosystems {
		b, a := t.From.Ecosystem, t.To.Ecosystem
		cells += float64(whole.Cells[b][a])
		if whole.Cells[b][a] != t.Cells || whole.AreaM2[b][a] != t.AreaM2 {
			name.EN += ", " + b.String() + " to " + a.String() + " (m²)"
			check.equal(name, whole.AreaM2[b][a], t.AreaM2)
			return
		}
	}
	name.EN += " (cells)"
	check.equal(name, cells, float64(sum.ValidCells))
}

// zoneTotals sets the totals of each zone and of all zones, and checks that candidates and suppressed changes are all
// that changed.
func (p *plan) zoneTotals(sum *redline.Summary, total *Part, b *balance) {
	shared := p.sharedByZone(total)
	sum.Zones = make([]redline.ZoneTotal, len(p.in.Zones))
	type row struct {
		name                   string
		left, right, tolerance float64
	}
	worst := row{tolerance: 1}
	var candidates, suppressed, touching, changedAll raster.Area
	for rank, z := range p.division.ByRank {
		zone := &p.in.Zones[z]
		var changed raster.Area
		for t := range p.types {
			changed.Add(total.Covered[p.slot(int32(rank), uint8(t))])
		}
		zt := &total.Tally.Zones[z]
		of := redline.ZoneTotal{
			Zone:         zone,
			TotalM2:      zone.TotalM2,
			OutsideM2:    max(0, zone.TotalM2-p.division.InGridM2[z]),
			NoDataM2:     shared[z].NoData.M2(),
			ControlledM2: p.division.OwnM2[rank],
			ChangedM2:    changed.M2(),
			UnruledM2:    total.Covered[p.slot(int32(rank), change.UnruledType)].M2(),
			CandidateM2:  zt.CandidateM2.M2(),
			SuppressedM2: zt.SuppressedM2.M2(),
			Candidates:   zt.Candidates,
			Suppressed:   zt.Suppressed,
			Controlled:   p.division.Territory[rank],
			Inside: redline.InsideTotal{
				Candidates: zt.Inside.Candidates, CandidateM2: zt.Inside.CandidateM2.M2(),
				Suppressed: zt.Inside.Suppressed, SuppressedM2: zt.Inside.SuppressedM2.M2(),
				UnruledM2: shared[z].Unruled.M2(),
			},
		}
		if of.OutsideM2 < 1e-9*of.TotalM2 { // rounding of the clip at the grid's edge counts as nothing
			of.OutsideM2 = 0
		}
		sum.Zones[z] = of
		sum.Candidates += of.Candidates
		sum.Suppressed += of.Suppressed
		candidates.Add(zt.CandidateM2)
		suppressed.Add(zt.SuppressedM2)
		changedAll.Add(changed)
		touching.Add(zt.TouchingM2)
		left := of.CandidateM2 + of.SuppressedM2 + zt.TouchingM2.M2()
		tolerance := 1e-9*of.ChangedM2 + roundingM2*float64(1+of.Candidates+of.Suppressed)*10 +
			p.touchM2()*float64(1+len(p.division.Sharing))
		off := math.Abs(left-of.ChangedM2) / tolerance
		if worst.name == "" || off > math.Abs(worst.left-worst.right)/worst.tolerance {
			worst = row{zone.ID, left, of.ChangedM2, tolerance}
		}
	}
	sum.CandidateM2, sum.SuppressedM2 = candidates.M2(), suppressed.M2()
	if len(p.in.Zones) == 0 {
		return
	}
	worstName := redline.Words{
		EN: "worst zone " + worst.name + ": candidates + suppressed = changed area (m²)",
		ZH: "误差最大的管控区：候选 + 未列入 = 变化面积（平方米）：" + worst.name,
	}
	b.check(worstName, worst.left, worst.right, worst.tolerance)
	all := changedAll.M2()
	name := redline.Words{
		EN: "all candidates + suppressed = changed area in zones (m²)",
		ZH: "全部候选 + 未列入 = 管控区内变化面积（平方米）",
	}
	b.check(name, sum.CandidateM2+sum.SuppressedM2+touching.M2(), all,
		1e-9*all+roundingM2*10*float64(1+sum.Candidates+sum.Suppressed)+p.touchM2())
}

// sharedByZone returns what lies on each whole zone: on its territory, and on the ground that stricter zones control.
func (p *plan) sharedByZone(total *Part) []SharedCover {
	all := make([]SharedCover, len(p.in.Zones))
	for rank, z := range p.division.ByRank {
		all[z].NoData.Add(total.Covered[p.slot(int32(rank), change.NoDataType)])
		all[z].Unruled.Add(total.Covered[p.slot(int32(rank), change.UnruledType)])
	}
	for region := range p.division.Sharing {
		for z := range p.division.SharedZones(region) {
			if z != territory.Exemptions {
				all[z].add(&total.Shared[region])
			}
		}
	}
	return all
}
