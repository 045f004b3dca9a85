package report

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
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

// TestFixedAgainstTwin: numbers of all sizes, and those next to a tie or to an integer in
// units of the last decimal, are written as by strconv.
func TestFixedAgainstTwin(t *testing.T) {
	fast := 0
	compare := func(x float64, decimals int) {
		t.Helper()
		if _, ok := scaled(x, decimals); ok {
			fast++
		}
		if got, want := string(appendFixed(nil, x, decimals)), slowFixed(x, decimals); got != want {
			t.Fatalf("%b with %d decimals is %q, want %q", x, decimals, got, want)
		}
	}
	around := func(x float64, decimals int) {
		for _, x := range [...]float64{x, math.Nextafter(x, 0), math.Nextafter(x, math.Inf(1)), math.Nextafter(math.Nextafter(x, math.Inf(1)), math.Inf(1))} {
			compare(x, decimals)
			compare(-x, decimals)
		}
	}
	for decimals := range 10 {
		unit := math.Pow10(decimals)
		for _, x := range []float64{0, math.SmallestNonzeroFloat64, math.MaxFloat64, 1 << 50, 1 << 51, 1 << 52, 1 << 53, 1 << 63, 1 << 64, 0.5, 0.25, 0.125, 1e15 + 0.5, 1e22} {
			around(x, decimals)
			around(x/unit, decimals)
		}
	}
	n := 20_000
	if os.Getenv("GREENSHIELD_TORTURE") != "" {
		n = 2_000_000
	}
	random := rand.New(rand.NewPCG(5, 6))
	for range n {
		decimals := [...]int{0, 1, haDecimals, pctDecimals, degDecimals}[random.IntN(5)]
		unit := math.Pow10(decimals)
		compare(math.Float64frombits(random.Uint64()&^(1<<62)), decimals) // below 2
		compare(math.Float64frombits(random.Uint64()>>1%0x7ff0000000000000), decimals)
		compare((random.Float64()-0.5)*math.Pow10(random.IntN(20)), decimals)
		whole := float64(random.Int64N(1 << (1 + random.IntN(54))))
		around(whole/unit, decimals)
		around((whole+0.5)/unit, decimals)
		around((2*whole+1)/float64(uint64(1)<<random.IntN(12)), decimals) // ties, some of them
	}
	if fast < 10*n {
		t.Errorf("only %d numbers were written the fast way", fast)
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
		text := appendJSON(nil, s)
		var parts [][]byte
		for i := 0; i < len(s); { // each character alone
			_, n := utf8.DecodeRuneInString(s[i:])
			one := appendJSON(nil, s[i:i+n])
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
