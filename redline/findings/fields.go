package findings

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"greenshield/raster/landcover"
	"greenshield/redline"
)

// Decimals of printed numbers.
const (
	// HaDecimals is for hectares: it goes to 0.01 m², so that sums of rounded areas still hold to the square metre.
	HaDecimals = 6
	// PctDecimals is for shares in per cent.
	PctDecimals = 2
	// DegDecimals is for degrees: it goes to about a centimetre.
	DegDecimals = 7
)

// Field is one property of a candidate: a column of tables and, with its alias and values, a field of styles.
type Field struct {
	Name     string         // at most 10 ASCII bytes, to survive a Shapefile
	Alias    string         // the name in Chinese that readers of a style or a table see
	Values   func() []Value // what a coded field can hold; nil for a field that can hold anything
	Decimals int            // digits after the point when Decimal is set
	Optional bool           // an Integer of 0, and a Decimal that is not finite, stand for none; see Field.None
	// unknown tells of an Integer whose 0 is a number that a candidate has none; it is nil for others.
	unknown func(c *redline.Candidate) bool

	// One of these is set: it returns what a candidate has in the field.
	Text    func(c *redline.Candidate) string
	Integer func(c *redline.Candidate) int64
	Decimal func(c *redline.Candidate) float64 // not in a shared group
}

// None tells that c has no value in the field: it is null, or an empty cell.
func (f *Field) None(c *redline.Candidate) bool {
	switch {
	case f.unknown != nil:
		return f.unknown(c)
	case !f.Optional:
		return false
	case f.Integer != nil:
		return f.Integer(c) == 0
	}
	x := f.Decimal(c)
	return math.IsNaN(x) || math.IsInf(x, 0)
}

// Value is one code of a coded field and the label that a reader sees for it.
type Value struct{ Code, Label string }

// Values returns the codes of words and the labels that a reader sees for them.
func Values[W interface {
	String() string
	Chinese() string
}](words []W) (values []Value) {
	for _, w := range words {
		values = append(values, Value{w.String(), w.Chinese()})
	}
	return values
}

func text(name, alias string, get func(c *redline.Candidate) string) Field {
	return Field{Name: name, Alias: alias, Text: get}
}

func coded(name, alias string, values func() []Value, get func(c *redline.Candidate) string) Field {
	return Field{Name: name, Alias: alias, Text: get, Values: values}
}

func integer(name, alias string, get func(c *redline.Candidate) int64) Field {
	return Field{Name: name, Alias: alias, Integer: get}
}

func decimal(name, alias string, decimals int, get func(c *redline.Candidate) float64) Field {
	return Field{Name: name, Alias: alias, Decimals: decimals, Decimal: get}
}

// Group is some neighbouring fields. In a shared group many candidates have the same values in all fields, so that the
// text of these need be made and kept only once.
type Group struct {
	// By returns the number that tells the values of a shared group, see [redline.Alike]; it is nil for other groups.
	By func(c *redline.Candidate) uint32
	// Copy copies the fields of a shared group; it is nil for other groups.
	Copy   func(to, from *redline.Candidate)
	Fields []Field
	// Late tells that the values follow from [redline.Candidate.Known], which is the same for all candidates of one patch
	// and only known when all of these are found. Such a group is not shared.
	Late bool
}

// Columns says which fields candidates have besides those that all have.
type Columns struct {
	Known     bool // a ledger was asked
	Dated     bool // there are maps of the years between the epochs
	Since     bool // some zone has a date
	Confirmed bool // there are other pairs of maps
	Newest    bool // there is a map of a later year
	Ranked    bool // candidates have a priority
}

// ColumnsOf returns the columns for the candidates of a run, whose zones must be set; known tells that a ledger was
// asked, ranked that candidates have a priority.
func ColumnsOf(in *redline.Inputs, known, ranked bool) Columns {
	return Columns{Known: known, Dated: len(in.Between) > 0, Since: in.ZonesDated(),
		Confirmed: len(in.Confirm) > 0, Newest: in.Newest != nil, Ranked: ranked}
}

// Examined tells whether kept candidates have evidence.
func (columns Columns) Examined() bool { return columns.Confirmed || columns.Newest || columns.Ranked }

