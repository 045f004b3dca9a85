package main

import (
	"strings"

	"greenshield/redline/gdalinput"
)

// maxListed is how many entries of a long list are printed.
const maxListed = 10

// printDiagnosis prints what check found, for people.
func (p *program) printDiagnosis(d *gdalinput.Diagnosis) {
	for i := range d.Inputs {
		p.printInput(d, i)
	}
	p.printCommonGrid(d)
	p.printOverlaps(d.Overlaps)
	p.printCoverage(d.Zones)
	// Warnings and problems of one input stand under that.
	for _, w := range d.Warnings {
		if w.Input == nil {
			p.printf("warning: %s\n", p.words.Text(w.Text))
		}
	}
	for _, e := range d.Problems {
		if e.Input == nil {
			p.printf("problem: %s\n", p.words.Text(e.Text))
		}
	}
	p.printf("%s, %s\n", p.count(len(d.Problems), "problem"), p.count(len(d.Warnings), "warning"))
}

// printInput prints the input at that position with its warnings and problems.
func (p *program) printInput(d *gdalinput.Diagnosis, at int) {
	in := &d.Inputs[at]
	p.printf("%s  ", p.words.Word(in.Role))
	if in.Name != "" {
		p.printf("%s  ", in.Name)
	}
	p.printf("%s", in.Path)
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
	for _, w := range d.Warnings {
		if w.Input != nil && *w.Input == at {
			p.line("warning", "%s", p.words.Text(strings.TrimPrefix(w.Text, in.Path+": ")))
		}
	}
	hasOwn := false
	for _, e := range d.Problems {
		if e.Input != nil && *e.Input == at {
			hasOwn = true
			p.line("problem", "%s", p.words.Text(e.Text))
		}
	}
	if !in.Usable && !hasOwn { // a problem of two inputs stands under the first
		p.line("problem", "the same as above")
	}
	p.printf("\n")
}
