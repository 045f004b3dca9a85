package sheets

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/paulmach/orb"
	"github.com/xuri/excelize/v2"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/folder"
	"greenshield/redline/priority"
	"greenshield/redline/record"
	"greenshield/redline/redlinetest"
	"greenshield/redline/spool"
	"greenshield/redline/survey"
	"greenshield/redline/work"
)

// hostile are texts that must do no harm.
var hostile = []string{
	`<img src=x onerror=alert(1)>`, `=cmd|' /C calc'!A0`, "\u202Efdp.exe", `a "quoted" name, with a comma`, strings.Repeat("绿盾保护区", 40), "line\nbreak\tand\x01control",
	"+1", "-1", "@SUM(A1)", "\xff\xfe", strings.Repeat("长", 40000), "😀", "]]>", "&amp;", "'", "",
}

func candidate(i int, name string) *redline.Candidate {
	return &redline.Candidate{
		ID: fmt.Sprint("C", i), PatchID: fmt.Sprint("P", i), YearA: 2015, YearB: 2020, Change: "construction", ChangeZH: "新增建设",
		FromEco: "forest", FromCode: "2", FromName: "林地", ToEco: "built", ToCode: "8", ToName: "不透水面", FromMix: "forest:100",
		Severity: 4, RuleID: "construction/core", Activity: "采矿", Basis: name, Layer: redline.LayerReserve, ZoneID: fmt.Sprint("Z", i), ZoneName: name, ZoneType: "core",
		FuncZone: name, ZoneLvl: "国家级", ZonesAll: []string{fmt.Sprint("Z", i), name}, AreaM2: 8100.5, PatchM2: 10800, Cells: 12, EdgeCells: 3,
		AdmCode: "340100", AdmName: name, Lon: 117.5, Lat: 31.25, Flags: []string{redline.FlagSliver},
		Geometry: orb.MultiPolygon{{{{117, 31}, {117.001, 31}, {117.001, 31.001}, {117, 31}}}},
	}
}

// write writes a run with those candidates, and returns its folder.
func write(t testing.TB, sum *redline.Summary, candidates []*redline.Candidate, reports ...findings.Report) string {
	t.Helper()
	return writeOf(t, &redline.Inputs{Zones: make([]redline.Zone, 1)}, sum, candidates, reports...)
}

// writeOf writes a run of those inputs, which have one zone, with those candidates, and returns its folder.
func writeOf(t testing.TB, in *redline.Inputs, sum *redline.Summary, candidates []*redline.Candidate, reports ...findings.Report) string {
	t.Helper()
	return writeRanked(t, in, sum, nil, candidates, reports...)
}

// writeRanked does the same with candidates that have their priority by that model, if it is not nil.
func writeRanked(t testing.TB, in *redline.Inputs, sum *redline.Summary, model *priority.Model, candidates []*redline.Candidate, reports ...findings.Report) string {
	t.Helper()
	m := &record.Manifest{}
	if model != nil {
		m.Priority = &record.Ranking{Model: model.Name, SHA256: model.SHA256}
	}
	target := filepath.Join(t.TempDir(), "out")
	f, err := folder.Begin(target, false)
	redlinetest.Must(t, err)
	defer f.Abort()
	sum.Grid = raster.Grid{CellX: 1, CellY: 1, Cols: 10, Rows: 10}
	in.Grid = sum.Grid
	s, err := spool.New(f, in, findings.ColumnsOf(in, false, model != nil), true)
	redlinetest.Must(t, err)
	for i, c := range candidates {
		redlinetest.Must(t, s.Put(redline.Key{Row: int32(i)}, c, []redline.Overlap{{Zone: 0, AreaM2: c.AreaM2}}))
		if c.Reason != "" {
			sum.Suppressed++
			sum.SuppressedM2 += c.AreaM2
			continue
		}
		sum.Candidates++
		sum.CandidateM2 += c.AreaM2
	}
	redlinetest.Must(t, work.Write(context.Background(), f, work.Found{Inputs: in, Summary: sum, Spool: s, Ranking: model}, m, reports...))
	redlinetest.Must(t, f.Publish(t.Context()))
	return target
}

