package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"greenshield/redline/language"
	"greenshield/redline/record"
)

// What may be English in a Chinese text: commands and quoted texts, what GDAL says, names of CRSs, paths.
var mayBeEnglish = regexp.MustCompile("`[^`]*`" +
	`|"(\\.|[^"\\])*"|“[^”]*”|TIFF\w+:.*|ERROR \d.*|Kruger zone|ledger init|greenshield( [\w.-]+)+|[^\s“”]*/[^\s“”]*`)

var englishWords = regexp.MustCompile(`[A-Za-z]*[a-z]{2} [a-z]{2,}( [A-Za-z]+)*`)

// englishIn returns what in a Chinese text is English, "" when nothing is. Two words are English, one may be a name.
func englishIn(text string) string {
	return strings.Join(englishWords.FindAllString(mayBeEnglish.ReplaceAllString(text, "〇"), -1), " | ")
}

func TestEnglishIsSeen(t *testing.T) {
	for text, english := range map[string]bool{
		"没有这个文件": false, "请用 `gdal_translate -of gtiff one two` 另存": false, "字段 \"name of it\" 没有值": false,
		"：no such file": true, "警告：it lies 前期": true, "管控类型有 core, buffer, unzoned": false,
		"lc2020.tif：没有这个文件": false, "/tmp/my data/one two：没有": false, "不可读（“x:\"/a/b\": no such file”）": false, "stopped：按了 Ctrl-C": false,
	} {
		if got := englishIn(text); (got != "") != english {
			t.Errorf("%s: English is %q", text, got)
		}
	}
}

// chinese runs the program in a Chinese locale.
func chinese(t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	cmd := command(dir, args...)
	cmd.Env = append(cmd.Env, "LANG=zh_CN.UTF-8")
	return finish(t, cmd)
}

// TestChineseMessages: in a Chinese locale a user reads no English.
func TestChineseMessages(t *testing.T) {
	dir := newSample(t)
	for _, tt := range []struct {
		args   string
		status int
		stderr string // the whole of it; "" for any
	}{
		{"run", 10, "greenshield: 没有 before 的栅格；请用 --before 文件 写明，或在任务文件中写 before: {"},
		{"run none.yaml", 10, "greenshield: none.yaml：没有这个文件\n"},
		{"rum", 10, "greenshield: 没有命令 \"rum\"；是不是 \"run\"？\n"},
		{"run --befor x", 10, "greenshield: 没有参数 --befor；是不是 \"--before\"？\n"},
		{"run --before", 10, "greenshield: 参数后缺少值：--before；见 greenshield run --help\n"},
		{"run job.yaml --min-area 4", 10,
			"greenshield: --min-area：\"4\" 不是面积；请写非负数和单位，例如 4cells、0.5ha 或 5000m2\n"},
		{"run job.yaml --quiet --after none.tif", 11,
			"已修复：reserves.shp|reserves，第 4 号要素：自相交["},
		{"run job.yaml --out /none/out", 15,
			"greenshield: /none/out：上级文件夹不能使用：查看 /none：没有这个文件或文件夹；请先建立它，或换一个文件夹\n"},
		{"check job.yaml", 0, ""},
		{"run job.yaml --formats geojson", 0, ""},
		{"run job.yaml --formats geojson", 0, ""}, // nothing has changed
	} {
		o := chinese(t, dir, strings.Fields(tt.args)...)
		o.want(t, tt.status)
		if english := englishIn(o.stderr) + englishIn(o.stdout); english != "" {
			t.Errorf("%s: %s in\n%s%s", tt.args, english, o.stderr, o.stdout)
		}
		if !strings.HasPrefix(o.stderr, tt.stderr) || strings.HasSuffix(tt.stderr, "\n") && o.stderr != tt.stderr {
			t.Errorf("%s: stderr is\n%swant\n%s", tt.args, o.stderr, tt.stderr)
		}
		if !regexp.MustCompile(`\p{Han}`).MatchString(o.stdout + o.stderr) {
			t.Errorf("%s: no Chinese in\n%s%s", tt.args, o.stderr, o.stdout)
		}
	}
}

// TestChineseHelp: the help of each command is there in both languages.
func TestChineseHelp(t *testing.T) {
	lines := regexp.MustCompile(`(?m)^  (greenshield|man|  --|  standard=|before:|after: |redline:|reserve:|  |admin: |exempt: |min_area:|out:).*$|` +
		`\[command\] --help`)
	for _, c := range []string{"run", "check", "series", "plan", "shard", "merge", "demo", "legends", "rules", "priority", "version", "completion", "man", "help", "",
		"yearly", "schedule", "ledger", "ledger init", "ledger add", "ledger take", "ledger list", "ledger case", "ledger set", "ledger advance",
		"ledger notice", "ledger report", "ledger leads", "ledger follow", "ledger merge", "ledger qgis", "ledger review", "ledger sample",
		"ledger export", "ledger import", "ledger verify", "ledger backup"} {
		args := append(strings.Fields(c), "--help")
		english, zh := run(t, t.TempDir(), args...), chinese(t, t.TempDir(), args...)
		english.want(t, 0)
		zh.want(t, 0)
		if left := englishIn(lines.ReplaceAllString(zh.stdout, "")); left != "" {
			t.Errorf("%s: %s in\n%s", c, left, zh.stdout)
		}
		if strings.Contains(zh.stdout, "(default") {
			t.Errorf("%s: a default is told twice:\n%s", c, zh.stdout)
		}
		if !strings.Contains(english.stdout, "Usage:\n") || strings.Contains(zh.stdout, "Usage:") ||
			!strings.Contains(zh.stdout, "用法：\n") {
			t.Errorf("%s: the headings are not those of the language:\n%s\n%s", c, english.stdout, zh.stdout)
		}
		flag := regexp.MustCompile(`(?m)^ {2,6}(?:-h, )?(--[a-z-]+)`)
		e, z := flag.FindAllString(english.stdout, -1), flag.FindAllString(zh.stdout, -1)
		if !slices.Equal(e, z) {
			t.Errorf("%s: the flags are %v, and in Chinese %v", c, e, z)
		}
	}
}

