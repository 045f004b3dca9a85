package findings

import (
	"testing"

	"greenshield/redline"
)

// TestWhen: a year is told only where most of the ground has one, an interval of one year is that year, and grade D
// never has a year of its own.
func TestWhen(t *testing.T) {
	const a, b, c, d = redline.GradeA, redline.GradeB, redline.GradeC, redline.GradeD
	for want, of := range map[string]*redline.Dated{
		"年份不明":                      nil,
		"2018年，A级":                  {Year: 2018, From: 2018, To: 2018, Grade: a},
		"2018年（2017–2018），A级":       {Year: 2018, From: 2017, To: 2018, Grade: a},
		"2018年（2017），B级":            {Year: 2018, From: 2017, To: 2017, Grade: b},
		"年份不定（2016–2018），B级":        {From: 2016, To: 2018, Grade: b},
		"年份不定（2016），C级":             {From: 2016, To: 2016, Grade: c},
		"年份不定（2017–2019），C级":        {Year: 2019, From: 2017, To: 2019, Grade: c},
		"年份不明，D级":                   {Grade: d},
		"年份不明（仅小部分可判：2017），D级":      {Year: 2017, From: 2017, To: 2017, Grade: d},
		"年份不明（仅小部分可判：2016–2019），D级": {From: 2016, To: 2019, Grade: d},
	} {
		if got := When(of); got != want {
			t.Errorf("%+v is %q, want %q", of, got, want)
		}
	}
}
