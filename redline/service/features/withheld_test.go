package features

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"greenshield/redline/service/collection"
)

// withholding is a source that offers nothing.
type withholding struct {
	gone
	all []collection.Withheld
}

func (w withholding) Withheld(context.Context) ([]collection.Withheld, error) { return w.all, nil }

func TestWithheldCollectionsAreShown(t *testing.T) {
	all := []collection.Withheld{{Run: "a", Kind: "candidates", Title: "甲 候选图斑", Reason: "<b> is edited"}}
	h := serve(New([]collection.Source{withholding{all: all}}, nil))
	var got struct {
		Withheld []map[string]string `json:"withheld"`
	}
	if err := json.Unmarshal(ask(h, "GET", "/collections?f=json").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := []map[string]string{{"run": "a", "kind": "candidates", "title": "甲 候选图斑", "reason": "<b> is edited"}}
	if !reflect.DeepEqual(got.Withheld, want) {
		t.Errorf("%v, want %v", got.Withheld, want)
	}
	page := ask(h, "GET", "/collections?f=html").Body.String()
	if !strings.Contains(page, "<p>未提供：甲 候选图斑：&lt;b&gt; is edited</p>") {
		t.Error(page)
	}
	if none := ask(handler(), "GET", "/collections?f=json").Body.String(); strings.Contains(none, "withheld") {
		t.Error(none)
	}
}
