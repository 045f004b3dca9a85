package census

import (
	"fmt"
	"strings"

	"greenshield/raster"
	"greenshield/redline"
)

// LegendRemedy is the usual end of the message about unknown codes.
const LegendRemedy = "; name the right legend, or add the code to a legend CSV"

// Judge returns a fault of kind Raster when codes that the legend lacks occur on the common grid; elsewhere they do no
// harm. e is the epoch that was counted; remedy ends the message.
func (c *Codes) Judge(e *redline.Epoch, remedy string) error {
	var list []string
	var first *UnknownCode
	fills := ""
	for i := range c.Unknown {
		if u := &c.Unknown[i]; u.Common > 0 {
			list = append(list, fmt.Sprintf("%d (%s, first at row %d, column %d)", u.Code, cells(u.Cells), u.Row, u.Col))
			first = u
			if of := raster.FillOf(float64(u.Code)); of != "" {
				fills += fmt.Sprintf("; %d looks like the fill value of %s, and %s: if it is one, add the line "+
					"%d,NoData,,,nodata to a copy of the legend (greenshield legends NAME prints it)",
					u.Code, of, raster.DeclaredNoData(e.NoData), u.Code)
			}
		}
	}
	remedy = fills + remedy
	const maxListed = 10
	switch {
	case len(list) == 0:
		return nil
	case len(list) == 1:
		return redline.Faultf(redline.Raster, "%s (%d): code %d is not in legend %q: %s, first at row %d, column %d%s",
			e.Name, e.Year, first.Code, e.Legend.Name, cells(first.Cells), first.Row, first.Col, remedy)
	}
	codes, more := fmt.Sprint(len(list)), ""
	if n := len(list) - maxListed; n > 0 {
		list, more = list[:maxListed], fmt.Sprintf(", and %d more", n)
	}
	if c.MoreUnknown > 0 {
		codes, more = "more than "+codes, " and others, so it may hold measurements rather than classes"
	}
	return redline.Faultf(redline.Raster, "%s (%d): %s codes are not in legend %q: %s%s%s",
		e.Name, e.Year, codes, e.Legend.Name, strings.Join(list, ", "), more, remedy)
}

// cells writes a number of cells.
func cells(n int64) string {
	if n == 1 {
		return "1 cell"
	}
	return fmt.Sprintf("%d cells", n)
}
