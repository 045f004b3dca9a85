package gdalvector

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

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

// inGB18030 codes text; what GBK has is coded the same in GBK.
func inGB18030(t *testing.T, s string) string {
	t.Helper()
	b, err := simplifiedchinese.GB18030.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rawShapefile has text fields of one width with the bytes as they are, cut at the
// width, and no declaration of their encoding.
func rawShapefile(t *testing.T, fields []string, width int, rows ...[]string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "保护区.shp")
	var plain []Row
	for range rows {
		plain = append(plain, Row{[]string{"x"}, square(117, 31, 1)})
	}
	if err := Write(path, epsg(t, 4490), []string{"x"}, plain, WriteOptions{Encoding: "GBK"}); err != nil {
		t.Fatal(err)
	}
	patch(t, strings.TrimSuffix(path, ".shp")+".dbf", func([]byte) []byte { return dbf(fields, width, rows...) })
	return path
}

// dbf is an attribute table of text fields.
func dbf(fields []string, width int, rows ...[]string) []byte {
	b := make([]byte, 32)
	b[0] = 3
	binary.LittleEndian.PutUint32(b[4:], uint32(len(rows)))
	binary.LittleEndian.PutUint16(b[8:], uint16(32+32*len(fields)+1))
	binary.LittleEndian.PutUint16(b[10:], uint16(1+width*len(fields)))
	for _, name := range fields {
		field := make([]byte, 32)
		copy(field[:nameWidth], name)
		field[11], field[16] = 'C', byte(width)
		b = append(b, field...)
	}
	b = append(b, '\r')
	for _, row := range rows {
		b = append(b, ' ')
		for _, v := range row {
			b = append(b, (v + strings.Repeat(" ", width))[:width]...)
		}
	}
	return append(b, 0x1a)
}

