package review

import (
	"context"
	"io"

	"greenshield/redline/findings"
	"greenshield/redline/qgis"
)

// CandidatesStyle is the report that writes candidates.qml, which QGIS applies by itself to the
// candidates.geojson beside it.
func CandidatesStyle(_ context.Context, f findings.Folder, found *findings.Findings) error {
	return f.Write("candidates.qml", func(w io.Writer) error {
		return qgis.WriteQML(w, candidateStyle(shownFields(found.Fields())))
	})
}
