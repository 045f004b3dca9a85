package gdalvector

/*
#include <gdal.h>
#include <ogr_api.h>
#include <stdlib.h>
*/
import "C"

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unsafe"
)

// selectFeatures finds which features the attribute filter keeps.
func (l *Layer) selectFeatures(ly layer, dbf *attributes, where string) error {
	var values [][]string
	var numeric []bool
	if dbf != nil {
		values, numeric = dbf.rows, dbf.numeric
	} else {
		numeric = ly.numeric()
		for {
			r, err := ly.next(len(l.Fields))
			if err != nil {
				return fmt.Errorf("feature %d cannot be read: %w", len(values)+1, err)
			}
			if r == nil {
				break
			}
			values = append(values, r.values)
		}
		C.OGR_L_ResetReading(ly.h)
	}
	var err error
	if l.keep, err = filter(where, l.Fields, numeric, values); err != nil {
		return err
	}
	if fields := mentioned(where, l.Fields); len(fields) > 0 {
		without := 0
		for k, row := range values {
			if !l.keep[k] && slices.ContainsFunc(fields, func(i int) bool { return row[i] == "" }) {
				without++
			}
		}
		name := l.Fields[fields[0]]
		l.warn(without, "where leaves out %s no value in a field that it names, such as "+name+
			", since no comparison holds there; say OR "+name+" IS NULL if they are to stay",
			"feature that has", "features that have")
	}
	return nil
}

// parts divides an expression into what is quoted and what is not: every second part, from the first on, is not.
func parts(where string) (all []string) {
	at := 0
	for i := 0; i < len(where); i++ {
		if mark := where[i]; mark == '\'' || mark == '"' {
			end := strings.IndexByte(where[i+1:], mark)
			if end < 0 {
				break
			}
			all = append(all, where[at:i], where[i:i+end+2])
			i += end + 1
			at = i + 1
		}
	}
	return append(all, where[at:])
}

// word matches what may be the name of a field.
var word = regexp.MustCompile(`[\pL\pM\pN_]+`)

// quoteForeign quotes names beyond ASCII, which OGR does not take for names otherwise.
func quoteForeign(where string) string {
	all := parts(where)
	for i := 0; i < len(all); i += 2 {
		all[i] = word.ReplaceAllStringFunc(all[i], func(name string) string {
			if isASCII([]byte(name)) {
				return name
			}
			return `"` + name + `"`
		})
	}
	return strings.Join(all, "")
}

// mentioned returns the positions of the fields that an expression compares; none when it asks for missing values
// itself.
func mentioned(where string, fields []string) (positions []int) {
	var names []string
	for i, part := range parts(where) {
		switch {
		case i%2 == 0:
			names = append(names, word.FindAllString(part, -1)...)
		case part[0] == '"':
			names = append(names, strings.Trim(part, `"`))
		}
	}
	named := func(name string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
	}
	if named("NULL") {
		return nil
	}
	for i, f := range fields {
		if named(f) {
			positions = append(positions, i)
		}
	}
	return positions
}

// numeric tells of each field that it holds numbers.
func (l layer) numeric() (all []bool) {
	definition := C.OGR_L_GetLayerDefn(l.h)
	for i := range C.OGR_FD_GetFieldCount(definition) {
		switch C.OGR_Fld_GetType(C.OGR_FD_GetFieldDefn(definition, i)) {
		case C.OFTInteger, C.OFTInteger64, C.OFTReal:
			all = append(all, true)
		default:
			all = append(all, false)
		}
	}
	return all
}

// filter finds the features that where, an expression of OGR SQL, keeps. values are those of all features, decoded;
// numeric tells of each field that it holds numbers. OGR judges a copy of the attributes, so the same expression means
// the same in every format, and text may have been in any encoding.
func filter(where string, fields []string, numeric []bool, values [][]string) (keep []bool, err error) {
	text, err := attributesAsJSON(fields, numeric, values)
	if err != nil {
		return nil, err
	}
	d, err := open(string(text), "GeoJSON")
	if err != nil {
		return nil, err
	}
	defer d.close()
	h := C.GDALDatasetGetLayer(d.h, 0)
	if h == nil {
		return nil, errors.New("its attributes cannot be filtered")
	}
	keep = make([]bool, len(values))
	if err := d.mark(h, quoteForeign(where), func(feature int) { keep[feature] = true }); err != nil {
		return nil, fmt.Errorf("where %s: %w; its fields are %s", where, err, strings.Join(fields, ", "))
	}
	return keep, nil
}

// mark calls found for each feature of a layer of attributesAsJSON for which an expression holds.
func (d *dataset) mark(h C.OGRLayerH, expression string, found func(feature int)) error {
	e := C.CString(expression)
	defer C.free(unsafe.Pointer(e))
	if C.OGR_L_SetAttributeFilter(h, e) != C.OGRERR_NONE {
		if err := d.failure(); err != nil {
			return errors.New(strings.Join(strings.Fields(err.Error()), " "))
		}
		return errors.New("is no expression that OGR understands")
	}
	C.OGR_L_ResetReading(h)
	for {
		f := C.OGR_L_GetNextFeature(h)
		if err := d.failure(); err != nil || f == nil {
			return err
		}
		if id := int(C.OGR_F_GetFID(f)); id > 0 {
			found(id - 1)
		}
		C.OGR_F_Destroy(f)
	}
}

// attributesAsJSON writes attributes as GeoJSON without geometry. Feature n has the id n, from 1; feature 0 has a value
// in each field, by which OGR knows its type.
func attributesAsJSON(fields []string, numeric []bool, values [][]string) ([]byte, error) {
	var b strings.Builder
	names := make([]string, len(fields))
	for i, name := range fields {
		names[i] = quote(name)
	}
	b.WriteString(`{"type":"FeatureCollection","features":[`)
	write := func(id int, value func(i int) string) {
		if id > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n"+`{"type":"Feature","id":%d,"geometry":null,"properties":{`, id)
		for i, name := range names {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(name + ":" + value(i))
		}
		b.WriteString("}}")
	}
	write(0, func(i int) string {
		if numeric[i] {
			return "0"
		}
		return `"text"`
	})
	for k, row := range values {
		write(k+1, func(i int) string {
			switch {
			case row[i] == "" || numeric[i] && !json.Valid([]byte(row[i])):
				return "null"
			case numeric[i]:
				return row[i]
			}
			return quote(row[i])
		})
	}
	b.WriteString("\n]}\n")
	if b.Len() > maxInMemory {
		return nil, errors.New("its attributes are too many to be filtered")
	}
	return []byte(b.String()), nil
}
