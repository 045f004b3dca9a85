package gdalexchange

import (
	"context"
	"io"
	"slices"
	"strconv"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/files"
	"greenshield/redline/findings"
)

// kind is what a field holds.
type kind int

const (
	text kind = iota
	integer
	decimal
)

func (k kind) String() string { return [...]string{"text", "integer", "decimal"}[k] }

// column is a field of a layer.
type column struct {
	name     string // at most 10 ASCII bytes
	alias    string // the name in Chinese
	source   string // the column of candidates.geojson or coverage.csv
	kind     kind
	decimals int // of a decimal
}

// row is a feature to be written: a text for each column, and its place in degrees.
type row struct {
	id     string
	values []string
	shape  orb.MultiPolygon
}

// layer is a layer to be written.
type layer struct {
	name    string
	columns []column
	// rows gives each row, which belongs to add until that returns. It ends with the first error of add, and gives the
	// same rows whenever it is called.
	rows func(ctx context.Context, add func(r *row) error) error
}

func layers(found *findings.Findings) []*layer {
	return []*layer{
		{"candidates", candidateColumns(found.Fields()), candidateRows(found)},
		{"coverage", coverageColumns(found.Columns().Since), coverageRows(found)},
	}
}

func candidateColumns(fields []findings.Field) (columns []column) {
	for _, f := range fields {
		c := column{name: f.Name, alias: f.Alias, source: f.Name, decimals: f.Decimals}
		switch {
		case f.Integer != nil:
			c.kind = integer
		case f.Decimal != nil:
			c.kind = decimal
		}
		columns = append(columns, c)
	}
	return columns
}

func candidateRows(found *findings.Findings) func(context.Context, func(*row) error) error {
	fields := found.Fields()
	return func(ctx context.Context, add func(*row) error) error {
		var r row
		for c, err := range found.Candidates.All(ctx, false) {
			if err != nil {
				return err
			}
			r = row{c.ID, r.values[:0], c.Geometry}
			for i := range fields {
				switch f := &fields[i]; {
				case f.None(c):
					r.values = append(r.values, "")
				case f.Integer != nil:
					r.values = append(r.values, strconv.FormatInt(f.Integer(c), 10))
				case f.Decimal != nil:
					r.values = append(r.values, fixed(f.Decimal(c), f.Decimals))
				default:
					r.values = append(r.values, findings.Visible(f.Text(c)))
				}
			}
			if err := add(&r); err != nil {
				return err
			}
		}
		return nil
	}
}

func fixed(x float64, decimals int) string { return strconv.FormatFloat(x, 'f', decimals, 64) }

// coverageColumns are those of coverage.csv, under names that are short enough; dated tells that some zone has a date.
func coverageColumns(dated bool) []column {
	ha := func(name, alias, source string) column {
		return column{name, alias, source, decimal, findings.HaDecimals}
	}
	pct := func(name, alias, source string) column {
		return column{name, alias, source, decimal, findings.PctDecimals}
	}
	texts := func(name, alias string) column { return column{name, alias, name, text, 0} }
	count := func(name, alias, source string) column { return column{name, alias, source, integer, 0} }
	all := []column{
		texts("layer", "管控图层"), texts("zone_id", "管控区编号"), texts("zone_name", "管控区名称"),
		texts("zone_type", "管控区类型"), texts("func_zone", "功能分区(原文)"), texts("zone_lvl", "级别"),
		texts("source", "来源图层"), count("feature", "来源要素序号", "feature"),
		ha("area_ha", "管控区面积(公顷)", "area_ha"), ha("in_rast_ha", "影像范围内面积(公顷)", "in_raster_ha"),
		ha("outside_ha", "影像范围外面积(公顷)", "outside_ha"), pct("outs_pct", "影像范围外比例(%)", "outside_pct"),
		ha("nodata_ha", "无数据面积(公顷)", "nodata_ha"), pct("nodata_pct", "无数据比例(%)", "nodata_pct"),
		ha("control_ha", "本区管控面积(公顷)", "controlled_ha"), ha("changed_ha", "变化面积(公顷)", "changed_ha"),
		ha("unruled_ha", "无规则的变化面积(公顷)", "unruled_ha"),
		count("candidates", "候选图斑数", "candidates"), ha("cand_ha", "候选图斑面积(公顷)", "candidate_ha"),
		count("suppressed", "未列入变化数", "suppressed"), ha("suppr_ha", "未列入变化面积(公顷)", "suppressed_ha"),
		texts("status", "状态"),
		count("in_cand", "区内候选图斑数(不可累加)", "inside_candidates"),
		ha("in_cand_ha", "区内候选图斑面积(公顷，不可累加)", "inside_candidate_ha"),
		count("in_supp", "区内未列入变化数(不可累加)", "inside_suppressed"),
		ha("in_supp_ha", "区内未列入变化面积(公顷，不可累加)", "inside_suppressed_ha"),
		ha("in_unru_ha", "区内无规则的变化面积(公顷，不可累加)", "inside_unruled_ha"),
	}
	if dated {
		all = append(all, texts("since", "管控区设立时间"))
	}
	return all
}

