package findings

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Names of what a reviewer or a bureau fills in beside a candidate's verdict. A returned file has some of them.
const (
	SaidVerdict   = "verdict"
	SaidReviewer  = "reviewer"
	SaidDate      = "rev_date"
	SaidBasis     = "rev_reason" // code
	SaidNote      = "rev_note"
	SaidProblem   = "problem"
	SaidMeasures  = "measures"
	SaidStandard  = "standard"
	SaidWhoAnswer = "responsible"
)

// Returned is a candidate in a file that came back from a reviewer or a bureau. Nothing of it has been checked.
type Returned struct {
	Place string // in the file: "candidates, feature 3", "问题清单, row 12"
	ID    string // as it stands there, without white space around it; "" when it was deleted
	// Said is what was filled in, by the names above: codes where the text is one of the labels that the file offers,
	// dates as [PlainDate] writes them, other texts without white space around them. Empty texts are there, columns
	// that the file lacks are not.
	Said map[string]string
	// Facts are the columns that nobody may change, as they stand there.
	Facts []Fact
}

// Fact is what stands in a column of a returned file that nobody may change.
type Fact struct {
	Column string // its title in the file
	Field  string // the field of a candidate that it shows, see [Fields]
	Value  string // a code where the field is coded and the text is one of its labels; a number with a point
}

var calendarDate = regexp.MustCompile(`^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?` +
	`(?:[T ]0{1,2}:00(?::00(?:\.0+)?)?Z?)?$`)

// PlainDate returns a date as YYYY-MM-DD when the text has one of the forms that people and programs write:
// 2026-03-05, 2026/3/5, 2026.3.5, 2026年3月5日, each also with the time 0:00. Whether there is such a day is not looked
// at. Other texts are returned as they are.
func PlainDate(text string) string {
	text = strings.TrimSpace(text)
	part := calendarDate.FindStringSubmatch(text)
	if part == nil {
		return text
	}
	number := func(s string) int { n, _ := strconv.Atoi(s); return n } // at most four digits
	return fmt.Sprintf("%s-%02d-%02d", part[1], number(part[2]), number(part[3]))
}

// SpreadsheetDate returns the day of a number of a spreadsheet as YYYY-MM-DD; since1904 tells from which day its
// workbook counts. A number that is no whole day of the years 1950 to 2999 is returned as it is.
func SpreadsheetDate(text string, since1904 bool) string {
	const first, last = 18264, 402132 // 1950-01-01 and 2999-12-30 counted from 1899-12-30
	day, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	if since1904 {
		day += 1462
	}
	if day != float64(int(day)) || day < first || day > last {
		return text
	}
	return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(day)).Format(time.DateOnly)
}
