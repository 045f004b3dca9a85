package review

import (
	"context"
	"errors"
	"fmt"

	"github.com/paulmach/orb"
	"zombiezen.com/go/sqlite"

	"greenshield/redline"
	"greenshield/vector"
)

// Ground is the ground of a run's zones, each place once, and its kept candidates there. Places are in degrees.
type Ground struct {
	Zones      []ZoneGround // that control something, in the order of the file
	Candidates orb.MultiPolygon
}

// ZoneGround is the ground that a zone controls, inside the grid of the run; no two zones share any.
type ZoneGround struct {
	Layer, ID, Name, Type     string
	ControlledM2, CandidateM2 float64
	Shape                     orb.MultiPolygon
}

// ReadGround reads the ground from a review.gpkg as a run wrote it. An error says what is wrong with the file.
func ReadGround(ctx context.Context, path string) (g *Ground, err error) {
	db, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return nil, fmt.Errorf("%s: no GeoPackage that can be read: %w", path, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetInterrupt(ctx.Done())
	g = &Ground{}
	err = shapes(db, `SELECT "geom", "layer", "zone_id", "zone_name", "zone_type", "ctrl_ha", "cand_ha" FROM "coverage"
		WHERE "geom" IS NOT NULL ORDER BY "fid"`, func(stmt *sqlite.Stmt, shape orb.MultiPolygon) {
		g.Zones = append(g.Zones, ZoneGround{stmt.ColumnText(1), stmt.ColumnText(2), stmt.ColumnText(3), stmt.ColumnText(4),
			stmt.ColumnFloat(5) * redline.M2PerHa, stmt.ColumnFloat(6) * redline.M2PerHa, shape})
	})
	if err == nil {
		err = shapes(db, `SELECT "geom" FROM "candidates" ORDER BY "fid"`, func(_ *sqlite.Stmt, shape orb.MultiPolygon) {
			g.Candidates = append(g.Candidates, shape...)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return g, nil
}

// shapes calls row for each row of a query, whose first column is a geometry.
func shapes(db *sqlite.Conn, query string, row func(stmt *sqlite.Stmt, shape orb.MultiPolygon)) (err error) {
	stmt, _, err := db.PrepareTransient(query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stmt.Finalize()) }()
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return err
		}
		blob := make([]byte, stmt.ColumnLen(0))
		stmt.ColumnBytes(0, blob)
		// Magic, version, flags and SRS are eight bytes; an envelope of x and y may follow (OGC 12-128r17, 2.1.3).
		head := 8
		if len(blob) > 3 && blob[3]>>1&7 == 1 {
			head += 32
		}
		if len(blob) < head {
			return errors.New("a geometry is cut off")
		}
		shape, _, err := vector.DecodeWKB(blob[head:])
		if err != nil {
			return err
		}
		row(stmt, shape)
	}
}