// TestEncodingCorpus: real names of counties and reserves, in the encodings they come in,
// declared rightly, wrongly and not at all. Each file is read right, or refused with the
// remedy named; taking the remedy reads it right.
func TestEncodingCorpus(t *testing.T) {
	const width = 31
	counties := []string{"黟县", "歙县", "亳州市", "濉溪县", "埇桥区", "砀山县", "颍上县", "黄山区"}
	reserves := []string{"金寨天马国家级自然保护区", "扬子鳄国家级自然保护区", "鹞落坪国家级自然保护区", "牯牛降国家级自然保护区",
		"升金湖国家级自然保护区", "岳西妙道山省级自然保护区（实验区）", "铜陵淡水豚国家级自然保护区核心保护区", "板桥“皖南”省级自然保护区·Ⅱ区"}
	rare := slices.Clone(counties)
	rare[2], rare[5] = "㭎头县", "𠮷水县" // four bytes in GB18030, not in GBK
	names := []string{"县名", "BHDMC", "保护地名称"}
	files := 0
	defer func() { t.Logf("tally: encodings %d", files) }()

	for _, coding := range []struct {
		name     string
		code     func(string) string
		counties []string
		right    []string // in .cpg, and what they are reported as
		wrong    []string
	}{
		{"GBK", func(s string) string { return inGB18030(t, s) }, counties, []string{"GBK", "GB18030", "936"}, []string{"UTF-8", "Big5", "ISO-8859-1", "1252", "949", "932", "EBCDIC"}},
		// GBK declared for GB18030 is what Chinese Windows does.
		{"GB18030", func(s string) string { return inGB18030(t, s) }, rare, []string{"GB18030", "GBK", "54936"}, []string{"UTF-8", "Big5", "ISO-8859-1", "1252", "949", "932", "EBCDIC"}},
		{"UTF-8", func(s string) string { return s }, rare, []string{"UTF-8", "utf8", "65001"}, []string{"GBK", "GB18030", "936", "Big5", "ISO-8859-1", "1252", "949", "932", "EBCDIC"}},
	} {
		var fields []string
		for _, n := range names {
			fields = append(fields, coding.code(n))
		}
		var rows, want [][]string
		cuts := 0
		for i, c := range coding.counties {
			row, values := []string{}, []string{}
			for _, v := range []string{c, reserves[i], fmt.Sprint(i)} {
				raw := coding.code(v)
				row = append(row, raw)
				for len(coding.code(v)) > width { // what is left of a value that is cut
					_, size := utf8.DecodeLastRuneInString(v)
					v = v[:len(v)-size]
				}
				if len(raw) > width && len(coding.code(v)) < width {
					cuts++
				}
				values = append(values, v)
			}
			rows, want = append(rows, row), append(want, values)
		}
		if cuts < 1 {
			t.Fatalf("%s: no value is cut inside a character", coding.name)
		}
		wantNames := slices.Clone(names)
		if coding.name == "UTF-8" {
			wantNames[2] = "保护地" // ten bytes
		}
		check := func(t *testing.T, l *Layer) {
			t.Helper()
			if !slices.Equal(l.Fields, wantNames) {
				t.Errorf("fields %q, want %q", l.Fields, wantNames)
			}
			for i, f := range l.Features {
				if !slices.Equal(f.Values, want[i]) {
					t.Errorf("feature %d: %q, want %q", i+1, f.Values, want[i])
				}
			}
			if !strings.Contains(strings.Join(l.Warnings, "\n"), "were cut inside a character") {
				t.Errorf("warnings %q", l.Warnings)
			}
		}
		mojibake := coding.name == "UTF-8"
		remedy := map[bool]string{false: "GB18030", true: "UTF-8"}[mojibake]
		for _, language := range []byte{0, 0x4d, 0x57} {
			for _, cpg := range slices.Concat(coding.right, []string{""}, coding.wrong) {
				t.Run(fmt.Sprintf("%s, .cpg %q, language byte 0x%02X", coding.name, cpg, language), func(t *testing.T) {
					files++
					path := rawShapefile(t, fields, width, rows...)
					declare(t, path, cpg, language)
					if slices.Contains(coding.right, cpg) {
						l := read(t, Source{File: path})
						check(t, l)
						if l.EncodingFrom != "declared in .cpg" {
							t.Errorf("from %s", l.EncodingFrom)
						}
						return
					}
					if cpg == "" && !(mojibake && language == 0x4d) {
						l := read(t, Source{File: path})
						check(t, l)
						from := map[string]string{"UTF-8/0": "valid UTF-8", "GBK/0": "guessed", "GB18030/0": "guessed", "GBK/77": "DBF language byte 0x4D", "GB18030/77": "DBF language byte 0x4D"}
						if w := from[coding.name+"/"+strconv.Itoa(int(language)%0x57)]; l.EncodingFrom != w {
							t.Errorf("from %q, want %q", l.EncodingFrom, w)
						}
						if guessed := strings.Contains(strings.Join(l.Warnings, "\n"), "and guessed: all of it is valid GB18030"); guessed != (l.EncodingFrom == "guessed") {
							t.Errorf("warnings %q", l.Warnings)
						}
						return
					}
					refused(t, Source{File: path}, fmt.Sprintf("; say encoding: %s under this layer in the job file, or write %s into its .cpg", remedy, remedy))
					check(t, read(t, Source{File: path, Encoding: remedy}))
					declare(t, path, remedy, language)
					check(t, read(t, Source{File: path}))
				})
			}
		}
	}
}

