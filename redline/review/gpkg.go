package review

import (
	"context"
	"errors"
	"io"

	"greenshield/redline/findings"
	"greenshield/redline/geopackage"

	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"
)

const gpkgName = "review.gpkg"

// GPKG is the report that writes review.gpkg: a GeoPackage 1.3 (OGC 12-128r17) of candidates,
// suppressed changes, zones, and coverage, with a style for each in layer_styles, where QGIS
// looks for it. It is one plain file, without a journal beside it, and the same findings give
// the same bytes. A fault names the file and, as far as SQLite tells, what the system said.
func GPKG(ctx context.Context, f findings.Folder, found *findings.Findings) error {
	// SQLite would make the file unwritable for others, whatever the user's umask says.
	if err := f.Write(gpkgName, func(io.Writer) error { return nil }); err != nil {
		return err
	}
	err := writeGPKG(ctx, f.Path(gpkgName), found)
	if err != nil && ctx.Err() == nil {
		return f.Fault(gpkgName, diskFault(err))
	}
	return err
}

// diskFault returns what the system said when SQLite failed, as far as SQLite tells. SQLite's
// own text is of no use to a user, since it may name the temporary file.
func diskFault(err error) error {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultFull:
		return unix.ENOSPC
	case sqlite.ResultIOErr:
		return unix.EIO
	case sqlite.ResultCantOpen:
		return errors.New("SQLite cannot open it")
	}
	return err
}

// writeGPKG writes the GeoPackage of all layers to path.
func writeGPKG(ctx context.Context, path string, found *findings.Findings) (err error) {
	db, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetInterrupt(ctx.Done())
	w := &packager{db: db}
	w.exec(settings)
	w.exec("BEGIN")
	w.exec(geopackage.Schema)
	w.insert("gpkg_spatial_ref_sys", geopackage.SpatialRefs()...)
	for i, l := range layers(ctx, found) {
		w.layer(int64(i+1), &l)
	}
	w.insert("gpkg_contents (table_name, data_type, identifier, description, last_change)",
		[]any{"layer_styles", "attributes", "layer_styles", "QGIS", never})
	w.exec("COMMIT")
	w.exec("PRAGMA journal_mode = DELETE")
	return w.err
}
