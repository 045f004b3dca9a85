package gdalraster

/*
#include <proj.h>
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"greenshield/raster"
)

// Transform takes coordinates from one CRS to another by one fixed operation, the
// same for every point. It belongs to one goroutine.
type Transform struct {
	s        *projScope
	from, to raster.CRS
	steps    []*C.PJ // one step, or two with nothing between them where CGCS2000 and WGS 84 are taken as one
	note     string
	accuracy float64   // in metres, see AccuracyM
	x, y     []float64 // scratch, so that a failed call leaves the caller's points alone
}

// NewTransform finds the operation from one CRS to another. Between CGCS2000 and
// WGS 84 geographic coordinates pass unchanged, also behind a shift to WGS 84 that a
// definition itself states (TOWGS84). Any other change of datum needs an operation of
// the EPSG database, or of the definitions themselves, that covers the common area of
// use of both CRSs and whose grids are at hand; PROJ's "ballpark" guesses and
// operations for a part of the country are refused.
func NewTransform(from, to raster.CRS) (*Transform, error) {
	return NewTransformWithin(from, to, Extent{})
}

// NewTransformWithin is [NewTransform] for places within an extent: the operation needs to cover only that.
func NewTransformWithin(from, to raster.CRS, within Extent) (*Transform, error) {
	t := &Transform{s: newProjScope(), from: from, to: to}
	if err := t.plan(within); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// Clone returns a transform by the same operation, for another goroutine. It is much cheaper than finding the
// operation again.
func (t *Transform) Clone() (*Transform, error) {
	c := &Transform{s: newProjScope(), from: t.from, to: t.to, note: t.note, accuracy: t.accuracy}
	for _, step := range t.steps {
		same := c.s.own(C.proj_clone(c.s.ctx, step))
		if same == nil {
			c.Close()
			return nil, fmt.Errorf("no copy of the transformation from %s to %s: %s", title(t.from), title(t.to), t.s.reason())
		}
		c.steps = append(c.steps, same)
	}
	return c, nil
}

func (t *Transform) plan(within Extent) error {
	src, err := t.s.parse(t.from.WKT)
	if err != nil {
		return err
	}
	dst, err := t.s.parse(t.to.WKT)
	if err != nil {
		return err
	}
	baseFrom, err := t.s.baseOf(t.from)
	if err != nil {
		return err
	}
	baseTo, err := t.s.baseOf(t.to)
	if err != nil {
		return err
	}
	bound := func(pj *C.PJ) bool { return C.proj_get_type(pj) == C.PJ_TYPE_BOUND_CRS }
	switch shifted := bound(src) || bound(dst); {
	case SameCRS(baseFrom, baseTo):
	case !shifted && nullShift(baseFrom, baseTo):
		return t.planNullShift(src, dst, false)
	case shifted:
		hubFrom, hubTo, err := t.s.hubs(src, dst)
		if err != nil {
			return err
		}
		if nullShift(hubFrom, hubTo) {
			return t.planNullShift(src, dst, true)
		}
	}
	var need *area // nil where no datum changes
	if !SameCRS(baseFrom, baseTo) {
		need = t.needed(src, dst, within)
	}
	step, name, refused := t.s.operation(src, dst, need)
	if step == nil {
		why := "PROJ knows no datum shift between them for this area but a guess (“ballpark”), which can be off " +
			"by 100 m and more"
		if len(refused) > 0 {
			why = "PROJ knows datum shifts for parts of the area only (" + strings.Join(refused, "; ") + ")"
		}
		return t.noTransformation(baseFrom, baseTo, why)
	}
	t.steps, t.note = []*C.PJ{step}, name
	if !SameCRS(baseFrom, baseTo) {
		t.accuracy = float64(C.proj_coordoperation_get_accuracy(t.s.ctx, step))
	}
	return nil
}

// taken describes a null shift, always from the less known CRS to the better known one.
func taken(from, to raster.CRS) string {
	name := func(c raster.CRS) string {
		switch {
		case isCGCS2000(c):
			return "CGCS2000"
		case c.EPSG == epsgWGS84:
			return "WGS 84"
		}
		return c.Name + " of no stated datum"
	}
	if from.EPSG == epsgWGS84 {
		from, to = to, from
	}
	return name(from) + " taken as " + name(to) + " (geographic coordinates unchanged)"
}

// planNullShift goes from src to dst over their hubs, see [projScope.hub], each of which is CGCS2000 or WGS 84. stated
// tells that a definition states a shift to its hub.
func (t *Transform) planNullShift(src, dst *C.PJ, stated bool) error {
	hubSrc, errSrc := t.s.hub(src)
	hubDst, errDst := t.s.hub(dst)
	if err := errors.Join(errSrc, errDst); err != nil {
		return err
	}
	hubFrom, hubTo, err := t.s.hubs(src, dst)
	if err != nil {
		return err
	}
	down, nameDown, _ := t.s.operation(src, hubSrc, nil)
	up, nameUp, _ := t.s.operation(hubDst, dst, nil)
	if down == nil || up == nil {
		return fmt.Errorf("no transformation from %s to %s: %s", title(t.from), title(t.to), t.s.reason())
	}
	t.steps = []*C.PJ{down, up}
	if t.accuracy = 1; stated {
		t.accuracy = -1 // nobody states how accurate the parameters are
	}
	names := []string{nameDown, "", nameUp}
	if !SameCRS(hubFrom, hubTo) {
		names[1] = taken(hubFrom, hubTo)
	}
	names = slices.DeleteFunc(names, func(n string) bool {
		return n == "" || strings.HasPrefix(n, "Null geographic offset")
	})
	t.note = strings.Join(names, " + ")
	return nil
}

// hub returns the geographic CRS that leads from a CRS to others: the one to which its definition states a shift
// (TOWGS84), else its own base.
func (s *projScope) hub(pj *C.PJ) (*C.PJ, error) {
	if C.proj_get_type(pj) == C.PJ_TYPE_BOUND_CRS {
		pj = s.own(C.proj_get_target_crs(s.ctx, pj))
	}
	return s.base(pj)
}

// hubs describes the hubs of two CRSs.
func (s *projScope) hubs(a, b *C.PJ) (hubA, hubB raster.CRS, err error) {
	pa, errA := s.hub(a)
	pb, errB := s.hub(b)
	if err := errors.Join(errA, errB); err != nil {
		return hubA, hubB, err
	}
	hubA, errA = s.describe(pa)
	hubB, errB = s.describe(pb)
	return hubA, hubB, errors.Join(errA, errB)
}

// operation returns the best operation from src to dst in x, y order that covers an area, and its name. If there is
// none it returns nil, and the names of the operations that hold for a part of the area only. A nil area asks for none:
// no datum changes, or the definitions themselves state how.
func (s *projScope) operation(src, dst *C.PJ, need *area) (op *C.PJ, name string, partial []string) {
	factory := C.proj_create_operation_factory_context(s.ctx, nil)
	defer C.proj_operation_factory_context_destroy(factory)
	C.proj_operation_factory_context_set_allow_ballpark_transformations(s.ctx, factory, 0)
	C.proj_operation_factory_context_set_spatial_criterion(s.ctx, factory, C.PROJ_SPATIAL_CRITERION_PARTIAL_INTERSECTION)
	C.proj_operation_factory_context_set_grid_availability_use(s.ctx, factory,
		C.PROJ_GRID_AVAILABILITY_DISCARD_OPERATION_IF_MISSING_GRID)
	if need != nil { // PROJ puts those first that hold there
		C.proj_operation_factory_context_set_area_of_interest(s.ctx, factory, C.double(need.west), C.double(need.south),
			C.double(need.east), C.double(need.north))
	}
	list := C.proj_create_operations(s.ctx, src, dst, factory)
	if list == nil {
		return nil, "", nil
	}
	defer C.proj_list_destroy(list)
	for i := range int(C.proj_list_get_count(list)) {
		candidate := s.own(C.proj_list_get(s.ctx, list, C.int(i)))
		if candidate == nil {
			continue
		}
		name := C.GoString(C.proj_get_name(candidate))
		if need != nil && !s.area(candidate, 0).covers(*need) {
			partial = append(partial, name)
			continue
		}
		if eastNorth := s.own(C.proj_normalize_for_visualization(s.ctx, candidate)); eastNorth != nil {
			return eastNorth, name, nil
		}
	}
	return nil, "", partial
}

func title(c raster.CRS) string {
	if c.EPSG != 0 {
		return fmt.Sprintf("%s (EPSG:%d)", c.Name, c.EPSG)
	}
	return c.Name
}

// Note names the operation for reports, and says so when CGCS2000 was taken as WGS 84.
func (t *Transform) Note() string { return t.note }

// AccuracyM returns how accurate the operation is in metres, as the EPSG database
// states: 0 for a mere map projection, 1 where CGCS2000 is taken as WGS 84 (both have
// realizations that differ by decimetres), negative when nobody states it.
func (t *Transform) AccuracyM() float64 { return t.accuracy }

// XY transforms the points (x[i], y[i]) in place; x is easting or longitude. The
// slices have one length. If any point fails nothing is changed and the error names
// the first.
func (t *Transform) XY(x, y []float64) error {
	if len(x) != len(y) {
		return fmt.Errorf("%d x against %d y", len(x), len(y))
	}
	t.x, t.y = append(t.x[:0], x...), append(t.y[:0], y...)
	t.forward(t.x, t.y)
	for i := range t.x {
		if !t.arrived(t.x[i], t.y[i]) {
			return fmt.Errorf("point %d (%.10g, %.10g) of %s has no image in %s: it lies outside the projection's domain, or "+
				"its axes are swapped", i+1, x[i], y[i], title(t.from), title(t.to))
		}
	}
	copy(x, t.x)
	copy(y, t.y)
	return nil
}

// forward transforms in place; arrived tells which points failed.
func (t *Transform) forward(x, y []float64) {
	if len(x) == 0 {
		return
	}
	n := C.size_t(len(x))
	for _, step := range t.steps {
		C.proj_trans_generic(step, C.PJ_FWD, (*C.double)(&x[0]), 8, n, (*C.double)(&y[0]), 8, n, nil, 0, 0, nil, 0, 0)
	}
}

func (t *Transform) arrived(x, y float64) bool {
	if t.to.Geographic && !(math.Abs(y) <= 90) {
		return false
	}
	return !math.IsInf(x, 0) && !math.IsInf(y, 0) && !math.IsNaN(x) && !math.IsNaN(y)
}

// Close frees what the transform holds. It may be called twice.
func (t *Transform) Close() {
	if t.s != nil {
		t.s.close()
		t.s, t.steps = nil, nil
	}
}
