package review

import (
	"fmt"
	"strings"
)

// srs is CGCS2000 (EPSG:4490). The program does not tell it from WGS 84, since the two differ by less than a metre.
const (
	srs    = 4490
	srsWKT = `GEOGCS["China Geodetic Coordinate System 2000",` +
		`DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101,AUTHORITY["EPSG","1024"]],AUTHORITY["EPSG","1043"]],` +
		degreesWKT + `AUTHORITY["EPSG","4490"]]`
	wgs84WKT = `GEOGCS["WGS 84",` +
		`DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],` +
		degreesWKT + `AUTHORITY["EPSG","4326"]]`
	degreesWKT = `PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],` +
		`UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],`
)

// never is the time of every change that the file tells of. The real one would make other bytes of each run.
const never = "2000-01-01T00:00:00.000Z"

// settings make a GeoPackage of version 1.3 (10300) that is fast to write. Nobody else reads the file meanwhile, and
// one that is not complete is thrown away, so it needs neither a journal nor to be synced step by step.
const settings = `
PRAGMA page_size = 8192;
PRAGMA encoding = 'UTF-8';
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -65536;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA application_id = 1196444487;
PRAGMA user_version = 10300;
`

// spatialRefs returns the rows of gpkg_spatial_ref_sys: those that the standard wants, and ours.
func spatialRefs() [][]any {
	return [][]any{
		{"Undefined cartesian SRS", int64(-1), "NONE", int64(-1), "undefined",
			"undefined cartesian coordinate reference system"},
		{"Undefined geographic SRS", int64(0), "NONE", int64(0), "undefined",
			"undefined geographic coordinate reference system"},
		{"WGS 84", int64(4326), "EPSG", int64(4326), wgs84WKT, "longitude/latitude"},
		{"China Geodetic Coordinate System 2000", int64(srs), "EPSG", int64(srs), srsWKT, "2000国家大地坐标系"},
	}
}

// continued joins the lines of a statement: a line that begins with a tab continues the one before. SQLite keeps the
// text of these statements in the file, where each stands in one line.
func continued(sql string) string { return strings.ReplaceAll(sql, "\n\t", " ") }

// schema makes the tables that every GeoPackage has, and the table of styles as QGIS makes it. See continued.
const schema = `
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

// triggers keep the index of the layer TABLE in step with edits (OGC 12-128r17, annex F.3). See continued.
const triggers = `
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

// guards refuse all that a reviewer may not do to the layer TABLE: add or delete rows, and change anything but the
// fields that the form lets him change. UNCHANGED stands for a condition on every other column. See continued.
const guards = `
CREATE TRIGGER "guard_TABLE_insert" BEFORE INSERT ON "TABLE"
	BEGIN SELECT RAISE(ABORT, '候选图斑由程序生成，不能新增。Candidates cannot be added.'); END;
CREATE TRIGGER "guard_TABLE_delete" BEFORE DELETE ON "TABLE"
	BEGIN SELECT RAISE(ABORT,
	'候选图斑不能删除；不属实的请在核查结论中选“不属实”。Candidates cannot be deleted; judge them.'); END;
CREATE TRIGGER "guard_TABLE_update" BEFORE UPDATE ON "TABLE" WHEN CHANGED
	BEGIN SELECT RAISE(ABORT,
	'只能填写核查结论、依据、说明、核查人和日期，其余内容不能修改。Only the verdict can be changed.'); END;
`

// guard returns the statements that guard a layer.
func guard(l *layer) string {
	changed := []string{`NEW."fid" IS NOT OLD."fid"`, `NEW."geom" IS NOT OLD."geom"`}
	for _, f := range l.fields {
		if !f.Editable {
			changed = append(changed, fmt.Sprintf(`NEW.%[1]q IS NOT OLD.%[1]q`, f.Name))
		}
	}
	return strings.NewReplacer("TABLE", l.name, "CHANGED", strings.Join(changed, " OR ")).Replace(guards)
}