func surveyOf(names []string) *redline.Survey {
	s := &redline.Survey{YearA: 2015, YearB: 2020}
	for i, name := range append([]string{""}, names...) {
		u := redline.UnitSurvey{Unit: redline.Unit{Level: redline.LevelCounty, Code: fmt.Sprint(340100 + i), Name: name}}
		if i == 0 {
			u.Unit = redline.Unit{Level: redline.LevelWhole}
		}
		u.Cells[landcover.Forest][landcover.Built], u.AreaM2[landcover.Forest][landcover.Built] = 3, 2700
		u.Cells[landcover.Forest][landcover.Forest], u.AreaM2[landcover.Forest][landcover.Forest] = 1, 900
		u.Pattern[0][landcover.Forest] = redline.Pattern{Patches: 2, LargestM2: 1800, EdgeM: 60}
		s.Units = append(s.Units, u)
	}
	return s
}

// TestHostileTexts: every candidate and unit has its row in each table, and no text is a formula or spoils the file.
func TestHostileTexts(t *testing.T) {
	var candidates []*redline.Candidate
	for i, name := range hostile {
		candidates = append(candidates, candidate(i, name))
	}
	settings := survey.Default()
	reports := []findings.Report{CandidatesCSV, CandidatesXLSX, SurveyCSV(settings), SurveyXLSX(settings)}
	target := write(t, &redline.Summary{Survey: surveyOf(hostile)}, candidates, reports...)
	for _, name := range []string{"candidates.csv", "survey.csv"} {
		text, err := os.ReadFile(filepath.Join(target, name))
		redlinetest.Must(t, err)
		rest, ok := bytes.CutPrefix(text, []byte(utf8BOM))
		if !ok || !utf8.Valid(text) {
			t.Errorf("%s has no byte order mark, or is no UTF-8", name)
		}
		records, err := csv.NewReader(bytes.NewReader(rest)).ReadAll()
		redlinetest.Must(t, err)
		if name == "candidates.csv" && len(records) != len(candidates)+1 {
			t.Errorf("%d records", len(records))
		}
		for _, r := range records[1:] {
			for i, cell := range r {
				if _, number := map[string]bool{"value": true, "cells": true}[records[0][i]]; !number && strings.HasPrefix(cell, "=") || strings.HasPrefix(cell, "@") || strings.HasPrefix(cell, "+") {
					t.Errorf("%s: %q", name, cell)
				}
			}
		}
	}
	const block = 1 + 1 + 9 + 1 + 1 // title, header, classes, total, empty row
	names := map[string]bool{}
	for _, name := range hostile {
		names[name] = true
	}
	counties := len(names)
	for name, want := range map[string]map[string]int{
		"candidates.xlsx": {"说明": 39, "汇总": 2 + counties + 1, "问题清单": len(candidates) + 2},
		"survey.xlsx": {"说明": 19, "汇总": 9 + 2*len(hostile) + 1, "转移矩阵": block*(1+len(hostile)) - 1,
			"转移去向": block*(1+len(hostile)) - 1, "转移来源": block*(1+len(hostile)) - 1, "动态度与指数": 2 + len(hostile), "景观格局": 2 + len(hostile), "管控区": 1},
	} {
		f, err := excelize.OpenFile(filepath.Join(target, name))
		redlinetest.Must(t, err)
		if sheets := f.GetSheetList(); len(sheets) != len(want) {
			t.Errorf("%s has the sheets %v", name, sheets)
		}
		for _, sheet := range f.GetSheetList() {
			rows, err := f.GetRows(sheet)
			redlinetest.Must(t, err)
			if len(rows) != want[sheet] {
				t.Errorf("%s, %s: %d rows, want %d", name, sheet, len(rows), want[sheet])
			}
			for r, row := range rows {
				for c, cell := range row {
					at, err := excelize.CoordinatesToCellName(c+1, r+1)
					redlinetest.Must(t, err)
					if formula, err := f.GetCellFormula(sheet, at); err != nil || formula != "" {
						t.Errorf("%s, %s, %s: formula %q, %v", name, sheet, at, formula, err)
					}
					if strings.ContainsAny(cell, "\u202E\x01") || len([]rune(cell)) > maxText {
						t.Errorf("%s, %s, %s: %.20q of %d", name, sheet, at, cell, len(cell))
					}
				}
			}
		}
		redlinetest.Must(t, f.Close())
	}
}

