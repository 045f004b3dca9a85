package job

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
)

var (
	// yearMark is the year of a template, or one that lies so many years before or after it.
	yearMark = regexp.MustCompile(`\{year(?:([+-])([0-9]{1,4}))?\}`)
	// almostMark is what somebody may have meant as such; a mapping with the key year is none of it.
	almostMark = regexp.MustCompile(`\{ *[Yy][Ee][Aa][Rr] *(?:[+-][^{}\n]*)?\}`)
)

// fill returns the text of a job file with {year} and {year-5} or {year+1} replaced by four digits, and the fault of the
// first line in which that cannot be. With year 0 there is no year, and a text that needs one is at fault.
func fill(text []byte, year int) ([]byte, int, error) {
	lines := bytes.SplitAfter(text, []byte("\n"))
	for i, line := range lines {
		var bad error
		lines[i] = yearMark.ReplaceAllFunc(line, func(mark []byte) []byte {
			m := yearMark.FindSubmatch(mark)
			of := year
			if offset, _ := strconv.Atoi(string(m[2])); string(m[1]) == "-" {
				of -= offset
			} else {
				of += offset
			}
			switch {
			case bad != nil:
			case year == 0:
				bad = fmt.Errorf("%s stands for a year, and none is said; say --year YEAR", mark)
			case of < 1 || of > 9999:
				bad = fmt.Errorf("%s is no year when the year is %d", mark, year)
			}
			return fmt.Appendf(nil, "%04d", of)
		})
		if mark := almostMark.Find(lines[i]); bad == nil && mark != nil {
			bad = fmt.Errorf("%s is not read; write {year}, or {year-5} for five years before it", mark)
		}
		if bad != nil {
			return nil, i + 1, bad
		}
	}
	return bytes.Join(lines, nil), 0, nil
}
