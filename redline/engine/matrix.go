package engine

import (
	"fmt"

	"greenshield/raster"
	"greenshield/raster/change"
	"greenshield/raster/landcover"
	"greenshield/redline"
)

// matrices sets the transition tables and the numbers of cells of the summary. It returns the number of all cells of
// the matrix, and cells and area by change type.
func (p *plan) matrices(sum *redline.Summary, total *Part) (matrixCells int64, byType []redline.ChangeTotal) {
	byType = make([]redline.ChangeTotal, p.types)
	type ecoPair = [2]landcover.Ecosystem
	ecosystems := map[ecoPair]*redline.Transition{}
	areas := map[ecoPair]*raster.Area{}
	typeAreas := make([]raster.Area, p.types)
	before, after := p.in.Before.Legend, p.in.After.Legend
	if before.Name != after.Name {
		sum.CodeChangedCells = -1
	}
	nB, nA := len(before.Codes()), len(after.Codes())
	for pair, n := range total.Matrix.Cells {
		matrixCells += n
		b, a := p.classifier.Classes(uint16(pair))
		if n == 0 {
			continue
		}
		if b >= nB || a >= nA {
			sum.NoDataCells += n
			continue
		}
		sum.ValidCells += n
		area := total.Matrix.Area[pair]
		t := redline.Transition{From: before.Classes[b], To: after.Classes[a], Cells: n, AreaM2: area.M2()}
		k, changed := p.classifier.TypeOf(uint16(pair))
		if changed {
			sum.ChangedCells += n
		}
		if sum.CodeChangedCells >= 0 && before.Classes[b].Code != after.Classes[a].Code {
			sum.CodeChangedCells += n
		}
		if changed && k == change.UnruledType {
			sum.UnruledCells += n
		} else if changed {
			t.Change = p.options.Rules.Changes[k].Name
			byType[k].Cells += n
			typeAreas[k].Add(area)
		}
		sum.Codes = append(sum.Codes, t)
		e := ecoPair{t.From.Ecosystem, t.To.Ecosystem}
		if ecosystems[e] == nil {
			ecosystems[e] = &redline.Transition{
				From:   landcover.Class{Ecosystem: e[0]},
				To:     landcover.Class{Ecosystem: e[1]},
				Change: t.Change,
			}
			areas[e] = &raster.Area{}
		}
		ecosystems[e].Cells += n
		areas[e].Add(area)
	}
	for _, from := range landcover.Ecosystems() {
		for _, to := range landcover.Ecosystems() {
			if t := ecosystems[ecoPair{from, to}]; t != nil {
				t.AreaM2 = areas[ecoPair{from, to}].M2()
				sum.Ecosystems = append(sum.Ecosystems, *t)
			}
		}
	}
	for t := range byType {
		byType[t].AreaM2 = typeAreas[t].M2()
	}
	return matrixCells, byType
}

// checkMargins compares the row and column sums of the matrix with the classes counted from the symbols of each epoch.
func (p *plan) checkMargins(total *Part, b *balance) {
	for _, e := range []struct {
		name    redline.Words
		epoch   *redline.Epoch
		symbols *[256]int64
		class   func(pair uint16) int
	}{
		{redline.Words{EN: "classes of before = margin of the matrix", ZH: "前期各类像元数 = 转移矩阵行合计"},
			&p.in.Before, &total.Matrix.Before, func(pair uint16) int { b, _ := p.classifier.Classes(pair); return b }},
		{redline.Words{EN: "classes of after = margin of the matrix", ZH: "后期各类像元数 = 转移矩阵列合计"},
			&p.in.After, &total.Matrix.After, func(pair uint16) int { _, a := p.classifier.Classes(pair); return a }},
	} {
		n := len(e.epoch.Legend.Codes())
		counted, margin := make([]int64, n+2), make([]int64, n+2)
		for symbol, cells := range e.symbols {
			if cells == 0 {
				continue // so are all symbols that stand for nothing
			}
			switch i := e.epoch.Source.Index()[symbol]; i {
			case raster.NoData:
				counted[n] += cells
			case raster.Unknown:
				counted[n+1] += cells
			default:
				counted[i] += cells
			}
		}
		for pair, cells := range total.Matrix.Cells {
			margin[e.class(uint16(pair))] += cells
		}
		left, right := int64(0), int64(0)
		for i := range counted {
			if counted[i] != margin[i] {
				left, right = counted[i], margin[i]
				e.name.EN += fmt.Sprintf(", class %d", i)
				break
			}
			left, right = left+counted[i], right+margin[i]
		}
		b.equal(e.name, float64(left), float64(right))
	}
}
