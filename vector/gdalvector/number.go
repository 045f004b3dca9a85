package gdalvector

import (
	"regexp"
	"strconv"
	"strings"
)

var decimal = regexp.MustCompile(`^([+-]?)([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]{1,3}))?$`)

// plainNumber writes a decimal number as plain digits, to the last one: without exponent, leading zeros, and zeros
// behind the point. A code that software keeps as a number has then one text in all formats. Numbers of more than 40
// digits, and texts that are no numbers, stay as they are.
func plainNumber(s string) string {
	m := decimal.FindStringSubmatch(s)
	if m == nil || m[2]+m[3] == "" {
		return s
	}
	exponent, _ := strconv.Atoi(m[4]) // 0 without one
	digits, point := m[2]+m[3], len(m[2])+exponent
	const most = 40
	if len(digits) > most || point > most || point < -most {
		return s
	}
	if point < 0 {
		digits, point = strings.Repeat("0", -point)+digits, 0
	}
	if point > len(digits) {
		digits += strings.Repeat("0", point-len(digits))
	}
	whole, rest := strings.TrimLeft(digits[:point], "0"), strings.TrimRight(digits[point:], "0")
	if whole == "" {
		whole = "0"
	}
	if rest != "" {
		whole += "." + rest
	}
	if m[1] == "-" && whole != "0" {
		return "-" + whole
	}
	return whole
}
