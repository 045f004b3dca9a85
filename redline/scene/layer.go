package scene

import "github.com/paulmach/orb"

// Layer is a layer of polygons with text attributes.
type Layer struct {
	Name     string
	Fields   []string
	Features []Feature
}

// Feature is one feature of a [Layer]. Its rings are closed; exteriors run
// counter-clockwise on the map, holes clockwise.
type Feature struct {
	// Values has a text for each of Layer.Fields.
	Values []string
	// Shape is in lattice coordinates of Scene.Grid, multiples of 1/65536 of a cell.
	// [Scene.Map] takes them to map coordinates.
	Shape orb.MultiPolygon
}

// RedLines returns the red-line layer. Zones do not overlap each other. Among [Stars] the
// first one reaches beyond the raster's southern edge, the second one holds no
// change; others have holes or several parts.
func (s *Scene) RedLines() Layer { return s.redLines }

// Reserves returns the nature-reserve layer. A reserve has a core (核心区), a buffer
// (缓冲区) and an experimental zone (实验区) and overlaps the red line. Among [Stars] the
// zones lie around each other; the second reserve has none, and a ring that crosses
// itself once in a tiny loop; the fifth has the outline of the red-line zone on its site.
func (s *Scene) Reserves() Layer { return s.reserves }

// Counties returns counties that tile the raster and some land around it; there are six among [Stars].
func (s *Scene) Counties() Layer { return s.counties }

// Exemptions returns the layer of approved projects: one, which covers one patch in
// the core of the first reserve.
func (s *Scene) Exemptions() Layer { return s.exemptions }
