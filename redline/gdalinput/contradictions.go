package gdalinput

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"greenshield/redline"
)

// warnOfSharedZones warns of zones of one role that cover the same ground: one may hold the other at another level, or
// the two contradict each other. Red lines and reserves overlap by design. It returns an error only when ctx ends.
func (l *Loaded) warnOfSharedZones(ctx context.Context, role string) error {
	var zones []int // positions in Inputs.Zones
	var shapes []orb.MultiPolygon
	for i := range l.Inputs.Zones {
		if z := &l.Inputs.Zones[i]; z.Layer == role && z.Shape != nil {
			zones, shapes = append(zones, i), append(shapes, z.Shape)
		}
	}
	if len(zones) < 2 || l.Inputs.Earth == nil {
		return nil
	}
	ground, err := l.findSharedGround(ctx, shapes)
	if err != nil {
		return err
	}
	for _, in := range l.Read {
		own := slices.DeleteFunc(slices.Clone(ground.pairs), func(p sharedPair) bool { return l.zoneIn[zones[p.b]] != in })
		if len(own) == 0 {
			continue
		}
		p := own[0]
		a, b := &l.Inputs.Zones[zones[p.a]], &l.Inputs.Zones[zones[p.b]]
		first := zoneTitle(a)
		if l.zoneIn[zones[p.a]] != in {
			first += " of " + a.Source
		}
		in.warn("%s and %s cover the same ground, %s; %s: %s of the ground of the layer %s is covered twice. The stricter "+
			"zone type controls it. If one is there at two levels (a reserve and its functional zones), leave one level out "+
			"by where: …",
			first, zoneTitle(b), ground.shareText(p), more(own), ground.twiceText(), role)
	}
	return nil
}

// zoneTitle names a zone by its feature, id, name and type.
func zoneTitle(z *redline.Zone) string {
	text := z.ID
	if z.Name != "" && z.Name != z.ID {
		text += " " + z.Name
	}
	return fmt.Sprintf("feature %d (%s, %s)", z.Feature, text, z.Type)
}

// more says how many pairs there are.
func more(pairs []sharedPair) string {
	if len(pairs) == 1 {
		return "it is the only pair"
	}
	return fmt.Sprintf("%d pairs of features do so", len(pairs))
}

// shareText says how much ground two shapes have in common, and of which of them that is most.
func (s *sharedGround) shareText(p sharedPair) string {
	of, which := s.own[p.a], "first"
	if s.own[p.b].Less(of) {
		of, which = s.own[p.b], "second"
	}
	m2 := p.area.M2()
	return fmt.Sprintf("%.2f ha, %.2f %% of the %s", m2/redline.M2PerHa, redline.Percent(m2, of.M2()), which)
}

// twiceText says how much of the ground is covered twice.
func (s *sharedGround) twiceText() string {
	return fmt.Sprintf("%.2f ha (%.2f %%)", s.twice.M2()/redline.M2PerHa, redline.Percent(s.twice.M2(), s.covered.M2()))
}

// county is an area of the layer of counties with the number of its feature.
type county struct {
	*redline.Area
	feature int
}

func (c county) String() string {
	return fmt.Sprintf("feature %d (%s)", c.feature, strings.TrimSpace(c.Code+" "+c.Name))
}