func coverageRows(found *findings.Findings) func(context.Context, func(*row) error) error {
	return func(ctx context.Context, add func(*row) error) error {
		for i := range found.Summary.Zones {
			if err := ctx.Err(); err != nil {
				return err
			}
			t := &found.Summary.Zones[i]
			shape, err := degrees(found.Inputs.Earth, t.Zone.Shape)
			if err != nil {
				return redline.Faultf(redline.Incompatible, "zone %s: %w", t.Zone.ID, err)
			}
			if err := add(&row{t.Zone.ID, coverageValues(t, found.Columns().Since), shape}); err != nil {
				return err
			}
		}
		return nil
	}
}

// coverageValues returns the values of coverageColumns.
func coverageValues(t *redline.ZoneTotal, dated bool) []string {
	z := t.Zone
	ha := func(m2 float64) string { return fixed(m2/redline.M2PerHa, findings.HaDecimals) }
	pct := func(m2 float64) string { return fixed(redline.Percent(m2, t.TotalM2), findings.PctDecimals) }
	count := func(n int64) string { return strconv.FormatInt(n, 10) }
	v := findings.Visible
	all := []string{
		z.Layer, v(z.ID), v(z.Name), z.Type.String(), v(z.FuncZone), v(z.Level), v(z.Source), count(int64(z.Feature)),
		ha(t.TotalM2), ha(t.TotalM2 - t.OutsideM2), ha(t.OutsideM2), pct(t.OutsideM2), ha(t.NoDataM2), pct(t.NoDataM2),
		ha(t.ControlledM2), ha(t.ChangedM2), ha(t.UnruledM2),
		count(t.Candidates), ha(t.CandidateM2), count(t.Suppressed), ha(t.SuppressedM2), t.Status().String(),
		count(t.Inside.Candidates), ha(t.Inside.CandidateM2), count(t.Inside.Suppressed), ha(t.Inside.SuppressedM2),
		ha(t.Inside.UnruledM2),
	}
	if dated {
		all = append(all, z.Since.String())
	}
	return all
}

// degrees takes polygons from the lattice to degrees. v grows south, so rings are turned round.
func degrees(earth *raster.Earth, mp orb.MultiPolygon) (orb.MultiPolygon, error) {
	out := make(orb.MultiPolygon, len(mp))
	for i, polygon := range mp {
		for _, ring := range polygon {
			u, v := make([]float64, len(ring)), make([]float64, len(ring))
			for k, p := range ring {
				u[k], v[k] = p[0], p[1]
			}
			if err := earth.Degrees(u, v); err != nil {
				return nil, err
			}
			turned := make(orb.Ring, len(ring))
			for k := range turned {
				turned[k] = orb.Point{u[k], v[k]}
			}
			slices.Reverse(turned)
			out[i] = append(out[i], turned)
		}
	}
	return out, nil
}

// fieldsName is the table of what the fields mean.
const fieldsName = "exchange_fields.csv"

// writeFields writes the table of fields.
func writeFields(w io.Writer, layers []*layer) error {
	var r files.Row
	r.Texts("layer", "field", "alias", "type", "source")
	r.End()
	for _, l := range layers {
		for _, c := range l.columns {
			r.Texts(l.name, c.name, c.alias, c.kind.String(), c.source)
			r.End()
		}
	}
	_, err := w.Write(r)
	return err
}

// whole names the file of the run that has the texts of the layer whole.
func (l *layer) whole() string {
	if l.name == "candidates" {
		return files.CandidatesName
	}
	return l.name + ".csv"
}
