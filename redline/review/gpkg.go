package review

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/report"
	"greenshield/vector"
)

const gpkgName = "review.gpkg"

// GPKG writes review.gpkg: a GeoPackage 1.3 (OGC 12-128r17) of candidates, suppressed changes, zones, and coverage, with a style
// for each in layer_styles, where QGIS looks for it. It is one plain file, without a journal beside it, and the same findings
// give the same bytes.
func GPKG(ctx context.Context, f *report.Folder, found *report.Findings) error {
	err := writeGPKG(ctx, f.Path(gpkgName), found)
	if err != nil && ctx.Err() == nil {
		return f.Fault(gpkgName, diskFault(err))
	}
	return err
}

// diskFault is what the system said when SQLite failed, as far as SQLite tells; its own text may name the temporary file.
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

// srs is EPSG:4490, which the program does not tell from WGS 84 (the difference is below a metre).
const (
	srs    = 4490
	srsWKT = `GEOGCS["China Geodetic Coordinate System 2000",DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101,AUTHORITY["EPSG","1024"]],AUTHORITY["EPSG","1043"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4490"]]`
	wgs84  = `GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]`
)

// never is the time of every change that the file tells of: a real one would make other bytes of each run.
const never = "2000-01-01T00:00:00.000Z"

// schema is what every GeoPackage has, and the table of styles as QGIS makes it.
const schema = `
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER, CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL, CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name), CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name), CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')));
`

// layer is a table of features to be written.
type layer struct {
	name, title string
	geometry    string // MULTIPOLYGON or POINT
	fields      []field
	style       style
	rows        func(add func(g feature, values []any) error) error
}

// feature is the place of a row: polygons, or a point when there are none; none at all when there is no point either.
type feature struct {
	polygons orb.MultiPolygon
	point    *orb.Point
}

func writeGPKG(ctx context.Context, path string, found *report.Findings) (err error) {
	db, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetInterrupt(ctx.Done())
	w := &packager{db: db}
	// 10300 is version 1.3. There is no other reader and no other chance: a file that is not complete is thrown away.
	w.exec("PRAGMA page_size = 8192; PRAGMA encoding = 'UTF-8'; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; PRAGMA locking_mode = EXCLUSIVE; PRAGMA application_id = 1196444487; PRAGMA user_version = 10300")
	w.exec("BEGIN")
	w.exec(schema)
	w.insert("INSERT INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,?)",
		[]any{"Undefined cartesian SRS", int64(-1), "NONE", int64(-1), "undefined", "undefined cartesian coordinate reference system"},
		[]any{"Undefined geographic SRS", int64(0), "NONE", int64(0), "undefined", "undefined geographic coordinate reference system"},
		[]any{"WGS 84", int64(4326), "EPSG", int64(4326), wgs84, "longitude/latitude"},
		[]any{"China Geodetic Coordinate System 2000", int64(srs), "EPSG", int64(srs), srsWKT, "2000国家大地坐标系"})
	for i, l := range layers(ctx, found) {
		w.layer(int64(i+1), &l)
	}
	w.insert("INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) VALUES (?,?,?,?,?)",
		[]any{"layer_styles", "attributes", "layer_styles", "QGIS", never})
	w.exec("COMMIT")
	w.exec("PRAGMA journal_mode = DELETE")
	return w.err
}

// layers are those of the file, from the bottom of a map to the top.
func layers(ctx context.Context, found *report.Findings) []layer {
	candidates := func(suppressed bool, values func(c *redline.Candidate, row []any) []any) func(add func(feature, []any) error) error {
		return func(add func(feature, []any) error) error {
			var row []any
			for c, err := range found.Candidates(ctx, suppressed) {
				if err != nil {
					return err
				}
				row = values(c, row[:0])
				at := feature{polygons: c.Geometry}
				if suppressed {
					at = feature{point: &orb.Point{c.Lon, c.Lat}}
				}
				if err := add(at, row); err != nil {
					return err
				}
			}
			return nil
		}
	}
	zones := func(geometry func(z *redline.ZoneTotal) orb.MultiPolygon, more func(z *redline.ZoneTotal) []any) func(add func(feature, []any) error) error {
		return func(add func(feature, []any) error) error {
			for i := range found.Summary.Zones {
				z := &found.Summary.Zones[i]
				row := append([]any{z.Zone.Layer, z.Zone.ID, z.Zone.Name, z.Zone.Type.String(), z.Zone.FuncZone, z.Zone.Level, z.TotalM2 / 1e4, z.ControlledM2 / 1e4}, more(z)...)
				if err := add(feature{polygons: degrees(found.Inputs.Earth, geometry(z))}, row); err != nil {
					return err
				}
			}
			return nil
		}
	}
	all := report.Fields()
	return []layer{
		{"coverage", "覆盖情况（各区管控部分）", "MULTIPOLYGON", coverageFields(), coverageStyle(),
			zones(func(z *redline.ZoneTotal) orb.MultiPolygon { return z.Controlled }, func(z *redline.ZoneTotal) []any {
				return []any{z.OutsideM2 / 1e4, z.NoDataM2 / 1e4, z.ChangedM2 / 1e4, z.UnruledM2 / 1e4, z.Candidates, z.CandidateM2 / 1e4, z.Suppressed, z.SuppressedM2 / 1e4, report.Status(z)}
			})},
		{"zones", "管控区", "MULTIPOLYGON", zoneFields(), zoneStyle(),
			zones(func(z *redline.ZoneTotal) orb.MultiPolygon { return z.Zone.Shape }, func(*redline.ZoneTotal) []any { return nil })},
		{"suppressed", "未列入的变化", "POINT", suppressedFields(), suppressedStyle(), candidates(true, func(c *redline.Candidate, row []any) []any {
			return append(row, c.ID, c.PatchID, c.ChangeZH, c.FromName, c.ToName, int64(c.Severity), c.Layer, c.ZoneID, c.ZoneName, c.ZoneType,
				c.AreaM2/1e4, c.PatchM2/1e4, c.Cells, c.AdmCode, c.AdmName, strings.Join(c.Flags, ";"), c.Reason)
		})},
		{"candidates", "候选图斑", "MULTIPOLYGON", append(candidateFields(), reviewFields()...), candidateStyle(append(candidateFields(), reviewFields()...), report.Severities[:]...),
			candidates(false, func(c *redline.Candidate, row []any) []any {
				for i := range all {
					switch f := &all[i]; {
					case f.Integer != nil:
						row = append(row, f.Integer(c))
					case f.Decimal != nil:
						row = append(row, f.Decimal(c))
					default:
						row = append(row, f.Text(c))
					}
				}
				return append(row, nil, nil, nil)
			})},
	}
}

