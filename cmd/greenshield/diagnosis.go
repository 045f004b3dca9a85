package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"greenshield/redline/gdalinput"
	"greenshield/redline/record"
)

// enough is how many lines of a long list are printed.
const enough = 10

// printDiagnosis prints what check found, for people.
func (p *program) printDiagnosis(d *gdalinput.Diagnosis) {
	for i := range d.Inputs {
		p.printInput(d, i)
	}
	p.printCommon(d)
	p.printOverlaps(d.Overlaps)
	p.printZones(d)
	// What belongs to one input stands there.
	for _, w := range d.Warnings {
		if w.Input == nil {
			p.printf("warning: %s\n", w.Text)
		}
	}
	for _, e := range d.Problems {
		if e.Input == nil {
			p.printf("problem: %s\n", e.Text)
		}
	}
	p.printf("%s, %s\n", count(len(d.Problems), "problem"), count(len(d.Warnings), "warning"))
}

// line prints one fact of an input.
func (p *program) line(label, format string, args ...any) {
	p.printf("  %s %s\n", pad(label, 10), fmt.Sprintf(format, args...))
}

func (p *program) printInput(d *gdalinput.Diagnosis, at int) {
	in := &d.Inputs[at]
	p.printf("%s  %s", in.Role, in.Path)
	if in.Year != 0 {
		p.printf("  %d", in.Year)
	}
	p.printf("\n")
	if in.Raster != nil {
		p.printRaster(in)
	}
	if in.Layer != nil {
		p.printLayer(in.Layer)
	}
	told := false
	for _, w := range d.Warnings {
		if w.Input != nil && *w.Input == at {
			p.line("warning", "%s", strings.TrimPrefix(w.Text, in.Path+": "))
		}
	}
	for _, e := range d.Problems {
		if e.Input != nil && *e.Input == at {
			told = true
			p.line("problem", "%s", e.Text)
		}
	}
	if !in.Usable && !told {
		p.line("problem", "the same as above")
	}
	p.printf("\n")
}

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
	var nodata []string
	if r.NoData != "" {
		nodata = append(nodata, r.NoData+" (file)")
	}
	for _, code := range r.NoDataLegend {
		nodata = append(nodata, fmt.Sprintf("%d (legend)", code))
	}
	if r.NoDataMask {
		nodata = append(nodata, "where the file's mask hides")
	}
	text := cmp.Or(strings.Join(nodata, ", "), "none declared: every cell counts")
	if r.CensusFacts != nil {
		text += fmt.Sprintf("; %s, %s", cells(r.NoDataCells), percent(r.NoDataCells, r.Cells))
	}
	p.line("NoData", "%s", text)
	p.line("legend", "%s", in.Legend)
	if r.CensusFacts != nil {
		p.printCodes(r.CensusFacts)
	}
}

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

func (p *program) printGrid(g *gdalinput.GridFacts) {
	unit := ""
	if g.CRS.Geographic {
		unit = "°"
	}
	p.line("grid", "%d × %d cells from %.10g, %.10g; cell %.9g%s × %.9g%s = %.1f m east × %.1f m north", g.Cols, g.Rows, g.OriginX, g.OriginY,
		g.CellX, unit, g.CellY, unit, g.EastM, g.NorthM)
	p.line("extent", "%.4f° to %.4f° E, %.4f° to %.4f° N", g.LonLat[0], g.LonLat[2], g.LonLat[1], g.LonLat[3])
}

func (p *program) printCodes(c *gdalinput.CensusFacts) {
	rows := [][]string{{"code", "class", "ecosystem", "cells", "%", "ha"}}
	for _, k := range c.Codes {
		rows = append(rows, []string{fmt.Sprint(k.Code), join(k.NameEN, k.NameZH), join(k.Ecosystem, k.EcosystemZH),
			thousands(k.Cells), percent(k.Cells, c.Cells), hectares(k.AreaHa)})
	}
	for i, u := range c.Unknown {
		if i == enough {
			rows = append(rows, []string{"…", plural(len(c.Unknown)-enough, "more unknown code")})
			break
		}
		rows = append(rows, []string{fmt.Sprint(u.Code), "not in the legend 图例未列", "", thousands(u.Cells), percent(u.Cells, c.Cells), "",
			fmt.Sprintf("first at row %d, column %d", u.FirstRow, u.FirstCol)})
	}
	p.table(rows, "rllrrrl")
}

