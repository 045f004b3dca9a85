package gdalinput

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/raster/parallel"
	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/vector"
	"greenshield/vector/gdalvector"
)

// layer is one source of polygons, read and, where there is a lattice, placed.
type layer struct {
	*gdalvector.Layer
	role   string
	source job.Source
	in     *Input
	shapes []placed // parallel to Features; nil when there is no lattice to place them on, or a feature does not fit it
	meets  bool     // some feature meets the grid
}

// readLayers reads the zones, counties and exemptions. It returns an error only when ctx ends.
func (l *Loaded) readLayers(ctx context.Context) error {
	var zones []*layer
	for _, role := range []string{redline.LayerRedLine, redline.LayerReserve, RoleAdmin, RoleExempt} {
		for _, source := range l.sources(role) {
			ly, err := l.readLayer(ctx, role, source)
			switch {
			case err != nil:
				return err
			case ly == nil:
			case isZoneRole(role):
				l.takeZones(ly)
				zones = append(zones, ly)
			default:
				if err := l.takeAreas(ctx, ly); err != nil {
					return err
				}
			}
		}
		if isZoneRole(role) {
			if err := l.warnOfSharedZones(ctx, role); err != nil {
				return err
			}
		}
	}
	l.judgePlaces(zones)
	l.sortFeatures()
	return nil
}

// sources returns the layers that the job names for a role.
func (l *Loaded) sources(role string) []job.Source {
	switch role {
	case redline.LayerRedLine:
		return l.job.RedLine
	case redline.LayerReserve:
		return l.job.Reserve
	case RoleExempt:
		return l.job.Exempt
	}
	if l.job.Admin.File == "" {
		return nil
	}
	return []job.Source{l.job.Admin}
}

// readLayer reads one source and places its features. It returns nil when the source cannot be used, and an error only
// when ctx ends.
func (l *Loaded) readLayer(ctx context.Context, role string, source job.Source) (*layer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	in := l.addInput(role, source.File)
	in.Record.Layer = source.Layer
	var err error
	if source.File, err = gdalvector.Find(source.File); err != nil {
		in.Err = redline.WithKind(redline.Vector, err)
		return nil, nil
	}
	l.stamp(gdalraster.FileOf(source.File))
	if extension := filepath.Ext(source.File); strings.EqualFold(extension, ".shp") {
		for _, beside := range []string{".dbf", ".shx", ".prj", ".cpg"} {
			l.stamp(strings.TrimSuffix(source.File, extension) + beside)
		}
	}
	read, err := gdalvector.Read(gdalvector.Source{
		File:            source.File,
		Layer:           source.Layer,
		Encoding:        source.Encoding,
		DefaultEncoding: l.job.Encoding,
		Where:           source.Where,
		CRS:             source.CRS,
		Definitions:     &l.definitions,
		Memory:          max(1, l.layerMemory()),
	})
	if err != nil {
		var noCRS *gdalvector.NoCRSError
		if errors.As(err, &noCRS) {
			fits := l.suggestCRS(noCRS.Box)
			err = fmt.Errorf("%w; find out which one it is in and state it: %s; %s", err, fits.forLayer(), fits.text)
		}
		in.Err = redline.WithKind(faultKind(redline.Vector, err), err)
		return nil, nil
	}
	if utf8.RuneCountInString(read.Name) > maxWord {
		in.addFault(redline.Vector, "the name of its layer has more than %d characters; give it another one", maxWord)
		return nil, nil
	}
	l.noteFiles(in, filepath.Dir(gdalraster.FileOf(source.File)), read.Files)
	for _, w := range read.Warnings {
		in.warn("%s", w)
	}
	in.Record.CRS = crsTitle(read.CRS)
	middle := read.Features[0].Shape.Bound().Center()
	in.noteStated(source.CRS, read.Declares, read.CRS, middle[0], middle[1])
	in.Record.Encoding, in.Record.EncodingFrom = read.Encoding, read.EncodingFrom
	in.Record.FeaturesDeclared = int64(read.Declared)
	in.Record.FeaturesRead = int64(len(read.Features) + read.SkippedEmpty)
	if in.Record.FeaturesLeftOut = int64(read.LeftOut); source.Where != "" {
		in.warn("where leaves out %d of its %d features: %s", read.LeftOut, read.Declared, source.Where)
	}
	in.Layer = layerFacts(read)
	ly := &layer{Layer: read, role: role, source: source, in: in}
	ly.noteDomains()
	if l.refuseCRS(ly) || l.Inputs.Earth == nil && !l.makeLattice(ly) {
		return ly, nil
	}
	return ly, l.placeLayer(ctx, ly)
}

// layerMemory returns how many bytes the features of the next layer may take. Those of all layers may take half of the
// memory, since each is held as it was read and as it lies on the lattice.
func (l *Loaded) layerMemory() int64 {
	held := int64(0)
	for _, shapes := range l.shapes {
		for _, s := range shapes {
			held += vector.Bytes(s)
		}
	}
	return l.job.MaxMemory/2 - held
}

// makeLattice makes a lattice around a layer when there is no raster, so that layers can be judged by themselves. It
// reports whether it could.
func (l *Loaded) makeLattice(ly *layer) bool {
	const cells = 1000 // along the longer side
	box := ly.box()
	width, height := box.Max[0]-box.Min[0], box.Max[1]-box.Min[1]
	cell := max(width, height) / cells
	if !(cell > 0) {
		return false
	}
	l.Inputs.Grid = raster.Grid{
		OriginX: box.Min[0],
		OriginY: box.Max[1],
		CellX:   cell,
		CellY:   cell,
		Cols:    int(width/cell) + 1,
		Rows:    int(height/cell) + 1,
		CRS:     ly.CRS,
	}
	if l.measureGrid(ly.in.Record.Path) != nil {
		return false
	}
	l.ground = groundLayer
	return true
}

