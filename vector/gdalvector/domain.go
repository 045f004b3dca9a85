package gdalvector

/*
#include <gdal.h>
#include <ogr_api.h>
#include <stdlib.h>
*/
import "C"

import (
	"encoding/xml"
	"fmt"
	"strings"
	"unsafe"
)

// Domain is what the codes in a field stand for: a coded-value domain, or the subtypes of a file geodatabase.
type Domain struct {
	Name  string            // "" for subtypes
	Texts map[string]string // by code; nil for a field without a domain
}

// Text returns what a value of the field stands for. It is the value itself where the field has no domain, and known is
// false where the domain lacks the value. No value is always known.
func (d *Domain) Text(value string) (text string, known bool) {
	if d.Texts == nil || value == "" {
		return value, true
	}
	if text, known = d.Texts[value]; !known {
		return value, false
	}
	return text, true
}

// domains returns the domains of all fields.
func (l layer) domains(driver string) (all []Domain, warnings []string) {
	definition := C.OGR_L_GetLayerDefn(l.h)
	names, _ := l.fields()
	all = make([]Domain, len(names))
	for i := range all {
		field := C.OGR_FD_GetFieldDefn(definition, C.int(i))
		name := C.OGR_Fld_GetDomainName(field)
		if name == nil || *name == 0 {
			continue
		}
		domain := C.GDALDatasetGetFieldDomain(l.d.h, name)
		if domain == nil || C.OGR_FldDomain_GetDomainType(domain) != C.OFDT_CODED {
			continue // a range, or a pattern
		}
		all[i] = Domain{C.GoString(name), map[string]string{}}
		first := C.OGR_CodedFldDomain_GetEnumeration(domain)
		for at := first; at.pszCode != nil; at = (*C.OGRCodedValue)(unsafe.Add(unsafe.Pointer(at), C.sizeof_OGRCodedValue)) {
			code := C.GoString(at.pszCode)
			if C.OGR_Fld_GetType(field) != C.OFTString {
				code = plainNumber(code)
			}
			if at.pszValue != nil { // a code without a text stands for itself
				all[i].Texts[code] = C.GoString(at.pszValue)
			} else {
				all[i].Texts[code] = code
			}
		}
	}
	if driver == "OpenFileGDB" {
		warnings = l.subtypes(names, all)
	}
	_ = l.d.failure() // what cannot be decoded stays as it is
	return all, warnings
}

// subtyped is what the definition of a table in a file geodatabase says of subtypes, in ESRI's XML.
type subtyped struct {
	Field    string `xml:"SubtypeFieldName"`
	Subtypes []struct {
		Name   string `xml:"SubtypeName"`
		Code   string `xml:"SubtypeCode"`
		Fields []struct {
			Name   string `xml:"FieldName"`
			Domain string `xml:"DomainName"`
		} `xml:"FieldInfos>SubtypeFieldInfo"`
	} `xml:"Subtypes>Subtype"`
}

// subtypes sets the domain of the field that holds subtypes. GDAL does not read them, but it gives the XML that defines
// them. A field whose domain differs by subtype is left without one, with a warning.
func (l layer) subtypes(names []string, all []Domain) (warnings []string) {
	sql := C.CString("GetLayerDefinition " + l.name)
	defer C.free(unsafe.Pointer(sql))
	answer := C.GDALDatasetExecuteSQL(l.d.h, sql, nil, nil)
	if answer == nil {
		return nil
	}
	defer C.GDALDatasetReleaseResultSet(l.d.h, answer)
	f := C.OGR_L_GetNextFeature(answer)
	if f == nil {
		return nil
	}
	defer C.OGR_F_Destroy(f)
	var s subtyped
	if xml.Unmarshal([]byte(C.GoString(C.OGR_F_GetFieldAsString(f, 0))), &s) != nil || len(s.Subtypes) == 0 {
		return nil
	}
	for i, name := range names {
		if strings.EqualFold(name, s.Field) {
			all[i] = Domain{Texts: map[string]string{}}
			for _, t := range s.Subtypes {
				all[i].Texts[plainNumber(t.Code)] = t.Name
			}
			continue
		}
		if s.differs(name, all[i].Name) {
			all[i] = Domain{}
			warnings = append(warnings, fmt.Sprintf("the values of field %s are codes: what they stand for differs by "+
				"subtype (field %s), which is not read", name, s.Field))
		}
	}
	return warnings
}

// differs tells that a subtype gives a field another domain than its own.
func (s *subtyped) differs(name, domain string) bool {
	for _, t := range s.Subtypes {
		for _, field := range t.Fields {
			if field.Name == name && field.Domain != "" && field.Domain != domain {
				return true
			}
		}
	}
	return false
}
