package review

import (
	"context"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/findings"
)

// layer is a table of features to be written.
type layer struct {
	name, title string
	geometry    string // MULTIPOLYGON or POINT
	fields      []field
	style       style
	rows        rows
}

// rows gives each row of a layer to add: its place, and a value for each field. It ends with the first error of add.
type rows func(add func(at place, values []value) error) error

// place is where a row is: at the point if there is one, else in the polygons, nowhere when there are none either.
type place struct {
	polygons orb.MultiPolygon
	point    *orb.Point
}

// layers returns the layers of the file, from the bottom of a map to the top.
func layers(ctx context.Context, found *findings.Findings) []layer {
	candidate := append(shownFields(found.Fields()), reviewFields()...)
	dated := found.Columns().Since
	return []layer{
		{"coverage", "覆盖情况（各区管控部分）", "MULTIPOLYGON",
			coverageFields(), coverageStyle(), coverageRows(found)},
		{"zones", "管控区", "MULTIPOLYGON", datedZoneFields(dated), zoneStyle(dated), zoneRows(found, dated)},
		{"suppressed", "未列入的变化", "POINT", suppressedFields(), suppressedStyle(), suppressedRows(ctx, found)},
		{"candidates", "候选图斑", "MULTIPOLYGON", candidate, reviewStyle(found.Fields()), candidateRows(ctx, found)},
	}
}

// coverageRows are the zones with the ground that they control, and what was found there.
func coverageRows(found *findings.Findings) rows {
	return func(add func(place, []value) error) error {
		for i := range found.Summary.Zones {
			z := &found.Summary.Zones[i]
			row := append(zoneValues(z), valuesOf(z.OutsideM2/1e4, z.NoDataM2/1e4, z.ChangedM2/1e4, z.UnruledM2/1e4,
				z.Candidates, z.CandidateM2/1e4, z.Suppressed, z.SuppressedM2/1e4,
				z.Inside.Candidates, z.Inside.CandidateM2/1e4, z.Inside.Suppressed, z.Status().String())...)
			ground, err := degrees(found.Inputs.Earth, z.Controlled)
			if err != nil {
				return redline.Faultf(redline.Incompatible, "zone %s: %w", z.Zone.ID, err)
			}
			if err := add(place{polygons: ground}, row); err != nil {
				return err
			}
		}
		return nil
	}
}

// zoneRows are the zones as they are, with their dates where dated is set.
func zoneRows(found *findings.Findings, dated bool) rows {
	return func(add func(place, []value) error) error {
		for i := range found.Summary.Zones {
			z := &found.Summary.Zones[i]
			outline, err := degrees(found.Inputs.Earth, z.Zone.Shape)
			if err != nil {
				return redline.Faultf(redline.Incompatible, "zone %s: %w", z.Zone.ID, err)
			}
			row := zoneValues(z)
			if dated {
				row = append(row, text(z.Zone.Since.String()))
			}
			if err := add(place{polygons: outline}, row); err != nil {
				return err
			}
		}
		return nil
	}
}

// zoneValues returns the values of zoneFields.
func zoneValues(z *redline.ZoneTotal) []value {
	return valuesOf(z.Zone.Layer, z.Zone.ID, z.Zone.Name, z.Zone.Type.String(), z.Zone.FuncZone, z.Zone.Level,
		z.TotalM2/1e4, z.ControlledM2/1e4)
}

// suppressedRows are the suppressed changes, each at a point inside it.
func suppressedRows(ctx context.Context, found *findings.Findings) rows {
	return func(add func(place, []value) error) error {
		var row []value
		for c, err := range found.Candidates.All(ctx, true) {
			if err != nil {
				return err
			}
			row = append(row[:0], text(c.ID), text(c.PatchID), text(c.ChangeZH), text(c.FromName), text(c.ToName),
				integer(int64(c.Severity)), text(c.Layer), text(c.ZoneID), text(c.ZoneName), text(c.ZoneType),
				decimal(c.AreaM2/1e4), decimal(c.PatchM2/1e4), integer(c.Cells),
				text(c.AdmCode), text(c.AdmName), text(strings.Join(c.Flags, ";")), text(c.Reason.String()))
			if err := add(place{point: &orb.Point{c.Lon, c.Lat}}, row); err != nil {
				return err
			}
		}
		return nil
	}
}

// candidateRows are the candidates. What the reviewer fills in is empty: texts are, since QGIS shows and saves the word
// NULL for a text that is NULL, and the date is NULL.
func candidateRows(ctx context.Context, found *findings.Findings) rows {
	return func(add func(place, []value) error) error {
		fields := found.Fields()
		var row []value
		for c, err := range found.Candidates.All(ctx, false) {
			if err != nil {
				return err
			}
			row = row[:0]
			for i := range fields {
				switch f := &fields[i]; {
				case f.None(c):
					row = append(row, value{})
				case f.Integer != nil:
					row = append(row, integer(f.Integer(c)))
				case f.Decimal != nil:
					row = append(row, decimal(f.Decimal(c)))
				default:
					row = append(row, text(f.Text(c)))
				}
			}
			row = append(row, text(""), value{}, text(""), text(""))
			if err := add(place{polygons: c.Geometry}, row); err != nil {
				return err
			}
		}
		return nil
	}
}

// degrees takes polygons from lattice coordinates to degrees, also what lies far beyond the grid. v grows south, so
// rings are turned round.
func degrees(earth *raster.Earth, mp orb.MultiPolygon) (orb.MultiPolygon, error) {
	out := make(orb.MultiPolygon, len(mp))
	var u, v []float64
	for i, polygon := range mp {
		out[i] = make(orb.Polygon, len(polygon))
		for j, ring := range polygon {
			u, v = u[:0], v[:0]
			for _, p := range slices.Backward(ring) {
				u, v = append(u, p[0]), append(v, p[1])
			}
			if err := earth.Degrees(u, v); err != nil {
				return nil, err
			}
			turned := make(orb.Ring, len(ring))
			for k := range turned {
				turned[k] = orb.Point{u[k], v[k]}
			}
			out[i][j] = turned
		}
	}
	return out, nil
}
