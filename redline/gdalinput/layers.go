package gdalinput

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/redline/report"
	"greenshield/vector/gdalvector"
)

// layer is one source of polygons, read and placed.
type layer struct {
	*gdalvector.Layer
	role   string
	source job.Source
	in     *Input
	shapes []placed // parallel to Features; nil when there is no grid to place them on
	meets  bool     // some feature meets the grid
}

// layers reads the zones, counties and exemptions.
func (l *loader) layers(ctx context.Context) error {
	type request struct {
		role   string
		source job.Source
	}
	var all []request
	for role, sources := range map[string][]job.Source{redline.LayerRedLine: l.job.RedLine, redline.LayerReserve: l.job.Reserve, "exempt": l.job.Exempt} {
		for _, s := range sources {
			all = append(all, request{role, s})
		}
	}
	if l.job.Admin.File != "" {
		all = append(all, request{"admin", l.job.Admin})
	}
	order := []string{redline.LayerRedLine, redline.LayerReserve, "admin", "exempt"}
	slices.SortStableFunc(all, func(a, b request) int {
		return cmp.Compare(slices.Index(order, a.role), slices.Index(order, b.role))
	})
	var zones []*layer
	for _, r := range all {
		ly, err := l.layer(ctx, r.role, r.source)
		if err != nil {
			return err
		}
		if ly == nil {
			continue
		}
		switch r.role {
		case "admin", "exempt":
			l.areas(ly)
		default:
			l.zones(ly)
			zones = append(zones, ly)
		}
	}
	l.judgePlaces(zones)
	return nil
}

// layer reads one source and places its features. It returns nil when the source cannot
// be used, and an error only when the run is interrupted.
func (l *loader) layer(ctx context.Context, role string, s job.Source) (*layer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	in := l.add(role, s.File)
	in.Record.Path, in.Record.Layer = l.job.Relative(s.File), s.Layer
	for _, beside := range []string{".dbf", ".shx", ".prj", ".cpg"} {
		if strings.EqualFold(filepath.Ext(s.File), ".shp") {
			l.stamp(strings.TrimSuffix(s.File, filepath.Ext(s.File)) + beside)
		}
	}
	read, err := gdalvector.Read(gdalvector.Source{File: s.File, Layer: s.Layer, Encoding: s.Encoding, DefaultEncoding: l.job.Encoding})
	if err != nil {
		var lost *gdalvector.NoCRSError
		if errors.As(err, &lost) {
			err = fmt.Errorf("%w; %s", err, l.suggestCRS(lost.Box))
		}
		in.Err = redline.WithKind(kind(redline.Vector, err), err)
		return nil, nil
	}
	l.files(in, filepath.Dir(s.File), read.Files)
	for _, w := range read.Warnings {
		in.warn("%s", w)
	}
	in.Record.CRS, in.Record.Encoding, in.Record.EncodingFrom = title(read.CRS), read.Encoding, read.EncodingFrom
	in.Record.FeaturesDeclared, in.Record.FeaturesRead = int64(read.Declared), int64(len(read.Features)+read.SkippedEmpty)
	in.Layer = layerFacts(read)
	ly := &layer{Layer: read, role: role, source: s, in: in}
	if l.Inputs.Earth == nil && !l.standIn(ly) {
		return ly, nil
	}
	return ly, l.place(ctx, ly)
}

// standIn makes a lattice around a layer when there is no raster, so that layers can be
// judged by themselves. It reports whether it could.
func (l *loader) standIn(ly *layer) bool {
	const cells = 1000
	box := ly.box()
	width, height := box.Max[0]-box.Min[0], box.Max[1]-box.Min[1]
	cell := max(width, height) / cells
	if !(cell > 0) {
		return false
	}
	l.Inputs.Grid = raster.Grid{OriginX: box.Min[0], OriginY: box.Max[1], CellX: cell, CellY: cell,
		Cols: int(width/cell) + 1, Rows: int(height/cell) + 1, CRS: ly.CRS}
	if l.measure(ly.in.Record.Path) != nil {
		return false
	}
	l.ground = groundLayer
	return true
}

