package gdalinput

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/vector/gdalvector"
)

// TestDates: the dates of zones come from a field, else from the job; what cannot be read is told and is none.
func TestDates(t *testing.T) {
	tests := []struct {
		name     string
		fields   []string
		values   [][]string // by feature
		named    map[string]string
		stated   string
		field    string // that serves
		want     []string
		facts    *SinceFacts
		warnings []string
	}{
		{name: "no field", fields: []string{"BSM", "TJSJ"}, values: [][]string{{"1", "2018"}, {"2", "2018"}}, want: []string{"", ""}},
		{name: "known names, the better one first", field: "PZSJ", fields: []string{"BSM", "始建时间", "PZSJ"}, values: [][]string{{"1", "1980", "1982年10月"}, {"2", "1981", "无"}},
			want: []string{"1982-10", ""}, facts: &SinceFacts{Zones: 1, First: "1982-10", Last: "1982-10"}},
		{name: "WDPA", field: "STATUS_YR", fields: []string{"BSM", "STATUS_YR"}, values: [][]string{{"1", "1995"}, {"2", "0"}},
			want: []string{"1995", ""}, facts: &SinceFacts{Zones: 1, First: "1995", Last: "1995"}},
		{name: "named", field: "TJSJ", fields: []string{"BSM", "TJSJ", "PZSJ"}, values: [][]string{{"1", "2018/6/30", "1982"}, {"2", "20190101", "1982"}},
			named: map[string]string{"since": "tjsj"}, want: []string{"2018-06-30", "2019-01-01"}, facts: &SinceFacts{Zones: 2, First: "2018-06-30", Last: "2019-01-01"}},
		{name: "stated alone", fields: []string{"BSM"}, values: [][]string{{"1"}, {"2"}}, stated: "2018-06",
			want: []string{"2018-06", "2018-06"}, facts: &SinceFacts{Zones: 2, Stated: 2, First: "2018-06", Last: "2018-06"}},
		{name: "stated for those without", field: "PZSJ", fields: []string{"BSM", "PZSJ"}, values: [][]string{{"1", "1982"}, {"2", ""}, {"3", "不详"}, {"4", "1.2.1990"}}, stated: "2018",
			want: []string{"1982", "2018", "2018", ""}, facts: &SinceFacts{Zones: 3, Stated: 2, Unreadable: 1, First: "1982", Last: "2018"},
			warnings: []string{`field PZSJ: 1 of the 2 dates of zones cannot be read, so these zones have none: feature 4 ("1.2.1990"); write them as 2018, 2018-06 or 2018-06-30`}},
		{name: "a status", fields: []string{"BSM", "approved"}, values: [][]string{{"1", "yes"}, {"2", ""}, {"3", "no"}}, stated: "2018",
			want: []string{"2018", "2018", "2018"}, facts: &SinceFacts{Zones: 3, Stated: 3, First: "2018", Last: "2018"},
			warnings: []string{`field approved is not used as the date of the zones, since nothing in it can be read as a date: feature 1 ("yes"), feature 3 ("no"); name the field by fields: {since: …} in the job file, or state the date of the layer by since: 2018`}},
		{name: "a status that is named", field: "approved", fields: []string{"BSM", "approved"}, values: [][]string{{"1", "yes"}, {"2", ""}}, named: map[string]string{"since": "approved"}, stated: "2018",
			want: []string{"", "2018"}, facts: &SinceFacts{Zones: 1, Stated: 1, Unreadable: 1, First: "2018", Last: "2018"},
			warnings: []string{`field approved: 1 of the 1 dates of zones cannot be read, so these zones have none: feature 1 ("yes"); write`}},
		{name: "serial numbers", field: "PZSJ", fields: []string{"BSM", "PZSJ"}, values: [][]string{{"1", "43281"}, {"2", "2018"}},
			want: []string{"", "2018"}, facts: &SinceFacts{Zones: 1, Unreadable: 1, First: "2018", Last: "2018"},
			warnings: []string{`field PZSJ: 1 of the 2 dates of zones cannot be read, so these zones have none: feature 1 ("43281")`}},
		{name: "another role has the field", fields: []string{"PZSJ", "X"}, values: [][]string{{"2018", "1"}, {"2019", "2"}}, named: map[string]string{"id": "PZSJ"},
			want: []string{"", ""}},
		{name: "another role has the better field", field: "STATUS_YR", fields: []string{"PZSJ", "STATUS_YR", "BSM"}, values: [][]string{{"2018", "1990", "1"}, {"2019", "1991", "2"}}, named: map[string]string{"level": "PZSJ"},
			want: []string{"1990", "1991"}, facts: &SinceFacts{Zones: 2, First: "1990", Last: "1991"}},
		{name: "nothing in it", field: "PZSJ", fields: []string{"BSM", "PZSJ"}, values: [][]string{{"1", ""}, {"2", "0"}}, want: []string{"", ""}, facts: &SinceFacts{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(t, degrees(t), degrees(t))
			var rows []gdalvector.Row
			for i, values := range tt.values {
				x := 117 + 0.02*float64(i)
				rows = append(rows, box(x, 30.8, x+0.02, 30.9, values...))
			}
			source := s.layer("n.geojson", 4326, tt.fields, rows...)
			source.Fields = map[string]string{}
			for role, field := range tt.named {
				source.Fields[role] = field
			}
			source.Since, _ = redline.ParseDate(tt.stated)
			s.job.RedLine = []job.Source{source}
			l := s.mustLoad()
			var got []string
			for _, z := range l.Inputs.Zones {
				got = append(got, z.Since.String())
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("dates are %q, want %q", got, tt.want)
			}
			layer := l.zoneIn[0].Layer
			if !reflect.DeepEqual(layer.Since, tt.facts) {
				t.Errorf("facts are %+v, want %+v", layer.Since, tt.facts)
			}
			var warnings []string
			for _, w := range l.Warnings() {
				if strings.Contains(w, "date") {
					warnings = append(warnings, w)
				}
			}
			if len(warnings) != len(tt.warnings) {
				t.Fatalf("warnings are %q, want %q", warnings, tt.warnings)
			}
			for i, w := range warnings {
				if !strings.Contains(w, tt.warnings[i]) {
					t.Errorf("warning is %s\nwant %s", w, tt.warnings[i])
				}
			}
			field := ""
			for _, r := range layer.Roles {
				if r.Role == "since" {
					field = r.Field
				}
			}
			if field != tt.field {
				t.Errorf("the field is %q, want %q", field, tt.field)
			}
		})
	}
}

