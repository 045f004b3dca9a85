package ledger

import (
	"fmt"
	"time"
)

// calendar knows the working days of some years.
type calendar struct {
	worked map[Date]bool // days that differ from the week
	years  map[int]bool
}

func (c *calendar) take(f map[string]string) error {
	first, err := ParseDate(f["first"])
	if err != nil {
		return err
	}
	last, err := ParseDate(f["last"])
	if err != nil {
		return err
	}
	if last < first || last.time().Sub(first.time()) > 31*24*time.Hour {
		return fmt.Errorf("%s to %s is no holiday", first, last)
	}
	if err := oneOf(f, "day", "off", "work"); err != nil {
		return err
	}
	if c.worked == nil {
		c.worked, c.years = map[Date]bool{}, map[int]bool{}
	}
	for d := first; d <= last; d = d.next() {
		c.worked[d], c.years[d.time().Year()] = f["day"] == "work", true
	}
	return nil
}

// workingDay tells whether a day is a working day; it fails for a year of which nothing is known.
func (c *calendar) workingDay(d Date) (bool, error) {
	if !c.years[d.time().Year()] {
		return false, fmt.Errorf(
			"the table of holidays has no line of the year %d, so its working days cannot be counted; add the holidays",
			d.time().Year())
	}
	if worked, ok := c.worked[d]; ok {
		return worked, nil
	}
	day := d.time().Weekday()
	return day != time.Saturday && day != time.Sunday, nil
}

// LastDay returns the last of n working days, n ≥ 1, of which the first is start or, when that is a day off, the next
// working day. It fails for years of which the table of holidays has no line.
func (r *Rules) LastDay(start Date, n int) (Date, error) {
	for d := start; ; d = d.next() {
		worked, err := r.days.workingDay(d)
		if err != nil {
			return "", err
		}
		if worked {
			n--
		}
		if n <= 0 {
			return d, nil
		}
	}
}