// AllColumns has every field.
var AllColumns = Columns{Known: true, Dated: true, Since: true, Confirmed: true, Newest: true, Ranked: true}

// Groups returns the only list of the fields of a candidate, by group, in the order of files. The groups that every
// candidate has come first and have the same places with others.
func (columns Columns) Groups() []Group {
	known := columns.Known
	type C = redline.Candidate
	own := func(fields ...Field) Group { return Group{Fields: fields} }
	shared := func(by func(c *C) uint32, copy func(to, from *C), fields ...Field) Group {
		return Group{By: by, Copy: copy, Fields: fields}
	}
	flags := func(c *C) string { return strings.Join(c.Flags, ";") }
	severity := integer("severity", "严重程度", func(c *C) int64 { return int64(c.Severity) })
	severity.Values = severityValues
	ecosystems := func() []Value { return Values(landcover.Ecosystems()) }
	zoneTypes := func() []Value { return Values(redline.ZoneTypes()) }
	partPct := func(c *C) float64 { return redline.Percent(c.AreaM2, c.PatchM2) }
	edgePct := func(c *C) float64 { return redline.Percent(float64(c.EdgeCells), float64(c.Cells)) }
	verdict := coded("verdict", "核查结论", verdictValues(known), func(c *C) string { return c.Known.Given() })
	judged, late := []Field{verdict}, []Group{}
	if known {
		judged, late = nil, []Group{{Late: true, Fields: []Field{verdict}}}
	}
	all := slices.Concat([]Group{
		own(
			text("cand_id", "图斑编号", func(c *C) string { return c.ID }),
			text("patch_id", "斑块编号", func(c *C) string { return c.PatchID }),
		),
		shared(func(c *C) uint32 { return c.Alike.Transition },
			func(to, from *C) {
				to.YearA, to.YearB, to.Change, to.ChangeZH = from.YearA, from.YearB, from.Change, from.ChangeZH
				to.FromEco, to.FromCode, to.FromName = from.FromEco, from.FromCode, from.FromName
				to.ToEco, to.ToCode, to.ToName = from.ToEco, from.ToCode, from.ToName
			},
			integer("year_a", "前期年份", func(c *C) int64 { return int64(c.YearA) }),
			integer("year_b", "后期年份", func(c *C) int64 { return int64(c.YearB) }),
			text("change", "变化类型代码", func(c *C) string { return c.Change }),
			text("change_zh", "变化类型", func(c *C) string { return c.ChangeZH }),
			coded("from_eco", "前期生态系统", ecosystems, func(c *C) string { return c.FromEco }),
			text("from_code", "前期地类代码", func(c *C) string { return c.FromCode }),
			text("from_name", "前期地类", func(c *C) string { return c.FromName }),
			coded("to_eco", "后期生态系统", ecosystems, func(c *C) string { return c.ToEco }),
			text("to_code", "后期地类代码", func(c *C) string { return c.ToCode }),
			text("to_name", "后期地类", func(c *C) string { return c.ToName }),
		),
		own(
			text("from_mix", "前期生态系统构成(%)", func(c *C) string { return c.FromMix }),
		),
		shared(func(c *C) uint32 { return c.Alike.Rule },
			func(to, from *C) {
				to.Severity, to.RuleID, to.Activity, to.Basis = from.Severity, from.RuleID, from.Activity, from.Basis
			},
			severity,
			text("rule_id", "规则编号", func(c *C) string { return c.RuleID }),
			text("activity", "疑似人类活动", func(c *C) string { return c.Activity }),
			text("basis", "法规依据", func(c *C) string { return c.Basis }),
		),
		shared(func(c *C) uint32 { return c.Alike.Zone },
			func(to, from *C) {
				to.Layer, to.ZoneID, to.ZoneName, to.ZoneType = from.Layer, from.ZoneID, from.ZoneName, from.ZoneType
				to.FuncZone, to.ZoneLvl = from.FuncZone, from.ZoneLvl
			},
			coded("layer", "管控图层", layerValues, func(c *C) string { return c.Layer }),
			text("zone_id", "管控区编号", func(c *C) string { return c.ZoneID }),
			text("zone_name", "管控区名称", func(c *C) string { return c.ZoneName }),
			coded("zone_type", "管控区类型", zoneTypes, func(c *C) string { return c.ZoneType }),
			text("func_zone", "功能分区(原文)", func(c *C) string { return c.FuncZone }),
			text("zone_lvl", "级别", func(c *C) string { return c.ZoneLvl }),
		),
		own(
			text("zones_all", "涉及的全部管控区", func(c *C) string { return strings.Join(c.ZonesAll, ";") }),
			decimal("area_ha", "图斑面积(公顷)", HaDecimals, func(c *C) float64 { return c.AreaM2 / redline.M2PerHa }),
			decimal("patch_ha", "整个斑块面积(公顷，不可累加)", HaDecimals,
				func(c *C) float64 { return c.PatchM2 / redline.M2PerHa }),
			decimal("part_pct", "占斑块面积比例(%)", PctDecimals, partPct),
			integer("cells", "斑块像元数", func(c *C) int64 { return c.Cells }),
			decimal("edge_pct", "错位可解释的像元比例(%)", PctDecimals, edgePct),
		),
		shared(func(c *C) uint32 { return c.Alike.County },
			func(to, from *C) { to.AdmCode, to.AdmName = from.AdmCode, from.AdmName },
			text("adm_code", "行政区代码", func(c *C) string { return c.AdmCode }),
			text("adm_name", "行政区", func(c *C) string { return c.AdmName }),
		),
		own(
			decimal("lon", "经度", DegDecimals, func(c *C) float64 { return c.Lon }),
			decimal("lat", "纬度", DegDecimals, func(c *C) float64 { return c.Lat }),
		),
		shared(func(c *C) uint32 { return c.Alike.Flags },
			func(to, from *C) { to.Flags = slices.Clone(from.Flags) },
			append([]Field{text("flags", "质量标记", flags)}, judged...)...,
		),
	}, late, []Group{
		own(
			decimal("exempt_pct", "已批准项目覆盖比例(%)", PctDecimals, func(c *C) float64 {
				return redline.Percent(c.ExemptM2, c.AreaM2)
			}),
		),
	})
	if known {
		all = append(all, Group{Late: true, Fields: knownFields()})
	}
	if columns.Dated {
		all = append(all, own(datedFields()...))
	}
	if columns.Since {
		all = append(all, own(sinceFields()...))
	}
	if columns.Examined() {
		all = append(all, own(columns.evidenceFields()...))
	}
	return all
}

