package findings

import (
	"image/color"

	"greenshield/redline"
)

// Severity is a severity of candidates and how it is shown.
type Severity struct {
	redline.Severity
	Color     color.RGBA
	OutlineMM float64
}

// Severities returns all that candidates can have, the most severe first. The colours are told apart by all common kinds of colour
// blindness (after Okabe & Ito, https://jfly.uni-koeln.de/color/), and the width of the outline says the same once more.
func Severities() []Severity {
	return []Severity{
		{redline.Critical, color.RGBA{213, 94, 0, 255}, 0.9},
		{redline.Serious, color.RGBA{240, 228, 66, 255}, 0.7},
		{redline.Medium, color.RGBA{86, 180, 233, 255}, 0.5},
		{redline.Notice, color.RGBA{230, 230, 230, 255}, 0.4},
	}
}

// ZoneColor returns the colour of a zone: of strict ones violet and blue, of parks green, of red lines red, all told apart
// from the severities.
func ZoneColor(t redline.ZoneType) color.RGBA {
	switch t {
	case redline.Core, redline.CoreProtection, redline.Unzoned:
		return color.RGBA{106, 27, 154, 255}
	case redline.Buffer:
		return color.RGBA{142, 68, 173, 255}
	case redline.Experimental, redline.GeneralControl:
		return color.RGBA{57, 73, 171, 255}
	case redline.NaturePark:
		return color.RGBA{0, 121, 107, 255}
	case redline.RedLine:
		return color.RGBA{183, 28, 28, 255}
	}
	return color.RGBA{117, 117, 117, 255}
}
