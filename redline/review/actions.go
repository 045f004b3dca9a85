package review

import (
	_ "embed"
	"fmt"
	"strings"

	"greenshield/redline"
	"greenshield/redline/qgis"
)

// judgePython is the Python of actions, a class; each action calls it. QGIS puts values in place of [% expressions %]
// before it runs an action.
//
//go:embed judge.py
var judgePython string

// candidateActions returns the actions of the layer of candidates of these fields. The first is what a click does until
// another is chosen; it brings the toolbar with keys.
func candidateActions(fields []field) (actions []action) {
	python := judgeOf(fields)
	add := func(name, call string, scopes ...string) {
		actions = append(actions, action{ID: actionID(len(actions)), Name: name, Type: qgis.PythonAction, Scopes: scopes,
			Does: python + "\n\njudge = Judge(\"[% @layer_id %]\")\n" + call + "\n"})
	}
	var keys, calls []string
	verdicts := []redline.Verdict{redline.Confirmed, redline.Refuted, redline.FieldCheck}
	for _, v := range verdicts {
		of := fmt.Sprintf("%q, %q", v.String(), v.Chinese())
		keys = append(keys, "("+of+")")
		calls = append(calls, "judge.verdict("+of+`, "[% $id %]")`)
	}
	add("下一个未核查 (按键 1-9)", "judge.open(["+strings.Join(keys, ", ")+"])\n"+`judge.next("", "[% $id %]")`,
		"Canvas", "Feature", "Layer")
	for i, v := range verdicts {
		add(v.Chinese(), calls[i], "Canvas", "Feature", "Layer")
	}
	add("复制坐标", `judge.copy("[% format_number("lon", 6, 'en') %],[% format_number("lat", 6, 'en') %]")`,
		"Canvas", "Feature")
	return actions
}

// mapServiceAction returns the action at position i of a layer, which opens a map service at a candidate. address has
// {lon} and {lat}. The toolbar with keys finds it by its name.
func mapServiceAction(i int, address string) action {
	place := strings.NewReplacer("{lon}", `[% format_number("lon", 6, 'en') %]`,
		"{lat}", `[% format_number("lat", 6, 'en') %]`)
	return action{ID: actionID(i), Name: "地图服务", Type: qgis.URLAction, Does: place.Replace(address),
		Scopes: []string{"Canvas", "Feature"}}
}

// actionID returns the id of the action at position i.
func actionID(i int) string { return fmt.Sprintf("{6c766475-6e00-4000-8000-%012d}", i+1) }
