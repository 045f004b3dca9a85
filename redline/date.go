package redline

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The years that a date can have.
const (
	firstYear = 1900
	lastYear  = 2100
)

// ParseDate returns the date that a text of an attribute says, as far as it says it; the zero date where it says that
// there is none (blank, zeros, 无, 不详, NULL); and false where the text cannot be read or may mean several dates. It
// reads, with digits of any width,
//
//   - 2018, 201806, 20180630,
//   - 2018-06, 2018-6-30, and the same with / or . as the separator,
//   - 2018年, 2018年6月, 2018年6月30日, and all these in Chinese numerals (二〇一八年六月三十日),
//   - days followed by a time, as GDAL, databases and ISO 8601 write it.
//
// A month or day of zero is not known. One digit behind a year and a dot is no month, for a number drops the zero of
// 2018.10. Months of 1901 to 1912 in six digits cannot be read, for 190101 may be a day of 2019. A time with a zone
// is that of another day where it is not midnight and China's clock (UTC+8) is past midnight. The text cannot be read
// when its year is not from 1900 to 2100, when there is no such month or day, and when the year does not come first,
// since 3/4/2018 may be in March or in April. Serial numbers of days, as of spreadsheets, are never guessed.
func ParseDate(text string) (Date, bool) {
	text = strings.ToLower(strings.TrimSpace(narrow(text)))
	if noDate(text) {
		return Date{}, true
	}
	text = arabic(text)
	for i, form := range dateForms {
		part := form.FindStringSubmatch(text)
		if part == nil {
			continue
		}
		d := Date{Year: numberOf(part[1]), Month: numberOf(part[2]), Day: numberOf(part[3])}
		if i == dottedForm && len(part[2]) == 1 && part[3] == "" {
			d.Month = 0
		}
		if !d.real() || i == digitsForm && len(text) == len("190101") && d.Month > 0 && d.Year <= 1912 {
			return Date{}, false
		}
		if d.Day > 0 && part[4] != "" {
			return d.inChina(part[4], part[5])
		}
		return d, part[4] == ""
	}
	return Date{}, false
}

// The parts of each form are year, month, day, time and zone.
const timeOfDay = `(?:[t ]\s*((?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)\s*(z|[+-]\d\d(?::?[0-5]\d)?)?)?`

var dateForms = [...]*regexp.Regexp{
	digitsForm: regexp.MustCompile(`^(\d{4})(?:(\d\d)(\d\d)?)?()()$`),
	dottedForm: regexp.MustCompile(`^(\d{4})\.(\d\d?)(?:\.(\d\d?))?` + timeOfDay + `$`),
	regexp.MustCompile(`^(\d{4})-(\d\d?)(?:-(\d\d?))?` + timeOfDay + `$`),
	regexp.MustCompile(`^(\d{4})/(\d\d?)(?:/(\d\d?))?` + timeOfDay + `$`),
	regexp.MustCompile(`^(\d{4})\s*年\s*(?:(\d\d?)\s*月\s*(?:(\d\d?)\s*[日号])?)?` + timeOfDay + `$`),
}

// Positions of the forms of digits alone and with dots.
const (
	digitsForm = iota
	dottedForm
)

// noDate tells whether a text in lower case says that there is no date.
func noDate(text string) bool {
	if strings.Trim(text, "0-/—") == "" {
		return true
	}
	switch text {
	case "空", "无", "暂无", "不详", "未知", "不明", "待查", "null", "<null>", "(null)", "none", "nan", "nat", "n/a", "na",
		"unknown":
		return true
	}
	return false
}

// narrow returns a text with the full-width forms of ASCII and the ideographic space replaced.
func narrow(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case '！' <= r && r <= '～':
			return r - '！' + '!'
		case r == '　':
			return ' '
		}
		return r
	}, text)
}

var (
	chineseDigits = strings.NewReplacer("〇", "0", "○", "0", "零", "0", "一", "1", "二", "2", "三", "3", "四", "4", "五", "5",
		"六", "6", "七", "7", "八", "8", "九", "9")
	chineseTens = regexp.MustCompile(`([1-3]?)十([1-9]?)`)
)

// arabic returns a text with 年 and its numerals in Arabic digits.
func arabic(text string) string {
	year, rest, found := strings.Cut(text, "年")
	if !found {
		return text
	}
	rest = chineseTens.ReplaceAllStringFunc(chineseDigits.Replace(rest), func(ten string) string {
		tens, units, _ := strings.Cut(ten, "十")
		if tens == "" {
			tens = "1"
		}
		if units == "" {
			units = "0"
		}
		return tens + units
	})
	return chineseDigits.Replace(year) + "年" + rest
}

// numberOf returns the number that digits stand for, 0 for none.
func numberOf(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

// real tells whether there is such a day, or a month or year of which the rest is not known.
func (d Date) real() bool {
	if d.Year < firstYear || d.Year > lastYear || d.Month == 0 && d.Day > 0 {
		return false
	}
	whole := time.Date(d.Year, time.Month(max(d.Month, 1)), max(d.Day, 1), 0, 0, 0, 0, time.UTC)
	return whole.Month() == time.Month(max(d.Month, 1)) && whole.Day() == max(d.Day, 1)
}

// inChina returns the day in China at a time of the day d in a zone; both are as [ParseDate] reads them. The day stays
// without a zone, and at midnight.
func (d Date) inChina(clock, zone string) (Date, bool) {
	if zone == "" || strings.Trim(clock, "0:.") == "" {
		return d, true
	}
	const hour = 60
	parts := strings.Split(clock, ":")
	minutes := numberOf(parts[0])*hour + numberOf(parts[1])
	if zone != "z" {
		offset := numberOf(zone[1:3])*hour + numberOf(strings.TrimPrefix(zone[3:], ":"))
		if offset > 14*hour {
			return Date{}, false
		}
		if zone[0] == '-' {
			offset = -offset
		}
		minutes -= offset
	}
	there := time.Date(d.Year, time.Month(d.Month), d.Day, 0, minutes+8*hour, 0, 0, time.UTC)
	d = Date{there.Year(), int(there.Month()), there.Day()}
	return d, d.real()
}
