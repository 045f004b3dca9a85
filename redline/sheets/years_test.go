package sheets

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/redlinetest"
	"greenshield/redline/survey"
)

// withYears gives each unit of surveyOf a map of 2018: of four cells of forest, of which three are a town in 2020, one
// is a town in 2018 already, and one is not seen then.
func withYears(s *redline.Survey) *redline.Survey {
	extent := func(n int64) redline.Extent { return redline.Extent{Cells: n, AreaM2: 900 * float64(n)} }
	f, b, none := landcover.Forest, landcover.Built, landcover.NoData
	classes := []landcover.Class{{Code: 2, NameZH: "林地", Ecosystem: f}, {Code: 8, NameZH: "不透水面", Ecosystem: b}}
	s.Maps = []redline.SurveyMap{{Year: 2015, Legend: "clcd", Classes: classes},
		{Year: 2018, Legend: "own", Classes: []landcover.Class{{Code: -5, NameEN: "town", Ecosystem: b}, {Code: 10, NameEN: "=wood", Ecosystem: f}}},
		{Year: 2020, Legend: "clcd", Classes: classes}}
	code := func(class int, n int64) redline.CodeExtent {
		return redline.CodeExtent{Class: class, Extent: extent(n)}
	}
	change := func(from, to landcover.Ecosystem, n int64) redline.ClassChange {
		return redline.ClassChange{From: from, To: to, Extent: extent(n)}
	}
	for i := range s.Units {
		y := make([]redline.UnitYear, 3)
		y[0].Classes[f] = extent(4)
		y[0].Codes = []redline.CodeExtent{code(0, 4)}
		y[1].Classes[f], y[1].Classes[b], y[1].Classes[none] = extent(2), extent(1), extent(1)
		y[1].Codes = []redline.CodeExtent{code(0, 1), code(1, 2)}
		y[1].Changes = []redline.ClassChange{change(f, none, 1), change(f, f, 2), change(f, b, 1)}
		y[2].Classes[f], y[2].Classes[b] = extent(1), extent(3)
		y[2].Codes = []redline.CodeExtent{code(0, 1), code(1, 3)}
		y[2].Changes = []redline.ClassChange{change(none, f, 1), change(f, b, 2), change(b, b, 1)}
		s.Units[i].Years = y
	}
	return s
}

func TestYearsCSV(t *testing.T) {
	target := write(t, &redline.Summary{Survey: withYears(surveyOf(nil))}, nil, YearsCSV(survey.Default()))
	text, err := os.ReadFile(filepath.Join(target, "survey_years.csv"))
	redlinetest.Must(t, err)
	const want = utf8BOM + `level,layer,code,name,indicator,indicator_zh,class,to_class,map_code,year,value,unit,cells
whole,,,全区,valid_area,有效面积,,,,2015,0.360000,ha,4
whole,,,全区,nodata_cells,无数据像元数,,,,2015,0,cells,0
whole,,,全区,area,面积,forest,,,2015,0.360000,ha,4
whole,,,全区,share,构成比例,forest,,,2015,100.0000,%,
whole,,,全区,area,面积,built,,,2015,0.000000,ha,0
whole,,,全区,share,构成比例,built,,,2015,0.0000,%,
whole,,,全区,code_area,地类代码面积,forest,,2,2015,0.360000,ha,4
whole,,,全区,valid_area,有效面积,,,,2018,0.270000,ha,3
whole,,,全区,nodata_cells,无数据像元数,,,,2018,1,cells,1
whole,,,全区,area,面积,forest,,,2018,0.180000,ha,2
whole,,,全区,share,构成比例,forest,,,2018,66.6667,%,
whole,,,全区,area,面积,built,,,2018,0.090000,ha,1
whole,,,全区,share,构成比例,built,,,2018,33.3333,%,
whole,,,全区,code_area,地类代码面积,built,,-5,2018,0.090000,ha,1
whole,,,全区,code_area,地类代码面积,forest,,10,2018,0.180000,ha,2
whole,,,全区,valid_area,两年均有效面积,,,,2015-2018,0.270000,ha,3
whole,,,全区,comprehensive_dynamic_degree,综合动态度,,,,2015-2018,11.1111,%,
whole,,,全区,transition_index,土地覆被转类指数,,,,2015-2018,-500.0000,%,
whole,,,全区,net_change,净变化,forest,,,2015-2018,-0.090000,ha,
whole,,,全区,gain,转入,forest,,,2015-2018,0.000000,ha,
whole,,,全区,loss,转出,forest,,,2015-2018,0.090000,ha,
whole,,,全区,change_rate,类型变化率,forest,,,2015-2018,-33.3333,%,
whole,,,全区,dynamic_degree,单一动态度,forest,,,2015-2018,-11.1111,%,
whole,,,全区,net_change,净变化,built,,,2015-2018,0.090000,ha,
whole,,,全区,gain,转入,built,,,2015-2018,0.090000,ha,
whole,,,全区,loss,转出,built,,,2015-2018,0.000000,ha,
whole,,,全区,transition,转移面积,forest,nodata,,2015-2018,0.090000,ha,1
whole,,,全区,transition,转移面积,forest,forest,,2015-2018,0.180000,ha,2
whole,,,全区,transition,转移面积,forest,built,,2015-2018,0.090000,ha,1
`
	if got := text[:min(len(text), len(want))]; string(got) != want {
		t.Errorf("got\n%s", text)
	}
	if n := bytes.Count(text, []byte("\n")); n != 54 {
		t.Errorf("%d lines, want 54", n)
	}
}

