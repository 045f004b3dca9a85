package qgis

import "greenshield/redline/findings"

// Style is how QGIS (3.22 and later) shows a layer and its form.
type Style struct {
	Points         bool    // the layer has points, else polygons
	Lines          bool    // the layer has lines, else points or polygons
	Table          bool    // the layer is a table, without places
	Attr           string  // a field, or an expression: features belong to classes by its values
	Classes        []Class // the classes and their symbols
	OrderBy        string  // an expression: features with larger values of it are drawn above; "" for none
	Label          string  // an expression for labels; "" for no labels
	LabelSize      int     // in points
	LabelScale     int     // n: labels are shown at scales larger than 1 : n
	LabelPlacement int     // as QGIS numbers placements: 1 over a point, 4 horizontal
	Fields         []Field
	Form           []FormTab // nil for a form of all fields in their order
	Actions        []Action
	SortBy         string // an expression: the table is sorted by it, the largest first; "" for as stored
	Preview        string // an expression that names a feature
	MapTip         string // HTML with expressions
	// Begins and Ends are expressions of dates with times. Where QGIS goes through times, a feature is there from the
	// first on and before the second; it is there at all times when they are "".
	Begins, Ends string
}

// Class is one class of a layer's features and its symbol.
type Class struct {
	Value     string // the value of the field
	Type      string // the type of the field: long or string
	Label     string
	RGB       string  // colour, such as "213,94,0"
	FillAlpha int     // opacity of the fill, 0 to 255
	Hatched   bool    // the fill is hatched
	Line      string  // of the outline: solid or dash
	OutlineMM float64 // width of the outline
	CasingMM  float64 // width of the dark line below the outline, twice on the own sheet of a feature; 0 for none
	Marker    string  // shape of points
	Alpha     float64 // opacity of the whole symbol, more than 0 to 1
}

// Field is one field of a layer and how a form shows it.
type Field struct {
	Name, Alias string
	Type        string           // its type in SQLite
	Values      []findings.Value // the values that the form offers; nil for any text
	Date        bool             // the form has a calendar for it
	Multiline   bool             // the form has room for several lines
	Editable    bool             // the reviewer may change it
	Rounded     bool             // forms and tables show Decimals digits after the point
	Decimals    int
	OnUpdate    string // the expression that QGIS puts into the field whenever a feature is changed; "" for none
}

// FormGroup is a group of fields in the form.
type FormGroup struct {
	Name   string
	Fields []string
}

// FormTab is a tab of the form. A tab without groups shows Fields alone.
type FormTab struct {
	Name     string
	Groups   []FormGroup
	Fields   []string
	Relation string // the id of a relation of the project, whose rows the tab shows; "" for none
}

// The types of actions, as QGIS numbers them.
const (
	PythonAction = 1
	URLAction    = 5
)

// Action is something that QGIS offers to do with a feature that was clicked, or with the layer.
type Action struct {
	ID, Name string
	Type     int
	Does     string // Python, or an address
	// Scopes say where QGIS offers it: Canvas, Feature (the form) or Layer (the table, for selected features).
	Scopes []string
}
