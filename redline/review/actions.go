package review

import (
	_ "embed"
	"fmt"
	"strings"

	"greenshield/redline"
)

// The Python of actions. QGIS puts values in place of [% expressions %] before it runs them.
var (
	//go:embed verdict.py
	verdictPython string
	//go:embed next.py
	nextPython string
	//go:embed coordinates.py
	coordinatesPython string
)

// action is something that QGIS offers to do with a candidate that was clicked, or with the layer.
type action struct {
	ID, Name, Python string
	// Scopes say where QGIS offers it: Canvas, Feature (the form) or Layer (the table, for selected features).
	Scopes []string
}

// candidateActions returns the actions of the layer of candidates. The first is what a click does until another is
// chosen.
func candidateActions() []action {
	all := []string{"Canvas", "Feature", "Layer"}
	actions := []action{{Name: "下一个未核查", Python: nextPython, Scopes: all}}
	for _, v := range []redline.Verdict{redline.Confirmed, redline.Refuted, redline.FieldCheck} {
		python := strings.NewReplacer("VERDICT", v.String(), "LABEL", v.Chinese()).Replace(verdictPython)
		actions = append(actions, action{Name: v.Chinese(), Python: python, Scopes: all})
	}
	actions = append(actions, action{Name: "复制坐标", Python: coordinatesPython, Scopes: all[:2]})
	for i := range actions {
		actions[i].ID = fmt.Sprintf("{6c766475-6e00-4000-8000-%012d}", i+1)
	}
	return actions
}