// TestDatesOfRepairedZones: a zone of several parts and one that is repaired keep their dates.
func TestDatesOfRepairedZones(t *testing.T) {
	s := newScene(t, degrees(t), degrees(t))
	s.job.AcceptRepairs = true
	bow := orb.MultiPolygon{{{{117.1, 30.8}, {117.2, 30.9}, {117.2, 30.8}, {117.1, 30.9}, {117.1, 30.8}}}}
	parts := orb.MultiPolygon{{{{117.3, 30.8}, {117.32, 30.8}, {117.32, 30.82}, {117.3, 30.8}}}, {{{117.34, 30.8}, {117.36, 30.8}, {117.36, 30.82}, {117.34, 30.8}}}}
	s.job.RedLine = []job.Source{s.layer("n.geojson", 4326, []string{"BSM", "PZSJ"}, row(bow, "1", "1990"), row(parts, "2", "2001"), row(parts, "3", "2002"))}
	l := s.mustLoad()
	var got []string
	for _, z := range l.Inputs.Zones {
		got = append(got, fmt.Sprintf("%s %s %d", z.ID, z.Since, len(z.Shape)))
	}
	if want := []string{"1 1990 2", "2 2001 2", "3 2002 2"}; !slices.Equal(got, want) {
		t.Errorf("zones are %q, want %q", got, want)
	}
}
