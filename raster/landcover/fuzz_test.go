package landcover

import (
	"bytes"
	"encoding/csv"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"greenshield/raster"
)

var placed = regexp.MustCompile(`^L(:[0-9]+)?: .`)

// FuzzParseLegend: a legend is refused by an error that begins with its name and a line
// of the file, or has every code once and means the same when written anew.
func FuzzParseLegend(f *testing.F) {
	const header = "code,name_en,name_zh,color,ecosystem\n"
	f.Add(header + "1,Cropland,耕地,#FAE39C,cropland\n2,Forest,,,forest\n0,None,,,nodata\n")
	f.Add("\uFEFFecosystem,code,name_zh,color,name_en\r\nforest,-9223372036854775808,\"林,\"\"地\"\"\",#abcdef,\r\n")
	f.Add("# c\n" + header + "#1,a,b,,forest\n1,\"two\nlines\",,,ice\n")
	f.Add(header + "1,a,,,forest\n1,b,,,forest\n")
	f.Add(header + "x,a,,,forest\n")
	f.Add(header + "1,a,,red,forest\n")
	f.Add(header + "+1,a,,,nodata\n")
	f.Add("code\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParseLegend("L", []byte(text))
		if err != nil {
			m := placed.FindStringSubmatch(err.Error())
			if m == nil || strings.Contains(err.Error(), "%!") && !strings.Contains(text, "%!") {
				t.Fatalf("%q", err)
			}
			if m[1] != "" {
				if line, _ := strconv.Atoi(m[1][1:]); line < 1 || line > strings.Count(text, "\n")+1 {
					t.Fatalf("no line of the file: %q", err)
				}
			}
			return
		}
		codes, nodata := l.Codes(), l.NoDataCodes()
		if len(codes) == 0 || len(codes)+len(nodata) != len(l.Classes) || len(l.Classes) > raster.MaxClasses {
			t.Fatalf("%d classes, %d codes, %d NoData codes", len(l.Classes), len(codes), len(nodata))
		}
		for i, code := range slices.Concat(codes, nodata) {
			c, ok := l.Find(code)
			if !ok || c != l.Classes[i] || (c.Ecosystem == NoData) != (i >= len(codes)) || c.Name() == "" || !colorPattern.MatchString(c.Color) {
				t.Fatalf("code %d at %d: %+v, %v", code, i, c, ok)
			}
		}
		if !slices.IsSorted(codes) || !slices.IsSorted(nodata) || len(slices.Compact(slices.Sorted(slices.Values(slices.Concat(codes, nodata))))) != len(l.Classes) {
			t.Fatalf("codes %v, %v", codes, nodata)
		}
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		_ = w.Write([]string{"ecosystem", "color", "name_zh", "name_en", "code"})
		for i, c := range l.Classes {
			// Go's reader of CSV takes CR LF for LF also inside quotes.
			c.NameZH, c.NameEN = strings.ReplaceAll(c.NameZH, "\r\n", "\n"), strings.ReplaceAll(c.NameEN, "\r\n", "\n")
			l.Classes[i] = c
			_ = w.Write([]string{c.Ecosystem.String(), c.Color, c.NameZH, c.NameEN, strconv.FormatInt(c.Code, 10)})
		}
		w.Flush()
		if b.Len() > MaxTableBytes {
			return
		}
		if again, err := ParseLegend("L", b.Bytes()); err != nil || !reflect.DeepEqual(again, l) {
			t.Fatalf("%+v\nwritten as\n%s\nbecame %+v, %v", l, &b, again, err)
		}
	})
}
