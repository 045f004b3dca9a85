package sheets

import (
	"math"

	"github.com/xuri/excelize/v2"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/survey"
)

// all stands for all classes together in a transition matrix: the totals.
const all = landcover.NumEcosystems

// matrixKind is a sheet of transition matrices.
type matrixKind struct {
	sheet  string
	unit   string // of the numbers
	format format
	// value returns the number of a pair of classes, each of which may be all. It is NaN where it is not defined.
	value func(u *survey.Unit, before, after landcover.Ecosystem) float64
}

// matrixKinds lists the sheets of transition matrices.
func matrixKinds() []matrixKind {
	share := func(part, whole float64) float64 {
		if whole == 0 {
			return math.NaN()
		}
		return 100 * part / whole
	}
	return []matrixKind{
		{"转移矩阵", "公顷", formatHaShort, transitionHa},
		{"转移去向", "占前期类型面积的 %", formatShare, func(u *survey.Unit, b, a landcover.Ecosystem) float64 {
			return share(transitionHa(u, b, a), transitionHa(u, b, all))
		}},
		{"转移来源", "占后期类型面积的 %", formatShare, func(u *survey.Unit, b, a landcover.Ecosystem) float64 {
			return share(transitionHa(u, b, a), transitionHa(u, all, a))
		}},
	}
}

// transitionHa returns the area in hectares of what was class before and is class after.
func transitionHa(u *survey.Unit, before, after landcover.Ecosystem) float64 {
	switch {
	case before == all && after == all:
		return u.M2 / redline.M2PerHa
	case before == all:
		return u.Classes[after].AfterM2 / redline.M2PerHa
	case after == all:
		return u.Classes[before].BeforeM2 / redline.M2PerHa
	}
	return u.AreaM2[before][after] / redline.M2PerHa
}

// blocksOfPage is how many matrices are printed on a page.
const blocksOfPage = 3

// writeMatrices writes a square matrix for each unit that is no zone, with all classes whether they occur or not.
func (b *workbook) writeMatrices(kind matrixKind, units []survey.Unit) error {
	columns := []column{{"前期 ↓ 后期 →", 16, formatText}}
	classes := append(landcover.Ecosystems(), all)
	for _, e := range classes {
		columns = append(columns, column{classTitle(e), 13, kind.format})
	}
	stream, err := b.open(kind.sheet, columns)
	if err != nil {
		return err
	}
	m := matrices{workbook: b, stream: stream, kind: kind, classes: classes}
	for i := range units {
		if units[i].Level == redline.LevelZone {
			continue
		}
		if m.blocks > 0 && m.blocks%blocksOfPage == 0 && m.blocks/blocksOfPage <= maxBreaks {
			if err := stream.InsertPageBreak("A" + itoa(m.rows+1)); err != nil {
				return err
			}
		}
		m.blocks++
		if err := m.write(&units[i], columns); err != nil {
			return err
		}
	}
	return stream.Flush()
}

// classTitle returns what a matrix calls a class.
func classTitle(e landcover.Ecosystem) string {
	if e == all {
		return "合计"
	}
	return e.Chinese()
}

// matrices is a sheet of matrices while it is written.
type matrices struct {
	*workbook
	stream       *excelize.StreamWriter
	kind         matrixKind
	classes      []landcover.Ecosystem // with all as the last one
	rows, blocks int                   // that are written
}

// write writes the matrix of a unit, and an empty row.
func (m *matrices) write(u *survey.Unit, columns []column) error {
	cell := func(style int, value any) any { return excelize.Cell{StyleID: m.styles[style], Value: value} }
	title := u.Level.Chinese()
	if u.Level != redline.LevelWhole {
		title += "：" + unitName(&u.Unit)
	}
	if code := unitCode(&u.Unit); code != "" {
		title += " " + code
	}
	if err := m.row(cell(styleTitle, cellText(title+"（"+m.kind.unit+"）"))); err != nil {
		return err
	}
	var head []any
	for _, c := range columns {
		head = append(head, cell(styleHead, c.title))
	}
	if err := m.row(head...); err != nil {
		return err
	}
	for _, before := range m.classes {
		cells := []any{cell(styleHead, classTitle(before))}
		for _, after := range m.classes {
			style, value := int(m.kind.format), any(nil)
			if before == all || after == all {
				style += styleTotal
			}
			if x := m.kind.value(u, before, after); !math.IsNaN(x) {
				value = x
			}
			cells = append(cells, cell(style, value))
		}
		if err := m.row(cells...); err != nil {
			return err
		}
	}
	m.rows++
	return nil
}

// row writes a row.
func (m *matrices) row(cells ...any) error {
	m.rows++
	return m.stream.SetRow("A"+itoa(m.rows), cells)
}
