package sheets

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"io"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"greenshield/redline/redlinetest"
)

// sheetsXML returns the first n sheets of a workbook as its file has them.
func sheetsXML(t *testing.T, b *workbook, n int) (sheets []string) {
	t.Helper()
	var file bytes.Buffer
	redlinetest.Must(t, b.write(&file))
	z, err := zip.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()))
	redlinetest.Must(t, err)
	for i := range n {
		part, err := z.Open("xl/worksheets/sheet" + itoa(i+1) + ".xml")
		redlinetest.Must(t, err)
		text, err := io.ReadAll(part) // also checks its size and its checksum
		redlinetest.Must(t, err)
		sheets = append(sheets, string(text))
	}
	return sheets
}

// TestRowsAgainstExcelize: a sheet is, to the byte, the one that excelize writes of the same cells.
func TestRowsAgainstExcelize(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	columns := []column{{"a", 9, formatText}, {"b", 10, formatNumber}, {"c", 11, formatInteger}, {"d", 12, formatHa}}
	texts := []string{"", " ", "林地", "a & b < c > \"d\" 'e'", " both ", "_x0041_", "_x005F_", "_x005F_x0041_", "_x004_", "_xyzzy_",
		"__x0041__x0042", "\uFFFD", strings.Repeat("长", 700), "1e5", "😀_x"}
	value := func() any {
		switch rng.IntN(6) {
		case 0:
			return nil
		case 1:
			return rng.Int64N(1<<40) - 1<<39
		case 2:
			return math.Float64frombits(rng.Uint64()>>12 | (1000+rng.Uint64N(60))<<52)
		case 3:
			return []float64{0, 1, -1, 0.1, 1e15, 1e20, 123456789012345678, 0.1234567890123456789, -1.5, 1e-7,
				math.Copysign(0, -1), 999999999999999.9, 12345678901234.56}[rng.IntN(13)]
		default:
			return texts[rng.IntN(len(texts))]
		}
	}
	ours, err := newWorkbook("t", "f")
	redlinetest.Must(t, err)
	theirs, err := newWorkbook("t", "f")
	redlinetest.Must(t, err)
	for part := range 3 {
		s := ours.sheet("s"+itoa(part), columns)
		s.unfiltered = true
		redlinetest.Must(t, s.begin())
		stream, err := theirs.open(s.name, columns)
		redlinetest.Must(t, err)
		redlinetest.Must(t, stream.SetPanes(&excelize.Panes{
			Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
		var head []any
		for _, c := range columns {
			head = append(head, excelize.Cell{StyleID: theirs.styles[styleHead], Value: c.title})
		}
		redlinetest.Must(t, stream.SetRow("A1", head, excelize.RowOpts{Height: 32}))
		for row := 2; row < 2000; row++ {
			var values, cells []any
			for i := range columns {
				v := value()
				values = append(values, v)
				cells = append(cells, excelize.Cell{StyleID: theirs.styles[columns[i].format], Value: v})
			}
			n := rng.IntN(len(columns) + 1)
			redlinetest.Must(t, s.row(values[:n]...))
			redlinetest.Must(t, stream.SetRow("A"+itoa(row), cells[:n]))
		}
		redlinetest.Must(t, s.close())
		redlinetest.Must(t, stream.Flush())
	}
	gotSheets, wantSheets := sheetsXML(t, ours, 3), sheetsXML(t, theirs, 3)
	for part, got := range gotSheets {
		want := wantSheets[part]
		if len(want) < 300_000 || got != want {
			at := 0
			for at < min(len(got), len(want)) && got[at] == want[at] {
				at++
			}
			t.Fatalf("sheet %d, byte %d of %d and %d: …%.200s, want …%.200s", part+1, at, len(got), len(want),
				got[max(0, at-60):], want[max(0, at-60):])
		}
	}
}

// TestWithoutCodes: what a reader makes of the codes is the text, also where codes overlap.
func TestWithoutCodes(t *testing.T) {
	code := regexp.MustCompile(`_x[0-9a-fA-F]{4}_`)
	read := func(s string) string {
		return code.ReplaceAllStringFunc(s, func(c string) string {
			n, _ := strconv.ParseUint(c[2:6], 16, 16)
			return string(rune(n))
		})
	}
	rng := rand.New(rand.NewPCG(9, 10))
	coded := 0
	for range 20_000 {
		var s strings.Builder
		for range rng.IntN(8) {
			s.WriteString([]string{"_", "x", "_x0041", "005F", "_x005F_", "g", "x0041_", "中"}[rng.IntN(8)])
		}
		got := withoutCodes(s.String())
		if read(got) != s.String() {
			t.Fatalf("%q becomes %q, which is read as %q", s.String(), got, read(got))
		}
		if got != s.String() {
			coded++
		}
	}
	if coded < 1000 {
		t.Errorf("only %d texts had codes", coded)
	}
}

func TestCombineCRC(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for range 300 {
		both := make([]byte, rng.IntN(5000))
		for i := range both {
			both[i] = byte(rng.Uint32())
		}
		cut := rng.IntN(len(both) + 1)
		got := combineCRC(crc32.ChecksumIEEE(both[:cut]), crc32.ChecksumIEEE(both[cut:]), int64(len(both)-cut))
		if want := crc32.ChecksumIEEE(both); got != want {
			t.Fatalf("%d bytes cut at %d: %08x, want %08x", len(both), cut, got, want)
		}
	}
}

// TestCellText: a text that fits into a cell stays whole; another one is cut, and says so, and fits.
func TestCellText(t *testing.T) {
	units := func(s string) int { return len(utf16.Encode([]rune(s))) }
	for _, letter := range []string{"a", "长", "😀"} {
		most := maxText / units(letter)
		for n := most - 30; n <= most+30; n++ {
			text := strings.Repeat(letter, n)
			got := cellText(text)
			if n <= most && got != text {
				t.Fatalf("%s: %d of them are cut", letter, n)
			}
			kept, cut := strings.CutSuffix(got, "…（已截断）")
			if n > most && (!cut || units(got) > maxText || units(kept) < maxText-30 || strings.Trim(kept, letter) != "") {
				t.Fatalf("%s: of %d of them %d units are left", letter, n, units(got))
			}
		}
	}
}
