package record

// SampleEstimate is what a random sample of a ledger says of the candidates of a run, whose cases are exactly those
// that the sample was drawn from.
type SampleEstimate struct {
	Sample string       `json:"sample"` // name
	Day    string       `json:"day"`    // on which it was drawn
	Real   SampleResult `json:"real"`   // cases that are confirmed, in part or whole
	Change SampleResult `json:"change"` // also those refuted for another reason than a wrong map
}

// SampleResult is an estimate of how many cases have a property, with its interval of 95 %. The interval is of all
// cases that the sample was drawn from, with room for whatever drawn ones without a verdict are. It says nothing of
// what no candidate shows.
type SampleResult struct {
	Cases   int     `json:"cases"`    // that the sample was drawn from
	Drawn   int     `json:"drawn"`    // of them
	Judged  int     `json:"judged"`   // of those drawn
	Found   int     `json:"found"`    // of those judged: have the property
	AtLeast int     `json:"at_least"` // of all cases
	AtMost  int     `json:"at_most"`
	Low     float64 `json:"low"` // AtLeast as a share of the cases, 0 to 1
	High    float64 `json:"high"`
	// Share and Area are estimates by the drawn cases that were judged, as if the others were like them; nil while a
	// stratum has none, or too few.
	Share *float64    `json:"share,omitempty"`
	Area  *SampleArea `json:"area,omitempty"`
}

// SampleArea is an estimated area in hectares.
type SampleArea struct {
	Ha      float64 `json:"ha"`
	ErrorHa float64 `json:"standard_error_ha"`
	LowHa   float64 `json:"low_ha"` // of the interval of 95 %, which has a width also where nothing was found
	HighHa  float64 `json:"high_ha"`
}
