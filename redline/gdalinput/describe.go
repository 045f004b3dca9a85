package gdalinput

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/report"
	"greenshield/vector/gdalvector"
)

// The types of this file are what check says of inputs; redline/gdalinput/README.md
// documents their JSON.

// CRSFacts describe a CRS.
type CRSFacts struct {
	Name          string `json:"name"`
	EPSG          int    `json:"epsg,omitempty"`           // whose definition is equal; 0 when none is
	Projection    string `json:"projection,omitempty"`     // method, of a projected CRS
	Geographic    bool   `json:"geographic"`               // coordinates are degrees
	Axes          string `json:"axes"`                     // as used: always east first
	AuthorityAxes string `json:"authority_axes,omitempty"` // as EPSG orders them
}

func crsFacts(c raster.CRS) CRSFacts {
	f := CRSFacts{Name: c.Name, EPSG: c.EPSG, Geographic: c.Geographic, Axes: "east, north"}
	if _, rest, ok := strings.Cut(c.WKT, `METHOD["`); ok && !c.Geographic {
		f.Projection, _, _ = strings.Cut(rest, `"`)
	}
	if c.EPSG != 0 {
		f.AuthorityAxes = axes(c.WKT)
	}
	return f
}

// axes reads the directions of the first two axes of a WKT 2, "" when it has none.
func axes(wkt string) string {
	var found []string
	for len(found) < 2 {
		_, rest, ok := strings.Cut(wkt, `AXIS["`)
		if !ok {
			return ""
		}
		_, rest, _ = strings.Cut(rest, `",`)
		end := strings.IndexAny(rest, ",]")
		if end < 0 {
			return ""
		}
		found, wkt = append(found, rest[:end]), rest[end:]
	}
	return strings.Join(found, ", ")
}

// GridFacts describe a grid.
type GridFacts struct {
	CRS     CRSFacts   `json:"crs"`
	OriginX float64    `json:"origin_x"` // top-left corner, in the CRS
	OriginY float64    `json:"origin_y"`
	CellX   float64    `json:"cell_x"`
	CellY   float64    `json:"cell_y"`
	EastM   float64    `json:"cell_east_m"` // length of a cell's sides in the middle of the grid
	NorthM  float64    `json:"cell_north_m"`
	Cols    int        `json:"cols"`
	Rows    int        `json:"rows"`
	LonLat  [4]float64 `json:"extent_lonlat"` // west, south, east, north, degrees of WGS 84 or its own datum
}

func gridFacts(g raster.Grid) GridFacts {
	f := GridFacts{CRS: crsFacts(g.CRS), OriginX: g.OriginX, OriginY: g.OriginY, CellX: g.CellX, CellY: g.CellY, Cols: g.Cols, Rows: g.Rows}
	if degrees, done, err := latticeDegrees(g); err == nil {
		defer done()
		middle := []shiftPoint{{u: float64(g.Cols) / 2, v: float64(g.Rows) / 2}}
		if measurePoints(middle, degrees) == nil {
			m := middle[0].metres
			f.EastM, f.NorthM = math.Hypot(m[0][0], m[1][0]), math.Hypot(m[0][1], m[1][1])
		}
	}
	if geographic, err := gdalraster.Base(g.CRS); err == nil {
		if box, err := project(bounds(g), g.CRS, geographic); err == nil {
			f.LonLat = [4]float64{box.Min[0], box.Min[1], box.Max[0], box.Max[1]}
		}
	}
	return f
}

// RasterFacts describe one epoch.
type RasterFacts struct {
	Driver      string    `json:"driver"` // of the first file
	Type        string    `json:"type"`
	Band        int       `json:"band"`
	Bands       int       `json:"bands"`
	Compression string    `json:"compression"` // "none" when none
	BlockCols   int       `json:"block_cols"`
	BlockRows   int       `json:"block_rows"`
	SouthUp     bool      `json:"south_up"` // rows are stored from south to north
	Palette     bool      `json:"palette"`
	Grid        GridFacts `json:"grid"` // filled by [Diagnose]

	NoData       string  `json:"nodata_value"` // of the file, "" when it declares none
	NoDataLegend []int64 `json:"nodata_legend"`
	NoDataMask   bool    `json:"nodata_mask"` // an internal mask hides cells

	*CensusFacts // nil when the cells could not be read
}

// CensusFacts tell what the cells hold.
type CensusFacts struct {
	Cells        int64         `json:"cells"`
	NoDataCells  int64         `json:"nodata_cells"`
	OutsideCells *int64        `json:"outside_common_cells,omitempty"` // missing when there is no common grid, or after is aligned to it
	Codes        []CodeFacts   `json:"codes"`
	Unknown      []UnknownCode `json:"unknown_codes"`
	MoreUnknown  int64         `json:"more_unknown_cells,omitempty"` // cells with further unknown codes
}

// CodeFacts is one code of the legend that occurs.
type CodeFacts struct {
	Code        int64   `json:"code"`
	NameEN      string  `json:"name_en"`
	NameZH      string  `json:"name_zh"`
	Ecosystem   string  `json:"ecosystem"`
	EcosystemZH string  `json:"ecosystem_zh"`
	Cells       int64   `json:"cells"`
	AreaHa      float64 `json:"area_ha"`
}

