package shelf

import (
	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/service/collection"
)

// The kinds of collections of a run, which end their ids.
const (
	candidates = "candidates"
	suppressed = "suppressed"
	zones      = "zones"
	coverage   = "coverage"
)

// kinds are all kinds in their order, with the titles of collections.
var kinds = []struct {
	kind, title, description string
	geometry                 collection.GeometryType
}{
	{candidates, "候选图斑", "待人工核查的变化图斑，不是认定结论", collection.Polygons},
	{suppressed, "未列入的变化", "管控区内的变化中未列为候选图斑的，各有原因；只有点位", collection.Points},
	{zones, "管控区", "管控区边界与覆盖情况", collection.Polygons},
	{coverage, "覆盖情况", "每个管控区的影像覆盖和变化统计", collection.Polygons},
}

// field is a property as the file of a collection has it.
type field struct {
	Name string
	Type collection.Type
	// Asked is that it can be asked for and sorted by; such fields have columns in the first table of an index.
	Asked bool
}

// notAsked are properties of candidates and zones that nobody asks for by value.
var notAsked = names("prio_why", "case_note", "chg_years", "from_mix", "basis", "zones_all", "lon", "lat")

// askedSuppressed are the properties of suppressed changes, of which there may be millions, that can be asked for.
var askedSuppressed = names("cand_id", "patch_id", "change", "from_eco", "from_code", "to_eco", "to_code", "severity",
	"rule_id", "layer", "zone_id", "zone_type", "area_ha", "cells", "adm_code", "adm_name", "flags", "reason")

// filters are the properties with an index to find by, orders those with one to sort by.
var (
	filters = names("patch_id", "change", "severity", "zone_id", "adm_code", "reason", "case_id", "status")
	orders  = names("area_ha", "severity", "prio", "adm_code")
)

func names(all ...string) map[string]bool {
	set := map[string]bool{}
	for _, name := range all {
		set[name] = true
	}
	return set
}

// asked tells whether a property of a kind of collection can be asked for.
func asked(kind, name string) bool {
	if kind == suppressed {
		return askedSuppressed[name]
	}
	return !notAsked[name]
}

// described returns what is known of the properties of a kind of collection, by name.
func described(kind string) map[string]collection.Field {
	all := map[string]collection.Field{}
	of := findings.AllColumns.Fields()
	for i := range of {
		f := &of[i]
		d := collection.Field{Name: f.Name, Title: f.Alias, Type: collection.Text}
		switch {
		case f.Integer != nil:
			d.Type = collection.Integer
		case f.Decimal != nil:
			d.Type = collection.Number
		}
		if f.Values != nil {
			d.Codes = codes(f.Values())
		}
		all[f.Name] = d
	}
	all["reason"] = collection.Field{Name: "reason", Title: "未列入原因", Type: collection.Text,
		Codes: codes(findings.Values(redline.Reasons()))}
	if kind == zones || kind == coverage {
		for _, f := range coverageFields() {
			all[f.Name] = f
		}
	}
	return all
}

// codes returns the codes of a field; none has the title 无.
func codes(values []findings.Value) (all []collection.Code) {
	for _, v := range values {
		if v.Code == "" {
			v.Label = "无"
		}
		all = append(all, collection.Code{Value: v.Code, Title: v.Label})
	}
	return all
}

// coverageFields are the columns of coverage.csv that candidates do not have, or by another name.
func coverageFields() []collection.Field {
	number := func(name, title string) collection.Field {
		return collection.Field{Name: name, Title: title, Type: collection.Number}
	}
	count := func(name, title string) collection.Field {
		return collection.Field{Name: name, Title: title, Type: collection.Integer}
	}
	return []collection.Field{
		{Name: "source", Title: "来源图层", Type: collection.Text}, count("feature", "来源要素序号"),
		number("area_ha", "管控区面积(公顷)"), number("in_raster_ha", "影像范围内面积(公顷)"),
		number("outside_ha", "影像范围外面积(公顷)"), number("outside_pct", "影像范围外比例(%)"),
		number("nodata_ha", "无数据面积(公顷)"), number("nodata_pct", "无数据比例(%)"),
		number("controlled_ha", "本区管控面积(公顷)"), number("changed_ha", "变化面积(公顷)"),
		number("unruled_ha", "无规则的变化面积(公顷)"),
		count("candidates", "候选图斑数"), number("candidate_ha", "候选图斑面积(公顷)"),
		count("suppressed", "未列入变化数"), number("suppressed_ha", "未列入变化面积(公顷)"),
		{Name: "status", Title: "状态", Type: collection.Text, Codes: codes(findings.Values(redline.Statuses()))},
		count("inside_candidates", "区内候选图斑数(不可累加)"),
		number("inside_candidate_ha", "区内候选图斑面积(公顷，不可累加)"),
		count("inside_suppressed", "区内未列入变化数(不可累加)"),
		number("inside_suppressed_ha", "区内未列入变化面积(公顷，不可累加)"),
		number("inside_unruled_ha", "区内无规则的变化面积(公顷，不可累加)"),
		{Name: "since", Title: "管控区设立时间", Type: collection.Text},
	}
}
