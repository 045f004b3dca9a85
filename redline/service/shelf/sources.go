package shelf

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/tidwall/gjson"
	"zombiezen.com/go/sqlite"

	"greenshield/redline/files"
	"greenshield/redline/service/collection"
	"greenshield/vector"
)

// readCandidates reads candidates.geojson.
func readCandidates(from io.Reader, w *writer) error {
	lines := bufio.NewReaderSize(from, 1<<18)
	head := make([]byte, len(files.FeaturesHead))
	if _, err := io.ReadFull(lines, head); err != nil || string(head) != files.FeaturesHead {
		return errors.New("it does not begin as the file of candidates does")
	}
	known := described(candidates)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return err
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte(","))
		if len(line) == 0 || string(line) == strings.TrimSpace(files.FeaturesTail) {
			break
		}
		if err := addCandidate(line, w, known); err != nil {
			return fmt.Errorf("feature %d: %w", number, err)
		}
	}
	if w.fields == nil {
		return w.begin([]field{})
	}
	return nil
}

// addCandidate adds the feature of a line. The first one tells which fields there are.
func addCandidate(line []byte, w *writer, known map[string]collection.Field) (err error) {
	if !gjson.ValidBytes(line) {
		return errors.New("it is no JSON")
	}
	feature := gjson.ParseBytes(line)
	properties, geometry := feature.Get("properties"), feature.Get("geometry")
	r := row{id: feature.Get("id").Str}
	if w.fields == nil {
		var fields []field
		properties.ForEach(func(name, _ gjson.Result) bool {
			fields = append(fields, fieldOf(candidates, name.Str, known))
			return true
		})
		if err := w.begin(fields); err != nil {
			return err
		}
	}
	properties.ForEach(func(name, value gjson.Result) bool {
		k := len(r.values)
		if k >= len(w.fields) || w.fields[k].Name != name.Str {
			err = errors.New("its properties are not those of the first")
			return false
		}
		var v any
		if v, err = valueOf(value.Type, value.Raw, value.Str, w.fields[k].Type); err != nil {
			err = fmt.Errorf("%s: %w", name.Str, err)
		}
		r.values = append(r.values, v)
		return err == nil
	})
	if err != nil {
		return err
	}
	shape, err := shapeOf([]byte(geometry.Raw))
	if err != nil {
		return err
	}
	if r.geometry = []byte(geometry.Raw); len(shape) > 0 {
		box := shape.Bound()
		r.box = &box
	}
	return w.add(&r)
}

// valueOf returns a value of JSON as an index keeps it.
func valueOf(kind gjson.Type, raw, text string, want collection.Type) (any, error) {
	switch {
	case kind == gjson.Null:
		return nil, nil
	case kind == gjson.String && want == collection.Text:
		return text, nil
	case kind == gjson.Number && want != collection.Text:
		return numberOf(raw, want)
	}
	return nil, fmt.Errorf("%.40s is no value of the type %s", raw, want)
}

// numberOf returns the number that a text is.
func numberOf(text string, want collection.Type) (any, error) {
	if want == collection.Integer {
		return strconv.ParseInt(text, 10, 64)
	}
	x, err := strconv.ParseFloat(text, 64)
	if err == nil && (math.IsNaN(x) || math.IsInf(x, 0)) {
		err = errors.New("it is not finite")
	}
	return x, err
}

// shapeOf returns the polygons of a geometry of GeoJSON.
func shapeOf(geometry []byte) (orb.MultiPolygon, error) {
	var g struct {
		Type        string           `json:"type"`
		Coordinates orb.MultiPolygon `json:"coordinates"`
	}
	if err := json.Unmarshal(geometry, &g); err != nil {
		return nil, err
	}
	if g.Type != "MultiPolygon" {
		return nil, fmt.Errorf("its geometry is a %q", g.Type)
	}
	return g.Coordinates, nil
}