// place takes all features of a layer to the lattice.
func (l *loader) place(ctx context.Context, ly *layer) error {
	grid, earth := l.Inputs.Grid, l.Inputs.Earth
	isZone := ly.role == redline.LayerRedLine || ly.role == redline.LayerReserve
	var placers []*placer
	defer func() {
		for _, p := range placers {
			p.close()
		}
	}()
	for _, c := range l.geos[:min(len(l.geos), len(ly.Features))] {
		var p *placer
		var err error
		if placers == nil {
			p, err = newPlacer(c, grid, earth, ly.CRS, isZone)
		} else {
			p, err = placers[0].clone(c)
		}
		if err != nil {
			ly.in.Err = redline.Faultf(redline.Incompatible, "%s: %w", ly.in.Record.Path, err)
			return nil
		}
		placers = append(placers, p)
	}
	if note := placers[0].note(); note != "" && l.ground != groundLayer {
		ly.in.Layer.operation(note, placers[0].toGrid.AccuracyM())
		ly.in.Record.CRS += ", to the rasters' CRS by: " + note
	}
	shapes := make([]placed, len(ly.Features))
	faults := make([]error, len(ly.Features))
	var next atomic.Int64
	var wg sync.WaitGroup
	for _, p := range placers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(shapes) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if faults[i] = onGlobe(ly.Features[i].Shape, ly.CRS); faults[i] == nil {
					shapes[i], faults[i] = p.place(ly.Features[i].Shape)
				}
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	frame := orb.Bound{Max: orb.Point{float64(grid.Cols), float64(grid.Rows)}}
	for i, err := range faults {
		if err != nil {
			if errors.Is(err, errNoImage) && swapped(ly.box(), ly.CRS, grid) {
				err = redline.Faultf(redline.Incompatible, "%s: does not meet the rasters, but would with x and y exchanged: are the axes swapped? (feature %d: %v)",
					ly.in.Record.Path, ly.Features[i].Number, strings.ReplaceAll(err.Error(), "\n", ": "))
			} else {
				err = redline.Faultf(redline.Vector, "%s: feature %d: %s; correct or remove it", ly.in.Record.Path, ly.Features[i].Number, strings.ReplaceAll(err.Error(), "\n", ": "))
			}
			ly.in.Err = err
			return nil
		}
		ly.meets = ly.meets || overlap(shapes[i].shape.Bound(), frame)
	}
	ly.shapes = shapes
	for _, s := range shapes {
		l.shapes[ly.in] = append(l.shapes[ly.in], s.shape)
	}
	return nil
}

// onGlobe checks coordinates in degrees, which no transformation may look at: a latitude
// beyond a pole, and an edge that crosses the antimeridian the long way round. The
// frame of the whole world, 360° wide, is fine.
func onGlobe(shape orb.MultiPolygon, crs raster.CRS) error {
	if !crs.Geographic {
		return nil
	}
	for _, polygon := range shape {
		for _, ring := range polygon {
			for k, pt := range ring {
				if math.Abs(pt[1]) > 90 || math.Abs(pt[0]) > 360 {
					return errors.Join(errNoImage, fmt.Errorf("(%g, %g) is no longitude and latitude", pt[0], pt[1]))
				}
				if k == 0 {
					continue
				}
				if wide := math.Abs(pt[0] - ring[k-1][0]); wide > 180 && wide < 360 {
					return fmt.Errorf("an edge goes from longitude %g to %g: it seems to cross the antimeridian; cut the polygon there (ogr2ogr -wrapdateline)", ring[k-1][0], pt[0])
				}
			}
		}
	}
	return nil
}

// box returns the extent of the layer in its own CRS.
func (ly *layer) box() orb.Bound {
	box := ly.Features[0].Shape.Bound()
	for _, f := range ly.Features {
		box = box.Union(f.Shape.Bound())
	}
	return box
}

// swapped reports whether a box would meet the grid with its axes exchanged.
func swapped(box orb.Bound, crs raster.CRS, grid raster.Grid) bool {
	turned := orb.Bound{Min: orb.Point{box.Min[1], box.Min[0]}, Max: orb.Point{box.Max[1], box.Max[0]}}
	there, err := project(turned, crs, grid.CRS)
	return err == nil && overlap(there, bounds(grid))
}

