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
	text := p.words.Say("%s, layer %s: %s", l.Driver, l.Name, p.plural(l.Declared, "feature"))
	if l.Skipped > 0 {
		text += p.words.Say(", %d read, %d without geometry skipped", l.Read, l.Skipped)
	}
	if l.LeftOut > 0 {
		text += p.words.Say("; %d left out by where", l.LeftOut)
	}
	p.line("file", "%s", text)
	p.line("CRS", "%s", p.crsText(l.CRS))
	if l.Operation != "" {
		accuracy := p.words.Word("accuracy not stated")
		switch {
		case l.AccuracyM != nil && *l.AccuracyM == 0:
			accuracy = p.words.Word("exact")
		case l.AccuracyM != nil:
			accuracy = p.words.Say("within %g m", *l.AccuracyM)
		}
		p.line("to rasters", "%s; %s", p.words.Text(l.Operation), accuracy)
	}
	p.line("text", "%s (%s)", l.Encoding, p.words.Text(l.EncodingFrom))
	p.printRoles(l.Roles)
	p.printSince(l)
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
			field = p.words.Word("none, so layer:number")
		case field == "":
			field = p.words.Word("none")
		case field == job.FeatureNumber:
			field = p.words.Word("the feature's number")
		}
		texts = append(texts, r.Role+" ← "+field)
	}
	p.line("fields", "%s", strings.Join(texts, p.words.Word(", ")))
}

// printSince prints how many zones of a layer have a date.
func (p *program) printSince(l *gdalinput.LayerFacts) {
	if l.Since == nil {
		return
	}
	text := p.words.Say("%d of %s with a date", l.Since.Zones, p.plural(l.Read, "zone"))
	if l.Since.Zones > 0 {
		text += p.words.Say(", %s to %s", l.Since.First, l.Since.Last)
	}
	if l.Since.Stated > 0 {
		text += p.words.Say(", %d of them by since in the job", l.Since.Stated)
	}
	if l.Since.Unreadable > 0 {
		text += p.words.Say(", %d cannot be read", l.Since.Unreadable)
	}
	p.line("since", "%s", text)
}

// printDomains prints what codes in fields stand for.
func (p *program) printDomains(domains []gdalinput.DomainFacts) {
	for _, d := range domains {
		var texts []string
		for i, c := range d.Codes {
			if i == maxListed {
				texts = append(texts, p.plural(len(d.Codes)-maxListed, "more code"))
				break
			}
			texts = append(texts, fmt.Sprintf("%s → %s (%d)", c.Code, cmp.Or(c.Text, "?"), c.Features))
		}
		by := p.words.Say("domain %s", d.Domain)
		if d.Domain == "" {
			by = p.words.Word("subtypes")
		}
		p.line("codes", "%s, by the %s: %s", d.Field, by, strings.Join(texts, p.words.Word(", ")))
	}
}

// printZoneTypes prints the zones of a layer by zone type.
func (p *program) printZoneTypes(l *gdalinput.LayerFacts) {
	if len(l.Types) == 0 {
		return
	}
	rows := [][]string{p.header("zone type", "zones", "ha")}
	zones := 0
	for _, t := range l.Types {
		rows = append(rows, []string{p.join(t.Type, t.TypeZH), fmt.Sprint(t.Zones), hectares(t.AreaHa)})
		zones += t.Zones
	}
	if len(l.Types) > 1 {
		rows = append(rows, []string{p.words.Word("all"), fmt.Sprint(zones), hectares(l.ZonesHa)})
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
			texts = append(texts, p.plural(len(zones)-maxListed, "more text"))
			break
		}
		texts = append(texts, fmt.Sprintf("%s → %s (%d)",
			cmp.Or(f.Text, p.words.Word("blank")), cmp.Or(f.Type, "?"), f.Zones))
	}
	p.line("func_zone", "%s", strings.Join(texts, p.words.Word(", ")))
}

// printRepairs prints the features that were repaired, those with the largest change of area first.
func (p *program) printRepairs(repairs []record.Repair) {
	change := func(r record.Repair) float64 { return max(r.BeforeM2-r.AfterM2, r.AfterM2-r.BeforeM2) }
	sorted := slices.Clone(repairs)
	slices.SortStableFunc(sorted, func(a, b record.Repair) int { return cmp.Compare(change(b), change(a)) })
	for i, r := range sorted {
		if i == maxListed {
			p.line("repaired", "%s", p.plural(len(sorted)-maxListed, "more feature"))
			break
		}
		p.line("repaired", "%s", p.repairText(r))
	}
}