func (p *program) printLayer(l *gdalinput.LayerFacts) {
	text := fmt.Sprintf("%s, layer %s: %s", l.Driver, l.Name, plural(l.Declared, "feature"))
	if l.Skipped > 0 {
		text += fmt.Sprintf(", %d read, %d without geometry skipped", l.Read, l.Skipped)
	}
	p.line("file", "%s", text)
	p.line("CRS", "%s", crsText(l.CRS))
	if l.Operation != "" {
		accuracy := "accuracy not stated"
		switch {
		case l.AccuracyM != nil && *l.AccuracyM == 0:
			accuracy = "exact"
		case l.AccuracyM != nil:
			accuracy = fmt.Sprintf("within %g m", *l.AccuracyM)
		}
		p.line("to rasters", "%s; %s", l.Operation, accuracy)
	}
	p.line("text", "%s (%s)", l.Encoding, l.EncodingFrom)
	var roles []string
	for _, r := range l.Roles {
		field := r.Field
		switch field {
		case "":
			field = "none"
			if r.Role == "id" {
				field = "none, so layer:number"
			}
		case "#":
			field = "the feature's number"
		}
		roles = append(roles, r.Role+" ← "+field)
	}
	if roles != nil {
		p.line("fields", "%s", strings.Join(roles, ", "))
	}
	if len(l.Types) > 0 {
		rows := [][]string{{"zone type", "zones", "ha"}}
		zones := 0
		for _, t := range l.Types {
			rows = append(rows, []string{join(t.Type, t.TypeZH), fmt.Sprint(t.Zones), hectares(t.AreaHa)})
			zones += t.Zones
		}
		if len(l.Types) > 1 {
			rows = append(rows, []string{"all", fmt.Sprint(zones), hectares(l.ZonesHa)})
		}
		p.table(rows, "lrr")
		if shared := l.ZonesHa - l.CoveredHa; shared >= 0.005 {
			p.line("inside", "its zones overlap: they cover %s ha, %s ha less than their sum", hectares(l.CoveredHa), hectares(shared))
		}
	}
	if len(l.FuncZones) > 1 || len(l.FuncZones) == 1 && l.FuncZones[0].Text != "" {
		var texts []string
		for i, f := range l.FuncZones {
			if i == enough {
				texts = append(texts, plural(len(l.FuncZones)-enough, "more text"))
				break
			}
			texts = append(texts, fmt.Sprintf("%s → %s (%d)", cmp.Or(f.Text, "blank"), cmp.Or(f.Type, "?"), f.Zones))
		}
		p.line("func_zone", "%s", strings.Join(texts, ", "))
	}
	repairs := slices.Clone(l.Repairs)
	slices.SortStableFunc(repairs, func(a, b record.Repair) int { return cmp.Compare(change(b), change(a)) })
	for i, r := range repairs {
		if i == enough {
			p.line("repaired", "%s", plural(len(repairs)-enough, "more feature"))
			break
		}
		p.line("repaired", "feature %d: %s; %.4f ha before, %.4f ha after", r.Feature, r.Reason, r.BeforeM2/1e4, r.AfterM2/1e4)
	}
}

// change is the area by which a repair changed a feature.
func change(r record.Repair) float64 { return max(r.BeforeM2-r.AfterM2, r.AfterM2-r.BeforeM2) }

func (p *program) printCommon(d *gdalinput.Diagnosis) {
	if d.Grid == nil {
		return
	}
	p.printf("common grid\n")
	outside := map[string]int64{}
	for i := range d.Inputs {
		if r := d.Inputs[i].Raster; r != nil && r.CensusFacts != nil && r.OutsideCells != nil {
			outside[d.Inputs[i].Role] = *r.OutsideCells
		}
	}
	if before, ok := outside["before"]; ok && before == 0 && outside["after"] == 0 && len(outside) == 2 {
		p.line("grid", "the whole of both rasters")
	} else {
		p.printGrid(d.Grid)
		for _, role := range []string{"before", "after"} {
			if n, ok := outside[role]; ok {
				p.line(role, "%s outside it", cells(n))
			}
		}
	}
	p.printf("\n")
}

func (p *program) printOverlaps(o *gdalinput.Overlaps) {
	if o == nil {
		return
	}
	p.printf("overlaps of zones\n")
	p.line("sum", "%s ha in all zones", hectares(o.ZonesHa))
	if len(o.Pairs) == 0 {
		p.line("pairs", "no two zones share ground\n")
		return
	}
	p.line("ground", "%s ha under them, %s ha less: what zones share is counted once", hectares(o.CoveredHa), hectares(max(0, o.ZonesHa-o.CoveredHa)))
	identical := 0
	rows := [][]string{{"ha", "zone", "% of it", "zone", "% of it"}}
	for i, pair := range o.Pairs {
		if pair.Identical {
			identical++
		}
		if i < enough {
			same := ""
			if pair.Identical {
				same = "identical"
			}
			rows = append(rows, []string{hectares(pair.AreaHa), zoneText(pair.A), fmt.Sprintf("%.2f", pair.PctA), zoneText(pair.B), fmt.Sprintf("%.2f", pair.PctB), same})
		}
	}
	text := plural(len(o.Pairs), "pair") + " of zones"
	if identical > 0 {
		text += fmt.Sprintf(", %d of them identical", identical)
	}
	if len(o.Pairs) > enough {
		text += "; the largest:"
	}
	p.line("pairs", "%s", text)
	p.table(rows, "rlrlrl")
	p.printf("\n")
}

