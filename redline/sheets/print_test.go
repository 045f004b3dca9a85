package sheets

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/redline/redlinetest"
	"greenshield/redline/survey"
)

// TestPrinted has LibreOffice print both workbooks: every page lies across, tables repeat their header and the
// disclaimer, nothing goes to a second page beside the first, and every page has its number.
func TestPrinted(t *testing.T) {
	for program, pack := range map[string]string{
		"soffice": "libreoffice-calc-nogui", "pdftotext": "poppler-utils", "pdfinfo": "poppler-utils",
	} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is missing: install the Debian package %s to see the workbooks printed", program, pack)
		}
	}
	const candidates, units, perPage = 120, 6, 3
	var found []*redline.Candidate
	for i := range candidates {
		c := candidate(i, "示例省级自然保护区")
		c.Severity = redline.Severity(1 + i%4)
		found = append(found, c)
	}
	names := make([]string, units-1)
	for i := range names {
		names[i] = fmt.Sprint("县", i)
	}
	sum := &redline.Summary{YearA: 2015, YearB: 2020, Survey: surveyOf(names)}
	target := write(t, sum, found, CandidatesXLSX, SurveyXLSX(survey.Default()))

	list := printed(t, filepath.Join(target, "candidates.xlsx"))
	on := pagesOf(list, "问题清单")
	if n := len(pagesOf(list, "说明")); n < 1 || n > 2 || len(pagesOf(list, "汇总")) != 1 || len(on) < 2 || len(on) > candidates/10 {
		t.Errorf("candidates.xlsx has %d pages, %d of them with the list", len(list), len(on))
	}
	ids := 0
	for _, page := range on {
		for _, want := range []string{disclaimer, "图斑编号", "核查结论", "责任"} {
			if !strings.Contains(page, want) {
				t.Errorf("a page of the list lacks %s:\n%s", want, page)
			}
		}
		ids += strings.Count(page, "新增建设")
		if strings.Contains(page, "法规依据") {
			t.Error("columns that are not for print are printed")
		}
	}
	if ids != candidates {
		t.Errorf("%d candidates are printed, want %d", ids, candidates)
	}

	book := printed(t, filepath.Join(target, "survey.xlsx"))
	for _, kind := range matrixKinds() {
		pages := pagesOf(book, kind.sheet)
		if len(pages) != units/perPage {
			t.Errorf("%s has %d pages, want %d", kind.sheet, len(pages), units/perPage)
		}
		for _, page := range pages {
			if n := strings.Count(page, "前期 ↓ 后期 →"); n != perPage || strings.Count(page, kind.unit) != perPage {
				t.Errorf("%s: %d matrices on a page, want %d", kind.sheet, n, perPage)
			}
		}
	}
	for _, sheet := range []string{"说明", "汇总", "动态度与指数", "景观格局", "管控区"} {
		if n := len(pagesOf(book, sheet)); n != 1 {
			t.Errorf("%s has %d pages, want 1", sheet, n)
		}
	}
}

// printed returns the text of each page that LibreOffice prints of a workbook. The test fails when a page is not A4
// across, or lacks its number.
func printed(t *testing.T, workbook string) []string {
	t.Helper()
	dir := t.TempDir()
	run := func(name string, args ...string) string {
		c := exec.Command(name, args...)
		c.Env = append(os.Environ(), "HOME="+dir)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		return string(out)
	}
	run("soffice", "--headless", "-env:UserInstallation=file://"+dir+"/profile", "--convert-to", "pdf", "--outdir", dir,
		workbook)
	pdf := filepath.Join(dir, strings.TrimSuffix(filepath.Base(workbook), ".xlsx")+".pdf")
	if info := run("pdfinfo", pdf); !strings.Contains(info, "841.89 x 595.3") {
		t.Errorf("%s is not printed on A4 across:\n%s", workbook, info)
	}
	text := filepath.Join(dir, "text")
	run("pdftotext", "-layout", pdf, text)
	all, err := os.ReadFile(text)
	redlinetest.Must(t, err)
	pages := strings.Split(strings.TrimSuffix(string(all), "\f"), "\f")
	for i, page := range pages {
		// The space between two scripts is lost here and there.
		want := fmt.Sprintf("第%d页共%d页", i+1, len(pages))
		if !strings.Contains(strings.ReplaceAll(page, " ", ""), want) {
			t.Errorf("page %d of %s lacks %s:\n%s", i+1, workbook, want, page)
		}
	}
	return pages
}

// pagesOf returns the pages of a sheet: its name stands at the right of the foot.
func pagesOf(pages []string, sheet string) (of []string) {
	for _, page := range pages {
		if strings.HasSuffix(strings.TrimSpace(page), " "+sheet) {
			of = append(of, page)
		}
	}
	return of
}