// table returns the rows of a sheet, and a function that returns the cell of a row below the header of that title.
func table(t *testing.T, f *excelize.File, sheet string, header int) (rows [][]string, cell func(row int, title string) string) {
	t.Helper()
	rows, err := f.GetRows(sheet)
	redlinetest.Must(t, err)
	return rows, func(row int, title string) string {
		i := slices.Index(rows[header], title)
		if i < 0 {
			t.Fatalf("no column %s", title)
		}
		if i >= len(rows[header+row]) {
			return ""
		}
		return rows[header+row][i]
	}
}

// open opens a workbook of a run.
func open(t *testing.T, path ...string) *excelize.File {
	t.Helper()
	f, err := excelize.OpenFile(filepath.Join(path...))
	redlinetest.Must(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func TestCandidatesXLSX(t *testing.T) {
	target := write(t, &redline.Summary{}, []*redline.Candidate{candidate(1, "甲"), candidate(2, "乙")}, CandidatesXLSX)
	f := open(t, target, "candidates.xlsx")
	if sheets := fmt.Sprint(f.GetSheetList()); sheets != "[说明 汇总 问题清单]" {
		t.Errorf("sheets %s", sheets)
	}
	rows, cell := table(t, f, "问题清单", 1)
	for title, want := range map[string]string{
		"序号": "2", "图斑编号": "C2", "严重程度": "严重", "管控区名称": "乙", "管控区类型": "核心区", "管控图层": "自然保护地", "图斑面积(公顷)": "0.8101", "错位可解释的像元比例(%)": "25.00",
		"经度": "117.5000000", "地图点(纬度, 经度)": "31.25000, 117.50000", "前期年份": "2015", "核查结论": "待核查", "核查日期": "", "问题": "", "措施": "", "标准": "", "责任": "", "核查人": "",
	} {
		if got := cell(2, title); got != want {
			t.Errorf("%s is %q, want %q", title, got, want)
		}
	}
	for _, sheet := range f.GetSheetList() {
		if note, err := f.GetCellValue(sheet, "A1"); err != nil || note != disclaimer {
			t.Errorf("%s begins with %q, %v", sheet, note, err)
		}
	}
	column := func(title string) string {
		name, err := excelize.ColumnNumberToName(slices.Index(rows[1], title) + 1)
		redlinetest.Must(t, err)
		return name
	}
	verdict, date, severity := column("核查结论"), column("核查日期"), column("严重程度")
	valid, err := f.GetDataValidations("问题清单")
	redlinetest.Must(t, err)
	if len(valid) != 2 || valid[0].Sqref != verdict+"3:"+verdict+"4" || !strings.Contains(valid[0].Formula1, "待核查,属实,不属实,已批准,重复,需实地") {
		t.Errorf("choices: %+v", valid)
	}
	if len(valid) != 2 || valid[1].Sqref != date+"3:"+date+"4" || valid[1].Type != "date" || valid[1].Formula1 != "36526" || valid[1].Formula2 != "73050" {
		t.Errorf("dates: %+v", valid)
	}
	redlinetest.Must(t, f.SetCellValue("问题清单", date+"3", 36526))
	if shown, err := f.GetCellValue("问题清单", date+"3"); err != nil || shown != "2000-01-01" {
		t.Errorf("a date shows as %q, %v", shown, err)
	}
	colours, err := f.GetConditionalFormats("问题清单")
	redlinetest.Must(t, err)
	rules := colours[severity+"3:"+severity+"4"]
	if len(colours) != 1 || len(rules) != 4 || rules[0].Value != `"严重"` {
		t.Fatalf("colours: %+v", colours)
	}
	style, err := f.GetConditionalStyle(*rules[0].Format)
	redlinetest.Must(t, err)
	if len(style.Fill.Color) != 1 || style.Fill.Color[0] != "D55E00" {
		t.Errorf("severe candidates are filled with %v", style.Fill.Color)
	}
	linked, link, err := f.GetCellHyperLink("问题清单", column("地图点(纬度, 经度)")+"3")
	if !linked || link != "geo:31.2500000,117.5000000" || err != nil {
		t.Errorf("link %q, %v", link, err)
	}
	size, err := f.GetSheetDimension("问题清单")
	redlinetest.Must(t, err)
	if size != "" {
		t.Errorf("the sheet says that it is %s, which readers that trust it take for all of it", size)
	}
	panes, err := f.GetPanes("问题清单")
	redlinetest.Must(t, err)
	if !panes.Freeze || panes.YSplit != 2 || panes.XSplit != 2 || panes.TopLeftCell != "C3" {
		t.Errorf("panes: %+v", panes)
	}
}

// TestLayout: every sheet prints on A4 across, as wide as one page, with page numbers, and tables repeat their header.
func TestLayout(t *testing.T) {
	settings := survey.Default()
	target := write(t, &redline.Summary{Survey: surveyOf([]string{"a"})}, []*redline.Candidate{candidate(1, "甲")}, CandidatesXLSX, SurveyXLSX(settings))
	for _, name := range []string{"candidates.xlsx", "survey.xlsx"} {
		f := open(t, target, name)
		names := map[string]string{}
		for _, d := range f.GetDefinedName() {
			names[d.Scope+" "+d.Name] = d.RefersTo
		}
		for _, sheet := range f.GetSheetList() {
			props, err := f.GetSheetProps(sheet)
			redlinetest.Must(t, err)
			page, err := f.GetPageLayout(sheet)
			redlinetest.Must(t, err)
			if !*props.FitToPage || *page.Size != 9 || *page.Orientation != "landscape" || *page.FitToWidth != 1 || *page.FitToHeight != 0 {
				t.Errorf("%s, %s: %+v", name, sheet, page)
			}
			foot, err := f.GetHeaderFooter(sheet)
			redlinetest.Must(t, err)
			if !strings.Contains(foot.OddFooter, "第 &P 页 共 &N 页") {
				t.Errorf("%s, %s: footer %q", name, sheet, foot.OddFooter)
			}
			header := map[string]string{"candidates.xlsx": "$1:$2", "survey.xlsx": "$1:$1"}[name]
			if got := names[sheet+" _xlnm.Print_Titles"]; got != "'"+sheet+"'!"+header && !strings.HasPrefix(sheet, "转移") {
				t.Errorf("%s, %s repeats %q", name, sheet, got)
			}
		}
		if got := names["问题清单 _xlnm.Print_Area"]; name == "candidates.xlsx" && got != "'问题清单'!$A$1:$T$3" {
			t.Errorf("printed: %s", got)
		}
	}
}

// TestOrderAndTotals: the list goes from the most severe and largest candidate down, equal ones as in files, and the
// totals by county and severity are those of the candidates.
func TestOrderAndTotals(t *testing.T) {
	var candidates []*redline.Candidate
	for i, c := range []struct {
		severity redline.Severity
		ha       float64
		county   string
	}{{1, 9, "b"}, {4, 1, "a"}, {4, 3, "b"}, {3, 7, ""}, {4, 1, "b"}, {0, 99, "a"}, {4, 2.5, "a"}} {
		x := candidate(i, "x")
		x.Severity, x.AreaM2, x.PatchM2, x.AdmCode, x.AdmName = c.severity, c.ha*1e4, 1e6, c.county, c.county
		if c.severity == 0 { // it is not listed, but takes a place in the order of files
			x.Reason, x.Geometry = redline.ReasonSeverity0, nil
		}
		candidates = append(candidates, x)
	}
	target := write(t, &redline.Summary{}, candidates, CandidatesXLSX)
	f := open(t, target, "candidates.xlsx")
	rows, cell := table(t, f, "问题清单", 1)
	var got []string
	for i := range rows[2:] {
		got = append(got, cell(i+1, "序号")+cell(i+1, "图斑编号"))
	}
	if want := "1C2 2C6 3C1 4C4 5C3 6C0"; strings.Join(got, " ") != want {
		t.Errorf("order %s, want %s", got, want)
	}
	rows, _ = table(t, f, "汇总", 1)
	want := [][]string{
		{"行政区代码", "行政区", "严重(个)", "严重(公顷)", "较重(个)", "较重(公顷)", "一般(个)", "一般(公顷)", "提示(个)", "提示(公顷)", "合计(个)", "合计(公顷)"},
		{"", redline.NoCounty, "0", "0.00", "1", "7.00", "0", "0.00", "0", "0.00", "1", "7.00"},
		{"a", "a", "2", "3.50", "0", "0.00", "0", "0.00", "0", "0.00", "2", "3.50"},
		{"b", "b", "2", "4.00", "0", "0.00", "0", "0.00", "1", "9.00", "3", "13.00"},
		{"合计", "", "4", "7.50", "1", "7.00", "0", "0.00", "1", "9.00", "6", "23.50"},
	}
	if fmt.Sprint(rows[1:]) != fmt.Sprint(want) {
		t.Errorf("totals\n%v, want\n%v", rows[1:], want)
	}
}

// TestLinksEnd: rows beyond the last link have the point as text.
func TestLinksEnd(t *testing.T) {
	var candidates []*redline.Candidate
	for i := range maxLinks + 1 {
		candidates = append(candidates, candidate(i, "x"))
	}
	f := open(t, write(t, &redline.Summary{}, candidates, CandidatesXLSX), "candidates.xlsx")
	rows, cell := table(t, f, "问题清单", 1)
	at := slices.Index(rows[1], pointTitle)
	for n, want := range map[int]bool{1: true, maxLinks: true, maxLinks + 1: false} {
		name, err := excelize.CoordinatesToCellName(at+1, n+2)
		redlinetest.Must(t, err)
		linked, _, err := f.GetCellHyperLink("问题清单", name)
		if linked != want || err != nil || cell(n, pointTitle) != "31.25000, 117.50000" {
			t.Errorf("row %d has a link: %v, want %v; %q, %v", n, linked, want, cell(n, pointTitle), err)
		}
	}
}

// TestMatrices: a unit has one square matrix of each kind, with totals.
func TestMatrices(t *testing.T) {
	target := write(t, &redline.Summary{Survey: surveyOf([]string{"甲"})}, nil, SurveyXLSX(survey.Default()))
	f := open(t, target, "survey.xlsx")
	for sheet, want := range map[string]struct{ title, changed, kept, row, column, whole string }{
		"转移矩阵": {"县：甲 340101（公顷）", "0.27", "0.09", "0.36", "0.27", "0.36"},
		"转移去向": {"县：甲 340101（占前期类型面积的 %）", "75.00", "25.00", "100.00", "75.00", "100.00"},
		"转移来源": {"县：甲 340101（占后期类型面积的 %）", "100.00", "100.00", "100.00", "100.00", "100.00"},
	} {
		rows, err := f.GetRows(sheet)
		redlinetest.Must(t, err)
		block := rows[13:]
		if len(block) != 12 || block[0][0] != want.title {
			t.Fatalf("%s: %d rows, %q", sheet, len(block), block[0])
		}
		classes := landcover.Ecosystems()
		forest, built, all := 2+slices.Index(classes, landcover.Forest), 1+slices.Index(classes, landcover.Built), 10
		for i, row := range block[1:] {
			if len(block[1]) != 11 || row[0] != block[1][i] && i > 0 {
				t.Errorf("%s is not square: row %q, header %q", sheet, row[0], block[1])
			}
		}
		got := [5]string{block[forest][built], block[forest][forest-1], block[forest][all], block[11][built], block[11][all]}
		if got != [5]string{want.changed, want.kept, want.row, want.column, want.whole} {
			t.Errorf("%s: %q", sheet, got)
		}
	}
}

// TestNoChangeHasNoSign: what rounds to nothing is 0.00, whichever side of 0 it lies on.
func TestNoChangeHasNoSign(t *testing.T) {
	s := surveyOf(nil)
	s.Units[0].Cells[landcover.Built][landcover.Forest], s.Units[0].AreaM2[landcover.Built][landcover.Forest] = 3, 2700.001
	f := open(t, write(t, &redline.Summary{Survey: s}, nil, SurveyXLSX(survey.Default())), "survey.xlsx")
	rows, cell := table(t, f, "汇总", 0)
	for i := range rows[1:] {
		for _, title := range []string{"净变化(公顷)", "类型变化率(%)"} {
			class := cell(i+1, "生态系统类型")
			want := "0.00"
			if title != "净变化(公顷)" && class != "森林" && class != "城镇" {
				want = "" // a rate of nothing
			}
			if got := cell(i+1, title); got != want {
				t.Errorf("%s of %s is %q, want %q", title, class, got, want)
			}
		}
	}
}

// TestBreaksEnd: beyond the last break between pages that a sheet may have, matrices follow without.
func TestBreaksEnd(t *testing.T) {
	book, err := newWorkbook("t", "")
	redlinetest.Must(t, err)
	units := make([]survey.Unit, blocksOfPage*(maxBreaks+2))
	for i := range units {
		units[i].UnitSurvey = &redline.UnitSurvey{Unit: redline.Unit{Level: redline.LevelCounty, Name: "a"}}
	}
	redlinetest.Must(t, book.writeMatrices(matrixKinds()[0], units))
	var out bytes.Buffer
	redlinetest.Must(t, book.write(&out))
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	redlinetest.Must(t, err)
	f, err := z.Open("xl/worksheets/sheet1.xml")
	redlinetest.Must(t, err)
	text, err := io.ReadAll(f)
	redlinetest.Must(t, err)
	if breaks, titles := bytes.Count(text, []byte("<brk ")), bytes.Count(text, []byte("县：a")); breaks != maxBreaks || titles != len(units) {
		t.Errorf("%d breaks and %d matrices, want %d and %d", breaks, titles, maxBreaks, len(units))
	}
}

// TestNothingIsLostBeyondASheet: more rows than a sheet holds go to further ones.
func TestNothingIsLostBeyondASheet(t *testing.T) {
	if testing.Short() {
		t.Skip("a million rows")
	}
	book, err := newWorkbook("t", "")
	redlinetest.Must(t, err)
	s := book.sheet("a", []column{{"n", 9, formatInteger}})
	const n = maxRows + 5
	for i := range n {
		redlinetest.Must(t, s.row(int64(i)))
	}
	redlinetest.Must(t, s.close())
	var out bytes.Buffer
	redlinetest.Must(t, book.write(&out))
	f, err := excelize.OpenReader(&out)
	redlinetest.Must(t, err)
	defer f.Close()
	total := 0
	for _, sheet := range f.GetSheetList() {
		rows, err := f.Rows(sheet)
		redlinetest.Must(t, err)
		for rows.Next() {
			total++
		}
		redlinetest.Must(t, rows.Close())
	}
	if total != n+2 { // a header on each
		t.Errorf("%d rows on %v", total, f.GetSheetList())
	}
}

func TestSameBytes(t *testing.T) {
	read := func() map[string]string {
		settings := survey.Default()
		target := write(t, &redline.Summary{Survey: surveyOf([]string{"a", "b"})}, []*redline.Candidate{candidate(1, "甲"), candidate(2, "乙")},
			CandidatesCSV, CandidatesXLSX, SurveyCSV(settings), SurveyXLSX(settings))
		files := map[string]string{}
		for _, name := range []string{"candidates.csv", "candidates.xlsx", "survey.csv", "survey.xlsx"} {
			text, err := os.ReadFile(filepath.Join(target, name))
			redlinetest.Must(t, err)
			files[name] = string(text)
		}
		return files
	}
	first := read()
	for range 5 {
		for name, text := range read() {
			if text != first[name] {
				t.Errorf("%s differs", name)
			}
		}
	}
}
