package page

// counted is a class of candidates: their number and area.
type counted struct {
	Name  string   `json:"name"`
	Count int64    `json:"count"`
	Ha    hectares `json:"ha"`
	Color string   `json:"color,omitempty"`
}

// chartData is what the charts are drawn from.
type chartData struct {
	YearA      int         `json:"yearA"`
	YearB      int         `json:"yearB"`
	Classes    []classBar  `json:"classes"`
	Links      []classLink `json:"links"`
	Severities []counted   `json:"severities"`
	Changes    []counted   `json:"changes"`
	Counties   []counted   `json:"counties"`
	Zones      []counted   `json:"zones"`
	Sizes      []counted   `json:"sizes"`
	Years      *yearData   `json:"years,omitempty"`
	// Candidates by year of change and grade; nil without maps between the epochs.
	ChangeYears []yearBar `json:"changeYears,omitempty"`
	Grades      []counted `json:"grades,omitempty"`
	// Candidates by priority and severity; nil without priorities.
	Scores []scoreRow `json:"scores,omitempty"`
}

// classBar is an ecosystem class, its area in both epochs, and what it lost and gained.
type classBar struct {
	Name   string   `json:"name"`
	Color  string   `json:"color"`
	Before hectares `json:"before"`
	After  hectares `json:"after"`
	Loss   hectares `json:"loss"`
	Gain   hectares `json:"gain"`
}

// classLink is a transition between two ecosystem classes.
type classLink struct {
	From string   `json:"from"`
	To   string   `json:"to"`
	Ha   hectares `json:"ha"`
}