func zoneText(z gdalinput.ZoneRef) string {
	text := z.Layer + " " + z.ID
	if z.Name != "" && z.Name != z.ID {
		text += " " + z.Name
	}
	return text
}

func (p *program) printZones(d *gdalinput.Diagnosis) {
	if len(d.Zones) == 0 || d.Zones[0].OutsideHa == nil {
		return
	}
	type row struct {
		*gdalinput.ZoneFacts
		unseen float64
	}
	var missing []row
	var whole, none int
	compared := d.Zones[0].NoDataHa != nil
	for i := range d.Zones {
		z := row{&d.Zones[i], *d.Zones[i].OutsideHa}
		if compared {
			z.unseen += *z.NoDataHa
		}
		switch {
		case z.unseen <= 0:
			whole++
			continue
		case z.unseen >= z.AreaHa-1e-4:
			none++
		}
		missing = append(missing, z)
	}
	p.printf("coverage of zones\n")
	p.line("zones", "%s: %d seen whole, %d in part, %d not at all", plural(len(d.Zones), "zone"), whole, len(missing)-none, none)
	if !compared {
		p.line("", "NoData is not counted, since the cells could not be compared")
	}
	if len(missing) > 0 {
		slices.SortStableFunc(missing, func(a, b row) int {
			return cmp.Or(cmp.Compare(b.unseen/max(b.AreaHa, 1e-9), a.unseen/max(a.AreaHa, 1e-9)), cmp.Compare(b.unseen, a.unseen))
		})
		rows := [][]string{{"zone", "ha", "outside", "NoData", "seen"}}
		for i, z := range missing {
			if i == enough {
				rows = append(rows, []string{plural(len(missing)-enough, "more zone")})
				break
			}
			nodata, seen := "", ""
			if compared {
				nodata, seen = hectares(*z.NoDataHa), fmt.Sprintf("%.2f %%", *z.SeenPct)
			}
			rows = append(rows, []string{zoneText(z.ZoneRef), hectares(z.AreaHa), hectares(*z.OutsideHa), nodata, seen})
		}
		p.table(rows, "lrrrr")
	}
	p.printf("\n")
}

// table prints rows in columns; align says l or r for each.
func (p *program) table(rows [][]string, align string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], displayWidth(cell))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			if align[i] == 'r' {
				b.WriteString(strings.Repeat(" ", widths[i]-displayWidth(cell)) + cell)
			} else {
				b.WriteString(pad(cell, widths[i]))
			}
			b.WriteString("  ")
		}
		p.printf("    %s\n", strings.TrimRight(b.String(), " "))
	}
}

// pad fills a text with spaces to a width.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-displayWidth(text)))
}

// displayWidth is how many columns a text takes on a terminal: Chinese characters and
// their punctuation take two.
func displayWidth(text string) (width int) {
	for _, r := range text {
		switch {
		case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff,
			r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6, r >= 0x20000 && r <= 0x3fffd:
			width += 2
		default:
			width++
		}
	}
	return width
}

// join puts the English and the Chinese name side by side.
func join(en, zh string) string {
	if en == zh {
		return en
	}
	return strings.TrimSpace(en + " " + zh)
}

func percent(part, whole int64) string {
	return fmt.Sprintf("%.2f %%", 100*float64(part)/float64(max(whole, 1)))
}

// thousands prints a number with a comma at every third digit.
func thousands(n int64) string { return grouped(strconv.FormatInt(n, 10)) }

func hectares(ha float64) string { return grouped(fmt.Sprintf("%.2f", ha)) }

func grouped(digits string) string {
	whole, rest := digits, ""
	if i := strings.IndexByte(digits, '.'); i >= 0 {
		whole, rest = digits[:i], digits[i:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return whole + rest
}

func cells(n int64) string {
	if n == 1 {
		return "1 cell"
	}
	return thousands(n) + " cells"
}

// count is plural, with a word for none.
func count(n int, noun string) string {
	if n == 0 {
		return "no " + noun + "s"
	}
	return plural(n, noun)
}