// readTable reads suppressed.csv or coverage.csv. place may give a row its place.
func readTable(from io.Reader, kind string, w *writer, place func(r *row) error) error {
	table := csv.NewReader(bufio.NewReaderSize(from, 1<<18))
	table.ReuseRecord = true
	header, err := table.Read()
	if err != nil {
		return err
	}
	known, at := described(kind), map[string]int{}
	var fields []field
	for i, name := range header {
		at[name] = i
		fields = append(fields, fieldOf(kind, name, known))
	}
	if len(at) != len(header) {
		return errors.New("two columns have one name")
	}
	if err := w.begin(fields); err != nil {
		return err
	}
	r := row{values: make([]any, len(fields))}
	for number := 1; ; number++ {
		cells, err := table.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		for i, text := range cells {
			if r.values[i] = text; err == nil && fields[i].Type != collection.Text {
				if r.values[i] = nil; text != "" {
					r.values[i], err = numberOf(text, fields[i].Type)
				}
			}
		}
		if r.id, r.box, r.geometry = strconv.Itoa(number), nil, nil; err == nil && kind == suppressed {
			err = pointAt(&r, at)
		}
		if err == nil {
			err = place(&r)
		}
		if err == nil {
			err = w.add(&r)
		}
		if err != nil {
			return fmt.Errorf("row %d: %w", number, err)
		}
	}
}

// pointAt gives a suppressed change its id and its point, which its columns have.
func pointAt(r *row, at map[string]int) error {
	cell := func(name string) any {
		i, ok := at[name]
		if !ok {
			return nil
		}
		return r.values[i]
	}
	id, okID := cell("cand_id").(string)
	lon, okLon := cell("lon").(float64)
	lat, okLat := cell("lat").(float64)
	if !okID || !okLon || !okLat {
		return errors.New("it has no cand_id, lon or lat")
	}
	r.id = id
	r.box = &orb.Bound{Min: orb.Point{lon, lat}, Max: orb.Point{lon, lat}}
	return nil
}

// readZones reads coverage.csv with the outlines in review.gpkg, which has the zones in the same order. Outlines are
// only used when review.gpkg is as the run wrote it, before and after.
func readZones(ctx context.Context, table, outlines published, w *writer) (err error) {
	if err := outlines.verify(ctx); err != nil {
		return err
	}
	// The open file: another one may have its name by now.
	name := fmt.Sprintf("file:/proc/self/fd/%d?mode=ro&immutable=1", outlines.Fd())
	db, err := sqlite.OpenConn(name, sqlite.OpenReadOnly, sqlite.OpenURI)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetInterrupt(ctx.Done())
	stmt, _, err := db.PrepareTransient(`SELECT "geom", "layer", "zone_id" FROM "zones" ORDER BY "fid"`)
	if err != nil {
		return fmt.Errorf("%s: %w", zonesName, err)
	}
	defer func() { err = errors.Join(err, stmt.Finalize()) }()
	err = table.read(ctx, func(r io.Reader) error {
		return readTable(r, zones, w, func(r *row) error {
			more, err := stmt.Step()
			if err != nil || !more {
				return errors.Join(err, errors.New("review.gpkg has no zone for it"))
			}
			if !same(r.values[0], stmt.ColumnText(1)) || !same(r.values[1], stmt.ColumnText(2)) {
				return errors.New("review.gpkg has another zone in its place")
			}
			return outline(stmt, r)
		})
	})
	if err != nil {
		return err
	}
	if more, err := stmt.Step(); err != nil || more {
		return errors.Join(err, errors.New("review.gpkg has more zones than coverage.csv"))
	}
	return outlines.verify(ctx)
}

// same tells whether a cell of CSV has a text, with or without the apostrophe that keeps spreadsheets from running it.
func same(cell any, text string) bool {
	return cell == text || cell == "'"+text || strings.TrimSpace(fmt.Sprint(cell)) == strings.TrimSpace(text)
}

// outline gives a zone its polygons: the first column of a row of a GeoPackage.
func outline(stmt *sqlite.Stmt, r *row) error {
	if stmt.ColumnType(0) == sqlite.TypeNull {
		return nil
	}
	blob := make([]byte, stmt.ColumnLen(0))
	stmt.ColumnBytes(0, blob)
	// Magic, version, flags and SRS are eight bytes; an envelope of x and y follows (OGC 12-128r17, 2.1.3).
	const head = 8 + 32
	if len(blob) < head || blob[3]>>1&7 != 1 {
		return errors.New("its outline is cut off")
	}
	shape, _, err := vector.DecodeWKB(blob[head:])
	if err != nil || len(shape) == 0 {
		return err
	}
	box := shape.Bound()
	r.box = &box
	r.geometry, err = json.Marshal(struct {
		Type        string           `json:"type"`
		Coordinates orb.MultiPolygon `json:"coordinates"`
	}{"MultiPolygon", shape})
	return err
}
