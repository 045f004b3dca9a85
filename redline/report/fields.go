package report

import (
	"image/color"
	"slices"
	"strconv"
	"strings"

	"greenshield/raster/landcover"
	"greenshield/redline"
)

const (
	m2PerHa = 1e4

	// Decimals of what is printed. Hectares go to 0.01 m², so that sums of rounded
	// areas still hold to the square metre; degrees to about a centimetre.
	haDecimals  = 6
	pctDecimals = 2
	degDecimals = 7
)

// Field is one property of a candidate: a column of tables and, with its alias and values, a field
// of styles.
type Field struct {
	Name     string         // at most 10 ASCII bytes, to survive a Shapefile
	Alias    string         // for the reader of a style or a table, in Chinese
	Values   func() []Value // what a coded field can hold; nil when anything
	Decimals int            // of a Decimal

	// One of these.
	Text    func(c *redline.Candidate) string
	Integer func(c *redline.Candidate) int64
	Decimal func(c *redline.Candidate) float64 // not in a shared group
}

// Value is one code of a coded field and what a reader sees for it.
type Value struct{ Code, Label string }

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

// A group is neighbouring fields; the table of groups is the only list of them. Those of a shared one
// are the same for many candidates, all together, so that their text is made once and stands once in the spool.
type group struct {
	by     func(c *redline.Candidate) (name, second string) // what mostly tells a shared group's values apart; else nil
	copy   func(to, from *redline.Candidate)                // the fields of a shared group
	fields []Field
}

var groups = func() []group {
	type C = redline.Candidate
	own := func(fields ...Field) group { return group{fields: fields} }
	shared := func(by func(c *C) (name, second string), copy func(to, from *C), fields ...Field) group {
		return group{by, copy, fields}
	}
	flags := func(c *C) string { return strings.Join(c.Flags, ";") }
	severity := integer("severity", "严重程度", func(c *C) int64 { return int64(c.Severity) })
	severity.Values = severityValues
	return []group{
		own(
			text("cand_id", "图斑编号", func(c *C) string { return c.ID }),
			text("patch_id", "斑块编号", func(c *C) string { return c.PatchID }),
		),
		shared(func(c *C) (_, _ string) { return c.FromCode, c.ToCode },
			func(to, from *C) {
				to.YearA, to.YearB, to.Change, to.ChangeZH = from.YearA, from.YearB, from.Change, from.ChangeZH
				to.FromEco, to.FromCode, to.FromName = from.FromEco, from.FromCode, from.FromName
				to.ToEco, to.ToCode, to.ToName = from.ToEco, from.ToCode, from.ToName
			},
			integer("year_a", "前期年份", func(c *C) int64 { return int64(c.YearA) }),
			integer("year_b", "后期年份", func(c *C) int64 { return int64(c.YearB) }),
			text("change", "变化类型代码", func(c *C) string { return c.Change }),
			text("change_zh", "变化类型", func(c *C) string { return c.ChangeZH }),
			coded("from_eco", "前期生态系统", ecosystemValues, func(c *C) string { return c.FromEco }),
			text("from_code", "前期地类代码", func(c *C) string { return c.FromCode }),
			text("from_name", "前期地类", func(c *C) string { return c.FromName }),
			coded("to_eco", "后期生态系统", ecosystemValues, func(c *C) string { return c.ToEco }),
			text("to_code", "后期地类代码", func(c *C) string { return c.ToCode }),
			text("to_name", "后期地类", func(c *C) string { return c.ToName }),
		),
		own(
			text("from_mix", "前期生态系统构成(%)", func(c *C) string { return c.FromMix }),
		),
		shared(func(c *C) (_, _ string) { return c.RuleID, "" },
			func(to, from *C) {
				to.Severity, to.RuleID, to.Activity, to.Basis = from.Severity, from.RuleID, from.Activity, from.Basis
			},
			severity,
			text("rule_id", "规则编号", func(c *C) string { return c.RuleID }),
			text("activity", "疑似人类活动", func(c *C) string { return c.Activity }),
			text("basis", "法规依据", func(c *C) string { return c.Basis }),
		),
		shared(func(c *C) (_, _ string) { return c.ZoneID, "" },
			func(to, from *C) {
				to.Layer, to.ZoneID, to.ZoneName, to.ZoneType = from.Layer, from.ZoneID, from.ZoneName, from.ZoneType
				to.FuncZone, to.ZoneLvl = from.FuncZone, from.ZoneLvl
			},
			coded("layer", "管控图层", layerValues, func(c *C) string { return c.Layer }),
			text("zone_id", "管控区编号", func(c *C) string { return c.ZoneID }),
			text("zone_name", "管控区名称", func(c *C) string { return c.ZoneName }),
			coded("zone_type", "管控区类型", zoneTypeValues, func(c *C) string { return c.ZoneType }),
			text("func_zone", "功能分区(原文)", func(c *C) string { return c.FuncZone }),
			text("zone_lvl", "级别", func(c *C) string { return c.ZoneLvl }),
		),
		own(
			text("zones_all", "涉及的全部管控区", func(c *C) string { return strings.Join(c.ZonesAll, ";") }),
			decimal("area_ha", "图斑面积(公顷)", haDecimals, func(c *C) float64 { return c.AreaM2 / m2PerHa }),
			decimal("patch_ha", "整个斑块面积(公顷，不可累加)", haDecimals, func(c *C) float64 { return c.PatchM2 / m2PerHa }),
			decimal("part_pct", "占斑块面积比例(%)", pctDecimals, func(c *C) float64 { return 100 * c.AreaM2 / c.PatchM2 }),
			integer("cells", "斑块像元数", func(c *C) int64 { return c.Cells }),
			decimal("edge_pct", "错位可解释的像元比例(%)", pctDecimals, func(c *C) float64 { return 100 * float64(c.EdgeCells) / float64(c.Cells) }),
		),
		shared(func(c *C) (_, _ string) { return c.AdmCode, "" },
			func(to, from *C) { to.AdmCode, to.AdmName = from.AdmCode, from.AdmName },
			text("adm_code", "行政区代码", func(c *C) string { return c.AdmCode }),
			text("adm_name", "行政区", func(c *C) string { return c.AdmName }),
		),
		own(
			decimal("lon", "经度", degDecimals, func(c *C) float64 { return c.Lon }),
			decimal("lat", "纬度", degDecimals, func(c *C) float64 { return c.Lat }),
		),
		shared(func(c *C) (_, _ string) { return flags(c), "" },
			func(to, from *C) { to.Flags = slices.Clone(from.Flags) },
			text("flags", "质量标记", flags),
			coded("verdict", "核查结论", verdictValues, func(*C) string { return redline.VerdictInitial }),
		),
	}
}()

