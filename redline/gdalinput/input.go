package gdalinput

import (
	"errors"
	"fmt"
	"path/filepath"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline"
	"greenshield/redline/record"
)

// The roles of inputs. A layer of zones has the role [redline.LayerRedLine] or [redline.LayerReserve].
const (
	RoleBefore  = "before"  // the epoch before
	RoleAfter   = "after"   // the epoch after
	RoleBetween = "between" // the map of a year between them
	// The maps of a pair that may confirm changes, whose name is that of the record, and the newest map.
	RoleConfirmBefore = "confirm_before"
	RoleConfirmAfter  = "confirm_after"
	RoleNewest        = "newest"
	RoleAdmin         = "admin"  // the counties
	RoleExempt        = "exempt" // a layer of approved projects

	roleImageBefore = "image_before" // the picture of the epoch before
	roleImageAfter  = "image_after"  // the picture of the epoch after
)

// isMapRole tells whether an input of that role is a land-cover map.
func isMapRole(role string) bool {
	return role == RoleBefore || role == RoleAfter || role == RoleBetween || isOtherRole(role)
}

// isOtherRole tells whether an input of that role is a land-cover map on a grid of its own.
func isOtherRole(role string) bool {
	return role == RoleConfirmBefore || role == RoleConfirmAfter || role == RoleNewest
}

// isZoneRole tells whether a layer of that role holds zones.
func isZoneRole(role string) bool {
	return role == redline.LayerRedLine || role == redline.LayerReserve
}

// Input is one epoch's mosaic, one mosaic of pictures or one layer as it was read.
type Input struct {
	Record   record.Input // the lengths and hashes of its files are only known after [Loaded.Records]
	Raster   *RasterFacts // of an epoch that could be opened, else nil
	Layer    *LayerFacts  // of a layer that could be read, else nil
	Warnings []string     // each begins with the path of the input
	// CoversPct is how much of the common grid a map on a grid of its own covers, in %; 0 for any other input.
	CoversPct float64
	// YearsApart is how many years a map of a pair lies from that of its epoch, before it when negative; nil for any other
	// input.
	YearsApart *int
	Err        error // all that is wrong with the input, joined; nil when nothing is

	paths []string       // where the files of Record.Files are; parallel to them
	epoch *redline.Epoch // of a raster, over its whole extent
}

// addInput starts the record of an input of that role, and notes the state of the files that the job names for it.
func (l *Loaded) addInput(role string, paths ...string) *Input {
	in := &Input{Record: record.Input{Role: role}}
	for i, path := range paths {
		if i > 0 {
			in.Record.Path += ", "
		}
		in.Record.Path += l.job.Relative(path)
		l.stamp(gdalraster.FileOf(path))
	}
	l.Read = append(l.Read, in)
	return in
}

// role says in words what the input serves for.
func (in *Input) role() string {
	switch in.Record.Role {
	case RoleConfirmBefore:
		return "confirm, " + in.Record.Name + ", before"
	case RoleConfirmAfter:
		return "confirm, " + in.Record.Name + ", after"
	}
	return in.Record.Role
}

// noteFiles sets the files that an input turned out to consist of, and notes their state. The record names them as
// seen from folder.
func (l *Loaded) noteFiles(in *Input, folder string, paths []string) {
	in.paths = paths
	if absolute, err := filepath.Abs(folder); err == nil {
		folder = absolute
	}
	for _, path := range paths {
		l.stamp(path)
		name := path
		if absolute, err := filepath.Abs(path); err == nil {
			if name, err = filepath.Rel(folder, absolute); err != nil {
				name = path
			}
		}
		in.Record.Files = append(in.Record.Files, record.File{Name: name})
	}
}

// warn adds a warning that begins with the path of the input.
func (in *Input) warn(format string, args ...any) {
	in.Warnings = append(in.Warnings, in.Record.Path+": "+fmt.Sprintf(format, args...))
}

// addFault adds a fault whose text begins with the path of the input.
func (in *Input) addFault(kind redline.Kind, format string, args ...any) {
	in.Err = errors.Join(in.Err, redline.Faultf(kind, "%s: "+format, append([]any{in.Record.Path}, args...)...))
}

// fileFaultKind returns the kind of a fault in the files of the input.
func (in *Input) fileFaultKind() redline.Kind {
	role := in.Record.Role
	if isMapRole(role) || role == roleImageBefore || role == roleImageAfter {
		return redline.Raster
	}
	return redline.Vector
}

// faultKind returns the kind that a fault in one input has: normal, unless err says that a limit is exceeded or that
// the job names a band that does not exist.
func faultKind(normal redline.Kind, err error) redline.Kind {
	switch {
	case errors.Is(err, raster.ErrLimit):
		return redline.Limit
	case errors.Is(err, gdalraster.ErrBand):
		return redline.Usage
	}
	return normal
}

// CRS returns the CRS of a raster as its file declares it; of any other input, and of a raster that could not be
// opened, an empty one.
func (in *Input) CRS() raster.CRS {
	if in.epoch == nil {
		return raster.CRS{}
	}
	return in.epoch.Source.Grid().CRS
}