// judgePlaces finds layers that lie elsewhere than the rasters.
func (l *loader) judgePlaces(zones []*layer) {
	if !l.ground.placed() || len(zones) == 0 || slices.ContainsFunc(zones, func(ly *layer) bool { return ly.shapes == nil }) {
		return // something else is wrong already
	}
	grid := l.Inputs.Grid
	none := !slices.ContainsFunc(zones, func(ly *layer) bool { return ly.meets })
	for _, ly := range zones {
		if ly.meets {
			continue
		}
		box := ly.box()
		text := fmt.Sprintf("no zone of it meets the rasters: the layer covers %s, the rasters %s", lonLat(box, ly.CRS), lonLat(bounds(grid), grid.CRS))
		switch {
		case swapped(box, ly.CRS, grid):
			ly.in.addFault(redline.Incompatible, "%s; with x and y exchanged they would meet: are the axes swapped?", text)
		case none:
			ly.in.addFault(redline.Incompatible, "%s; name a layer of the same area, or correct its CRS", text)
		default:
			ly.in.warn("%s", text)
		}
	}
}

func (in *Input) addFault(k redline.Kind, format string, args ...any) {
	in.Err = errors.Join(in.Err, redline.Faultf(k, "%s: "+format, append([]any{in.Record.Path}, args...)...))
}

// column returns the attribute field for a role: the one that the job names, else the
// first known alias; "" when there is none.
func (l *loader) column(ly *layer, role string) string {
	field := l.findColumn(ly, role)
	ly.in.Layer.Roles = append(ly.in.Layer.Roles, FieldRole{role, field})
	return field
}

func (l *loader) findColumn(ly *layer, role string) string {
	named, ok := ly.source.Fields[role]
	if !ok {
		field, _ := l.vocab.Field(role, ly.Fields)
		return field
	}
	if named == job.FeatureNumber || slices.Contains(ly.Fields, named) {
		return named
	}
	for _, f := range ly.Fields {
		if strings.EqualFold(f, named) {
			return f
		}
	}
	ly.in.addFault(redline.Vector, "has no field %q for %s; its fields are %s", named, role, strings.Join(ly.Fields, ", "))
	return ""
}

// value returns the text of a feature's field, without surrounding space.
func (ly *layer) value(i int, field string) string {
	return strings.TrimSpace(ly.Value(&ly.Features[i], field))
}

// label names the layer independently of where the program runs.
func (ly *layer) label() string { return filepath.Base(ly.Path) + "|" + ly.Name }

// zones takes the features of a layer as zones.
func (l *loader) zones(ly *layer) {
	before := ly.in.Err // a shape may be wrong already: the attributes are judged all the same
	id, name := l.column(ly, "id"), l.column(ly, "name")
	funcZone, level := l.column(ly, "func_zone"), l.column(ly, "level")
	if ly.in.Err != before {
		return
	}
	if _, said := ly.source.ZoneTypes[""]; ly.role == redline.LayerReserve && funcZone == "" && !said {
		ly.in.warn("has no field for the functional zone, so all its %d features count as unzoned, as strict as a core zone; name the field by fields: {func_zone: …} in the job file (its fields are %s)", len(ly.Features), strings.Join(ly.Fields, ", "))
	}
	unknown := map[string]int{}
	ids := make([]string, len(ly.Features))
	for i, f := range ly.Features {
		ids[i] = ly.Name + ":" + strconv.Itoa(f.Number)
		if id != "" && id != job.FeatureNumber {
			ids[i] = ly.value(i, id)
		}
		zone := redline.Zone{
			Layer: ly.role, ID: ids[i], Name: ly.value(i, name), FuncZone: ly.value(i, funcZone), Level: ly.value(i, level),
			Feature: f.Number, Source: ly.label(),
		}
		var known bool
		if zone.Type, known = l.vocab.ZoneType(ly.role, zone.FuncZone, ly.source.ZoneTypes); !known {
			unknown[zone.FuncZone]++
		}
		ly.in.Layer.count(zone.FuncZone, zone.Type, known)
		if ly.shapes != nil {
			zone.Shape, zone.TotalM2 = ly.shapes[i].shape, ly.shapes[i].m2
		}
		l.Inputs.Zones, l.zoneIn = append(l.Inputs.Zones, zone), append(l.zoneIn, ly.in)
	}
	if len(unknown) > 0 {
		var list []string
		for _, text := range slices.Sorted(maps.Keys(unknown)) {
			list = append(list, fmt.Sprintf("%q (%d)", text, unknown[text]))
		}
		ly.in.addFault(redline.Vector, "field %s holds functional zones that nobody knows, with the number of features: %s; say what they are in the job file, such as zone_types: {%q: core} under this layer (zone types: %s)",
			funcZone, some(list), slices.Min(slices.Collect(maps.Keys(unknown))), zoneTypeNames())
	}
	l.checkIDs(ly, id, ids)
	l.checkRepairs(ly, ids)
}

