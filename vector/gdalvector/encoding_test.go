package gdalvector

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// gbkShapefile has a Chinese field name, text in GBK, and no declaration of it.
func gbkShapefile(t *testing.T, values ...string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "保护区.shp")
	var rows []Row
	for _, v := range values {
		rows = append(rows, Row{[]string{v, "1"}, square(117, 31, 1)})
	}
	if err := Write(path, epsg(t, 4490), []string{"名称", "ID"}, rows, WriteOptions{Encoding: "GBK"}); err != nil {
		t.Fatal(err)
	}
	return path
}

func declare(t *testing.T, shp, cpg string, language byte) {
	t.Helper()
	stem := strings.TrimSuffix(shp, ".shp")
	if cpg != "" {
		if err := os.WriteFile(stem+".cpg", []byte(cpg), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	patch(t, stem+".dbf", func(b []byte) []byte { b[29] = language; return b })
}

func TestEncodingIsFound(t *testing.T) {
	utf8Shapefile := func(t *testing.T) string {
		path := filepath.Join(t.TempDir(), "a.shp")
		if err := Write(path, epsg(t, 4490), []string{"名称", "ID"}, []Row{{[]string{"安徽省", "1"}, square(117, 31, 1)}}, WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		return path
	}
	gbk := func(t *testing.T) string { return gbkShapefile(t, "安徽省") }
	for _, c := range []struct {
		name              string
		file              func(*testing.T) string
		cpg               string
		language          byte
		given             string
		encoding, from, v string
		warns             string
	}{
		{"UTF-8 by .cpg", utf8Shapefile, "UTF-8", 0, "", "UTF-8", "declared in .cpg", "安徽省", ""},
		{"GBK by .cpg", gbk, "GBK", 0, "", "GBK", "declared in .cpg", "安徽省", ""},
		{"GBK by the .cpg of ArcGIS", gbk, "936\r\n", 0, "", "GBK", "declared in .cpg", "安徽省", ""},
		{".cpg before language byte", gbk, "gb18030", 0x4f, "", "GB18030", "declared in .cpg", "安徽省", ""},
		{"empty .cpg counts as none", gbk, " \n", 0x4d, "", "GBK", "DBF language byte 0x4D", "安徽省", ""},
		{"GBK by language byte", gbk, "", 0x4d, "", "GBK", "DBF language byte 0x4D", "安徽省", ""},
		{"GBK as given", gbk, "", 0, "gbk", "GBK", "--encoding", "安徽省", ""},
		{"given against a wrong .cpg", gbk, "UTF-8", 0, "cp936", "GBK", "--encoding", "安徽省", "although it is declared in .cpg as UTF-8"},
		{"given against an unknown .cpg", gbk, "EBCDIC", 0, "GBK", "GBK", "--encoding", "安徽省", ""},
		{"Western .cpg over GBK bytes is doubted", gbk, "ISO-8859-1", 0, "", "ISO-8859-1", "declared in .cpg", "°²»ÕÊ¡", `valid GB18030, where it reads "名称"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := c.file(t)
			declare(t, path, c.cpg, c.language)
			l := read(t, Source{File: path, Encoding: c.given})
			if l.Encoding != c.encoding || l.EncodingFrom != c.from || l.Features[0].Values[0] != c.v {
				t.Errorf("got %s, %s, %q; want %s, %s, %q", l.Encoding, l.EncodingFrom, l.Features[0].Values, c.encoding, c.from, c.v)
			}
			if c.encoding != "ISO-8859-1" && !slices.Equal(l.Fields, []string{"名称", "ID"}) {
				t.Errorf("fields %q", l.Fields)
			}
			if all := strings.Join(l.Warnings, "\n"); c.warns == "" && all != "" || !strings.Contains(all, c.warns) {
				t.Errorf("warnings %q, want %q", all, c.warns)
			}
		})
	}
	t.Run("proven UTF-8", func(t *testing.T) {
		path := utf8Shapefile(t)
		if err := os.Remove(strings.TrimSuffix(path, ".shp") + ".cpg"); err != nil {
			t.Fatal(err)
		}
		declare(t, path, "", 0x57)
		if l := read(t, Source{File: path}); l.Encoding != "UTF-8" || l.EncodingFrom != "valid UTF-8" || l.Features[0].Values[0] != "安徽省" {
			t.Errorf("got %+v", l)
		}
	})
	t.Run("UTF-8 read as GBK is doubted", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.shp")
		if err := Write(path, epsg(t, 4490), []string{"MC"}, []Row{{[]string{"安徽省界"}, square(117, 31, 1)}}, WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		l := read(t, Source{File: path, Encoding: "GBK"})
		if all := strings.Join(l.Warnings, "\n"); !strings.Contains(all, `valid UTF-8, where it reads "安徽省界"`) {
			t.Errorf("warnings %q", all)
		}
	})
}

func TestEncodingIsRefused(t *testing.T) {
	for _, c := range []struct {
		name     string
		values   []string
		cpg      string
		language byte
		given    string
		wants    []string
	}{
		{"none declared", []string{"a", "安徽省"}, "", 0, "", []string{
			"attribute text is not UTF-8 and no encoding is declared (no .cpg, language byte 0): name of field 1 (名称?)",
			"bytes c3 fb b3 c6; it reads as GB18030 \"名称\"; say encoding: GBK in the job file or --encoding GBK"}},
		{"language byte of the current code page", []string{"安徽"}, "", 0x57, "", []string{"language byte 87", "--encoding GBK"}},
		{"wrong .cpg", []string{"安徽"}, "UTF-8", 0, "", []string{"name of field 1 (名称?)", "are not valid UTF-8", "--encoding GBK"}},
		{"unknown .cpg", []string{"安徽"}, "EBCDIC", 0, "", []string{`unknown encoding "EBCDIC"`, "--encoding"}},
		{"unknown name given", []string{"安徽"}, "", 0, "chinese", []string{`unknown encoding "chinese"`}},
		{"wrong one given", []string{"安徽"}, "", 0, "utf8", []string{"are not valid UTF-8", "--encoding GBK"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := gbkShapefile(t, c.values...)
			declare(t, path, c.cpg, c.language)
			refused(t, Source{File: path, Encoding: c.given}, c.wants...)
		})
	}
	t.Run("mixed encodings name field and feature", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.shp")
		rows := []Row{{[]string{"安徽"}, square(1, 1, 1)}, {[]string{"XXXXXX"}, square(1, 1, 1)}, {[]string{"YYYY"}, square(1, 1, 1)}}
		if err := Write(path, epsg(t, 4490), []string{"MC"}, rows, WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		patch(t, strings.TrimSuffix(path, ".shp")+".dbf", func(b []byte) []byte { return bytes.Replace(b, []byte("YYYY"), []byte("\xb0\xb2\xbb\xd5"), 1) })
		refused(t, Source{File: path}, "field MC, feature 3: bytes b0 b2 bb d5 are not valid UTF-8")
		os.Remove(strings.TrimSuffix(path, ".shp") + ".cpg")
		refused(t, Source{File: path}, `field MC, feature 3: bytes b0 b2 bb d5; it reads as GB18030 "安徽"`)
	})
	t.Run("GeoPackage with bytes that are no UTF-8", func(t *testing.T) {
		path := writeSample(t, "a.gpkg", WriteOptions{})
		patch(t, path, func(b []byte) []byte { return bytes.Replace(b, []byte("340100-2"), []byte("34\xb0\xb2\xbb\xd5-2"), 1) })
		refused(t, Source{File: path}, "feature 2, field HXBM", "not valid UTF-8")
	})
}

func TestTextCutAtTheFieldsWidth(t *testing.T) {
	const han = "大别山水源涵养生物多样性维护生态保护红线"
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(han)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		set  charset
		raw  string
		want string
		ok   bool
	}{
		{"UTF-8 after one byte", utf8Set, han[:3*4+1], "大别山水", true},
		{"UTF-8 after two bytes", utf8Set, han[:3*4+2], "大别山水", true},
		{"GBK", gbkSet, gbk[:9], "大别山水", true},
		{"GB18030, four-byte character after three", gb18030Set, "ab\x82\x39\x90", "ab", true},
		{"UTF-8 that is wrong elsewhere", utf8Set, "\xb0" + han[:4], "", false},
		{"GBK bytes are no cut UTF-8", utf8Set, gbk[:8], "", false},
		{"a stray trail byte is no cut character", utf8Set, "abc\x80", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, ok := c.set.decode([]byte(c.raw)); ok {
				t.Fatal("valid as it is")
			}
			if got, ok := c.set.decodeCut([]byte(c.raw)); got != c.want || ok != c.ok {
				t.Errorf("got %q, %v; want %q, %v", got, ok, c.want, c.ok)
			}
		})
	}
	// The text field is 80 bytes wide.
	lastBytes := func(t *testing.T, text string) (path string) {
		path = gbkShapefile(t, strings.Repeat("ab", 40))
		declare(t, path, "GBK", 0)
		patch(t, strings.TrimSuffix(path, ".shp")+".dbf", func(b []byte) []byte {
			copy(b[bytes.LastIndex(b, []byte("abab"))+4-len(text):], text)
			return b
		})
		return path
	}
	t.Run("in a file", func(t *testing.T) {
		l := read(t, Source{File: lastBytes(t, "\xb0")})
		if got, want := l.Features[0].Values[0], strings.Repeat("ab", 39)+"a"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if len(l.Warnings) != 1 || !strings.Contains(l.Warnings[0], "1 text values were cut") || !strings.Contains(l.Warnings[0], "first: field 名称, feature 1") {
			t.Errorf("warnings %q", l.Warnings)
		}
	})
	t.Run("not when blanks follow", func(t *testing.T) {
		refused(t, Source{File: lastBytes(t, "\xb0 ")}, "field 名称, feature 1: bytes", "are not valid GBK")
	})
}

func TestCharsetByName(t *testing.T) {
	for want, names := range map[string][]string{
		"UTF-8":        {"UTF-8", "utf8", "65001", "CP65001"},
		"GBK":          {"GBK", "CP936", "936", "GB2312", "gb-2312", "ANSI 936", "windows-936", "EUC-CN"},
		"GB18030":      {"GB18030", "gb 18030", "54936"},
		"Big5":         {"Big5", "BIG-5", "950", "cp950"},
		"ISO-8859-1":   {"ISO-8859-1", "ISO 88591", "88591", "latin1"},
		"Windows-1252": {"1252", "ANSI 1252", "CP1252", "windows-1252"},
	} {
		for _, name := range names {
			if got, err := charsetByName(name); err != nil || got.name != want {
				t.Errorf("%q: got %s, %v; want %s", name, got.name, err, want)
			}
		}
	}
	for _, name := range []string{"", "cp", "utf-16", "gbk2"} {
		if got, err := charsetByName(name); err == nil {
			t.Errorf("%q: got %s", name, got.name)
		}
	}
}
