package visits

import (
	"context"
	"io"

	"greenshield/redline/folder"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgergpkg"
)

// Write writes the files of the plan into a folder: visits.gpx, visits.kml, visits.gpkg, visits.csv, visits.html, and
// review.gpkg with review.qgz for the verdicts. The same plan gives the same bytes. degrees is as for
// [ledgergpkg.WriteCopy].
func (p *Plan) Write(ctx context.Context, f *folder.Folder, s ledger.Store, degrees ledgergpkg.Degrees) error {
	if err := p.Outline(ctx, s, degrees); err != nil {
		return err
	}
	for _, file := range []struct {
		name string
		fill func(w io.Writer) error
	}{{"visits.gpx", p.writeGPX}, {"visits.kml", p.writeKML}, {"visits.csv", p.writeCSV}, {"visits.html", p.writePage}} {
		if err := f.Write(file.name, file.fill); err != nil {
			return err
		}
	}
	if err := p.writeGPKG(ctx, f.Path("visits.gpkg")); err != nil {
		return f.Fault("visits.gpkg", err)
	}
	review, err := ledgergpkg.WriteCopy(ctx, s, f.Path("review.gpkg"), p.Cases(), degrees)
	if err != nil {
		return f.Fault("review.gpkg", err)
	}
	return f.Write("review.qgz", review.Project)
}
