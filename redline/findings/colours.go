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

// ZoneColor returns the colour of zones of a type. All of them can be told apart from each other and from the colours
// of severities, and are dark enough for text on white.
func ZoneColor(t redline.ZoneType) color.RGBA {
	switch t {
	case redline.Core:
		return color.RGBA{106, 27, 154, 255} // violet
	case redline.Buffer:
		return color.RGBA{213, 0, 149, 255} // magenta
	case redline.Unzoned:
		return color.RGBA{93, 52, 30, 255} // brown
	case redline.CoreProtection:
		return color.RGBA{13, 30, 120, 255} // navy
	case redline.Experimental:
		return color.RGBA{30, 100, 230, 255} // blue
	case redline.GeneralControl:
		return color.RGBA{0, 128, 128, 255} // teal
	case redline.NaturePark:
		return color.RGBA{46, 125, 50, 255} // green
	case redline.RedLine:
		return color.RGBA{183, 28, 28, 255} // red
	}
	return color.RGBA{110, 110, 110, 255} // grey: the periphery
}
