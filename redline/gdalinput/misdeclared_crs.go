package gdalinput

import (
	"math"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline"
)

// refuseCRS makes it the fault of a layer that the numbers contradict its CRS, and proposes the one that fits. It does
// so when that holds for all features: a single one that is off is a fault of its own. It reports whether the layer is
// refused.
func (l *Loaded) refuseCRS(ly *layer) bool {
	why := ""
	for i := range ly.Features {
		if why = contradiction(ly.CRS, ly.Features[i].Shape.Bound()); why == "" {
			return false
		}
	}
	box := ly.box()
	if l.ground.placed() {
		there, err := project(box, ly.CRS, l.Inputs.Grid.CRS)
		if err == nil && overlap(there, bounds(l.Inputs.Grid)) || meetsSwapped(box, ly.CRS, l.Inputs.Grid) {
			return false
		}
	}
	stated := ""
	if ly.source.CRS != "" {
		stated = ", as stated"
	}
	fits := l.fittingCRS(ly.CRS, box)
	ly.in.addFault(redline.Incompatible, "its coordinates are not those of %s%s, %s; %s; state the right one by %s",
		crsTitle(ly.CRS), stated, why, fits.text, fits.forLayer())
	return true
}

// contradiction says why the coordinates of a feature cannot be those of its CRS, "" when they may be. Nobody maps the
// few metres around the origin of a projection.
func contradiction(crs raster.CRS, box orb.Bound) string {
	if crs.Geographic {
		const slip = 1000 // degrees: what lies less far is a slip of one feature, what lies beyond is metres
		if max(math.Abs(box.Min[0]), math.Abs(box.Min[1]), math.Abs(box.Max[0]), math.Abs(box.Max[1])) < slip {
			return ""
		}
	}
	why, certain := crsFits(crs, box, 0)
	if certain || !crs.Geographic && inDegrees(box, 0) {
		return why
	}
	return ""
}
