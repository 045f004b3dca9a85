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
	form := p.words.Say("%s, %s, blocks of %d × %d", r.Driver, r.Type, r.BlockCols, r.BlockRows)
	if r.Compression != "none" {
		form += p.words.Say(", %s", r.Compression)
	}
	if r.Bands > 1 {
		form += p.words.Say(", band %d of %d", r.Band, r.Bands)
	}
	if r.SouthUp {
		form += p.words.Word(", rows from south to north")
	}
	if n := len(in.Files); n > 1 {
		form += p.words.Say(", %s", p.plural(n, "file"))
	}
	p.line("file", "%s", form)
	p.line("CRS", "%s", p.crsText(r.Grid.CRS))
	p.printGrid(&r.Grid)
	if in.CoversPct != nil {
		p.line("covers", "%.2f %% of the common grid", *in.CoversPct)
	}
	if in.YearsApart != nil {
		p.line("years apart", "%d", *in.YearsApart)
	}
	p.line("NoData", "%s", p.noDataText(r))
	p.line("legend", "%s", in.Legend)
	if r.CensusFacts != nil {
		p.printCodes(r.CensusFacts)
	}
}

// noDataText says where NoData comes from, and how many cells have it.
func (p *program) noDataText(r *gdalinput.RasterFacts) string {
	var sources []string
	if r.NoData != "" {
		sources = append(sources, p.words.Say("%s (file)", r.NoData))
	}
	for _, code := range r.NoDataLegend {
		sources = append(sources, p.words.Say("%d (legend)", code))
	}
	if r.NoDataMask {
		sources = append(sources, p.words.Word("where the file's mask hides"))
	}
	text := cmp.Or(strings.Join(sources, p.words.Word(", ")), p.words.Word("none declared: every cell counts"))
	if r.CensusFacts != nil {
		text += p.words.Say("; %s, %s", p.cells(r.NoDataCells), percent(r.NoDataCells, r.Cells))
	}
	return text
}

// crsText puts a CRS into words.
func (p *program) crsText(c gdalinput.CRSFacts) string {
	text := p.words.Say("%s, EPSG:%d", c.Name, c.EPSG)
	if c.EPSG == 0 {
		text = c.Name
		if c.Projection != "" {
			text += " (" + c.Projection + ")"
		}
		text += p.words.Word(", no EPSG code has its definition")
	}
	text += p.words.Word("; x east, y north")
	if c.AuthorityAxes != "" && c.AuthorityAxes != c.Axes {
		text += p.words.Say(" (EPSG's own order: %s)", p.words.Text(c.AuthorityAxes))
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
	rows := [][]string{p.header("code", "class", "ecosystem", "cells", "%", "ha")}
	for _, k := range c.Codes {
		rows = append(rows, []string{
			fmt.Sprint(k.Code), p.join(k.NameEN, k.NameZH), p.join(k.Ecosystem, k.EcosystemZH),
			thousands(k.Cells), percent(k.Cells, c.Cells), hectares(k.AreaHa),
		})
	}
	for i, u := range c.Unknown {
		if i == maxListed {
			rows = append(rows, []string{"…", p.plural(len(c.Unknown)-maxListed, "more unknown code")})
			break
		}
		rows = append(rows, []string{
			fmt.Sprint(u.Code), p.join("not in the legend", "图例未列"), "",
			thousands(u.Cells), percent(u.Cells, c.Cells), "",
			p.words.Say("first at row %d, column %d", u.FirstRow, u.FirstCol),
		})
	}
	p.table(rows, "rllrrrl")
}
