package findings

import (
	"image/color"

	"greenshield/redline"
)

// Severity is a severity of candidates and how it is shown.
type Severity struct {
	redline.Severity
	Color     color.RGBA // of the area
	OutlineMM float64    // width of the outline on a map, in millimetres
}

// Severities returns all severities that kept candidates can have, the most severe first. People with any of the common
// kinds of colour blindness can tell the colours apart (after Okabe & Ito, https://jfly.uni-koeln.de/color/), and the
// width of the outline says the same once more.
func Severities() []Severity {
	return []Severity{
		{redline.Critical, color.RGBA{213, 94, 0, 255}, 0.9},
		{redline.Serious, color.RGBA{240, 228, 66, 255}, 0.7},
		{redline.Medium, color.RGBA{86, 180, 233, 255}, 0.5},
		{redline.Notice, color.RGBA{230, 230, 230, 255}, 0.4},
	}
}

// ZoneColor returns the colour of zones of a type: violet and blue for the strict ones, green for parks, red for red
// lines, grey for the periphery. None is the colour of a severity.
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