// warnOfSharedCounties warns of areas that cover the same ground: outlines of cities and provinces over their
// counties, which count there, and counties that contradict each other. It returns an error only when ctx ends.
func (l *Loaded) warnOfSharedCounties(ctx context.Context, in *Input, counties []county) error {
	shapes := make([]orb.MultiPolygon, len(counties))
	for i, c := range counties {
		shapes[i] = c.Shape
	}
	ground, err := l.findSharedGround(ctx, shapes)
	if err != nil {
		return err
	}
	var levels, others []sharedPair
	for _, p := range ground.pairs {
		a, b := counties[p.a], counties[p.b]
		switch {
		case a.Contains(b.Area) || b.Contains(a.Area):
			levels = append(levels, p)
		case redline.CompareAreas(a.Area, b.Area) != 0:
			others = append(others, p)
		}
	}
	if len(levels) > 0 {
		p := levels[0]
		outer, inner := counties[p.a], counties[p.b]
		if inner.Contains(outer.Area) {
			outer, inner = inner, outer
		}
		outlines := map[int]bool{}
		for _, p := range levels {
			at := p.a
			if counties[p.b].Contains(counties[p.a].Area) {
				at = p.b
			}
			outlines[at] = true
		}
		number := fmt.Sprintf("%d areas are outlines", len(outlines))
		if len(outlines) == 1 {
			number = "one area is the outline"
		}
		in.warn("%s of a city or province whose counties are in the layer too, such as %s, a %s, over %s: %s of the "+
			"ground is covered twice. There the lower level counts; what is in no county of it keeps the code of the outline",
			number, outer, outer.AdminLevel(), inner, ground.twiceText())
	}
	if len(others) > 0 {
		p := others[0]
		in.warn("%s and %s cover the same ground, %s; %s. There the lower level counts, then the smaller code; "+
			"correct the borders, or leave one level out by where: …",
			counties[p.a], counties[p.b], ground.shareText(p), more(others))
	}
	return nil
}

// warnOfTwice warns of codes of counties that stand in several features, and of cities with several names.
func warnOfTwice(in *Input, counties []county) {
	firsts, cities := map[string]county{}, map[string]county{}
	var parts, renamed, names []string
	for _, c := range counties {
		switch first, known := firsts[c.Code]; {
		case !known:
			firsts[c.Code] = c
		case c.Code == "":
		case first.Name == c.Name:
			parts = append(parts, fmt.Sprintf("%s with feature %d", c, first.feature))
		default:
			renamed = append(renamed, fmt.Sprintf("%s with %s", c, first))
		}
		switch first, known := cities[c.CityCode()]; {
		case c.City == "" || c.CityCode() == "":
		case !known:
			cities[c.CityCode()] = c
		case first.City != c.City:
			text := fmt.Sprintf("%s in feature %d, %s in feature %d", first.City, first.feature, c.City, c.feature)
			names = append(names, text)
		}
	}
	if renamed != nil {
		in.warn("features share a code but not the name, %d in all: %s; each name counts as a county of its own",
			len(renamed), firstTen(renamed))
	}
	if parts != nil {
		in.warn("features share code and name, %d in all, and count as parts of one county: %s", len(parts), firstTen(parts))
	}
	if names != nil {
		in.warn("a city has several names by the counties' codes, %d in all: %s; the name of its smallest code counts",
			len(names), firstTen(names))
	}
}

// brokenNumber matches a number with a point, an exponent or a sign: what programs make of a code that they take for a
// number.
var brokenNumber = regexp.MustCompile(
	`^[+-]?[0-9]*\.[0-9]+([eE][+-]?[0-9]+)?$|^[+-]?[0-9]+\.$|^[+-]?[0-9]+[eE][+-][0-9]+$|^[+-][0-9]+$`)

// warnOfNumbers warns of identifiers, parallel to the features, that are numbers but not whole ones, or larger than
// their field keeps exactly. role is id or code.
func warnOfNumbers(ly *layer, role, field string, ids []string) {
	exact := math.Inf(1) // whole numbers are exact below
	if at := slices.Index(ly.Fields, field); at >= 0 && ly.FloatBits != nil {
		exact = map[int]float64{0: exact, 32: 1 << 24, 64: 1 << 53}[ly.FloatBits[at]]
	}
	var broken, large []string
	for i, id := range ids {
		text := fmt.Sprintf("%q of feature %d", id, ly.Features[i].Number)
		if brokenNumber.MatchString(id) {
			broken = append(broken, text)
		} else if n, err := strconv.ParseFloat(id, 64); err == nil && n > exact {
			large = append(large, text)
		}
	}
	if broken != nil {
		ly.in.warn("field %s, which holds the %s, has %d of %d values that are numbers but not whole ones: %s; "+
			"keep identifiers as text", field, role, len(broken), len(ids), firstTen(broken))
	}
	if large != nil {
		ly.in.warn("field %s, which holds the %s, has floating-point numbers, and %d of %d are larger than those keep "+
			"exactly: %s; keep identifiers as text", field, role, len(large), len(ids), firstTen(large))
	}
}
