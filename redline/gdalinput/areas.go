package gdalinput

import (
	"cmp"
	"context"
	"strings"

	"greenshield/redline"
)

// takeAreas takes the features of a layer as counties or exemptions. It returns an error only when ctx ends.
func (l *Loaded) takeAreas(ctx context.Context, ly *layer) error {
	var code, name, city string // fields; exemptions have none
	areas := &l.Inputs.Exempt
	if ly.role == RoleAdmin {
		areas = &l.Inputs.Admin
		code, name, city = l.chooseField(ly, "code"), l.chooseField(ly, "name"), l.chooseField(ly, "city")
	}
	labels, codes := make([]string, len(ly.Features)), make([]string, len(ly.Features))
	words := ly.words()
	var counties []county
	for i := range ly.Features {
		area := redline.Area{
			Code: words.key(i, code, ly.value(i, code)), Name: words.label(i, name), City: words.key(i, city, ly.text(i, city)),
		}
		labels[i], codes[i] = cmp.Or(area.Code, area.Name), area.Code
		if ly.shapes != nil {
			area.Shape = ly.shapes[i].shape
		}
		*areas = append(*areas, area)
		if ly.role == RoleAdmin {
			counties = append(counties, county{&area, ly.Features[i].Number})
		}
	}
	words.judge()
	l.checkRepairs(ly, labels)
	warnOfNumbers(ly, "code", code, codes)
	warnOfTwice(ly.in, counties)
	if ly.shapes != nil && len(counties) > 1 {
		if err := l.warnOfSharedCounties(ctx, ly.in, counties); err != nil {
			return err
		}
	}
	switch {
	case ly.role != RoleAdmin || ly.in.Err != nil:
	case code == "" && name == "":
		ly.in.warn("has no field for the code or the name of a county, so candidates will have none; "+
			"name them by fields: {code: …, name: …} in the job file (its fields are %s)", strings.Join(ly.Fields, ", "))
	default:
		ly.warnOfUnknownFields(
			[2]string{"code", "no field is known to hold the codes of the counties, so candidates will have none"},
			[2]string{"name", "no field is known to hold the names of the counties, so candidates will have none"})
	}
	if ly.shapes != nil && !ly.meets && l.ground.placed() {
		ly.in.warn("no polygon of it meets the rasters")
	}
	return nil
}
