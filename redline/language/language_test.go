package language

import (
	"strings"
	"testing"
)

const sample = `# a comment
msgid ""
msgstr "Language: zh_CN\n"

msgid "%s: cannot %s: %w; %s"
msgstr "%s：无法%w：%w；%w"

msgid "be read"
msgstr "读取"

#. library
msgid "permission denied"
msgstr "没有权限"

msgid "make room"
msgstr "请腾出空间"

msgid "code %d after %d bytes of %q"
msgstr "%[2]d 字节后的 %[3]q 中出现码 %[1]d"

msgid "cell"
msgstr "像元"

#. joined
msgid "%s %s"
msgstr "%s 个%s"

msgid "%s moved by %.2f m, %s"
msgstr "%s 移动 %.2f 米，%w"

msgid "%s with %s"
msgstr "%w与%w"

msgid "feature %d"
msgstr "第 %d 号要素"

msgid "say --%[1]s or %[1]s: X"
msgstr "请用 --%[1]s 或 %[1]s: X"

#. verbatim
msgid "; valid here are %s"
msgstr "；这里可用的有 %s"

msgid ", layer %s"
msgstr "，图层 %s"

msgid ""
"two lines:\n"
"  the \"second\""
msgstr "两行"
`

func parsed(t *testing.T) *Catalogue {
	t.Helper()
	c, err := Parse(sample)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestText(t *testing.T) {
	c := parsed(t)
	for english, want := range map[string]string{
		"a.tif: cannot be read: permission denied; make room": "a.tif：无法读取：没有权限；请腾出空间",
		"a.shp, layer red: permission denied":                 "a.shp，图层 red：没有权限",
		"code -3 after 17 bytes of \"a \\\"b\\\" 4\"":         "17 字节后的 \"a \\\"b\\\" 4\" 中出现码 -3",
		"code x after 17 bytes of \"a\"":                      "code x after 17 bytes of \"a\"",
		"3,500 cell":                                          "3,500 个像元",
		"b moved by 1.5e+06 m, 2 cell":                        "b 移动 1.5e+06 米，2 个像元",
		"b moved by NaN m, feature 7":                         "b 移动 NaN 米，第 7 号要素",
		"feature 3 with feature 4":                            "第 3 号要素与第 4 号要素",
		"bread with butter":                                   "bread with butter", // nothing in it is known
		"say --year or year: X":                               "请用 --year 或 year: X",
		"say --year or other: X":                              "say --year or other: X",
		"permission denied":                                   "没有权限",
		"cell":                                                "像元",
		"two lines:\n  the \"second\"":                        "两行",
		"a cell of GDAL's own":                                "a cell of GDAL's own",
		"permission denied (by the policy)":                   "没有权限 (by the policy)",
		"":                                                    "",
		"; valid here are year, cell":                         "；这里可用的有 year, cell",
	} {
		if got := c.Text(english); got != want {
			t.Errorf("%q: got %q, want %q", english, got, want)
		}
	}
	var english *Catalogue
	for _, text := range []string{"permission denied", "%d", ""} {
		if english.Text(text) != text || english.Word(text) != text {
			t.Errorf("English changes %q", text)
		}
	}
}

// TestKeysStay: keys of the job file stay as they have to be written, also those that are words of the catalogue.
func TestKeysStay(t *testing.T) {
	c, _ := Named("zh")
	const english = `h.yaml:1: unknown key "foo"; valid here are name, before, after, between, legend`
	if got, want := c.Text(english), `h.yaml:1：不认识的键 "foo"；这里可用的有 name, before, after, between, legend`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Numbers stay as they were formatted: years above all.
func TestSay(t *testing.T) {
	c := parsed(t)
	for got, want := range map[string]string{
		c.Say("code %d after %d bytes of %q", 2015, 1000000, "x"): "1000000 字节后的 \"x\" 中出现码 2015",
		c.Say("%s with %s", "cell", "feature 1"):                  "cell与feature 1",
		c.Say("unknown %d", 2015):                                 "unknown 2015",
		c.Say("make room"):                                        "请腾出空间",
		(*Catalogue)(nil).Say("code %d", 2015):                    "code 2015",
		c.Count("2,015", "cell"):                                  "2,015 个像元",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A noun that is counted has one measure word, whatever is counted.
func TestChineseCounts(t *testing.T) {
	c := Chinese()
	for got, want := range map[string]string{
		c.Count("64", "shard"):    "64 个分片",
		c.Count("2", "run"):       "2 个运行",
		c.Count("1,100", "file"):  "1,100 个文件",
		c.Count("3", "candidate"): "3 个候选图斑",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for english, chinese := range c.exact {
		if !strings.Contains(english, " ") && (strings.HasPrefix(chinese, "个") || strings.HasPrefix(chinese, "次")) {
			t.Errorf("%q: %q begins with a measure word, which Count adds", english, chinese)
		}
	}
}

// A text that nobody has translated comes out as it went in, whatever it is; and one of many joints does not take long.
func TestForeignText(t *testing.T) {
	c := Chinese()
	for _, text := range []string{
		"TIFFFillStrip:Read error at scanline 81; got 391 bytes, expected 438",
		"\x00\xff%s%d", "；，：", "%", "a: b: c", strings.Repeat("a, b; c: d (e) ", 60), "%s: no such file or directory%w",
	} {
		if got := c.Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// However long a text is, its reading ends soon, and nothing of it is lost.
func TestLongText(t *testing.T) {
	for _, text := range []string{"f1 in feature 2, name (x): ", "a: feature 1; ", "x, ", "zone a with b of c; "} {
		const times = 5000
		want := map[rune]int{}
		for _, r := range text {
			if r >= '0' && r <= '9' || r == 'x' {
				want[r] += times
			}
		}
		got := Chinese().Text(strings.Repeat(text, times))
		for r, n := range want {
			if strings.Count(got, string(r)) != n {
				t.Errorf("%q: %d of %d %c are left", text, strings.Count(got, string(r)), n, r)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, po := range map[string]string{
		"twice":       "msgid \"a\"\nmsgstr \"b\"\n\nmsgid \"a\"\nmsgstr \"c\"\n",
		"no quotes":   "msgid a\nmsgstr \"b\"\n",
		"half quotes": "msgid \"a\nmsgstr \"b\"\n",
		"lost text":   "\"a\"\n",
		"msgstr only": "msgstr \"a\"\n",
		"plural":      "msgid \"a\"\nmsgid_plural \"b\"\nmsgstr[0] \"c\"\n",
	} {
		if _, err := Parse(po); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestOfEnvironment(t *testing.T) {
	for _, tt := range []struct {
		all, messages, lang string
		chinese             bool
	}{
		{"", "", "", false},
		{"", "", "zh_CN.UTF-8", true},
		{"", "", "zh", true},
		{"", "", "zh_TW", true},
		{"", "", "zh.UTF-8", true},
		{"", "", "C.UTF-8", false},
		{"", "", "zha_CN", false},
		{"", "zh_CN.UTF-8", "en_US.UTF-8", true},
		{"", "C", "zh_CN.UTF-8", false},
		{"C", "zh_CN.UTF-8", "zh_CN.UTF-8", false},
		{"zh_CN.UTF-8", "C", "", true},
	} {
		env := map[string]string{"LC_ALL": tt.all, "LC_MESSAGES": tt.messages, "LANG": tt.lang}
		if got := OfEnvironment(func(name string) string { return env[name] }) != nil; got != tt.chinese {
			t.Errorf("%v: Chinese is %v", env, got)
		}
	}
}

func TestNamed(t *testing.T) {
	if c, ok := Named("zh"); !ok || c == nil {
		t.Error("zh is not known")
	}
	if c, ok := Named("en"); !ok || c != nil {
		t.Error("en is not English")
	}
	if _, ok := Named("fr"); ok {
		t.Error("fr is known")
	}
}
