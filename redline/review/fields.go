package review

import (
	"slices"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// candidateFields returns the fields of a candidate of which no ledger was asked. Where a layer is edited in place,
// reviewFields follow.
func candidateFields() []field { return shownFields(findings.Columns{}.Fields()) }

// shownFields returns fields of a candidate as layers have them.
func shownFields(all []findings.Field) (fields []field) {
	for _, f := range all {
		of := field{Name: f.Name, Alias: f.Alias, Type: "TEXT", Editable: f.Name == "verdict"}
		if f.Values != nil {
			of.Values = f.Values()
			for i, v := range of.Values {
				if v.Code == "" {
					of.Values[i].Label = "无"
				}
			}
		}
		if f.Name == "flags" {
			of.Values = flagValues(slices.ContainsFunc(all, func(f findings.Field) bool { return f.Name == "date_grd" }))
		}
		switch {
		case f.Integer != nil:
			of.Type = "INTEGER"
		case f.Decimal != nil:
			of.Type = "REAL"
			of.Rounded, of.Decimals = true, min(f.Decimals, 2)
			if f.Decimals == findings.DegDecimals {
				of.Decimals = 6 // about a decimetre
			}
		}
		fields = append(fields, of)
	}
	return fields
}

// flagValues returns every choice of flags as the field has it, and in Chinese. Only dated candidates flicker.
func flagValues(dated bool) []findings.Value {
	values := []findings.Value{{Code: "", Label: "无"}}
	for _, flag := range redline.Flags() {
		if flag == redline.FlagFlicker && !dated {
			continue
		}
		label := redline.FlagChinese(flag)
		for _, v := range values[1:] {
			values = append(values, findings.Value{Code: v.Code + ";" + flag, Label: v.Label + "，" + label})
		}
		values = append(values, findings.Value{Code: flag, Label: label})
	}
	return values
}

// reviewFields returns the fields that the reviewer fills in besides the verdict. A name that somebody has written
// stays; the date is that of the last change. Both are empty while there is no verdict.
func reviewFields() []field {
	const judged = `CASE WHEN "verdict" = 'unreviewed' THEN `
	return []field{
		{Name: "reviewer", Alias: "核查人", Type: "TEXT", Editable: true,
			OnUpdate: judged + `'' WHEN "reviewer" <> '' THEN "reviewer" ` +
				`ELSE coalesce(nullif(@user_full_name, ''), @user_account_name, '') END`},
		{Name: "rev_date", Alias: "核查日期", Type: "DATE", Date: true, Editable: true,
			OnUpdate: judged + `NULL ELSE to_date(now()) END`},
		{Name: "rev_reason", Alias: "核查依据", Type: "TEXT", Editable: true, Values: []findings.Value{
			{Code: "", Label: "未填"},
			{Code: "imagery", Label: "影像可见"},
			{Code: "field", Label: "现场查看"},
			{Code: "permit", Label: "已有审批"},
			{Code: "season", Label: "季节或水位差异"},
			{Code: "class", Label: "分类误差"},
			{Code: "shift", Label: "影像错位"},
			{Code: "other", Label: "其他（见说明）"},
		}},
		{Name: "rev_note", Alias: "核查说明", Type: "TEXT", Multiline: true, Editable: true},
	}
}

// candidateForm returns the form of a candidate of these fields: what the reviewer fills in, the facts that matter
// most, and in a second tab all the rest.
func candidateForm(fields []field) []formTab {
	verdict := formGroup{Name: "核查", Fields: []string{"verdict", "rev_reason", "rev_note", "reviewer", "rev_date"}}
	facts := formGroup{Name: "事实", Fields: []string{"severity", "change_zh", "from_name", "to_name", "area_ha",
		"zone_name", "zone_type", "adm_name", "flags"}}
	known := formGroup{Name: "台账", Fields: []string{"case_id", "relation", "case_state", "case_verd", "case_why",
		"case_note", "confirm", "follow_up", "case_link", "case_near"}}
	times := formGroup{Name: "变化时间", Fields: []string{"chg_year", "chg_from", "chg_to", "chg_years", "date_grd",
		"zone_since", "vs_zone"}}
	proof := formGroup{Name: "佐证与优先级", Fields: slices.Clone(evidenceNames)}
	rest := formTab{Name: "其他"}
	for _, f := range fields {
		if !slices.Contains(slices.Concat(verdict.Fields, facts.Fields, known.Fields, times.Fields, proof.Fields), f.Name) {
			rest.Fields = append(rest.Fields, f.Name)
		}
	}
	for _, g := range []*formGroup{&verdict, &times, &proof} {
		g.Fields = slices.DeleteFunc(g.Fields, func(name string) bool { return !has(fields, name) })
	}
	first := formTab{Name: "核查", Groups: []formGroup{verdict, facts}}
	if knows(fields) {
		first.Groups = slices.Insert(first.Groups, 1, known)
	}
	if len(times.Fields) > 0 {
		first.Groups = append(first.Groups, times)
	}
	if len(proof.Fields) > 0 {
		first.Groups = append(first.Groups, proof)
	}
	return []formTab{first, rest}
}

// suppressedFields returns those fields of suppressed changes that a map needs. suppressed.csv
// has all.
func suppressedFields() []field {
	fields := candidateFieldsNamed("cand_id", "patch_id", "change_zh", "from_name", "to_name", "severity",
		"layer", "zone_id", "zone_name", "zone_type", "area_ha", "patch_ha", "cells", "adm_code", "adm_name", "flags")
	return append(fields, field{
		Name: "reason", Alias: "未列入原因", Type: "TEXT", Values: findings.Values(redline.Reasons()),
	})
}

// candidateFieldsNamed returns those fields of a candidate that have one of these names.
func candidateFieldsNamed(names ...string) []field {
	return slices.DeleteFunc(candidateFields(), func(f field) bool { return !slices.Contains(names, f.Name) })
}

// overlapFields returns the fields of overlaps.csv, which QGIS reads as texts.
func overlapFields() []field {
	return append(candidateFieldsNamed("cand_id", "layer", "zone_id", "zone_name", "zone_type"),
		field{Name: "controls", Alias: "管控", Values: []findings.Value{
			{Code: "1", Label: "管控区"}, {Code: "0", Label: "重叠"},
		}},
		field{Name: "area_ha", Alias: "区内面积(公顷，不可累加)"})
}

// datedZoneFields returns the fields of the zones as the run used them; dated tells that some zone has a date.
func datedZoneFields(dated bool) []field {
	if !dated {
		return zoneFields()
	}
	return append(zoneFields(), field{Name: "since", Alias: "设立时间", Type: "TEXT"})
}

// zoneFields returns the fields of a zone that both layers of zones have.
func zoneFields() []field {
	return append(candidateFieldsNamed("layer", "zone_id", "zone_name", "zone_type", "func_zone", "zone_lvl"),
		field{Name: "area_ha", Alias: "总面积(公顷)", Type: "REAL", Rounded: true, Decimals: 2},
		field{Name: "ctrl_ha", Alias: "本区管控面积(公顷)", Type: "REAL", Rounded: true, Decimals: 2})
}

// coverageFields returns the fields of a zone and of what was found on the ground that it controls.
func coverageFields() []field {
	return append(zoneFields(),
		field{Name: "outs_ha", Alias: "影像外面积(公顷)", Type: "REAL", Rounded: true, Decimals: 2},
		field{Name: "nodata_ha", Alias: "无数据面积(公顷)", Type: "REAL", Rounded: true, Decimals: 2},
		field{Name: "change_ha", Alias: "变化面积(公顷)", Type: "REAL", Rounded: true, Decimals: 2},
		field{Name: "unrule_ha", Alias: "无规则变化面积(公顷)", Type: "REAL", Rounded: true, Decimals: 2},
		field{Name: "cands", Alias: "候选图斑数", Type: "INTEGER"},
		field{Name: "cand_ha", Alias: "候选面积(公顷)", Type: "REAL", Rounded: true, Decimals: 2},
		field{Name: "suppr", Alias: "未列入数", Type: "INTEGER"},
		field{Name: "suppr_ha", Alias: "未列入面积(公顷)", Type: "REAL", Rounded: true, Decimals: 2},
		field{Name: "in_cands", Alias: "区内全部候选数(不可累加)", Type: "INTEGER"},
		field{Name: "in_ha", Alias: "区内候选面积(公顷，不可累加)", Type: "REAL", Rounded: true, Decimals: 2},
		field{Name: "in_suppr", Alias: "区内未列入数(不可累加)", Type: "INTEGER"},
		field{Name: "status", Alias: "覆盖状态", Type: "TEXT", Values: findings.Values(redline.Statuses())})
}
