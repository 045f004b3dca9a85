package qgis

// Sheet is the print layout of one feature on A4 paper, upright, which QGIS repeats for each (an atlas).
type Sheet struct {
	Coverage Layer  // the layer of the features
	Meridian int    // of the maps, a transverse Mercator: they are true to scale near this longitude, in degrees
	Order    string // an expression: sheets come by it, the largest first
	Maps     []SheetMap
	Texts    []SheetText
}

// SheetBox is a box on the paper, in millimetres from its top left corner.
type SheetBox struct{ X, Y, Width, Height float64 }

// SheetMap is a map of a sheet, around its feature.
type SheetMap struct {
	SheetBox
	Name, Theme string
}

// SheetText is a text of a sheet, with [% expressions %].
type SheetText struct {
	SheetBox
	Text   string
	Points int // size of letters
	Bold   bool
	Framed bool
	Top    bool // the text begins at the top of its box, else it stands in the middle
}
