package files

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"greenshield/redline"
)

// TestFollowUps: what is written is read back as it was, by the ids of cases; a file with other columns, or with what is
// no number, is refused.
func TestFollowUps(t *testing.T) {
	all := []redline.FollowUp{
		{Case: "341700-000002", State: "struck_off", Group: "natural>built", Year: 2021, Cells: 20, Bad: 15341.650619879, Before: 0, Other: 1.000000004, NoData: 899.5, Finding: "still", Suspicion: "rebound"},
		{Case: "341700-000001", State: "filed", Group: "natural>bare", Year: 2021, Cells: 4, Bad: 0, Before: 3600, Other: 0, NoData: 0, Finding: "restored", Suspicion: ""},
	}
	var b bytes.Buffer
	if err := WriteFollowUps(&b, all); err != nil {
		t.Fatal(err)
	}
	want := `case_id,case_state,group,year,cells,bad_m2,before_m2,other_m2,nodata_m2,finding,suspicion
341700-000001,filed,natural>bare,2021,4,0.000000000,3600.000000000,0.000000000,0.000000000,restored,
341700-000002,struck_off,natural>built,2021,20,15341.650619879,0.000000000,1.000000004,899.500000000,still,rebound
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
	got, err := ReadFollowUps(strings.NewReader(want))
	slices.Reverse(all)
	if err != nil || !slices.Equal(got, all) {
		t.Errorf("%v, %v", got, err)
	}
	for text, fault := range map[string]string{
		"":                                     "EOF",
		"a,b\n":                                `its columns are ["a" "b"]`,
		strings.Replace(want, "2021", "x", 1):  `line 2: strconv.Atoi: parsing "x": invalid syntax`,
		strings.Replace(want, "899.5", "y", 1): "line 3: ",
	} {
		if _, err := ReadFollowUps(strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), fault) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}
