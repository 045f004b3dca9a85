package redline_test

import (
	"fmt"
	"reflect"
	"testing"

	"greenshield/redline"
	"greenshield/seeds"
)

// The groups of the shipped table's change types; and one group for what another table calls by another name.
func TestGroup(t *testing.T) {
	text, ok := seeds.Rules("green-shield")
	if !ok {
		t.Fatal("the table is not there")
	}
	shipped, err := redline.ParseRules("green-shield", text, day("2020-12-31"))
	if err != nil {
		t.Fatal(err)
	}
	own, err := redline.ParseRules("mine", []byte(ruleHeader+
		everyZone("houses,房,forest|grassland,built,%s,3,a,b,,")+
		everyZone("houses_on_bare,房,bare,built,%s,3,a,b,,")+
		everyZone("closing,密,shrub,forest,%s,3,a,b,,")+
		everyZone("anything,其,ice|cropland,bare|wetland,%s,3,a,b,,")), day("2020-12-31"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range append(shipped.Changes, own.Changes...) {
		got[c.Name] = c.Group()
	}
	want := map[string]string{
		"construction": "natural>built", "construction_on_cropland": "cropland>built", "stripping": "natural>bare",
		"cropland_stripped": "cropland>bare", "reclamation": "natural>cropland", "degradation": "forest>scrub",
		"inundation": "natural+cropland>water", "restoration": "cropland+bare+built>natural+water",
		"houses": "natural>built", "houses_on_bare": "natural>built", "anything": "natural+cropland>water+bare", "closing": "natural>natural",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// What a group's ground became and what it was; no class is both.
func TestGroupClasses(t *testing.T) {
	for group, want := range map[string]string{
		"natural>built":                     "[built] [forest shrub grassland wetland ice] true",
		"cropland>built":                    "[built] [cropland] true",
		"natural>bare":                      "[desert bare] [forest shrub grassland wetland ice] true",
		"natural>cropland":                  "[cropland] [forest shrub grassland wetland ice] true",
		"forest>scrub":                      "[shrub grassland] [forest] true",
		"natural+cropland>water":            "[wetland] [forest shrub grassland cropland ice] true",
		"cropland+bare+built>natural+water": "[forest shrub grassland wetland ice] [cropland built desert bare] true",
		"natural>natural":                   "[forest shrub grassland ice] [wetland] true",
		"natural":                           "[] [] false",
		"natural>":                          "[] [] false",
		"natural>built+road":                "[] [] false",
		">built":                            "[] [] false",
		"water>built":                       "[] [] false",
	} {
		bad, before, ok := redline.GroupClasses(group)
		if got := fmt.Sprint(bad, before, ok); got != want {
			t.Errorf("%s: %s, want %s", group, got, want)
		}
	}
}

// TestGroupChinese: people read groups in Chinese, and what is no group as it is.
func TestGroupChinese(t *testing.T) {
	for group, want := range map[string]string{
		"natural>built":          "自然地类变城镇",
		"cropland>built":         "农田变城镇",
		"forest>scrub":           "森林变灌丛草地",
		"natural+cropland>water": "自然地类、农田变湿地水体",
		"bare>bare":              "裸地荒漠变裸地荒漠",
		"natural>road":           "natural>road",
		"water>built":            "water>built",
		"natural":                "natural",
		"":                       "",
	} {
		if got := redline.GroupChinese(group); got != want {
			t.Errorf("%q: %q, want %q", group, got, want)
		}
	}
}