// degrees brings polygons of the lattice to degrees. v grows south, so rings are turned round.
func degrees(earth *raster.Earth, mp orb.MultiPolygon) orb.MultiPolygon {
	out := make(orb.MultiPolygon, len(mp))
	for i, polygon := range mp {
		out[i] = make(orb.Polygon, len(polygon))
		for j, ring := range polygon {
			turned := make(orb.Ring, len(ring))
			for k, p := range ring {
				lon, lat := earth.LonLat(p[0], p[1])
				turned[len(ring)-1-k] = orb.Point{lon, lat}
			}
			out[i][j] = turned
		}
	}
	return out
}

// packager writes until the first error, which it keeps.
type packager struct {
	db  *sqlite.Conn
	err error
}

// exec runs statements, of which none has a result that matters.
func (w *packager) exec(sql string) {
	for sql = strings.TrimSpace(sql); sql != "" && w.err == nil; {
		stmt, trailing, err := w.db.PrepareTransient(sql)
		if err != nil {
			w.err = err
			return
		}
		for more := stmt != nil; more && w.err == nil; {
			more, w.err = stmt.Step()
		}
		w.err = errors.Join(w.err, stmt.Finalize())
		sql = strings.TrimSpace(sql[len(sql)-trailing:])
	}
}

// insert adds rows.
func (w *packager) insert(sql string, rows ...[]any) {
	if w.err != nil {
		return
	}
	stmt, _, err := w.db.PrepareTransient(sql)
	if err != nil {
		w.err = err
		return
	}
	for _, row := range rows {
		if w.err == nil {
			w.err = step(stmt, row)
		}
	}
	w.err = errors.Join(w.err, stmt.Finalize())
}

// step binds the values of a row, of which nil is NULL, and adds it.
func step(stmt *sqlite.Stmt, row []any) error {
	for i, v := range row {
		switch x := v.(type) {
		case nil:
			stmt.BindNull(i + 1)
		case int64:
			stmt.BindInt64(i+1, x)
		case float64:
			stmt.BindFloat(i+1, x)
		case string:
			stmt.BindText(i+1, strings.ToValidUTF8(strings.ReplaceAll(x, "\x00", "\uFFFD"), "\uFFFD"))
		case []byte:
			stmt.BindBytes(i+1, x)
		default:
			return fmt.Errorf("internal: no column can hold %T", v)
		}
	}
	_, err := stmt.Step()
	return errors.Join(err, stmt.Reset())
}

