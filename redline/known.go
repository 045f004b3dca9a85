package redline

// Known is what a ledger knows of the place of a candidate. A text that there is none of is "".
type Known struct {
	Case     string // id of the case that the patch goes on with; "" when it is to open one
	Relation string // code: what the patch is to the cases of the ledger
	State    string // code: where the case stands
	Linked   string // ids of other cases that the same ground belonged to, joined by ;
	Near     string // ids of cases that lie near, joined by ;
	Verdict  string // code: what was last said of the case
	Reason   string // code: why
	Note     string // what was written beside it
	Confirm  string // code: why a person has to confirm Verdict for this patch; "" when it holds
	FollowUp string // code: what stands on the ground of the case at the later epoch
}

// Given returns the verdict that a candidate is given out with: that of the case where it holds.
func (k *Known) Given() string {
	if k == nil || k.Verdict == "" || k.Confirm != "" {
		return Unreviewed.String()
	}
	return k.Verdict
}

// FollowUp is what stands on the ground of a case of a ledger at the later epoch of a run. Areas are in square metres.
type FollowUp struct {
	Case, State, Group         string
	Year                       int
	Cells                      int64 // of the ground
	Bad, Before, Other, NoData float64
	Finding                    string // code
	Suspicion                  string // code of what a person has to look into; "" for none
}
