package gdalvector

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// fuzzFile returns a function that writes bytes to a file of that name.
func fuzzFile(f *testing.F, name string) (path string, write func(t *testing.T, b []byte)) {
	path = filepath.Join(f.TempDir(), name)
	return path, func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzTable: an accepted .dbf has all the records that it declares, each with a value
// for every field; the values are clean text, and those of the bytes that they stand in.
func FuzzTable(f *testing.F) {
	dbf, write := fuzzFile(f, "a.dbf")
	cpg, writeCPG := fuzzFile(f, "a.cpg")
	table := func(language byte, kind byte, records ...string) []byte {
		b := make([]byte, 65)
		b[0], b[4], b[8], b[10], b[29], b[64] = 3, byte(len(records)), 65, 5, language, '\r'
		copy(b[32:], "MC\x00")
		b[32+11], b[32+16] = kind, 4
		return append(b, strings.Join(records, "")+"\x1a"...)
	}
	f.Add(table(0, 'C', " \xb0\xb2\xbb\xd5"), "", "")
	f.Add(table(0x4d, 'C', " \xb0\xb2\xbb\xd5", "*gone", " \xb0\xb2\xbb "), "", "")
	f.Add(table(0, 'N', "  007", " ****", "     "), "utf-8", "")
	f.Add(table(0x57, 'C', " a\x00bc", " \xe5\xae\x89\xe5"), "", "UTF-8")
	f.Add(table(0, 'L', " ?   ", " T   "), "GBK", "Big5")
	f.Add(table(0, 'D', " 0000", " \x00\x00\x00\x00"), "1252", "\uFEFF936\r\n")
	f.Fuzz(func(t *testing.T, b []byte, given, declared string) {
		write(t, b)
		writeCPG(t, []byte(declared))
		got, err := readTable(dbf)
		if err != nil {
			return
		}
		head, size := int(binary.LittleEndian.Uint16(b[8:])), int(binary.LittleEndian.Uint16(b[10:]))
		count := int(binary.LittleEndian.Uint32(b[4:]))
		gone := 0
		for _, yes := range got.deleted {
			if yes {
				gone++
			}
		}
		if len(got.deleted) != count || len(got.records)+gone != count {
			t.Fatalf("%d records declared, %d marked, %d kept, %d deleted", count, len(got.deleted), len(got.records), gone)
		}
		c, from, _, err := got.charset(Source{DefaultEncoding: given}, cpg)
		if err != nil {
			return
		}
		if from == "" || c.name == "" {
			t.Fatalf("encoding %q from %q", c.name, from)
		}
		names, rows, _, err := got.decode(c)
		if err != nil {
			return
		}
		if len(names) != len(got.fields) || len(rows) != len(got.records) {
			t.Fatalf("%d names for %d fields, %d rows for %d records", len(names), len(got.fields), len(rows), len(got.records))
		}
		clean := func(s string) {
			if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
				t.Fatalf("text %q", s)
			}
		}
		k := 0
		for i := range count {
			record := b[head+i*size : head+(i+1)*size]
			if record[0] == '*' {
				continue
			}
			if len(rows[k]) != len(names) {
				t.Fatalf("record %d has %d values", i+1, len(rows[k]))
			}
			at := 1
			for n, field := range got.fields {
				clean(names[n])
				clean(rows[k][n])
				raw := record[at : at+field.width]
				at += field.width
				if rows[k][n] == "" {
					continue
				}
				// The value is what its bytes say, but for blanks and one character cut at the end.
				whole, _ := c.decode(raw)
				if field.kind != 'C' {
					whole = strings.TrimLeft(whole, " \x00")
				}
				if n := rows[k][n]; (field.kind == 'N' || field.kind == 'F') && !strings.HasPrefix(whole, n) {
					// The same number may be written otherwise.
					said, _ := new(big.Rat).SetString(n)
					was, _ := new(big.Rat).SetString(strings.TrimRight(whole, " \x00"))
					if said != nil && was != nil && was.Cmp(said) == 0 {
						continue
					}
				}
				if !strings.HasPrefix(whole, rows[k][n]) {
					t.Fatalf("record %d, field %d: % x became %q", i+1, n+1, raw, rows[k][n])
				}
			}
			k++
		}
	})
}

// shapefile returns a .shp and .shx of polygon records, each of that many words.
func shapefile(words ...uint32) (shp, shx []byte) {
	shp, shx = make([]byte, 100), make([]byte, 100)
	be := binary.BigEndian
	for i, n := range words {
		shx = be.AppendUint32(be.AppendUint32(shx, uint32(len(shp)/2)), n)
		shp = be.AppendUint32(be.AppendUint32(shp, uint32(i+1)), n)
		content := make([]byte, 2*n)
		if n > 2 {
			content[0] = 5
		}
		shp = append(shp, content...)
	}
	for _, b := range [][]byte{shp, shx} {
		be.PutUint32(b, 9994)
		be.PutUint32(b[24:], uint32(len(b)/2))
		binary.LittleEndian.PutUint32(b[28:], 1000)
		binary.LittleEndian.PutUint32(b[32:], 5)
	}
	return shp, shx
}

