package redline

import (
	"slices"
	"strings"

	"greenshield/raster/landcover"
)

// ground is a kind of ground that transition groups know, with its ecosystem classes.
type ground struct {
	name    string
	zh      string
	classes []landcover.Ecosystem
}

// groundBefore are the kinds of ground before a change, groundAfter those after it. Group and GroupClasses say how a
// transition finds its own.
var (
	groundBefore = []ground{
		{"natural", "自然地类", []landcover.Ecosystem{
			landcover.Forest, landcover.Shrub, landcover.Grassland, landcover.Wetland, landcover.Ice}},
		{"forest", "森林", []landcover.Ecosystem{landcover.Forest}},
		{"cropland", "农田", []landcover.Ecosystem{landcover.Cropland}},
		{"bare", "裸地荒漠", []landcover.Ecosystem{landcover.Desert, landcover.Bare}},
		{"built", "城镇", []landcover.Ecosystem{landcover.Built}},
	}
	groundAfter = []ground{
		{"natural", "自然地类", []landcover.Ecosystem{landcover.Forest, landcover.Shrub, landcover.Grassland, landcover.Ice}},
		{"scrub", "灌丛草地", []landcover.Ecosystem{landcover.Shrub, landcover.Grassland}},
		{"water", "湿地水体", []landcover.Ecosystem{landcover.Wetland}},
		{"cropland", "农田", []landcover.Ecosystem{landcover.Cropland}},
		{"bare", "裸地荒漠", []landcover.Ecosystem{landcover.Desert, landcover.Bare}},
		{"built", "城镇", []landcover.Ecosystem{landcover.Built}},
	}
)

// Group returns the transition group of a change type, such as "natural>built": what the ground was and what it became,
// each as one kind of ground or several joined by +. It follows from the transitions alone, so that change types of
// different tables and names have one group when they mean the same. Desert and bare ground that was built on counts as
// natural; forest that became shrub or grassland is forest>scrub.
func (c *ChangeType) Group() string {
	was, is := map[string]bool{}, map[string]bool{}
	for _, p := range c.Pairs {
		from, to := kindIn(groundBefore, p[0]), kindIn(groundAfter, p[1])
		switch {
		case from == "bare" && to == "built":
			from = "natural"
		case p[0] == landcover.Forest && (p[1] == landcover.Shrub || p[1] == landcover.Grassland):
			from, to = "forest", "scrub"
		}
		was[from], is[to] = true, true
	}
	join := func(kinds []ground, has map[string]bool) string {
		var names []string
		for _, k := range kinds {
			if has[k.name] {
				names = append(names, k.name)
			}
		}
		return strings.Join(names, "+")
	}
	return join(groundBefore, was) + ">" + join(groundAfter, is)
}

// kindIn returns the first kind of ground that holds a class.
func kindIn(kinds []ground, e landcover.Ecosystem) string {
	i := slices.IndexFunc(kinds, func(k ground) bool { return slices.Contains(k.classes, e) })
	return kinds[i].name
}

// GroupChinese returns the name of a transition group in Chinese, such as "自然地类变城镇" for "natural>built", and what is
// no group of [ChangeType.Group] as it is.
func GroupChinese(group string) string {
	was, is, ok := strings.Cut(group, ">")
	name := func(kinds []ground, names string) string {
		var all []string
		for name := range strings.SplitSeq(names, "+") {
			i := slices.IndexFunc(kinds, func(k ground) bool { return k.name == name })
			if i < 0 {
				ok = false
				return ""
			}
			all = append(all, kinds[i].zh)
		}
		return strings.Join(all, "、")
	}
	text := name(groundBefore, was) + "变" + name(groundAfter, is)
	if !ok {
		return group
	}
	return text
}

// GroupClasses returns the ecosystem classes that a transition group stands for: bad are those that the ground became,
// before those that it was. No class is in both; what could be either is bad. Desert and bare ground are never natural
// here, for ground that was cleared of buildings is bare too. ok is false when it is not a group of [ChangeType.Group].
func GroupClasses(group string) (bad, before []landcover.Ecosystem, ok bool) {
	was, is, ok := strings.Cut(group, ">")
	of := func(kinds []ground, names string) (classes []landcover.Ecosystem) {
		for name := range strings.SplitSeq(names, "+") {
			i := slices.IndexFunc(kinds, func(k ground) bool { return k.name == name })
			if i < 0 {
				ok = false
				return nil
			}
			classes = append(classes, kinds[i].classes...)
		}
		slices.Sort(classes)
		return slices.Compact(classes)
	}
	bad, before = of(groundAfter, is), of(groundBefore, was)
	if !ok {
		return nil, nil, false
	}
	before = slices.DeleteFunc(before, func(e landcover.Ecosystem) bool { return slices.Contains(bad, e) })
	return bad, before, true
}
