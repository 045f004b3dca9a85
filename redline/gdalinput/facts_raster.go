package gdalinput

import (
	"cmp"
	"math"

	"greenshield/raster/gdalraster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/census"
)

// RasterFacts describe one epoch.
type RasterFacts struct {
	Driver      string    `json:"driver"` // of the first file
	Type        string    `json:"type"`   // of a cell, as GDAL names it
	Band        int       `json:"band"`   // the one that counts, from 1
	Bands       int       `json:"bands"`
	Compression string    `json:"compression"` // "none" when there is none
	BlockCols   int       `json:"block_cols"`  // cells of a block
	BlockRows   int       `json:"block_rows"`
	SouthUp     bool      `json:"south_up"` // rows are stored from south to north
	Palette     bool      `json:"palette"`
	Grid        GridFacts `json:"grid"` // set by [Examination.Cells]

	NoData       string  `json:"nodata_value"`  // of the file, "" when it declares none
	NoDataLegend []int64 `json:"nodata_legend"` // codes that the legend calls NoData
	NoDataMask   bool    `json:"nodata_mask"`   // an internal mask hides cells

	*CensusFacts // nil when the cells were not or could not be read
}

// CensusFacts tell what the cells of one epoch hold.
type CensusFacts struct {
	Cells       int64 `json:"cells"`
	NoDataCells int64 `json:"nodata_cells"`
	// OutsideCells counts the cells outside the common grid; nil when there is no common grid, and of an after that is
	// aligned to it.
	OutsideCells *int64        `json:"outside_common_cells,omitempty"`
	Codes        []CodeFacts   `json:"codes"`                        // by code
	Unknown      []UnknownCode `json:"unknown_codes"`                // by code
	MoreUnknown  int64         `json:"more_unknown_cells,omitempty"` // cells with unknown codes that Unknown lacks
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

// UnknownCode is a code that occurs and that the legend lacks.
type UnknownCode struct {
	Code     int64 `json:"code"`
	Cells    int64 `json:"cells"`
	Common   int64 `json:"common_cells"` // those of Cells that lie on the common grid
	FirstRow int   `json:"first_row"`    // of its first cell in the raster, from 0
	FirstCol int   `json:"first_col"`
}

// rasterFacts describes an opened raster. It leaves out the grid, which a run does not need and PROJ takes long to
// describe.
func rasterFacts(d *gdalraster.Description, legend landcover.Legend) *RasterFacts {
	return &RasterFacts{
		Driver:       d.Driver,
		Type:         d.Type,
		Band:         d.Band,
		Bands:        d.Bands,
		Compression:  cmp.Or(d.Compression, "none"),
		BlockCols:    d.BlockCols,
		BlockRows:    d.BlockRows,
		SouthUp:      d.SouthUp,
		Palette:      d.Palette,
		NoData:       d.NoData,
		NoDataLegend: append([]int64{}, legend.NoDataCodes()...),
		NoDataMask:   d.Mask,
	}
}

func censusFacts(c *census.Codes) *CensusFacts {
	f := &CensusFacts{
		Cells:       c.Cells,
		NoDataCells: c.NoData,
		Codes:       []CodeFacts{},
		Unknown:     []UnknownCode{},
		MoreUnknown: c.MoreUnknown,
	}
	for _, k := range c.Classes {
		f.Codes = append(f.Codes, CodeFacts{
			Code:        k.Code,
			NameEN:      k.NameEN,
			NameZH:      k.NameZH,
			Ecosystem:   k.Ecosystem.String(),
			EcosystemZH: k.Ecosystem.Chinese(),
			Cells:       k.Cells,
			AreaHa:      hectares(k.AreaM2),
		})
	}
	for _, u := range c.Unknown {
		f.Unknown = append(f.Unknown, UnknownCode{
			Code: u.Code, Cells: u.Cells, Common: u.Common, FirstRow: u.Row, FirstCol: u.Col,
		})
	}
	return f
}

// hectares turns square metres into hectares with 4 decimals, as the tables of a run have them.
func hectares(m2 float64) float64 { return math.Round(m2) / redline.M2PerHa }
