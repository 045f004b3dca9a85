package main

import (
	"cmp"
	"fmt"
	"strings"

	"greenshield/redline/gdalinput"
)

// printRaster prints what check found of an epoch.
func (p *program) printRaster(in *gdalinput.InputFacts) {
	r := in.Raster
	form := fmt.Sprintf("%s, %s, blocks of %d × %d", r.Driver, r.Type, r.BlockCols, r.BlockRows)
	if r.Compression != "none" {
		form += ", " + r.Compression
	}
	if r.Bands > 1 {
		form += fmt.Sprintf(", band %d of %d", r.Band, r.Bands)
	}
	if r.SouthUp {
		form += ", rows from south to north"
	}
	if n := len(in.Files); n > 1 {
		form += ", " + plural(n, "file")
	}
	p.line("file", "%s", form)
	p.line("CRS", "%s", crsText(r.Grid.CRS))
	p.printGrid(&r.Grid)
	p.line("NoData", "%s", noDataText(r))
	p.line("legend", "%s", in.Legend)
	if r.CensusFacts != nil {
		p.printCodes(r.CensusFacts)
	}
}

// noDataText says where NoData comes from, and how many cells have it.
func noDataText(r *gdalinput.RasterFacts) string {
	var sources []string
	if r.NoData != "" {
		sources = append(sources, r.NoData+" (file)")
	}
	for _, code := range r.NoDataLegend {
		sources = append(sources, fmt.Sprintf("%d (legend)", code))
	}
	if r.NoDataMask {
		sources = append(sources, "where the file's mask hides")
	}
	text := cmp.Or(strings.Join(sources, ", "), "none declared: every cell counts")
	if r.CensusFacts != nil {
		text += fmt.Sprintf("; %s, %s", cells(r.NoDataCells), percent(r.NoDataCells, r.Cells))
	}
	return text
}

// crsText puts a CRS into words.
func crsText(c gdalinput.CRSFacts) string {
	text := fmt.Sprintf("%s, EPSG:%d", c.Name, c.EPSG)
	if c.EPSG == 0 {
		text = c.Name
		if c.Projection != "" {
			text += " (" + c.Projection + ")"
		}
		text += ", no EPSG code has its definition"
	}
	text += "; x east, y north"
	if c.AuthorityAxes != "" && c.AuthorityAxes != c.Axes {
		text += " (EPSG's own order: " + c.AuthorityAxes + ")"
	}
	return text
}

// printGrid prints the cells and the extent of a grid.
func (p *program) printGrid(g *gdalinput.GridFacts) {
	unit := ""
	if g.CRS.Geographic {
		unit = "°"
	}
	p.line("grid", "%d × %d cells from %.10g, %.10g; cell %.9g%s × %.9g%s = %.1f m east × %.1f m north",
		g.Cols, g.Rows, g.OriginX, g.OriginY, g.CellX, unit, g.CellY, unit, g.EastM, g.NorthM)
	p.line("extent", "%.4f° to %.4f° E, %.4f° to %.4f° N", g.LonLat[0], g.LonLat[2], g.LonLat[1], g.LonLat[3])
}

// printCodes prints the codes that occur in an epoch.
func (p *program) printCodes(c *gdalinput.CensusFacts) {
	rows := [][]string{{"code", "class", "ecosystem", "cells", "%", "ha"}}
	for _, k := range c.Codes {
		rows = append(rows, []string{
			fmt.Sprint(k.Code), join(k.NameEN, k.NameZH), join(k.Ecosystem, k.EcosystemZH),
			thousands(k.Cells), percent(k.Cells, c.Cells), hectares(k.AreaHa),
		})
	}
	for i, u := range c.Unknown {
		if i == maxListed {
			rows = append(rows, []string{"…", plural(len(c.Unknown)-maxListed, "more unknown code")})
			break
		}
		rows = append(rows, []string{
			fmt.Sprint(u.Code), "not in the legend 图例未列", "",
			thousands(u.Cells), percent(u.Cells, c.Cells), "",
			fmt.Sprintf("first at row %d, column %d", u.FirstRow, u.FirstCol),
		})
	}
	p.table(rows, "rllrrrl")
}
