package files

import (
	"io"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// WriteCoverage writes coverage.csv: what became of every zone, also of a zone without any change and of one that lies
// outside the rasters.
func WriteCoverage(w io.Writer, s *redline.Summary) error {
	var r Row
	r.Texts("layer", "zone_id", "zone_name", "zone_type", "func_zone", "zone_lvl", "source", "feature",
		"area_ha", "in_raster_ha", "outside_ha", "outside_pct", "nodata_ha", "nodata_pct",
		"controlled_ha", "changed_ha", "unruled_ha",
		"candidates", "candidate_ha", "suppressed", "suppressed_ha", "status",
		"inside_candidates", "inside_candidate_ha", "inside_suppressed", "inside_suppressed_ha", "inside_unruled_ha")
	dated := s.ZonesDated()
	if dated {
		r.Text("since")
	}
	r.End()
	for i := range s.Zones {
		t := &s.Zones[i]
		z := t.Zone
		ha := func(m2 float64) { r.Fixed(m2/redline.M2PerHa, findings.HaDecimals) }
		pct := func(m2 float64) { r.Fixed(redline.Percent(m2, t.TotalM2), findings.PctDecimals) }
		r.Texts(z.Layer, z.ID, z.Name, z.Type.String(), z.FuncZone, z.Level, z.Source)
		r.Integer(int64(z.Feature))
		ha(t.TotalM2)
		ha(t.TotalM2 - t.OutsideM2)
		ha(t.OutsideM2)
		pct(t.OutsideM2)
		ha(t.NoDataM2)
		pct(t.NoDataM2)
		ha(t.ControlledM2)
		ha(t.ChangedM2)
		ha(t.UnruledM2)
		r.Integer(t.Candidates)
		ha(t.CandidateM2)
		r.Integer(t.Suppressed)
		ha(t.SuppressedM2)
		r.Text(t.Status().String())
		r.Integer(t.Inside.Candidates)
		ha(t.Inside.CandidateM2)
		r.Integer(t.Inside.Suppressed)
		ha(t.Inside.SuppressedM2)
		ha(t.Inside.UnruledM2)
		if dated {
			r.Text(z.Since.String())
		}
		r.End()
	}
	_, err := w.Write(r)
	return err
}

// WriteMatrix writes matrix.csv: the transition matrix by class codes, one row for each pair that occurs, pairs of the
// same class too.
func WriteMatrix(w io.Writer, s *redline.Summary) error {
	var r Row
	r.Texts("from_code", "from_name", "from_eco", "to_code", "to_name", "to_eco", "change", "cells", "area_ha")
	r.End()
	for _, t := range s.Codes {
		r.Integer(t.From.Code)
		r.Texts(t.From.Name(), t.From.Ecosystem.String())
		r.Integer(t.To.Code)
		r.Texts(t.To.Name(), t.To.Ecosystem.String(), t.Change)
		r.Integer(t.Cells)
		r.Fixed(t.AreaM2/redline.M2PerHa, findings.HaDecimals)
		r.End()
	}
	_, err := w.Write(r)
	return err
}

// WriteEcosystemMatrix writes matrix_ecosystem.csv: the transition matrix by ecosystem classes, as WriteMatrix does.
func WriteEcosystemMatrix(w io.Writer, s *redline.Summary) error {
	var r Row
	r.Texts("from_eco", "from_name", "to_eco", "to_name", "change", "cells", "area_ha")
	r.End()
	for _, t := range s.Ecosystems {
		from, to := t.From.Ecosystem, t.To.Ecosystem
		r.Texts(from.String(), from.Chinese(), to.String(), to.Chinese(), t.Change)
		r.Integer(t.Cells)
		r.Fixed(t.AreaM2/redline.M2PerHa, findings.HaDecimals)
		r.End()
	}
	_, err := w.Write(r)
	return err
}