var fields = func() (fields []Field) {
	for _, g := range groups {
		fields = append(fields, g.fields...)
	}
	return fields
}()

// Fields returns all fields of a candidate, in the order of files. Callers must not change them.
func Fields() []Field { return fields }

// Severity is one degree of severity and how it is shown.
type Severity struct {
	Level     int
	Value, ZH string // critical, 严重
	Color     color.RGBA
	OutlineMM float64
}

// Severities, the most severe first. The colours are told apart by all common kinds
// of colour blindness (after Okabe & Ito, https://jfly.uni-koeln.de/color/), and the
// width of the outline says the same once more.
var Severities = [...]Severity{
	{4, "critical", "严重", color.RGBA{213, 94, 0, 255}, 0.9},
	{3, "serious", "较重", color.RGBA{240, 228, 66, 255}, 0.7},
	{2, "medium", "一般", color.RGBA{86, 180, 233, 255}, 0.5},
	{1, "notice", "提示", color.RGBA{230, 230, 230, 255}, 0.4},
}

// ZoneColor returns the colour of a zone: of strict ones violet and blue, of parks green, of red lines red, all told apart from the severities.
func ZoneColor(t redline.ZoneType) color.RGBA {
	switch t {
	case redline.Core, redline.CoreProtection, redline.Unzoned:
		return color.RGBA{106, 27, 154, 255}
	case redline.Buffer:
		return color.RGBA{142, 68, 173, 255}
	case redline.Experimental, redline.GeneralControl:
		return color.RGBA{57, 73, 171, 255}
	case redline.NaturePark:
		return color.RGBA{0, 121, 107, 255}
	case redline.RedLine:
		return color.RGBA{183, 28, 28, 255}
	}
	return color.RGBA{117, 117, 117, 255}
}

func severityValues() (values []Value) {
	for _, s := range Severities {
		values = append(values, Value{strconv.Itoa(s.Level), s.ZH + " " + s.Value})
	}
	return values
}

func ecosystemValues() (values []Value) {
	for _, e := range landcover.Ecosystems() {
		values = append(values, Value{e.String(), e.Chinese()})
	}
	return values
}

func zoneTypeValues() (values []Value) {
	for _, t := range redline.ZoneTypes() {
		values = append(values, Value{t.String(), t.Chinese()})
	}
	return values
}

func layerValues() []Value {
	return []Value{{redline.LayerRedLine, "生态保护红线"}, {redline.LayerReserve, "自然保护地"}}
}

// verdictValues are what a reviewer can choose; a run only ever writes the first.
func verdictValues() []Value {
	return []Value{
		{redline.VerdictInitial, "待核查"},
		{"confirmed", "属实"},
		{"refuted", "不属实"},
		{"approved", "已批准"},
		{"duplicate", "重复"},
		{"field_check", "需实地"},
	}
}
