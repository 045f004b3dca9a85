// Package digits writes numbers with a fixed number of decimals, as package strconv
// does, but faster for those of everyday size.
package digits

import (
	"math"
	"strconv"
)

// AppendFixed appends x with that many decimals, rounded from its exact value, ties to the even digit: the bytes of
// strconv.AppendFloat(b, x, 'f', decimals, 64). A negative number that rounds to zero keeps its sign.
func AppendFixed(b []byte, x float64, decimals int) []byte {
	n, ok := scaled(math.Abs(x), decimals)
	if !ok {
		return strconv.AppendFloat(b, x, 'f', decimals, 64)
	}
	if math.Signbit(x) {
		b = append(b, '-')
	}
	return appendScaled(b, n, decimals)
}

var powersOf10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}

// scaled returns x·10^decimals, rounded to the nearest integer, if one multiplication is enough to know it; x is not
// negative. Let p be the rounded product, below 2^51, and n the integer nearest to p: n-½ and n+½ are floating-point
// numbers, and rounding keeps the order of numbers, so the exact product lies between them if p does. Only if p
// equals one of them could the exact product lie on its other side, or be a tie.
func scaled(x float64, decimals int) (n uint64, ok bool) {
	if decimals >= len(powersOf10) {
		return 0, false
	}
	p := float64(x * powersOf10[decimals]) // float64 keeps the product from being fused with the difference
	if !(p < 1<<51) {
		return 0, false
	}
	n = uint64(int64(p))
	fraction := p - float64(int64(n)) // exact
	if fraction > 0.5 {
		n++
	}
	return n, fraction != 0.5
}

// appendScaled appends n/10^decimals; n is at most 2^51.
func appendScaled(b []byte, n uint64, decimals int) []byte {
	var text [20]byte // is filled from its end
	first := len(text)
	pair := func() {
		first -= 2
		two := 2 * (n % 100)
		text[first], text[first+1] = pairs[two], pairs[two+1]
		n /= 100
	}
	if decimals > 0 {
		for range decimals / 2 {
			pair()
		}
		if decimals%2 > 0 {
			first--
			text[first] = byte('0' + n%10)
			n /= 10
		}
		first--
		text[first] = '.'
	}
	for n >= 10 {
		pair()
	}
	if n > 0 || first == len(text) || text[first] == '.' {
		first--
		text[first] = byte('0' + n)
	}
	return append(b, text[first:]...)
}

// pairs are the numbers below 100, of two digits each.
const pairs = "0001020304050607080910111213141516171819" +
	"2021222324252627282930313233343536373839" +
	"4041424344454647484950515253545556575859" +
	"6061626364656667686970717273747576777879" +
	"8081828384858687888990919293949596979899"
