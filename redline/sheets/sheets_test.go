package sheets

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/paulmach/orb"
	"github.com/xuri/excelize/v2"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/folder"
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
	target := filepath.Join(t.TempDir(), "out")
	f, err := folder.Begin(target, false)
	redlinetest.Must(t, err)
	defer f.Abort()
	in := &redline.Inputs{Zones: make([]redline.Zone, 1)}
	s, err := spool.New(f, in, true)
	redlinetest.Must(t, err)
	for i, c := range candidates {
		redlinetest.Must(t, s.Put(redline.Key{Row: int32(i)}, c, []redline.Overlap{{Zone: 0, AreaM2: c.AreaM2}}))
		sum.Candidates++
		sum.CandidateM2 += c.AreaM2
	}
	redlinetest.Must(t, work.Write(context.Background(), f, work.Found{Inputs: in, Summary: sum, Spool: s}, &record.Manifest{}, reports...))
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
	for name, want := range map[string]map[string]int{
		"candidates.xlsx": {"问题清单": len(candidates) + 1},
		"survey.xlsx":     {"说明": 19, "汇总": 9 + 2*len(hostile) + 1, "转移矩阵": 1 + 1 + len(hostile), "动态度与指数": 2 + len(hostile), "景观格局": 2 + len(hostile), "管控区": 1},
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

func TestCandidatesXLSX(t *testing.T) {
	target := write(t, &redline.Summary{}, []*redline.Candidate{candidate(1, "甲"), candidate(2, "乙")}, CandidatesXLSX)
	f, err := excelize.OpenFile(filepath.Join(target, "candidates.xlsx"))
	redlinetest.Must(t, err)
	defer f.Close()
	rows, err := f.GetRows("问题清单")
	redlinetest.Must(t, err)
	cell := func(row int, title string) string {
		i := slices.Index(rows[0], title)
		if i < 0 {
			t.Fatalf("no column %s", title)
		}
		if i >= len(rows[row]) {
			return ""
		}
		return rows[row][i]
	}
	for title, want := range map[string]string{
		"图斑编号": "C2", "严重程度": "严重", "管控区名称": "乙", "管控区类型": "核心区", "管控图层": "自然保护地", "图斑面积(公顷)": "0.8101", "错位可解释的像元比例(%)": "25.00",
		"经度": "117.5000000", "核查结论": "待核查", "问题": "", "措施": "", "标准": "", "责任": "", "核查人": "",
	} {
		if got := cell(2, title); got != want {
			t.Errorf("%s is %q, want %q", title, got, want)
		}
	}
	valid, err := f.GetDataValidations("问题清单")
	redlinetest.Must(t, err)
	column, err := excelize.ColumnNumberToName(slices.Index(rows[0], "核查结论") + 1)
	redlinetest.Must(t, err)
	if len(valid) != 1 || valid[0].Sqref != column+"2:"+column+"3" || !strings.Contains(valid[0].Formula1, "待核查,属实,不属实,已批准,重复,需实地") {
		t.Errorf("choices: %+v", valid)
	}
	size, err := f.GetSheetDimension("问题清单")
	redlinetest.Must(t, err)
	if size != "" {
		t.Errorf("the sheet says that it is %s, which readers that trust it take for all of it", size)
	}
	panes, err := f.GetPanes("问题清单")
	redlinetest.Must(t, err)
	if !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("panes: %+v", panes)
	}
}

// TestNothingIsLostBeyondASheet: more rows than a sheet holds go to further ones.
func TestNothingIsLostBeyondASheet(t *testing.T) {
	if testing.Short() {
		t.Skip("a million rows")
	}
	book, err := newWorkbook("t")
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
