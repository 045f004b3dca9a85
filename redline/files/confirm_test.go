package files

import (
	"testing"

	"greenshield/redline"
)

func TestConfirmRecords(t *testing.T) {
	pairs := make([]redline.Pair, 4)
	for i, name := range []string{"=glc", "esa,1", "丙", "d"} {
		pairs[i].Name, pairs[i].Before.Year, pairs[i].After.Year = name, 2014+i, 2021
	}
	c := redline.Candidate{ID: "c1", Evidence: &redline.Evidence{Agreed: []redline.Agreement{
		{Same: 300, Other: 100, Unchanged: 200, NoData: 600}, // sees half, of which half is the same change
		{Same: 299, Other: 101, Unchanged: 200, NoData: 600}, // a little less agrees
		{Same: 599, NoData: 601},                             // a little less is seen
		{},
	}}}
	want := `c1,'=glc,2014,2021,25.00,8.33,16.67,50.00,1
c1,"esa,1",2015,2021,24.92,8.42,16.67,50.00,0
c1,丙,2016,2021,49.92,0.00,0.00,50.08,
c1,d,2017,2021,0.00,0.00,0.00,0.00,
`
	if got := string(AppendConfirm([]byte("x\n"), &c, pairs)); got != "x\n"+want {
		t.Errorf("%s", got)
	}
	if got := ConfirmHeader(); got != "cand_id,name,year_a,year_b,same_pct,other_pct,none_pct,nodata_pct,agrees\n" {
		t.Errorf("%q", got)
	}
	if got := AppendConfirm(nil, &redline.Candidate{}, nil); got != nil {
		t.Errorf("%q without pairs", got)
	}
}
