package gdalinput

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"greenshield/redline"
	"greenshield/redline/record"
	"greenshield/vector/gdalvector"
)

// LayerFacts describe one layer.
type LayerFacts struct {
	Driver string   `json:"driver"`
	Name   string   `json:"name"`
	CRS    CRSFacts `json:"crs"`
	// Operation names what brings coordinates to the rasters' CRS; "" when that is the layer's own.
	Operation string `json:"operation,omitempty"`
	// AccuracyM is what the EPSG database states for the operation, in metres; nil when it states nothing.
	AccuracyM    *float64    `json:"operation_accuracy_m,omitempty"`
	Encoding     string      `json:"encoding"`      // of attribute text
	EncodingFrom string      `json:"encoding_from"` // how the encoding is known
	Declared     int         `json:"features_declared"`
	Read         int         `json:"features_read"`               // features with a polygon
	Skipped      int         `json:"features_skipped"`            // features without geometry
	LeftOut      int         `json:"features_left_out,omitempty"` // features that an attribute filter does not keep
	Fields       []string    `json:"fields"`
	Roles        []FieldRole `json:"roles,omitempty"`

	Domains   []DomainFacts   `json:"domains,omitempty"`          // of fields whose values are codes
	FuncZones []FuncZone      `json:"functional_zones,omitempty"` // most frequent first after [Examination.Conclude]
	Since     *SinceFacts     `json:"since,omitempty"`            // of zones; nil when neither a field nor the job dates them
	Types     []TypeFacts     `json:"zone_types,omitempty"`       // strictest first
	ZonesHa   float64         `json:"zones_ha,omitempty"`         // sum of the zones
	CoveredHa float64         `json:"covered_ha,omitempty"`       // ground under the zones, counted once
	Repairs   []record.Repair `json:"repairs,omitempty"`          // in the order of the features
	Shift     *Shift          `json:"suspected_shift,omitempty"`  // of an admin layer; nil when none is suspected

	textAt map[string]int // text → position in FuncZones until they are sorted
}

// FieldRole tells which attribute field holds what a role asks for. Field is "" when none does, and "#" when the
// number of the feature serves.
type FieldRole struct {
	Role  string `json:"role"`
	Field string `json:"field"`
}

// DomainFacts tell what the codes in a field stand for: those that occur.
type DomainFacts struct {
	Field  string      `json:"field"`
	Domain string      `json:"domain"` // name of the coded-value domain, "" for subtypes of a file geodatabase
	Codes  []CodedText `json:"codes"`  // sorted by code
}

// CodedText are a code with what it stands for.
type CodedText struct {
	Code     string `json:"code"`
	Text     string `json:"text"` // "" when the domain lacks the code
	Features int    `json:"features"`
}

// noteDomains sets the domains of a layer, and warns of codes that they lack.
func (ly *layer) noteDomains() {
	for at, d := range ly.Domains {
		if d.Texts == nil {
			continue
		}
		counts := map[string]int{}
		unknown, first := 0, ""
		for i := range ly.Features {
			value := ly.Features[i].Values[at]
			if value != "" {
				counts[value]++
			}
			if _, known := d.Text(value); !known {
				if unknown++; unknown == 1 {
					first = fmt.Sprintf("%q in feature %d", value, ly.Features[i].Number)
				}
			}
		}
		facts := DomainFacts{Field: ly.Fields[at], Domain: d.Name, Codes: []CodedText{}}
		for _, code := range slices.Sorted(maps.Keys(counts)) {
			facts.Codes = append(facts.Codes, CodedText{code, d.Texts[code], counts[code]})
		}
		ly.in.Layer.Domains = append(ly.in.Layer.Domains, facts)
		if unknown > 0 {
			ly.in.warn("field %s: its coded-value domain lacks %d of %d values, which stay as they are, the first one %s",
				facts.Field, unknown, len(ly.Features), first)
		}
	}
}

// FuncZone is a text that names a functional zone.
type FuncZone struct {
	Text  string `json:"text"`
	Type  string `json:"zone_type"` // "" when no zone type is known for the text
	Zones int    `json:"zones"`
}

// TypeFacts are the zones of one type in one layer.
type TypeFacts struct {
	Type   string  `json:"zone_type"`
	TypeZH string  `json:"zone_type_zh"`
	Zones  int     `json:"zones"`
	AreaHa float64 `json:"area_ha"` // sum of the zones
}

func layerFacts(l *gdalvector.Layer) *LayerFacts {
	return &LayerFacts{
		Driver:       l.Driver,
		Name:         l.Name,
		CRS:          crsFacts(l.CRS),
		Encoding:     l.Encoding,
		EncodingFrom: l.EncodingFrom,
		Declared:     l.Declared,
		Read:         len(l.Features),
		Skipped:      l.SkippedEmpty,
		LeftOut:      l.LeftOut,
		Fields:       append([]string{}, l.Fields...),
		textAt:       map[string]int{},
	}
}

// setOperation sets what brings coordinates to the rasters' CRS; a negative accuracy stands for none stated.
func (f *LayerFacts) setOperation(name string, accuracyM float64) {
	f.Operation = name
	if accuracyM >= 0 {
		f.AccuracyM = &accuracyM
	}
}

// countZone adds a zone with the text of its functional zone. t is only used when it is known.
func (f *LayerFacts) countZone(text string, t redline.ZoneType, known bool) {
	at, ok := f.textAt[text]
	if !ok {
		at = len(f.FuncZones)
		f.textAt[text] = at
		f.FuncZones = append(f.FuncZones, FuncZone{Text: text})
		if known {
			f.FuncZones[at].Type = t.String()
		}
	}
	f.FuncZones[at].Zones++
}

// sortTexts sorts FuncZones by frequency, then by text. countZone must not be called after it.
func (f *LayerFacts) sortTexts() {
	slices.SortFunc(f.FuncZones, func(a, b FuncZone) int {
		return cmp.Or(cmp.Compare(b.Zones, a.Zones), cmp.Compare(a.Text, b.Text))
	})
}
