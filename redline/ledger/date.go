package ledger

import (
	"fmt"
	"time"
)

// Date is a day as YYYY-MM-DD, so that dates sort as texts; "" is none.
type Date string

const dateForm = "2006-01-02"

// China is the time of China, which has no summer time: days of a ledger are days there.
var China = time.FixedZone("UTC+8", 8*60*60)

// DayOf returns the day that it is in China at a time.
func DayOf(t time.Time) Date { return Date(t.In(China).Format(dateForm)) }

// ParseDate returns the date that a text of the form YYYY-MM-DD says. There must be such a day, in the years 1949
// to 2999.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(dateForm, text)
	if err != nil || t.Year() < 1949 || t.Year() > 2999 {
		return "", fmt.Errorf("%q is no day of the calendar; write it as YYYY-MM-DD", text)
	}
	return Date(text), nil
}

// time returns the beginning of the day in UTC; the zero time for "".
func (d Date) time() time.Time {
	t, _ := time.Parse(dateForm, string(d)) // a Date was parsed before
	return t
}

// next returns the day after.
func (d Date) next() Date { return Date(d.time().AddDate(0, 0, 1).Format(dateForm)) }

// Until returns how many days later another day is. Both must be days.
func (d Date) Until(later Date) int64 { return int64(later.time().Sub(d.time()).Hours() / 24) }

// Chinese returns the day as it is written in Chinese: 2026 年 3 月 5 日.
func (d Date) Chinese() string {
	t := d.time()
	return fmt.Sprintf("%d 年 %d 月 %d 日", t.Year(), t.Month(), t.Day())
}