// layer writes a table of features with its index, if it has polygons, and its style.
func (w *packager) layer(number int64, l *layer) {
	columns, marks := []string{"fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL", "geom " + l.geometry}, "?,?"
	for _, f := range l.fields {
		columns = append(columns, `"`+f.Name+`" `+f.Type)
		marks += ",?"
	}
	w.exec(fmt.Sprintf(`CREATE TABLE "%s" (%s)`, l.name, strings.Join(columns, ", ")))
	indexed := l.geometry != "POINT"
	if indexed {
		w.exec(fmt.Sprintf(`CREATE VIRTUAL TABLE "rtree_%s_geom" USING rtree(id, minx, maxx, miny, maxy)`, l.name))
	}
	if w.err != nil {
		return
	}
	stmt, _, err := w.db.PrepareTransient(fmt.Sprintf(`INSERT INTO "%s" VALUES (%s)`, l.name, marks))
	if err != nil {
		w.err = err
		return
	}
	var index *sqlite.Stmt
	if indexed {
		if index, _, err = w.db.PrepareTransient(fmt.Sprintf(`INSERT INTO "rtree_%s_geom" VALUES (?,?,?,?,?)`, l.name)); err != nil {
			w.err = errors.Join(err, stmt.Finalize())
			return
		}
	}
	whole := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	fid := int64(0)
	var row []any
	w.err = l.rows(func(at feature, values []any) error {
		fid++
		blob, box := encode(at)
		row = append(append(row[:0], fid, blob), values...)
		if blob == nil {
			row[1] = nil
		} else {
			whole = whole.Union(box)
			if index != nil {
				if err := step(index, []any{fid, box.Min[0], box.Max[0], box.Min[1], box.Max[1]}); err != nil {
					return err
				}
			}
		}
		return step(stmt, row)
	})
	w.err = errors.Join(w.err, stmt.Finalize())
	if index != nil {
		w.err = errors.Join(w.err, index.Finalize())
	}
	box := []any{whole.Min[0], whole.Min[1], whole.Max[0], whole.Max[1]}
	if whole.IsEmpty() {
		box = []any{nil, nil, nil, nil}
	}
	w.insert("INSERT INTO gpkg_contents VALUES (?,?,?,?,?,?,?,?,?,?)", slices.Concat([]any{l.name, "features", l.name, l.title, never}, box, []any{int64(srs)}))
	w.insert("INSERT INTO gpkg_geometry_columns VALUES (?,?,?,?,?,?)", []any{l.name, "geom", l.geometry, int64(srs), int64(0), int64(0)})
	if indexed {
		w.insert("INSERT INTO gpkg_extensions VALUES (?,?,?,?,?)", []any{l.name, "geom", "gpkg_rtree_index", "http://www.geopackage.org/spec120/#extension_rtree", "write-only"})
		w.exec(strings.NewReplacer("TABLE", l.name).Replace(triggers))
	}
	text, err := qmlText(l.style)
	w.err = errors.Join(w.err, err)
	w.insert("INSERT INTO layer_styles VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
		[]any{number, "", "", l.name, "geom", l.title, text, "", int64(1), "greenshield", "", nil, never})
}

// triggers keep the index in step with edits (OGC 12-128r17, annex F.3).
const triggers = `
CREATE TRIGGER "rtree_TABLE_geom_insert" AFTER INSERT ON "TABLE" WHEN (new."geom" NOT NULL AND NOT ST_IsEmpty(NEW."geom")) BEGIN INSERT OR REPLACE INTO "rtree_TABLE_geom" VALUES (NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")); END;
CREATE TRIGGER "rtree_TABLE_geom_update1" AFTER UPDATE OF "geom" ON "TABLE" WHEN OLD."fid" = NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom")) BEGIN INSERT OR REPLACE INTO "rtree_TABLE_geom" VALUES (NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")); END;
CREATE TRIGGER "rtree_TABLE_geom_update2" AFTER UPDATE OF "geom" ON "TABLE" WHEN OLD."fid" = NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom")) BEGIN DELETE FROM "rtree_TABLE_geom" WHERE id = OLD."fid"; END;
CREATE TRIGGER "rtree_TABLE_geom_update3" AFTER UPDATE ON "TABLE" WHEN OLD."fid" != NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom")) BEGIN DELETE FROM "rtree_TABLE_geom" WHERE id = OLD."fid"; INSERT OR REPLACE INTO "rtree_TABLE_geom" VALUES (NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")); END;
CREATE TRIGGER "rtree_TABLE_geom_update4" AFTER UPDATE ON "TABLE" WHEN OLD."fid" != NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom")) BEGIN DELETE FROM "rtree_TABLE_geom" WHERE id IN (OLD."fid", NEW."fid"); END;
CREATE TRIGGER "rtree_TABLE_geom_delete" AFTER DELETE ON "TABLE" WHEN old."geom" NOT NULL BEGIN DELETE FROM "rtree_TABLE_geom" WHERE id = OLD."fid"; END;
`

// encode returns a feature's place as a GeoPackage binary and its box; nil when it has none.
func encode(at feature) ([]byte, orb.Bound) {
	le := binary.LittleEndian
	header := func(flags byte) []byte {
		b := append(make([]byte, 0, 64), 'G', 'P', 0, flags|1) // little-endian
		return le.AppendUint32(b, srs)
	}
	switch {
	case at.point != nil:
		b := le.AppendUint32(append(header(0), 1), 1)
		b = le.AppendUint64(b, math.Float64bits(at.point[0]))
		return le.AppendUint64(b, math.Float64bits(at.point[1])), at.point.Bound()
	case len(at.polygons) == 0:
		return nil, orb.Bound{}
	}
	box := at.polygons.Bound()
	b := header(1 << 1) // an envelope of x and y
	for _, x := range [...]float64{box.Min[0], box.Max[0], box.Min[1], box.Max[1]} {
		b = le.AppendUint64(b, math.Float64bits(x))
	}
	return append(b, vector.EncodeWKB(at.polygons)...), box
}
