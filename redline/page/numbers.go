package page

import (
	"strconv"
	"strings"
)

// hectares is an area in ha. It is shown with two decimals.
type hectares float64

// MarshalJSON writes the area with two decimals.
func (h hectares) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(h), 'f', 2, 64), nil
}

// String returns the area with two decimals and commas between thousands.
func (h hectares) String() string { return grouped(float64(h), 2) }

// grouped writes a number with commas between thousands, a dash for NaN. What rounds to zero
// has no sign.
func grouped(x float64, decimals int) string {
	if x != x {
		return "—"
	}
	text := strconv.FormatFloat(x, 'f', decimals, 64)
	digits, fraction, _ := strings.Cut(text, ".")
	sign := ""
	if strings.HasPrefix(digits, "-") {
		if digits = digits[1:]; strings.Trim(text, "-0.") != "" {
			sign = "-"
		}
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	if decimals > 0 {
		return sign + b.String() + "." + fraction
	}
	return sign + b.String()
}

// percent writes a number of % with two decimals, a dash for NaN.
func percent(x float64) string {
	if x != x {
		return "—"
	}
	return strconv.FormatFloat(x, 'f', 2, 64) + "%"
}
