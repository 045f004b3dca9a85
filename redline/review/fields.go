package review

import (
	"slices"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// field is one field of a layer and how a form shows it.
type field struct {
	Name, Alias string
	Type        string           // its type in SQLite
	Values      []findings.Value // the values that the form offers; nil for any text
	Date        bool             // the form has a calendar for it
	Multiline   bool             // the form has room for several lines
	Editable    bool             // the reviewer may change it
}

// candidateFields returns the fields of a candidate. Where a layer is edited in place,
// reviewFields follow.
func candidateFields() (fields []field) {
	for _, f := range findings.Fields() {
		of := field{Name: f.Name, Alias: f.Alias, Type: "TEXT", Editable: f.Name == "verdict"}
		if f.Values != nil {
			of.Values = f.Values()
		}
		switch {
		case f.Integer != nil:
			of.Type = "INTEGER"
		case f.Decimal != nil:
			of.Type = "REAL"
		}
		fields = append(fields, of)
	}
	return fields
}

// reviewFields returns the fields that the reviewer fills in besides the verdict.
func reviewFields() []field {
	return []field{
		{Name: "reviewer", Alias: "核查人", Type: "TEXT", Editable: true},
		{Name: "rev_date", Alias: "核查日期", Type: "DATE", Date: true, Editable: true},
		{Name: "rev_note", Alias: "核查说明", Type: "TEXT", Multiline: true, Editable: true},
	}
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

// zoneFields returns the fields of a zone that both layers of zones have.
func zoneFields() []field {
	return append(candidateFieldsNamed("layer", "zone_id", "zone_name", "zone_type", "func_zone", "zone_lvl"),
		field{Name: "area_ha", Alias: "总面积(公顷)", Type: "REAL"},
		field{Name: "ctrl_ha", Alias: "本区管控面积(公顷)", Type: "REAL"})
}

// coverageFields returns the fields of a zone and of what was found on the ground that it controls.
func coverageFields() []field {
	return append(zoneFields(),
		field{Name: "outs_ha", Alias: "影像外面积(公顷)", Type: "REAL"},
		field{Name: "nodata_ha", Alias: "无数据面积(公顷)", Type: "REAL"},
		field{Name: "change_ha", Alias: "变化面积(公顷)", Type: "REAL"},
		field{Name: "unrule_ha", Alias: "无规则变化面积(公顷)", Type: "REAL"},
		field{Name: "cands", Alias: "候选图斑数", Type: "INTEGER"},
		field{Name: "cand_ha", Alias: "候选面积(公顷)", Type: "REAL"},
		field{Name: "suppr", Alias: "未列入数", Type: "INTEGER"},
		field{Name: "suppr_ha", Alias: "未列入面积(公顷)", Type: "REAL"},
		field{Name: "in_cands", Alias: "区内全部候选数(不可累加)", Type: "INTEGER"},
		field{Name: "in_ha", Alias: "区内候选面积(公顷，不可累加)", Type: "REAL"},
		field{Name: "in_suppr", Alias: "区内未列入数(不可累加)", Type: "INTEGER"},
		field{Name: "status", Alias: "覆盖状态", Type: "TEXT", Values: findings.Values(redline.Statuses())})
}
