package gdalvector

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
)

const (
	maxInMemory = 1 << 30   // bytes that a file may have that is read into memory as a whole
	maxObject   = 200 << 20 // bytes that a feature may have

	// GDAL holds a feature as a tree of all its members and numbers, which takes up to this many times its bytes.
	treeForms = 25
)

// crsMember finds a crs object at any depth, in any case and spelled with escapes, as
// OGR does.
var crsMember = regexp.MustCompile(`(?i)"(?:c|\\u00[46]3)(?:r|\\u00[57]2)(?:s|\\u00[57]3)"\s*:\s*\{`)

// checkGeoJSON reads the file's frame before OGR does: OGR forgives broken JSON,
// follows a linked CRS, and cuts text at a NUL. It returns the number of features. name is that of the file in
// commands; memory is how many bytes a feature may take while it is read, 0 for no limit.
func checkGeoJSON(path, name string, memory int64) (features int, err error) {
	info, err := stat(path)
	if err != nil {
		return 0, cause(err)
	}
	if info.Size() > maxInMemory {
		return 0, fmt.Errorf("%w: GeoJSON of %d MB, at most %d MB are read; %s", raster.ErrLimit, info.Size()>>20,
			maxInMemory>>20, toGeoPackage(name))
	}
	b, err := readFile(path)
	if err != nil {
		return 0, cause(err)
	}
	b = bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\uFEFF")))
	if len(b) == 0 || b[0] != '{' {
		return 0, errors.New("not GeoJSON: it does not start with {")
	}
	if !utf8.Valid(b) {
		return 0, errors.New("not GeoJSON: " + badLine(b))
	}
	var top struct {
		Type     string
		Features []json.RawMessage
	}
	err = json.Unmarshal(b, &top)
	whole := []string{"Feature", "Polygon", "MultiPolygon", "GeometryCollection"} // one feature is all of the text
	if err != nil || top.Type != "FeatureCollection" && !slices.Contains(whole, top.Type) {
		if format := otherJSON(b); format != "" {
			return 0, convert(name, format)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("not GeoJSON: %w", err)
	}
	for _, at := range crsMember.FindAllIndex(b, -1) {
		if kind := crsType(b[at[1]-1:]); kind != "name" && kind != "EPSG" {
			return 0, fmt.Errorf("its crs member is of type %q; only a named CRS or none (WGS 84) is read", kind)
		}
	}
	if hasNUL(b) {
		return 0, errors.New(`its text holds a NUL character (\u0000); correct the attribute`)
	}
	switch {
	case top.Type == "FeatureCollection":
	case slices.Contains(whole, top.Type):
		top.Features = []json.RawMessage{b}
	default:
		return 0, fmt.Errorf("not GeoJSON with polygons: its type is %q", top.Type)
	}
	for i, f := range top.Features {
		if err := checkObject(len(f), memory); err != nil {
			return 0, fmt.Errorf("%w: feature %d %w; split it, or %s", raster.ErrLimit, i+1, err, toGeoPackage(name))
		}
	}
	return len(top.Features), nil
}

// toGeoPackage is a remedy for features too large to be read as GeoJSON. GDAL's own limit would stop the command.
func toGeoPackage(path string) string {
	return gdalraster.Mend(".gpkg", path, "ogr2ogr --config OGR_GEOJSON_MAX_OBJ_SIZE 0 -f GPKG")
}

// checkObject refuses a feature of too many bytes.
func checkObject(bytes int, memory int64) error {
	need := treeForms * int64(bytes)
	switch {
	case bytes > maxObject:
		return fmt.Errorf("has %d MB, at most %d MB are read", bytes>>20, maxObject>>20)
	case memory > 0 && need > memory:
		return fmt.Errorf("has %d MB, and GDAL needs some %d MiB to read it, more than --max-memory leaves (%d MiB)",
			bytes>>20, need>>20, memory>>20)
	}
	return nil
}

// badLine shows the first bytes of a text that are not UTF-8, and in which encoding the word around them reads as
// Chinese.
func badLine(b []byte) string {
	valid := 0
	for valid < len(b) {
		r, n := utf8.DecodeRune(b[valid:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		valid += n
	}
	line := 1 + bytes.Count(b[:valid], []byte("\n"))
	start, end := 1+bytes.LastIndexByte(b[:valid], '"'), len(b)
	if n := bytes.IndexByte(b[valid:], '"'); n >= 0 {
		end = valid + n
	}
	word := b[start:end]
	return fmt.Sprintf("its text is not UTF-8: line %d, in a text of %d bytes: %s%s", line, len(word),
		utf8Set.offence(word), fitting(word))
}

// crsType returns the type of the crs object that b begins with. It is "" if the object has none, or several that
// differ in spelling: OGR might take another one than the one that is judged here.
func crsType(b []byte) string {
	var members map[string]json.RawMessage
	if json.NewDecoder(bytes.NewReader(b)).Decode(&members) != nil {
		return ""
	}
	kind, found := "", 0
	for key, value := range members {
		if strings.EqualFold(key, "type") {
			_ = json.Unmarshal(value, &kind)
			found++
		}
	}
	if found != 1 {
		return ""
	}
	return kind
}

// hasNUL finds the escape \u0000 in valid JSON. After an odd number of further
// backslashes it is plain text.
func hasNUL(b []byte) bool {
	for {
		i := bytes.Index(b, []byte(`\u0000`))
		if i < 0 {
			return false
		}
		if slashes := i - len(bytes.TrimRight(b[:i], `\`)); slashes%2 == 0 {
			return true
		}
		b = b[i+1:]
	}
}