// TestLanguageIsChosen: --lang counts before the environment, and a shell's completion is in English.
func TestLanguageIsChosen(t *testing.T) {
	const english, zh = "greenshield: x.yaml: no such file\n", "greenshield: x.yaml：没有这个文件\n"
	for _, tt := range []struct{ env, args, want string }{
		{"LANG=", "run x.yaml", english},
		{"LANG=C", "run x.yaml", english},
		{"LANG=de_DE.UTF-8", "run x.yaml", english},
		{"LANG=zh_CN.UTF-8", "run x.yaml", zh},
		{"LC_ALL=zh_CN.UTF-8", "run x.yaml", zh},
		{"LANG=zh_CN.UTF-8", "run x.yaml --lang en", english},
		{"LANG=C", "--lang=zh run x.yaml", zh},
		{"LANG=C", "run x.yaml --lang zh", zh},
		{"LANG=C", "run --lang zh -- x.yaml", zh},
		{"LANG=C", "run x.yaml --lang fr", "greenshield: --lang: \"fr\" is no language here; write zh or en\n"},
		{"LANG=zh_CN", "run x.yaml --lang fr", "greenshield: --lang：没有语言 \"fr\"；请写 zh 或 en\n"},
		{"LANG=zh_CN", "run x.yaml --lang", "greenshield: 参数后缺少值：--lang；见 greenshield run --help\n"},
	} {
		cmd := command(t.TempDir(), strings.Fields(tt.args)...)
		cmd.Env = append(cmd.Env, tt.env)
		if o := finish(t, cmd); o.status != 10 || o.stderr != tt.want {
			t.Errorf("%s %s: status %d, %q", tt.env, tt.args, o.status, o.stderr)
		}
	}
	complete := []string{"__complete", "ru"}
	if e, z := run(t, t.TempDir(), complete...), chinese(t, t.TempDir(), complete...); e.stdout == "" || e != z {
		t.Errorf("completion is %+v in English, %+v in Chinese", e, z)
	}
}

// TestLanguageOfOutputs: files, manual pages and JSON are the same bytes in every locale.
func TestLanguageOfOutputs(t *testing.T) {
	dir := newSample(t)
	run(t, dir, "run", "job.yaml", "--quiet", "--out", "en").want(t, 0)
	chinese(t, dir, "run", "job.yaml", "--quiet", "--out", "zh").want(t, 0)
	of, inChinese := digests(t, filepath.Join(dir, "en")), digests(t, filepath.Join(dir, "zh"))
	if of != inChinese || strings.Count(of, "\n") < 10 {
		t.Errorf("the outputs are\n%s\nand in Chinese\n%s", of, inChinese)
	}
	en, zh := readManifest(t, filepath.Join(dir, "en")), readManifest(t, filepath.Join(dir, "zh"))
	for _, m := range []*record.Manifest{&en, &zh} {
		m.Generated, m.Timings, m.Machine = time.Time{}, nil, nil
	}
	a, errA := json.Marshal(en)
	b, errB := json.Marshal(zh)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("the manifests differ: %v, %v\n%s\nand in Chinese\n%s", errA, errB, a, b)
	}
	run(t, dir, "man", "man-en").want(t, 0)
	chinese(t, dir, "man", "man-zh").want(t, 0)
	if err := exec.Command("diff", "-r", filepath.Join(dir, "man-en"), filepath.Join(dir, "man-zh")).Run(); err != nil {
		t.Error("manual pages differ:", err)
	}
	for _, args := range []string{"check job.yaml --json --quiet", "run none.yaml --json", "run job.yaml --json --after none.tif"} {
		e, z := run(t, dir, strings.Fields(args)...), chinese(t, dir, strings.Fields(args)...)
		if e != z {
			t.Errorf("%s: JSON is %+v, and in Chinese %+v", args, e, z)
		}
	}
}

// inChinese fails when a message on stderr, one in a line, has no translation, or one that is in part English.
func inChinese(t *testing.T, stderr string) {
	t.Helper()
	for line := range strings.Lines(stderr) {
		message := strings.TrimSpace(line)
		for _, prefix := range []string{"greenshield: ", "warning: "} {
			message = strings.TrimPrefix(message, prefix)
		}
		if strings.HasPrefix(message, "repaired: ") || strings.HasPrefix(message, "{") {
			continue // put together in the language of the terminal; JSON
		}
		if zh := language.Chinese().Text(message); englishIn(zh) != "" {
			t.Errorf("%s of\n%s\nis English in\n%s", englishIn(zh), message, zh)
		}
	}
}