// Fields returns all fields of a candidate, in the order of files.
func (columns Columns) Fields() (fields []Field) {
	for _, g := range columns.Groups() {
		fields = append(fields, g.Fields...)
	}
	return fields
}

// elsewhere are the fields of a candidate that other fields tell: part_pct the areas, the verdict nothing yet, and the
// rest, by its keys, the rule table and the tables of zones and classes in the folder of the run.
var elsewhere = []string{
	"year_a", "year_b", "change_zh", "from_eco", "from_name", "to_eco", "to_name", "activity", "basis",
	"zone_name", "zone_type", "func_zone", "zone_lvl", "part_pct", "verdict", "zone_since",
}

// Compact returns the groups without the fields that can be looked up. Each has a field left.
func (columns Columns) Compact() []Group {
	compact := columns.Groups()
	for i := range compact {
		compact[i].Fields = slices.DeleteFunc(compact[i].Fields, func(f Field) bool {
			return slices.Contains(elsewhere, f.Name)
		})
	}
	return compact
}

// Suppressed returns those of suppressed changes, of which a ledger knows nothing and that have no evidence.
func (columns Columns) Suppressed() Columns {
	return Columns{Dated: columns.Dated, Since: columns.Since}
}

// severityValues returns the severities as files have them, by number, with both names.
func severityValues() (values []Value) {
	for _, s := range redline.Severities() {
		values = append(values, Value{strconv.Itoa(int(s)), s.Chinese() + " " + s.String()})
	}
	return values
}

// layerValues returns the layers of zones.
func layerValues() (values []Value) {
	for _, layer := range []string{redline.LayerRedLine, redline.LayerReserve} {
		values = append(values, Value{layer, redline.LayerChinese(layer)})
	}
	return values
}