// placeLayer takes all features of a layer to the lattice. The first feature that cannot be placed becomes the fault of
// the layer, which then has no shapes. It returns an error only when ctx ends.
func (l *Loaded) placeLayer(ctx context.Context, ly *layer) error {
	placers, err := l.newPlacers(ly)
	defer func() {
		for _, p := range placers {
			p.close()
		}
	}()
	if err != nil {
		ly.in.Err = redline.Faultf(redline.Incompatible, "%s: %w", ly.in.Record.Path, ly.WithRemedy(err))
		return nil
	}
	if note := placers[0].note(); note != "" && l.ground != groundLayer {
		ly.in.Layer.setOperation(note, placers[0].toGrid.AccuracyM())
		ly.in.Record.CRS += ", to the rasters' CRS by: " + note
	}
	shapes := make([]placed, len(ly.Features))
	faults := make([]error, len(ly.Features))
	err = parallel.Each(ctx, placers, len(shapes), func(p *placer, i int) error {
		if faults[i] = onGlobe(ly.Features[i].Shape, ly.CRS); faults[i] == nil {
			shapes[i], faults[i] = p.place(ly.Features[i].Shape)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(faults, func(err error) bool { return err != nil }); i >= 0 {
		l.refusePlace(ly, &ly.Features[i], faults[i])
		return nil
	}
	frame := gridFrame(l.Inputs.Grid)
	for _, s := range shapes {
		ly.meets = ly.meets || overlap(vector.Bound(s.shape), frame)
		l.shapes[ly.in] = append(l.shapes[ly.in], s.shape)
	}
	ly.shapes = shapes
	return nil
}

// newPlacers returns a placer of the layer for each worker that has a feature to place. The caller closes all that are
// returned, also after an error.
func (l *Loaded) newPlacers(ly *layer) (placers []*placer, err error) {
	for _, c := range l.geos[:min(len(l.geos), len(ly.Features))] {
		var p *placer
		if placers == nil {
			p, err = newPlacer(c, l.Inputs.Grid, l.Inputs.Earth, ly.CRS, extent(ly.box()), isZoneRole(ly.role))
		} else {
			p, err = placers[0].clone(c)
		}
		if err != nil {
			return placers, err
		}
		placers = append(placers, p)
	}
	return placers, nil
}

// refusePlace makes an error in placing a feature the fault of its layer.
func (l *Loaded) refusePlace(ly *layer, feature *gdalvector.Feature, err error) {
	path, cause := ly.in.Record.Path, strings.ReplaceAll(err.Error(), "\n", ": ")
	if errors.Is(err, errNoImage) && meetsSwapped(ly.box(), ly.CRS, l.Inputs.Grid) {
		ly.in.Err = redline.Faultf(redline.Incompatible, "%s: does not meet the rasters, but would with x and y exchanged: "+
			"are the axes swapped? (feature %d: %v)", path, feature.Number, cause)
		return
	}
	remedy := "correct or remove it"
	if errors.Is(err, errAntimeridian) {
		remedy = ly.Mend("-wrapdateline")
	}
	ly.in.Err = redline.Faultf(redline.Vector, "%s: feature %d: %s; %s", path, feature.Number, cause, remedy)
}

// judgePlaces finds layers of zones that lie elsewhere than the rasters.
func (l *Loaded) judgePlaces(zones []*layer) {
	unplaced := func(ly *layer) bool { return ly.shapes == nil }
	if !l.ground.placed() || len(zones) == 0 || slices.ContainsFunc(zones, unplaced) {
		return // something else is wrong already
	}
	grid := l.Inputs.Grid
	none := !slices.ContainsFunc(zones, func(ly *layer) bool { return ly.meets })
	for _, ly := range zones {
		if ly.meets {
			continue
		}
		box := ly.box()
		text := fmt.Sprintf("no zone of it meets the rasters: the layer covers %s, the rasters %s",
			lonLat(box, ly.CRS), lonLat(bounds(grid), grid.CRS))
		switch {
		case meetsSwapped(box, ly.CRS, grid):
			ly.in.addFault(redline.Incompatible, "%s; with x and y exchanged they would meet: are the axes swapped?", text)
		case none:
			ly.in.addFault(redline.Incompatible, "%s; name a layer of the same area, or correct its CRS", text)
		default:
			ly.in.warn("%s", text)
		}
	}
}

// meetsSwapped reports whether a box would meet the grid with its axes exchanged.
func meetsSwapped(box orb.Bound, crs raster.CRS, grid raster.Grid) bool {
	there, err := project(swapAxes(box), crs, grid.CRS)
	return err == nil && overlap(there, bounds(grid))
}

// box returns the extent of the layer in its own CRS.
func (ly *layer) box() orb.Bound {
	box := vector.Bound(ly.Features[0].Shape)
	for _, f := range ly.Features {
		box = box.Union(vector.Bound(f.Shape))
	}
	return box
}

// value returns the text of a field of feature i, without surrounding space; "" when field is "", that is none.
func (ly *layer) value(i int, field string) string {
	return strings.TrimSpace(ly.Value(&ly.Features[i], field))
}

// text returns what a field of feature i says, without surrounding space: what a code stands for in the field's domain,
// else the value.
func (ly *layer) text(i int, field string) string {
	value := ly.value(i, field)
	if at := slices.Index(ly.Fields, field); at >= 0 && ly.Domains != nil {
		text, _ := ly.Domains[at].Text(value)
		return strings.TrimSpace(text)
	}
	return value
}

// label names the layer independently of where the program runs: by its file without folders, and its name.
func (ly *layer) label() string { return filepath.Base(ly.Path) + "|" + ly.Name }
