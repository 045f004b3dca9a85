package findings

import "testing"

func TestDates(t *testing.T) {
	for text, want := range map[string]string{
		"2026-03-05": "2026-03-05", " 2026/3/5 ": "2026-03-05", "2026.03.5": "2026-03-05", "2026年3月5日": "2026-03-05",
		"2026-03-05T00:00:00": "2026-03-05", "2026-03-05 00:00:00": "2026-03-05", "2021-02-30": "2021-02-30",
		"2021/2/30": "2021-02-30", "5.3.2026": "5.3.2026", "去年": "去年", "": "", "2026-03-05 13:00": "2026-03-05 13:00",
	} {
		if got := PlainDate(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	for _, tt := range []struct {
		text  string
		since bool
		want  string
	}{
		{"36526", false, "2000-01-01"}, {"46086", false, "2026-03-05"}, {"44624", true, "2026-03-05"},
		{"46086.5", false, "46086.5"}, {"3", false, "3"}, {"2026-03-05", false, "2026-03-05"}, {"1e9", false, "1e9"}, {"NaN", false, "NaN"},
	} {
		if got := SpreadsheetDate(tt.text, tt.since); got != tt.want {
			t.Errorf("%s is %q, want %q", tt.text, got, tt.want)
		}
	}
}