// FuzzShapes: of an accepted pair of .shp and .shx every record lies whole in the .shp,
// none in another, and has a shape unless it is a null shape.
func FuzzShapes(f *testing.F) {
	shpPath, writeShp := fuzzFile(f, "a.shp")
	shxPath, writeShx := fuzzFile(f, "a.shx")
	for _, words := range [][]uint32{{}, {64}, {64, 2, 22}, {2}} {
		shp, shx := shapefile(words...)
		f.Add(shp, shx, len(words))
		f.Add(shp[:len(shp)-1], shx, len(words))
		f.Add(shp, shx, len(words)+1)
	}
	f.Fuzz(func(t *testing.T, shp, shx []byte, records int) {
		writeShp(t, shp)
		writeShx(t, shx)
		present, err := shapes(shpPath, shxPath, records)
		if err != nil {
			return
		}
		if len(present) != records || len(shx) != 100+8*records {
			t.Fatalf("%d records, %d found, .shx of %d bytes", records, len(present), len(shx))
		}
		owner := make([]int, len(shp)) // of each byte: the record, from 1
		for i, yes := range present {
			entry := shx[100+8*i:]
			start, length := 2*int(binary.BigEndian.Uint32(entry)), 2*int(binary.BigEndian.Uint32(entry[4:]))
			if start < 100 || start+8+length > len(shp) {
				t.Fatalf("record %d lies at %d, %d bytes long, of %d", i+1, start, length, len(shp))
			}
			for k := start; k < start+8+length; k++ {
				if owner[k] != 0 {
					t.Fatalf("byte %d belongs to records %d and %d", k, owner[k], i+1)
				}
				owner[k] = i + 1
			}
			if yes == bytes.Equal(shp[start+8:start+12], []byte{0, 0, 0, 0}) {
				t.Fatalf("record %d: shape %v, type % x", i+1, yes, shp[start+8:start+12])
			}
		}
	})
}

// FuzzGeoJSON: an accepted file is JSON with the number of features that is returned,
// without a NUL in any text and without a crs that is more than a name.
func FuzzGeoJSON(f *testing.F) {
	path, write := fuzzFile(f, "a.geojson")
	for _, s := range []string{
		`{"type":"FeatureCollection","features":[]}`,
		"\uFEFF" + ` {"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:4490"}},"features":[{"type":"Feature","properties":{"a":"\\u0000"},"geometry":null},null]}`,
		`{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}`,
		`{"type":"Feature","CRS" : {"properties":{},"type":"link"}}`,
		`{"type":"Feature","properties":{"a":"\u0000"}}`,
		`{"type":"Feature","properties":{"a":"\\\u0000"}}`,
		`{"type":"Point","coordinates":[1,2]}`,
		`{"type":"Feature","\u0063RS":{"type":"link"}}`,
		`{"type":"Feature","crs":{"type":"link","Type":"name"}}`,
		`{"type":"FeatureCollection","features":[`,
		`{"type":"FeatureCollection","features":[{"crs":{"type":"EPSG"}}],"name":"\"crs\":{"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		write(t, b)
		n, err := checkGeoJSON(path, path, 0)
		if err != nil {
			return
		}
		b = bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\uFEFF")))
		var top map[string]any
		if err := json.Unmarshal(b, &top); err != nil {
			t.Fatalf("accepted, although %v", err)
		}
		if features, ok := top["features"].([]any); ok && top["type"] == "FeatureCollection" && len(features) != n {
			t.Fatalf("%d features, counted %d", len(features), n)
		}
		if problem := hidden(top); problem != "" {
			t.Fatalf("accepted with %s", problem)
		}
	})
}

// hidden finds in decoded JSON what must not be there.
func hidden(v any) string {
	switch v := v.(type) {
	case string:
		if strings.ContainsRune(v, 0) {
			return "a NUL"
		}
	case []any:
		for _, item := range v {
			if problem := hidden(item); problem != "" {
				return problem
			}
		}
	case map[string]any:
		for key, item := range v {
			if crs, ok := item.(map[string]any); ok && strings.EqualFold(key, "crs") {
				for member, is := range crs {
					if strings.EqualFold(member, "type") && is != "name" && is != "EPSG" {
						return "a crs that is more than a name"
					}
				}
			}
			if problem := cmp.Or(hidden(key), hidden(item)); problem != "" {
				return problem
			}
		}
	}
	return ""
}
