package redline_test

import (
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/seeds"
)

func shippedVocabulary(t *testing.T) *redline.Vocabulary {
	t.Helper()
	v, err := redline.ParseVocabulary(seeds.ZoneTypes(), seeds.Fields())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVocabularyZoneType(t *testing.T) {
	v := shippedVocabulary(t)
	override := map[string]string{"1": "core", " 核心区 ": "buffer", "x": "cor", "": "nature_park"}
	tests := []struct {
		layer, text string
		override    map[string]string
		want        redline.ZoneType
		ok          bool
	}{
		{"reserve", "核心区", nil, redline.Core, true},
		{"reserve", "核心保护区", nil, redline.CoreProtection, true}, // no prefix match
		{"reserve", "　核心区 ", nil, redline.Core, true},           // ideographic space
		{"reserve", "hxq", nil, redline.Core, true},
		{"reserve", "缓冲区", nil, redline.Buffer, true},
		{"reserve", "实验区", nil, redline.Experimental, true},
		{"reserve", "一般控制区", nil, redline.GeneralControl, true},
		{"reserve", "General_Control", nil, redline.GeneralControl, true},
		{"reserve", "风景名胜区", nil, redline.NaturePark, true},
		{"reserve", "外围保护地带", nil, redline.Periphery, true},
		{"reserve", "", nil, redline.Unzoned, true},
		{"reserve", " \t", nil, redline.Unzoned, true},
		{"reserve", "未分区", nil, redline.Unzoned, true},
		{"reserve", "1", nil, 0, false}, // numeric codes are no standard
		{"reserve", "核心区二", nil, 0, false},
		{"reserve", "1", override, redline.Core, true},
		{"reserve", "核心区", override, redline.Buffer, true},
		{"reserve", "实验区", override, redline.Experimental, true},
		{"reserve", "X", override, 0, false}, // the override names no zone type
		{"reserve", "", override, redline.NaturePark, true},
		{"redline", "", nil, redline.RedLine, true},
		{"redline", "核心区", nil, redline.RedLine, true},
		{"redline", "1", override, redline.RedLine, true},
	}
	for _, tt := range tests {
		if got, ok := v.ZoneType(tt.layer, tt.text, tt.override); ok != tt.ok || ok && got != tt.want {
			t.Errorf("ZoneType(%s, %q, %v) = %v, %v, want %v, %v", tt.layer, tt.text, tt.override, got, ok, tt.want, tt.ok)
		}
	}
	for _, z := range redline.ZoneTypes() {
		for _, text := range []string{z.String(), z.Chinese()} {
			if got, ok := v.ZoneType("reserve", text, nil); !ok || got != z {
				t.Errorf("%q = %v, %v, want %v", text, got, ok, z)
			}
		}
	}
}

func TestVocabularyField(t *testing.T) {
	v := shippedVocabulary(t)
	tests := []struct {
		role, have, want string
	}{
		{"id", "OBJECTID BSM hxbm", "hxbm"}, // priority, and the spelling of the file
		{"id", "OBJECTID FID id", ""},
		{"name", "XZQMC BHDMC", "BHDMC"},
		{"name", "adcode name level", "name"},
		{"func_zone", "BHDMC GNFQ", "GNFQ"},
		{"level", "BHDMC BHDJB", "BHDJB"},
		{"code", "adcode name", "adcode"},
		{"code", "XZQDM XZQMC", "XZQDM"},
		{"func_zone", "", ""},
		{"id", "编号 保护区名", "编号"}, {"name", "编号 保护区名", "保护区名"}, {"id", "编号 红线区编号", "红线区编号"},
		{"name", "红线区名称", "红线区名称"}, {"level", "保护地级别", "保护地级别"}, {"level", "保护等级", "保护等级"}, {"id", "代码 BSM", "BSM"}, // what says it more surely
		{"name", "PAC 区县名", "区县名"}, {"code", "PAC NAME", "PAC"}, {"city", "县名 地市名 市名称", "市名称"},
		{"nosuch", "GNFQ", ""},
	}
	for _, tt := range tests {
		got, ok := v.Field(tt.role, strings.Fields(tt.have))
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("Field(%s, %s) = %q, %v, want %q", tt.role, tt.have, got, ok, tt.want)
		}
	}
}

func TestParseVocabularyErrors(t *testing.T) {
	const types, fields = "value,zone_type\n核心区,core\n", "role,alias\nid,A\n"
	tests := []struct{ name, types, fields, want string }{
		{"zone type unknown", types + "缓冲区,bufer\n", fields, `zone types:3: unknown zone type "bufer"; did you mean "buffer"?`},
		{"value twice", types + "核心区,buffer\n", fields, "zone types:3: "},
		{"value twice but for case", types + "hxq,core\nHXQ,core\n", fields, "zone types:4: "},
		{"value empty", types + ",unzoned\n", fields, "zone types:3: the value is empty"},
		{"columns", "value\n", fields, "zone types:1: the columns are"},
		{"role unknown", types, fields + "nam,B\n", `fields:3: unknown role "nam"; did you mean "name"?`},
		{"alias twice", types, fields + "id,a\n", "fields:3: "},
		{"alias empty", types, fields + "id,\n", "fields:3: "},
		{"fields' columns", types, "alias\n", "fields:1: the columns are"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := redline.ParseVocabulary([]byte(tt.types), []byte(tt.fields))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}
