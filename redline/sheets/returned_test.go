package sheets

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/redlinetest"
)

// returned writes a list of three candidates, fills it in as a bureau would, and returns the path of the file.
func returned(t *testing.T) string {
	t.Helper()
	path := filepath.Join(write(t, &redline.Summary{}, []*redline.Candidate{candidate(1, "甲"), candidate(2, "乙"), candidate(3, "丙")}, CandidatesXLSX), "candidates.xlsx")
	f := open(t, path)
	rows, err := f.GetRows("问题清单")
	redlinetest.Must(t, err)
	set := func(row int, title string, value any) {
		t.Helper()
		for i, got := range rows[1] {
			if got == title {
				at, err := excelize.CoordinatesToCellName(i+1, row+2)
				redlinetest.Must(t, err)
				redlinetest.Must(t, f.SetCellValue("问题清单", at, value))
				return
			}
		}
		t.Fatalf("no column %s", title)
	}
	set(1, "核查结论", "不属实")
	set(1, "核查日期", 46086)
	set(1, "核查人", " 李四 ")
	set(1, "核查说明", "=1+1 不是公式")
	set(2, "核查结论", "属实")
	set(2, "核查日期", time.Date(2026, 3, 6, 0, 0, 0, 0, time.UTC))
	set(2, "问题", "毁林")
	set(2, "责任", "某公司")
	set(3, "核查结论", "也许")
	set(3, "核查日期", "2021/2/30")
	set(3, "严重程度", "提示")
	redlinetest.Must(t, f.Save())
	return path
}

// wantReturned compares what is read of such a file.
func wantReturned(t *testing.T, path string) {
	t.Helper()
	rows, err := ReadReturned(t.Context(), path)
	redlinetest.Must(t, err)
	if len(rows) != 3 {
		t.Fatalf("%d rows", len(rows))
	}
	for i, want := range []map[string]string{
		{"verdict": "refuted", "rev_date": "2026-03-05", "reviewer": "李四", "rev_note": "=1+1 不是公式", "problem": "", "measures": "", "standard": "", "responsible": ""},
		{"verdict": "confirmed", "rev_date": "2026-03-06", "reviewer": "", "rev_note": "", "problem": "毁林", "measures": "", "standard": "", "responsible": "某公司"},
		{"verdict": "也许", "rev_date": "2021-02-30", "reviewer": "", "rev_note": "", "problem": "", "measures": "", "standard": "", "responsible": ""},
	} {
		if r := rows[i]; r.ID != fmt.Sprint("C", i+1) || r.Place != fmt.Sprintf("问题清单, row %d", i+3) || fmt.Sprint(r.Said) != fmt.Sprint(want) {
			t.Errorf("row %d is %s, %s, %v; want %v", i, r.ID, r.Place, r.Said, want)
		}
	}
	want := []findings.Fact{{Column: "严重程度", Field: "severity", Value: "1"}, {Column: "级别(4最重)", Field: "severity", Value: "4"}, {Column: "管控图层", Field: "layer", Value: "reserve"},
		{Column: "管控区类型", Field: "zone_type", Value: "core"}, {Column: "图斑面积(公顷)", Field: "area_ha", Value: "0.81005"}}
	for _, f := range want {
		if !strings.Contains(fmt.Sprint(rows[2].Facts), fmt.Sprint(f)) {
			t.Errorf("%v is not among the facts %v", f, rows[2].Facts)
		}
	}
}

func TestReadReturned(t *testing.T) {
	path := returned(t)
	wantReturned(t, path)
	t.Run("no list", func(t *testing.T) {
		f := open(t, path)
		redlinetest.Must(t, f.DeleteSheet("问题清单"))
		redlinetest.Must(t, f.Save())
		if _, err := ReadReturned(t.Context(), path); err == nil || err.Error() != path+": no sheet of it has a column 图斑编号" {
			t.Error(err)
		}
	})
}

// TestReturnedByLibreOffice: the same is read when LibreOffice has saved the file.
func TestReturnedByLibreOffice(t *testing.T) {
	if _, err := exec.LookPath("soffice"); err != nil {
		t.Skip("soffice is missing: install the Debian package libreoffice-calc-nogui to have it save a workbook")
	}
	saved := t.TempDir()
	out, err := exec.Command("soffice", "-env:UserInstallation=file://"+t.TempDir(), "--headless", "--convert-to", "xlsx", "--outdir", saved, returned(t)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	wantReturned(t, filepath.Join(saved, "candidates.xlsx"))
}
