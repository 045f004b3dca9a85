package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"greenshield/redline/gdalinput"
	"greenshield/redline/job"
	"greenshield/redline/record"
)

// printLayer prints what check found of a layer.
func (p *program) printLayer(l *gdalinput.LayerFacts) {
	text := fmt.Sprintf("%s, layer %s: %s", l.Driver, l.Name, plural(l.Declared, "feature"))
	if l.Skipped > 0 {
		text += fmt.Sprintf(", %d read, %d without geometry skipped", l.Read, l.Skipped)
	}
	if l.LeftOut > 0 {
		text += fmt.Sprintf("; %d left out by where", l.LeftOut)
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
	p.printRoles(l.Roles)
	p.printDomains(l.Domains)
	p.printZoneTypes(l)
	p.printFuncZones(l.FuncZones)
	p.printRepairs(l.Repairs)
}

// printRoles prints which attribute field has which role.
func (p *program) printRoles(roles []gdalinput.FieldRole) {
	if roles == nil {
		return
	}
	var texts []string
	for _, r := range roles {
		field := r.Field
		switch {
		case field == "" && r.Role == "id":
			field = "none, so layer:number"
		case field == "":
			field = "none"
		case field == job.FeatureNumber:
			field = "the feature's number"
		}
		texts = append(texts, r.Role+" ← "+field)
	}
	p.line("fields", "%s", strings.Join(texts, ", "))
}

// printDomains prints what codes in fields stand for.
func (p *program) printDomains(domains []gdalinput.DomainFacts) {
	for _, d := range domains {
		var texts []string
		for i, c := range d.Codes {
			if i == maxListed {
				texts = append(texts, plural(len(d.Codes)-maxListed, "more code"))
				break
			}
			texts = append(texts, fmt.Sprintf("%s → %s (%d)", c.Code, cmp.Or(c.Text, "?"), c.Features))
		}
		by := "domain " + d.Domain
		if d.Domain == "" {
			by = "subtypes"
		}
		p.line("codes", "%s, by the %s: %s", d.Field, by, strings.Join(texts, ", "))
	}
}

// printZoneTypes prints the zones of a layer by zone type.
func (p *program) printZoneTypes(l *gdalinput.LayerFacts) {
	if len(l.Types) == 0 {
		return
	}
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
	const visibleHa = 0.005 // what the two decimals printed can show
	if shared := l.ZonesHa - l.CoveredHa; shared >= visibleHa {
		p.line("inside", "its zones overlap: they cover %s ha, %s ha less than their sum",
			hectares(l.CoveredHa), hectares(shared))
	}
}

// printFuncZones prints how the texts of functional zones were understood, unless all are blank.
func (p *program) printFuncZones(zones []gdalinput.FuncZone) {
	if len(zones) == 0 || len(zones) == 1 && zones[0].Text == "" {
		return
	}
	var texts []string
	for i, f := range zones {
		if i == maxListed {
			texts = append(texts, plural(len(zones)-maxListed, "more text"))
			break
		}
		texts = append(texts, fmt.Sprintf("%s → %s (%d)", cmp.Or(f.Text, "blank"), cmp.Or(f.Type, "?"), f.Zones))
	}
	p.line("func_zone", "%s", strings.Join(texts, ", "))
}

// printRepairs prints the features that were repaired, those with the largest change of area first.
func (p *program) printRepairs(repairs []record.Repair) {
	change := func(r record.Repair) float64 { return max(r.BeforeM2-r.AfterM2, r.AfterM2-r.BeforeM2) }
	sorted := slices.Clone(repairs)
	slices.SortStableFunc(sorted, func(a, b record.Repair) int { return cmp.Compare(change(b), change(a)) })
	for i, r := range sorted {
		if i == maxListed {
			p.line("repaired", "%s", plural(len(sorted)-maxListed, "more feature"))
			break
		}
		p.line("repaired", "%s", repairText(r))
	}
}