// Misread text must be told from text that is merely unusual.
func TestLikeness(t *testing.T) {
	for _, c := range []struct {
		text     string
		in       charset
		min, max float64
	}{
		{inGB18030(t, "金寨天马国家级自然保护区"), gb18030Set, 1, 1},
		{"金寨天马国家级自然保护区", gb18030Set, -1, 2. / 3},
		{"\xb0\xaa\xb6\xaf\xa5\xab\xa6\xdb\xb5\x4d\xab\x4f\xc5\x40\xb0\xcf", gb18030Set, -1, 0.7},
		{"\xb0\xaa\xb6\xaf\xa5\xab\xa6\xdb\xb5\x4d\xab\x4f\xc5\x40\xb0\xcf", big5Set, 1, 1},
		{"Réserve naturelle", gb18030Set, 0, 0}, // R茅serve
		{"R\xe9serve", gb18030Set, 0, 0},
		{"Réserve naturelle", utf8Set, 0, 0},
		{"保护区", utf8Set, 1, 1},
		{"ASCII only", gb18030Set, 1, 1},
		{"\xff\xff", gb18030Set, -1, -1},
	} {
		tbl := &table{fields: []column{{name: []byte(c.text)}}}
		if got := tbl.likeness(c.in); got < c.min || got > c.max {
			t.Errorf("%q in %s: %v, want %v to %v", c.text, c.in.name, got, c.min, c.max)
		}
	}
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
		{"GBK as given", gbk, "", 0, "gbk", "GBK", "said for this layer", "安徽省", ""},
		{"guessed", gbk, "", 0, "", "GB18030", "guessed", "安徽省", `guessed: all of it is valid GB18030, such as "名称" in name of field 名称; if that reads wrong, say --encoding NAME`},
		{"guessed in spite of the current code page", gbk, "", 0x57, "", "GB18030", "guessed", "安徽省", "language byte 0x57"},
		{"given against a wrong .cpg", gbk, "UTF-8", 0, "cp936", "GBK", "said for this layer", "安徽省", "although it is declared in .cpg as UTF-8"},
		{"given against an unknown .cpg", gbk, "EBCDIC", 0, "GBK", "GBK", "said for this layer", "安徽省", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := c.file(t)
			declare(t, path, c.cpg, c.language)
			l := read(t, Source{File: path, Encoding: c.given})
			if l.Encoding != c.encoding || l.EncodingFrom != c.from || l.Features[0].Values[0] != c.v {
				t.Errorf("got %s, %s, %q; want %s, %s, %q", l.Encoding, l.EncodingFrom, l.Features[0].Values, c.encoding, c.from, c.v)
			}
			if !slices.Equal(l.Fields, []string{"名称", "ID"}) {
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
	t.Run("the job's encoding is for undeclared text", func(t *testing.T) {
		l := read(t, Source{File: gbk(t), DefaultEncoding: "GBK"})
		if l.Encoding != "GBK" || l.EncodingFrom != "--encoding" || l.Features[0].Values[0] != "安徽省" || l.Warnings != nil {
			t.Errorf("got %+v", l)
		}
		l = read(t, Source{File: utf8Shapefile(t), DefaultEncoding: "GBK"})
		if l.Encoding != "UTF-8" || l.EncodingFrom != "declared in .cpg" || l.Features[0].Values[0] != "安徽省" || l.Warnings != nil {
			t.Errorf("got %+v", l)
		}
	})
	t.Run("what is doubted wrongly can be said", func(t *testing.T) {
		path := rawShapefile(t, []string{"MC"}, 20, []string{"café"}) // caf茅
		declare(t, path, "UTF-8", 0)
		refused(t, Source{File: path}, `"café", is "caf茅" as GB18030`, "if it is UTF-8 all the same, say encoding: UTF-8 there")
		if l := read(t, Source{File: path, Encoding: "UTF-8"}); l.Features[0].Values[0] != "café" {
			t.Errorf("got %+v", l)
		}
	})
	t.Run("UTF-8 read as GBK is doubted", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.shp")
		if err := Write(path, epsg(t, 4490), []string{"MC"}, []Row{{[]string{"安徽省界"}, square(117, 31, 1)}}, WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		l := read(t, Source{File: path, Encoding: "GBK"})
		if all := strings.Join(l.Warnings, "\n"); !strings.Contains(all, `text is read as GBK, but field MC, feature 1, "瀹夊窘鐪佺晫", is "安徽省界" as UTF-8`) {
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
		{"undeclared Latin 1", []string{"R\xe9serve naturelle de la for\xeat"}, "", 0, "", []string{
			`attribute text is not UTF-8 and no encoding is declared (no .cpg, language byte 0x00): field MC, feature 1: byte 2 (e9) is not valid UTF-8; say --encoding NAME, or encoding: NAME under this layer in the job file`}},
		{"undeclared Big5", []string{"\xb0\xaa\xb6\xaf\xa5\xab\xa6\xdb\xb5\x4d\xab\x4f\xc5\x40\xb0\xcf"}, "", 0, "", []string{`it reads as Big5 "高雄市自然保護區"; say --encoding Big5`}},
		{"wrong .cpg", []string{"安徽"}, "UTF-8", 0, "", []string{"field MC, feature 1", "are not valid UTF-8", `it reads as GB18030 "安徽"; say encoding: GB18030 under this layer in the job file, or write GB18030 into its .cpg`}},
		{"unknown .cpg", []string{"安徽"}, "EBCDIC", 0, "", []string{`.cpg: unknown encoding "EBCDIC"`, `it reads as GB18030 "安徽"; say encoding: GB18030 under this layer`}},
		{"unknown name given", []string{"安徽"}, "", 0, "chinese", []string{`unknown encoding "chinese"`}},
		{"wrong one given", []string{"安徽"}, "", 0, "utf8", []string{"are not valid UTF-8", "encoding: GB18030 under this layer"}},
		{"Western .cpg over GBK bytes", []string{"安徽"}, "ISO-8859-1", 0, "", []string{`text is read as ISO-8859-1 (declared in .cpg), but field MC, feature 1, "°²»Õ", is "安徽" as GB18030; say encoding: GB18030 under this layer`}},
		{"short GBK text that is valid UTF-8 by accident", []string{"通天"[:3]}, "UTF-8", 0, "", []string{`"ͨ", is "通" as GB18030`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var rows [][]string
			for _, v := range c.values {
				if utf8.ValidString(v) {
					v = inGB18030(t, v)
				}
				rows = append(rows, []string{v})
			}
			path := rawShapefile(t, []string{"MC"}, 60, rows...)
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
		refused(t, Source{File: path}, "field MC, feature 3: bytes 1 to 4 (b0 b2 bb d5) are not valid UTF-8")
		os.Remove(strings.TrimSuffix(path, ".shp") + ".cpg")
		refused(t, Source{File: path}, `field MC, feature 3: bytes 1 to 4 (b0 b2 bb d5) are not valid UTF-8; this one reads as GB18030 "安徽", but not all text does`)
	})
	t.Run("one row in UTF-8 among many in GBK", func(t *testing.T) {
		var rows [][]string
		for range 20 {
			rows = append(rows, []string{inGB18030(t, "国家级自然保护区")})
		}
		rows[7][0] = "安徽" // valid in GB18030
		path := rawShapefile(t, []string{"MC"}, 40, rows...)
		for _, cpg := range []string{"", "GBK"} {
			declare(t, path, cpg, 0)
			refused(t, Source{File: path}, `field MC, feature 8, "瀹夊窘", is "安徽" as UTF-8`)
		}
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
		if len(l.Warnings) != 1 || !strings.Contains(l.Warnings[0], "1 text value was cut inside a character by the program that wrote the file") || !strings.Contains(l.Warnings[0], "first: field 名称, feature 1") {
			t.Errorf("warnings %q", l.Warnings)
		}
	})
	t.Run("not when blanks follow", func(t *testing.T) {
		refused(t, Source{File: lastBytes(t, "\xb0 ")}, "field 名称, feature 1: byte 79 (b0) is not valid GBK")
	})
}

func TestOffence(t *testing.T) {
	for _, c := range []struct {
		set  charset
		text string
		want string
	}{
		{utf8Set, "abc\xb0\xb2", "bytes 4 to 5 (b0 b2) are not valid UTF-8"},
		{utf8Set, "安\xe5\xae", "bytes 4 to 5 (e5 ae) are not valid UTF-8"},
		{utf8Set, "R\xe9serve", "byte 2 (e9) is not valid UTF-8"},
		{gbkSet, "\xb0\xb2\xff\xfe\xb0\xb2\xb0\xb2", "bytes 3 to 6 (ff fe b0 b2) are not valid GBK"},
		{gbkSet, "\xb0\xb2\xb0", "byte 3 (b0) is not valid GBK"},
		{gb18030Set, "\x81\x30\x81\x30\xb0\xb2\x81", "byte 7 (81) is not valid GB18030"},
	} {
		if got := c.set.offence([]byte(c.text)); got != c.want {
			t.Errorf("% x: got %q, want %q", c.text, got, c.want)
		}
	}
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
