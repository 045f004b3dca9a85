package report

import (
	"io"

	"greenshield/redline"
)

// visibleM2 is the smallest area that hectares of six decimals can show. Less than
// that is rounding, and must not decide what a row says.
const visibleM2 = 0.005

// The status of a zone in coverage.csv.
const (
	statusClean     = "clean"          // wholly on valid cells; nothing changed where it controls
	statusChanged   = "changed"        // something changed where it controls, by any transition
	statusOverruled = "overruled"      // other zones control all of it that is on valid cells
	statusPartly    = "partly_covered" // nothing changed where it controls, but part of it was not seen
	statusNot       = "not_covered"    // no valid cell in it
)

// Statuses lists what [Status] can say, in the order in which it looks, with labels in Chinese.
func Statuses() []Value {
	return []Value{{statusChanged, "有变化"}, {statusNot, "未覆盖"}, {statusPartly, "部分覆盖且未见变化"}, {statusOverruled, "由其他区管控"}, {statusClean, "已覆盖且无变化"}}
}

// Status says in a word what became of a zone; coverage.csv has it.
func Status(z *redline.ZoneTotal) string {
	switch seen := z.TotalM2 - z.OutsideM2 - z.NoDataM2; {
	case z.Candidates+z.Suppressed > 0 || z.ChangedM2 >= visibleM2 || z.UnruledM2 >= visibleM2:
		return statusChanged
	case seen < visibleM2:
		return statusNot
	case z.TotalM2-seen >= visibleM2:
		return statusPartly
	case z.ControlledM2 < visibleM2:
		return statusOverruled
	}
	return statusClean
}

// WriteCoverage writes coverage.csv: what became of every zone, also of a zone
// without any change and of one that lies outside the rasters.
func WriteCoverage(w io.Writer, s *redline.Summary) error {
	var r Row
	r.Texts("layer", "zone_id", "zone_name", "zone_type", "func_zone", "zone_lvl", "source", "feature",
		"area_ha", "in_raster_ha", "outside_ha", "outside_pct", "nodata_ha", "nodata_pct", "controlled_ha", "changed_ha", "unruled_ha",
		"candidates", "candidate_ha", "suppressed", "suppressed_ha", "status")
	r.End()
	for i := range s.Zones {
		t := &s.Zones[i]
		z := t.Zone
		ha := func(m2 float64) { r.Fixed(m2/m2PerHa, haDecimals) }
		pct := func(m2 float64) {
			if t.TotalM2 > 0 {
				m2 /= t.TotalM2
			}
			r.Fixed(100*m2, pctDecimals)
		}
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
		r.Text(Status(t))
		r.End()
	}
	_, err := w.Write(r)
	return err
}

// writeMatrix writes matrix.csv: the transition matrix by class codes, one row for
// each pair that occurs, the unchanged ones too.
func writeMatrix(w io.Writer, s *redline.Summary) error {
	var r Row
	r.Texts("from_code", "from_name", "from_eco", "to_code", "to_name", "to_eco", "change", "cells", "area_ha")
	r.End()
	for _, t := range s.Codes {
		r.Integer(t.From.Code)
		r.Texts(t.From.Name(), t.From.Ecosystem.String())
		r.Integer(t.To.Code)
		r.Texts(t.To.Name(), t.To.Ecosystem.String(), t.Change)
		r.Integer(t.Cells)
		r.Fixed(t.AreaM2/m2PerHa, haDecimals)
		r.End()
	}
	_, err := w.Write(r)
	return err
}

// writeEcosystemMatrix writes matrix_ecosystem.csv: the same by ecosystem classes.
func writeEcosystemMatrix(w io.Writer, s *redline.Summary) error {
	var r Row
	r.Texts("from_eco", "from_name", "to_eco", "to_name", "change", "cells", "area_ha")
	r.End()
	for _, t := range s.Ecosystems {
		r.Texts(t.From.Ecosystem.String(), t.From.Ecosystem.Chinese(), t.To.Ecosystem.String(), t.To.Ecosystem.Chinese(), t.Change)
		r.Integer(t.Cells)
		r.Fixed(t.AreaM2/m2PerHa, haDecimals)
		r.End()
	}
	_, err := w.Write(r)
	return err
}
