// Package geopackage has what every GeoPackage 1.3 (OGC 12-128r17) of the program is made of: tables, reference
// systems, the triggers of an index, and the code of geometries. It holds texts and bytes; who writes a file runs them.
package geopackage

import (
	"encoding/binary"
	"math"
	"strings"

	"github.com/paulmach/orb"

	"greenshield/vector"
)

// SRS is CGCS2000 (EPSG:4490). The program does not tell it from WGS 84, since the two differ by less than a metre.
const (
	SRS    = 4490
	srsWKT = `GEOGCS["China Geodetic Coordinate System 2000",` +
		`DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101,AUTHORITY["EPSG","1024"]],AUTHORITY["EPSG","1043"]],` +
		degreesWKT + `AUTHORITY["EPSG","4490"]]`
	wgs84WKT = `GEOGCS["WGS 84",` +
		`DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],` +
		degreesWKT + `AUTHORITY["EPSG","4326"]]`
	degreesWKT = `PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],` +
		`UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],`
)

// SpatialRefs returns the rows of gpkg_spatial_ref_sys: those that the standard wants, and ours.
func SpatialRefs() [][]any {
	return [][]any{
		{"Undefined cartesian SRS", int64(-1), "NONE", int64(-1), "undefined",
			"undefined cartesian coordinate reference system"},
		{"Undefined geographic SRS", int64(0), "NONE", int64(0), "undefined",
			"undefined geographic coordinate reference system"},
		{"WGS 84", int64(4326), "EPSG", int64(4326), wgs84WKT, "longitude/latitude"},
		{"China Geodetic Coordinate System 2000", int64(SRS), "EPSG", int64(SRS), srsWKT, "2000国家大地坐标系"},
	}
}

// Continued joins the lines of a statement: a line that begins with a tab continues the one before. SQLite keeps the
// text of these statements in the file, where each stands in one line.
func Continued(sql string) string { return strings.ReplaceAll(sql, "\n\t", " ") }

// Schema makes the tables that every GeoPackage has, and the table of styles as QGIS makes it. See [Continued].
const Schema = `
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,
	organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
	description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
	min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
	CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
	geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
	CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
	CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
	CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL,
	definition TEXT NOT NULL, scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
	f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT,
	styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
	update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')));
`

// IndexTriggers keep the index rtree_TABLE_geom of the layer TABLE in step with edits of its columns fid and geom
// (OGC 12-128r17, annex F.3). See [Continued].
const IndexTriggers = `
CREATE TRIGGER "rtree_TABLE_geom_insert" AFTER INSERT ON "TABLE"
	WHEN (new."geom" NOT NULL AND NOT ST_IsEmpty(NEW."geom")) BEGIN INSERT OR REPLACE INTO "rtree_TABLE_geom"
	VALUES (NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")); END;
CREATE TRIGGER "rtree_TABLE_geom_update1" AFTER UPDATE OF "geom" ON "TABLE"
	WHEN OLD."fid" = NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom")) BEGIN
	INSERT OR REPLACE INTO "rtree_TABLE_geom"
	VALUES (NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")); END;
CREATE TRIGGER "rtree_TABLE_geom_update2" AFTER UPDATE OF "geom" ON "TABLE"
	WHEN OLD."fid" = NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
	BEGIN DELETE FROM "rtree_TABLE_geom" WHERE id = OLD."fid"; END;
CREATE TRIGGER "rtree_TABLE_geom_update3" AFTER UPDATE ON "TABLE"
	WHEN OLD."fid" != NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
	BEGIN DELETE FROM "rtree_TABLE_geom" WHERE id = OLD."fid"; INSERT OR REPLACE INTO "rtree_TABLE_geom"
	VALUES (NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")); END;
CREATE TRIGGER "rtree_TABLE_geom_update4" AFTER UPDATE ON "TABLE"
	WHEN OLD."fid" != NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
	BEGIN DELETE FROM "rtree_TABLE_geom" WHERE id IN (OLD."fid", NEW."fid"); END;
CREATE TRIGGER "rtree_TABLE_geom_delete" AFTER DELETE ON "TABLE" WHEN old."geom" NOT NULL
	BEGIN DELETE FROM "rtree_TABLE_geom" WHERE id = OLD."fid"; END;
`

// header begins a geometry of a GeoPackage (OGC 12-128r17, 2.1.3); its well-known binary follows. envelope is the box
// around the geometry, nil for none; a point needs none.
func header(envelope *orb.Bound) []byte {
	le := binary.LittleEndian
	flags := byte(1) // little-endian
	if envelope != nil {
		flags |= 1 << 1 // of x and y
	}
	b := le.AppendUint32(append(make([]byte, 0, 64), 'G', 'P', 0, flags), SRS)
	if envelope != nil {
		for _, x := range [...]float64{envelope.Min[0], envelope.Max[0], envelope.Min[1], envelope.Max[1]} {
			b = le.AppendUint64(b, math.Float64bits(x))
		}
	}
	return b
}

// Point returns a point as a geometry of a GeoPackage.
func Point(p orb.Point) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(append(header(nil), 1), 1)
	b = le.AppendUint64(b, math.Float64bits(p[0]))
	return le.AppendUint64(b, math.Float64bits(p[1]))
}

// Polygons returns polygons as a geometry of a GeoPackage, and the box around them; nil for none.
func Polygons(m orb.MultiPolygon) ([]byte, orb.Bound) {
	if len(m) == 0 {
		return nil, orb.Bound{}
	}
	box := vector.Bound(m)
	return append(header(&box), vector.EncodeWKB(m)...), box
}

// Line returns a line through points as a geometry of a GeoPackage, and the box around it.
func Line(points orb.LineString) ([]byte, orb.Bound) {
	le, box := binary.LittleEndian, points.Bound()
	b := le.AppendUint32(append(header(&box), 1), 2)
	b = le.AppendUint32(b, uint32(len(points)))
	for _, p := range points {
		b = le.AppendUint64(le.AppendUint64(b, math.Float64bits(p[0])), math.Float64bits(p[1]))
	}
	return b, box
}
