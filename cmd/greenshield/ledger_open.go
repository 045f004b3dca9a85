package main

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgergpkg"
	"greenshield/redline/ledgerpg"
)

// openLedger opens the ledger that a place names, for writing or for reading.
func (p *program) openLedger(ctx context.Context, place string, write bool) (ledger.Store, error) {
	if isDatabase(place) {
		return openDatabase(ctx, place)
	}
	if _, err := os.Stat(place); errors.Is(err, fs.ErrNotExist) {
		return nil, redline.Faultf(redline.Usage,
			"%s: there is no ledger; name one by --ledger, or found one by greenshield ledger init", place)
	}
	if write {
		p.warnOfNetwork(place)
	}
	s, err := ledgergpkg.Open(place, write, degreesOf)
	if err != nil {
		return nil, redline.WithKind(redline.Output, err)
	}
	return s, nil
}

// createLedger makes a ledger without events where a place names none, and opens it for writing.
func (p *program) createLedger(ctx context.Context, place string) (ledger.Store, error) {
	if isDatabase(place) {
		return createDatabase(ctx, place)
	}
	if _, err := os.Stat(place); err == nil {
		return nil, redline.Faultf(redline.Usage, "%s: there is such a file already; a ledger is founded once", place)
	}
	p.warnOfNetwork(place)
	s, err := ledgergpkg.Create(place, degreesOf)
	if err != nil {
		return nil, redline.WithKind(redline.Output, err)
	}
	return s, nil
}

// degreesOf returns how coordinates of a CRS become the longitudes and latitudes that are published: those of WGS 84 by
// an operation that covers the CRS, else those of the CRS that it is built on.
func degreesOf(crs string) (raster.Transform, func(), error) {
	from, err := gdalraster.ParseCRS(crs)
	if err != nil {
		return nil, nil, err
	}
	to, err := gdalraster.ParseCRS("EPSG:4326")
	if err == nil && gdalraster.SameDatum(from, to) {
		to, err = gdalraster.Base(from)
	}
	if err != nil {
		return nil, nil, err
	}
	t, err := gdalraster.NewTransform(from, to)
	if err != nil {
		return nil, nil, err
	}
	return t.XY, t.Close, nil
}

func (p *program) warnOfNetwork(place string) {
	if err := ledgergpkg.OnNetwork(place); err != nil {
		p.warn(err.Error())
	}
}

// isDatabase tells whether a place is a PostGIS database.
func isDatabase(place string) bool {
	return strings.HasPrefix(place, "postgres://") || strings.HasPrefix(place, "postgresql://")
}

// shownPlace returns a place without the password of a database.
func shownPlace(place string) string {
	if !isDatabase(place) {
		return place
	}
	u, err := url.Parse(place)
	if err != nil {
		return "postgres://"
	}
	query := u.Query()
	if query.Has("password") {
		query.Set("password", "xxxxx")
		u.RawQuery = query.Encode()
	}
	return u.Redacted()
}

func openDatabase(ctx context.Context, place string) (ledger.Store, error) {
	s, err := ledgerpg.Open(ctx, place)
	if err != nil {
		return nil, redline.WithKind(redline.Output, err)
	}
	return s, nil
}

// createDatabase brings the tables of a ledger into a database, or to the present version.
func createDatabase(ctx context.Context, place string) (ledger.Store, error) {
	if err := ledgerpg.Migrate(ctx, place); err != nil {
		return nil, redline.WithKind(redline.Output, err)
	}
	return openDatabase(ctx, place)
}

// ledgerFault returns an error of a ledger with its kind.
func ledgerFault(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ledger.ErrConflict):
		return redline.WithKind(redline.Locked, err)
	case errors.Is(err, ledger.ErrNoCase):
		return redline.WithKind(redline.Usage, err)
	}
	return redline.WithKind(redline.Incompatible, err)
}
