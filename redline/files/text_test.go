package files

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// slowFixed is what appendFixed must agree with: package strconv rounds the exact value.
func slowFixed(x float64, decimals int) string {
	s := strconv.FormatFloat(x, 'f', decimals, 64)
	if strings.Trim(s, "-0.") == "" {
		s = strings.TrimPrefix(s, "-")
	}
	return s
}

// TestFixedAgainstTwin: numbers around zero, and others, are written without the sign of
// a zero.
func TestFixedAgainstTwin(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	signs := 0
	compare := func(x float64, decimals int) {
		t.Helper()
		got, want := string(appendFixed([]byte("a"), x, decimals)), "a"+slowFixed(x, decimals)
		if got != want {
			t.Fatalf("%b with %d decimals is %q, want %q", x, decimals, got, want)
		}
		if strings.Contains(got, "-") {
			signs++
		}
	}
	for decimals := range 10 {
		compare(math.Copysign(0, -1), decimals)
		for _, x := range []float64{0, 0.25, 0.5, 0.75, 1} {
			compare(-x, decimals)
			compare(math.Nextafter(-x, 0), decimals)
			compare(math.Nextafter(-x, -2), decimals)
			compare(-x/math.Pow10(decimals), decimals)
		}
		for range 1000 {
			compare((random.Float64()-0.5)*math.Pow10(random.IntN(20)-10), decimals)
		}
	}
	if signs < 1000 {
		t.Errorf("only %d numbers were negative", signs)
	}
}

// TestTextsAgainstTwin: whatever stands at which place of a text, it is written as by code
// that looks at one character after the other.
func TestTextsAgainstTwin(t *testing.T) {
	slowPlain := func(s string) bool {
		first, _ := utf8.DecodeRuneInString(s)
		last, _ := utf8.DecodeLastRuneInString(s)
		return utf8.ValidString(s) && !strings.ContainsAny(s, "\",\r\n") && !formula(first) && !unicode.IsSpace(first) && !unicode.IsSpace(last)
	}
	pieces := []string{"", "a", "zone", "绿", "＝", "－1", "\u2028", "\u3000", "\u00a0", "\xff", "\xe8\x82", "𠀀"}
	for c := range rune(0x100) {
		pieces = append(pieces, string(byte(c)))
	}
	random := rand.New(rand.NewPCG(7, 8))
	for range 50_000 {
		var s string
		for range random.IntN(5) {
			s += pieces[random.IntN(len(pieces))]
		}
		if slowPlain(s) != plain(s) && plain(s) {
			t.Fatalf("%q is taken for plain", s)
		}
		cell := string(appendCell(nil, s))
		if slowPlain(s) && cell != s {
			t.Fatalf("the cell of %q is %q", s, cell)
		}
		text := AppendJSON(nil, s)
		var parts [][]byte
		for i := 0; i < len(s); { // each character alone
			_, n := utf8.DecodeRuneInString(s[i:])
			one := AppendJSON(nil, s[i:i+n])
			parts = append(parts, one[1:len(one)-1])
			i += n
		}
		if want := `"` + string(bytes.Join(parts, nil)) + `"`; string(text) != want {
			t.Fatalf("%q becomes %s, want %s", s, text, want)
		}
		if !utf8.ValidString(cell) || !utf8.Valid(text) {
			t.Fatalf("%q becomes %q and %q", s, cell, text)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		x              float64
		decimals       int
		fixed, trimmed string
	}{
		{0, 6, "0.000000", "0"},
		{math.Copysign(0, -1), 6, "0.000000", "0"},
		{-1e-12, 6, "0.000000", "0"},
		{-0.0000006, 6, "-0.000001", "-0.0000006"},
		{100, 2, "100.00", "100"},
		{-100, 0, "-100", "-100"},
		{117.1234567, 7, "117.1234567", "117.1234567"},
		{0.125, 2, "0.12", "0.125"}, // a tie goes to the even digit
		{1e15 + 0.5, 2, "1000000000000000.50", "1000000000000000.5"},
	} {
		if got := string(appendFixed([]byte("-0,"), c.x, c.decimals)); got != "-0,"+c.fixed {
			t.Errorf("%v with %d decimals is %q, want %q", c.x, c.decimals, got, c.fixed)
		}
		if got := string(appendDegrees(nil, c.x)); got != c.trimmed {
			t.Errorf("%v degrees is %q, want %q", c.x, got, c.trimmed)
		}
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 20000 { // a rounded coordinate survives the text
		x := math.Round((random.Float64()*360-180)*1e7) / 1e7
		text := string(appendDegrees(nil, x))
		if back, err := strconv.ParseFloat(text, 64); err != nil || back != x || text != strconv.FormatFloat(x, 'f', -1, 64) {
			t.Fatalf("%v is written %q", x, text)
		}
	}
}