func zoneTypeNames() string {
	var all []string
	for _, z := range redline.ZoneTypes() {
		all = append(all, z.String())
	}
	return strings.Join(all, ", ")
}

// some joins the first ten of a list.
func some(list []string) string {
	const enough = 10
	if len(list) > enough {
		return strings.Join(list[:enough], ", ") + fmt.Sprintf(" and %d more", len(list)-enough)
	}
	return strings.Join(list, ", ")
}

// checkIDs refuses zones without an id, and ids that two zones of a layer share.
func (l *loader) checkIDs(ly *layer, field string, ids []string) {
	remedy := `correct the field, name another one (fields: {id: NAME} in the job file), or take the features' numbers (fields: {id: "#"})`
	if field == "" || field == job.FeatureNumber {
		remedy = "two layers have one name: give one of them another name, or name a field with ids (fields: {id: NAME} in the job file)"
	}
	var empty, twice []string
	for i, id := range ids {
		number := strconv.Itoa(ly.Features[i].Number)
		key := [2]string{ly.role, id}
		switch first, taken := l.ids[key]; {
		case id == "":
			empty = append(empty, number)
		case taken:
			twice = append(twice, fmt.Sprintf("%q of feature %s is that of %s", id, number, first))
		default:
			l.ids[key] = "feature " + number + " of " + ly.label()
		}
	}
	if empty != nil {
		ly.in.addFault(redline.Vector, "the id of the zones, field %s, is empty in feature %s; %s", field, some(empty), remedy)
	}
	if twice != nil {
		ly.in.addFault(redline.Vector, "zones of the layer %s share an id: %s; %s", ly.role, some(twice), remedy)
	}
}

// maxChange is the largest relative change of a feature's area by a repair that is
// accepted without being asked.
const maxChange = 0.001

// checkRepairs records the repairs of a layer and refuses large ones. labels are what
// the features are called.
func (l *loader) checkRepairs(ly *layer, labels []string) {
	var large, gone []string
	for i, s := range ly.shapes {
		number := strconv.Itoa(ly.Features[i].Number)
		if len(s.shape) == 0 || s.repair != nil && s.m2 == 0 {
			gone = append(gone, number)
			continue
		}
		if s.repair == nil {
			continue
		}
		r := report.Repair{Source: ly.label(), Feature: ly.Features[i].Number, Zone: labels[i],
			Reason: s.repair.reason, BeforeM2: s.repair.before, AfterM2: s.m2}
		l.Repairs = append(l.Repairs, r)
		ly.in.Layer.Repairs = append(ly.in.Layer.Repairs, r)
		if s.repair.change > maxChange {
			large = append(large, fmt.Sprintf("feature %s (%s): %.4f ha before, %.4f ha after", number, s.repair.reason, s.repair.before/1e4, s.m2/1e4))
		}
	}
	if gone != nil {
		ly.in.addFault(redline.Vector, "nothing is left of feature %s when its rings are made valid; correct or remove it", some(gone))
	}
	if large != nil && !l.job.AcceptRepairs {
		ly.in.addFault(redline.Vector, "polygons are invalid, and repairing them changes their area by more than 0.1 %%: %s; correct them, or say --accept-repairs (accept_repairs: true in a job file) after looking at them", some(large))
	}
}

// areas takes the features of a layer as counties or exemptions.
func (l *loader) areas(ly *layer) {
	var code, name, city string
	into := &l.Inputs.Exempt
	if ly.role == "admin" {
		into = &l.Inputs.Admin
		code, name, city = l.column(ly, "code"), l.column(ly, "name"), l.column(ly, "city")
	}
	labels := make([]string, len(ly.Features))
	for i := range ly.Features {
		area := redline.Area{Code: ly.value(i, code), Name: ly.value(i, name), City: ly.value(i, city)}
		labels[i] = cmp.Or(area.Code, area.Name)
		if ly.shapes != nil {
			area.Shape = ly.shapes[i].shape
		}
		*into = append(*into, area)
	}
	l.checkRepairs(ly, labels)
	if ly.role == "admin" && ly.in.Err == nil && code == "" && name == "" {
		ly.in.warn("has no field for the code or the name of a county, so candidates will have none; name them by fields: {code: …, name: …} in the job file (its fields are %s)", strings.Join(ly.Fields, ", "))
	}
	if ly.shapes != nil && !ly.meets && l.ground.placed() {
		ly.in.warn("no polygon of it meets the rasters")
	}
}
