package priority

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"greenshield/redline"
)

func sample() *File {
	card := Card{Base: -1.5, Bands: []Band{
		{AgreePct, 50, math.Inf(1), 1.25, "其他图也显示同类变化"},
		{Width, math.Inf(-1), 2, -0.75, "图斑很窄"},
		{Width, 2, 4, 0, "图斑较窄"}}}
	own := Card{Base: 0.5, Bands: []Band{{NearM, 1000, math.Inf(1), -0.5, "离前期同类地物远"}}}
	return &File{Name: "池州2026", Target: "problem", From: Origin{Ledger: "341700", Verdicts: Count{40, 20}},
		Default: card.ToFile(), Groups: map[string]CardFile{"natural>built": own.ToFile()}}
}

func written(t *testing.T, f *File) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestModelFileRoundTrip(t *testing.T) {
	text := written(t, sample())
	if again := written(t, sample()); again != text {
		t.Error("the same model is written differently")
	}
	path := filepath.Join(t.TempDir(), "m.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := Read(path, false)
	if err != nil {
		t.Fatal(err)
	}
	want, err := sample().model()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(m.Default, want.Default) || !reflect.DeepEqual(m.Groups, want.Groups) {
		t.Errorf("read %v, want %v", m, want)
	}
	if m.Name != path || m.Edited || len(m.SHA256) != 64 {
		t.Errorf("name %q, edited %v, hash %q", m.Name, m.Edited, m.SHA256)
	}
	f := Features{AgreePct: 80, Width: 1, NearM: math.Inf(1)}
	for _, feature := range []Feature{EdgePct, Cells} {
		f[feature] = math.NaN()
	}
	if got := m.Card("natural>built").LogOdds(f); got != 0 {
		t.Errorf("log-odds of the group %v, want 0", got)
	}
	if got := m.Card("natural>bare").LogOdds(f); got != -1 {
		t.Errorf("log-odds %v, want −1", got)
	}
	spaced := strings.ReplaceAll(text, "  ", "\t") // no number and no word is another
	if _, edited, err := Parse([]byte(spaced)); edited || err != nil {
		t.Errorf("other white space: edited %v, %v", edited, err)
	}
}

func TestModelFileRefused(t *testing.T) {
	text := written(t, sample())
	for name, c := range map[string]struct{ old, new, want string }{
		"edited weight":   {`"weight": 1.25`, `"weight": 1.5`, "changed after it was calibrated"},
		"edited reason":   {"图斑很窄", "图斑很宽", "changed after it was calibrated"},
		"no hash":         {`"sha256": "`, `"sha256": "0`, "changed after it was calibrated"},
		"other format":    {`"greenshield_priority": 1`, `"greenshield_priority": 2`, "has format 2, this program reads 1"},
		"no model":        {`"greenshield_priority": 1,`, ``, "no model of priorities"},
		"unknown member":  {`"target"`, `"goal": 1, "target"`, `unknown field "goal"`},
		"unknown in band": {`"weight": 1.25`, `"weight": 1.25, "note": ""`, `unknown field "note"`},
		"NaN":             {`"weight": 1.25`, `"weight": NaN`, "no whole JSON"},
		"too large":       {`"weight": 1.25`, `"weight": 1e3`, "band 1: the weight 1000 of agree_pct is not within ±20"},
		"not finite":      {`"weight": 1.25`, `"weight": 1e999`, "cannot unmarshal number 1e999"},
		"base":            {`"base": -1.5`, `"base": -21`, "default: the base -21 is not within ±20"},
		"feature":         {`"feature": "agree_pct"`, `"feature": "agree"`, `there is no feature "agree"`},
		"overlap":         {`"from": 2,`, `"from": 1.5,`, "two bands of width hold the value 1.5"},
		"turned":          {`"from": 2,`, `"from": 4,`, "band 3: width from 4 to 4 holds no value"},
		"no reason":       {`"why": "图斑很窄"`, `"why": " "`, "does not say why"},
		"two lines":       {`"why": "图斑很窄"`, `"why": "图\n斑"`, "does not say why"},
		"group":           {`"natural>built"`, `"natural>sea"`, `there is no transition group "natural>sea"`},
		"trailing":        {"\n}\n", "\n}\n{}", "no whole JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "m.json")
			bad := strings.Replace(text, c.old, c.new, 1)
			if bad == text {
				t.Fatal("nothing was changed")
			}
			if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Read(path, false)
			if err == nil || !strings.Contains(err.Error(), c.want) || redline.KindOf(err) != redline.Usage {
				t.Fatalf("%v, want %q", err, c.want)
			}
			m, err := Read(path, true)
			if changed := strings.Contains(c.want, "changed"); changed != (err == nil && m.Edited) {
				t.Errorf("allowed: %v %v", m, err)
			}
		})
	}
	for n := range len(text) - 2 { // cut off anywhere, without the last brace
		if _, _, err := Parse([]byte(text[:n])); err == nil {
			t.Fatalf("cut off after %d bytes it is read", n)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none.json"), false); redline.KindOf(err) != redline.Usage {
		t.Errorf("no file: %v", err)
	}
}

func TestModelThatCannotBeReadIsNotWritten(t *testing.T) {
	for name, spoil := range map[string]func(f *File){
		"NaN":     func(f *File) { f.Default.Base = math.NaN() },
		"measure": func(f *File) { f.Measures.Brier.Value = math.Inf(1) },
		"overlap": func(f *File) { f.Default.Bands[2].From = nil },
		"feature": func(f *File) { f.Default.Bands[0].Feature = "" },
	} {
		f := sample()
		spoil(f)
		if err := f.Write(&bytes.Buffer{}); err == nil {
			t.Errorf("%s: it is written", name)
		}
	}
}

func TestCardCheck(t *testing.T) {
	inf := math.Inf(1)
	for name, c := range map[string]struct {
		bands []Band
		bad   bool
	}{
		"none":                {nil, false},
		"touch":               {[]Band{{Cells, 9, inf, 1, "大"}, {Cells, 1, 9, 1, "小"}}, false},
		"two features":        {[]Band{{Cells, 1, 9, 1, "小"}, {Width, 1, 9, 1, "窄"}}, false},
		"the same":            {[]Band{{Cells, 1, 9, 1, "小"}, {Cells, 1, 9, 1, "小"}}, true},
		"one inside":          {[]Band{{Cells, 3, 4, 1, "小"}, {Cells, 1, 9, 1, "小"}}, true},
		"both to infinity":    {[]Band{{NearM, 1, inf, 1, "远"}, {NearM, 5, inf, 1, "远"}}, true},
		"NaN bound":           {[]Band{{NearM, math.NaN(), inf, 1, "远"}}, true},
		"NaN weight":          {[]Band{{NearM, 1, inf, math.NaN(), "远"}}, true},
		"no such feature":     {[]Band{{NumFeatures, 1, inf, 1, "远"}}, true},
		"only infinity holds": {[]Band{{NearM, inf, inf, 1, "远"}}, true},
	} {
		card := Card{Bands: c.bands}
		if err := card.Check(); (err != nil) != c.bad {
			t.Errorf("%s: %v", name, err)
		}
	}
}