// TestYearsOfSheets: the sheets of the years are there with maps between, and only then.
func TestYearsOfSheets(t *testing.T) {
	list := func(s *redline.Survey) string {
		target := write(t, &redline.Summary{Survey: s}, nil, SurveyXLSX(survey.Default()), YearsCSV(survey.Default()))
		_, err := os.Stat(filepath.Join(target, "survey_years.csv"))
		if (err == nil) != (s.Maps != nil) {
			t.Errorf("survey_years.csv with %d maps: %v", len(s.Maps), err)
		}
		f := open(t, target, "survey.xlsx")
		for sheet, want := range map[string][]string{
			"逐年构成":  {"县||340101|甲|2018|森林|0.18|66.67|2", "县||340101|甲|2018|城镇|0.09|33.33|1", "县||340101|甲|2018|无数据|0.09||1"},
			"逐年变化":  {"县||340101|甲|2015|2018|森林|-0.09|0.00|0.09|-33.33|-11.11", "县||340101|甲|2018|2020|城镇|0.18|0.18|0.00|200.00|100.00"},
			"逐年动态度": {"县||340101|甲|2015|2018|0.27|3|1|0.09|11.11|-500.00", "县||340101|甲|2018|2020|0.27|3|1|0.18|33.33|-500.00"},
			"逐年转移":  {"县||340101|甲|2015|2018|森林|无数据|0.09|1", "县||340101|甲|2018|2020|城镇|城镇|0.09|1"},
			"逐年地类":  {"县||340101|甲|2018|own|-5|town|城镇|0.09|1", "县||340101|甲|2018|own|10|=wood|森林|0.18|2"},
			"说明":    {"逐年|" + survey.YearsNote + "|3 期土地覆盖"},
		} {
			rows, err := f.GetRows(sheet)
			if s.Maps == nil && sheet != "说明" {
				if err == nil {
					t.Errorf("without maps between there is a sheet %s", sheet)
				}
				continue
			}
			redlinetest.Must(t, err)
			text := ""
			for _, row := range rows {
				text += "\n" + strings.Join(row, "|") + "\n"
			}
			for _, line := range want {
				if strings.Contains(text, "\n"+line+"\n") != (s.Maps != nil) {
					t.Errorf("%s, %d maps: %s\n%s", sheet, len(s.Maps), line, text)
				}
			}
		}
		return strings.Join(f.GetSheetList(), " ")
	}
	alone, years := list(surveyOf([]string{"甲"})), list(withYears(surveyOf([]string{"甲"})))
	if years != alone+" 逐年构成 逐年变化 逐年动态度 逐年转移 逐年地类" {
		t.Errorf("sheets %s, without maps between %s", years, alone)
	}
}