// UnknownCode is a code that the legend lacks.
type UnknownCode struct {
	Code     int64 `json:"code"`
	Cells    int64 `json:"cells"`
	Common   int64 `json:"common_cells"` // of them on the common grid
	FirstRow int   `json:"first_row"`    // from 0, in the epoch
	FirstCol int   `json:"first_col"`
}

// rasterFacts leaves the grid to the diagnosis, which alone tells of it: PROJ is slow.
func rasterFacts(d *gdalraster.Description, legend landcover.Legend) *RasterFacts {
	return &RasterFacts{
		Driver: d.Driver, Type: d.Type, Band: d.Band, Bands: d.Bands, Compression: cmp.Or(d.Compression, "none"),
		BlockCols: d.BlockCols, BlockRows: d.BlockRows, SouthUp: d.SouthUp, Palette: d.Palette,
		NoData: d.NoData, NoDataLegend: append([]int64{}, legend.NoDataCodes()...), NoDataMask: d.Mask,
	}
}

func censusFacts(c *redline.Census) *CensusFacts {
	f := &CensusFacts{Cells: c.Cells, NoDataCells: c.NoData, MoreUnknown: c.MoreUnknown, Codes: []CodeFacts{}, Unknown: []UnknownCode{}}
	for _, k := range c.Classes {
		f.Codes = append(f.Codes, CodeFacts{k.Code, k.NameEN, k.NameZH, k.Ecosystem.String(), k.Ecosystem.Chinese(), k.Cells, ha(k.AreaM2)})
	}
	for _, u := range c.Unknown {
		f.Unknown = append(f.Unknown, UnknownCode{u.Code, u.Cells, u.Common, u.Row, u.Col})
	}
	return f
}

// ha turns square metres into hectares with 4 decimals, as the tables of a run.
func ha(m2 float64) float64 { return math.Round(m2) / 1e4 }

// LayerFacts describe one layer.
type LayerFacts struct {
	Driver       string      `json:"driver"`
	Name         string      `json:"name"`
	CRS          CRSFacts    `json:"crs"`
	Operation    string      `json:"operation,omitempty"`            // to the rasters' CRS; missing when that is the layer's own
	AccuracyM    *float64    `json:"operation_accuracy_m,omitempty"` // as stated for the operation; missing when nobody states it
	Encoding     string      `json:"encoding"`
	EncodingFrom string      `json:"encoding_from"`
	Declared     int         `json:"features_declared"`
	Read         int         `json:"features_read"`    // with a polygon
	Skipped      int         `json:"features_skipped"` // without geometry
	Fields       []string    `json:"fields"`
	Roles        []FieldRole `json:"roles,omitempty"`

	FuncZones []FuncZone      `json:"functional_zones,omitempty"` // most frequent first
	Types     []TypeFacts     `json:"zone_types,omitempty"`       // strictest first
	ZonesHa   float64         `json:"zones_ha,omitempty"`         // sum of the zones
	CoveredHa float64         `json:"covered_ha,omitempty"`       // ground under them, counted once
	Repairs   []report.Repair `json:"repairs,omitempty"`
	Shift     *Shift          `json:"suspected_shift,omitempty"`

	textAt map[string]int // text → position in FuncZones
}

// FieldRole is the attribute field that holds what a role asks for, "" when none does,
// "#" for the feature's number.
type FieldRole struct {
	Role  string `json:"role"`
	Field string `json:"field"`
}

// FuncZone is a text that names a functional zone.
type FuncZone struct {
	Text  string `json:"text"`
	Type  string `json:"zone_type"` // "" when nobody knows the text
	Zones int    `json:"zones"`
}

// TypeFacts are the zones of one type.
type TypeFacts struct {
	Type   string  `json:"zone_type"`
	TypeZH string  `json:"zone_type_zh"`
	Zones  int     `json:"zones"`
	AreaHa float64 `json:"area_ha"` // sum of the zones
}

func layerFacts(l *gdalvector.Layer) *LayerFacts {
	return &LayerFacts{
		Driver: l.Driver, Name: l.Name, CRS: crsFacts(l.CRS), Encoding: l.Encoding, EncodingFrom: l.EncodingFrom,
		Declared: l.Declared, Read: len(l.Features), Skipped: l.SkippedEmpty, Fields: append([]string{}, l.Fields...), textAt: map[string]int{},
	}
}

func (f *LayerFacts) operation(name string, accuracyM float64) {
	f.Operation = name
	if accuracyM >= 0 {
		f.AccuracyM = &accuracyM
	}
}

// count adds a zone with the text of its functional zone.
func (f *LayerFacts) count(text string, t redline.ZoneType, known bool) {
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

func (f *LayerFacts) sortTexts() {
	slices.SortFunc(f.FuncZones, func(a, b FuncZone) int {
		return cmp.Or(cmp.Compare(b.Zones, a.Zones), cmp.Compare(a.Text, b.Text))
	})
}
