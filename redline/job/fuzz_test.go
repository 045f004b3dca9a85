package job

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/redline/scene"
)

// FuzzParse: soon, a job file is refused by faults of kind Usage that name the file and one
// of its lines, or its job is within all bounds and means the same when written anew.
func FuzzParse(f *testing.F) {
	path := filepath.Join(f.TempDir(), "job.yaml")
	f.Add(scene.Job(scene.Default()))
	f.Add("before: {files: [a.tif, 'b 2.tif'], year: 2010, band: 3, legend: my/l.csv}\nafter:\n  files:\n    - /abs/c.tif\n  year: 2012\n")
	f.Add("redline:\n  - {file: r.gpkg, layer: 红线, fields: {id: \"#\", name: HXMC}}\n  - file: r2.shp\n    encoding: GBK\n")
	f.Add("reserve:\n  - file: n.shp\n    zone_types:\n      1: core\n      \"\": nature_park\n      '2': buffer\n")
	f.Add("redline: [{file: r.gpkg, since: 2018}]\nreserve: [{file: n.shp, since: 2018年6月30日, fields: {since: PZSJ}}]\n")
	f.Add("exempt: [e.geojson, 'f.gpkg|layername=x']\nadmin: c.geojson\nmin_area: 0.5ha\nmin_part: 2 cells\nmax_memory: 600MB\n")
	f.Add("between:\n- {year: 2016, files: [a.tif], legend: clcd, band: 1, crs: CGCS2000}\n- {years: 2017-2019, files: [b.tif], first_band: 17}\n")
	f.Add("between: ['2016=a.tif', '2016=b.tif', '2017-2018=c.nc|variable=lc|first_band=3']\n")
	f.Add("confirm: [{name: 甲, before: {year: 2015, files: [a.tif, b.tif], band: 2}, after: {year: 2020, files: [c.tif], crs: WGS84}}]\n" +
		"confirm_tolerance: 1\nnewest: {year: 2023, files: [n.tif], legend: clcd}\npriority: models/a.json\npriority_edited: true\n")
	f.Add("out: |\n  two\n  lines\nrules: \"\\u4e2d\\n\"\n")
	f.Add("align: true\naccept_repairs: false\nreplace: true\nconnectivity: 4\nworkers: 3\nmin_severity: 0\n")
	f.Add("\uFEFFout: 'it''s'\r\n# comment\r\n")
	f.Add("a: &b c\nd: *b\n")
	f.Add("a: {b: [c, 'd', \"e\\n\"]}\n- |\n  x\n? y\n")
	f.Add("min_aera: 4\nmin_aera: 5\nbefore: 3\nafter: [\n")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "%!") {
			return // quoted in a message it would look like a fault of the format
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		j, err := Parse(path)
		if err != nil {
			if j != nil {
				t.Fatalf("a job comes with the error %v", err)
			}
			lines := strings.Count(text, "\n") + 1
			for _, fault := range leaves(err) {
				if problem := badFault(fault, path, lines); problem != "" {
					t.Fatalf("%s: %q", problem, fault)
				}
			}
			return
		}
		if problem := outOfBounds(j); problem != "" {
			t.Fatalf("%s: %+v", problem, j)
		}
		_ = j.Choices()
		if err := j.Validate(); err != nil {
			for _, fault := range leaves(err) {
				if redline.KindOf(fault) != redline.Usage {
					t.Fatalf("%v is of kind %d", fault, redline.KindOf(fault))
				}
			}
		}
		again := writeJob(j)
		if err := os.WriteFile(path, []byte(again), 0o666); err != nil {
			t.Fatal(err)
		}
		if back, err := Parse(path); err != nil || !reflect.DeepEqual(plainJob(back), plainJob(j)) {
			t.Fatalf("%+v\nwritten as\n%s\nbecame %+v, %v", j, again, back, err)
		}
	})
}

// leaves takes joined errors apart.
func leaves(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

var placed = regexp.MustCompile(`^:([0-9]+): .`)

// badFault says why a fault of a job file does not tell what it should, "" when it does.
func badFault(err error, path string, lines int) string {
	var fault *redline.Fault
	if !errors.As(err, &fault) || fault.Kind != redline.Usage {
		return "no Usage fault"
	}
	rest, ok := strings.CutPrefix(err.Error(), path)
	m := placed.FindStringSubmatch(rest)
	if !ok || m == nil {
		if strings.HasPrefix(rest, ": is larger than a job file may be") {
			return ""
		}
		return "no file and line"
	}
	if n, _ := strconv.Atoi(m[1]); n < 1 || n > lines {
		return "no line of the file"
	}
	if strings.Contains(rest, "%!") {
		return "a badly formed message"
	}
	return ""
}

// outOfBounds says which part of a parsed job is none that a job can have.
func outOfBounds(j *Job) string {
	for _, m := range j.Between {
		if m.Year != 0 && (m.Year < 1900 || m.Year > 2100) || m.Band < 0 || m.Band > 65535 || m.FirstBand < 0 || m.FirstBand > 65535 ||
			m.Years != (Span{}) && (m.Years.First < 1900 || m.Years.Last < m.Years.First || m.Years.Last > 2100) || slices.ContainsFunc(m.Files, blank) {
			return "maps between"
		}
	}
	for _, e := range []Epoch{j.Before, j.After} {
		if e.Year < 1900 || e.Year > 2100 || e.Band < 0 || e.Band > 65535 || slices.ContainsFunc(e.Files, blank) {
			return "epoch"
		}
	}
	for _, s := range slices.Concat(j.RedLine, j.Reserve, j.Exempt) {
		if blank(s.File) {
			return "a source without file"
		}
	}
	for _, s := range []redline.Size{j.MinArea, j.MinPart} {
		if !(s.Cells >= 0 && s.Cells <= maxSizeCells && s.M2 >= 0 && s.M2 <= maxSizeM2) || s.Cells > 0 && s.M2 > 0 {
			return "size"
		}
	}
	switch {
	case j.Admin.File == "" && !reflect.DeepEqual(j.Admin, Source{}):
		return "admin without file"
	case j.Connectivity != 4 && j.Connectivity != 8:
		return "connectivity"
	case j.MinSeverity < 0 || j.MinSeverity > 4:
		return "severity"
	case j.Workers < 1 || j.Workers > 1024:
		return "workers"
	case j.MaxMemory < minMemory || j.MaxMemory > 1<<50:
		return "memory"
	case blank(j.Rules):
		return "rules"
	}
	return ""
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// quoted writes a text in double quotes; Go's escapes are YAML's too.
func quoted(s string) string { return strconv.QuoteToASCII(s) }

// writeJob writes a job file with every key that j needs, all paths absolute.
func writeJob(j *Job) string {
	var b strings.Builder
	epoch := func(name string, e Epoch) {
		fmt.Fprintf(&b, "%s:\n  year: %d\n", name, e.Year)
		for i, file := range e.Files {
			if i == 0 {
				b.WriteString("  files:\n")
			}
			fmt.Fprintf(&b, "  - %s\n", quoted(file))
		}
		if e.Band > 0 {
			fmt.Fprintf(&b, "  band: %d\n", e.Band)
		}
		if e.Legend != "" {
			fmt.Fprintf(&b, "  legend: %s\n", quoted(e.Legend))
		}
	}
	source := func(s Source, first, rest string) {
		fmt.Fprintf(&b, "%sfile: %s\n", first, quoted(s.File))
		if s.Layer != "" {
			fmt.Fprintf(&b, "%slayer: %s\n", rest, quoted(s.Layer))
		}
		if s.Encoding != "" {
			fmt.Fprintf(&b, "%sencoding: %s\n", rest, quoted(s.Encoding))
		}
		for key, text := range map[string]string{"where": s.Where, "zone_type": s.ZoneType, "since": s.Since.String()} {
			if text != "" {
				fmt.Fprintf(&b, "%s%s: %s\n", rest, key, quoted(text))
			}
		}
		for title, pairs := range map[string]map[string]string{"fields": s.Fields, "zone_types": s.ZoneTypes} {
			for i, key := range slices.Sorted(maps.Keys(pairs)) {
				if i == 0 {
					fmt.Fprintf(&b, "%s%s:\n", rest, title)
				}
				fmt.Fprintf(&b, "%s  %s: %s\n", rest, quoted(key), quoted(pairs[key]))
			}
		}
	}
	for i, m := range j.Between {
		if i == 0 {
			b.WriteString("between:\n")
		}
		fmt.Fprintf(&b, "- files: [")
		for _, file := range m.Files {
			fmt.Fprintf(&b, "%s, ", quoted(file))
		}
		b.WriteString("]\n")
		for key, text := range map[string]string{"year": number{&m.Year, 1, 9999}.String(), "band": number{&m.Band, 1, 65535}.String(),
			"first_band": number{&m.FirstBand, 1, 65535}.String(), "years": (span{&m.Years}).String(), "crs": m.CRS, "legend": m.Legend} {
			if text != "" {
				fmt.Fprintf(&b, "  %s: %s\n", key, quoted(text))
			}
		}
	}
	other := func(first, key string, e Epoch) {
		if len(e.Files) == 0 && e.Year == 0 && e.Band == 0 && e.Legend == "" && e.CRS == "" {
			return
		}
		fmt.Fprintf(&b, "%s%s: {files: [", first, key)
		for _, file := range e.Files {
			fmt.Fprintf(&b, "%s, ", quoted(file))
		}
		b.WriteString("]")
		for key, text := range map[string]string{"year": number{&e.Year, 1, 9999}.String(),
			"band": number{&e.Band, 1, 65535}.String(), "crs": e.CRS, "legend": e.Legend} {
			if text != "" {
				fmt.Fprintf(&b, ", %s: %s", key, quoted(text))
			}
		}
		b.WriteString("}\n")
	}
	for i, pair := range j.Confirm {
		if i == 0 {
			b.WriteString("confirm:\n")
		}
		fmt.Fprintf(&b, "- name: %s\n", quoted(pair.Name))
		other("  ", "before", pair.Before)
		other("  ", "after", pair.After)
	}
	other("", "newest", j.Newest)
	fmt.Fprintf(&b, "confirm_tolerance: %d\npriority: %s\npriority_edited: %t\npriority_near: %t\n", j.ConfirmTolerance,
		quoted(j.Priority), j.PriorityEdited, j.PriorityNear)
	epoch("before", j.Before)
	epoch("after", j.After)
	for name, list := range map[string][]Source{"redline": j.RedLine, "reserve": j.Reserve, "exempt": j.Exempt} {
		for i, s := range list {
			if i == 0 {
				fmt.Fprintf(&b, "%s:\n", name)
			}
			source(s, "  - ", "    ")
		}
	}
	if j.Admin.File != "" {
		b.WriteString("admin:\n")
		source(j.Admin, "  ", "  ")
	}
	for key, s := range map[string]string{"encoding": j.Encoding, "rules": j.Rules, "out": j.Out} {
		if s != "" {
			fmt.Fprintf(&b, "%s: %s\n", key, quoted(s))
		}
	}
	fmt.Fprintf(&b, "connectivity: %d\nmin_area: %s\nmin_part: %s\nmin_severity: %d\nalign: %v\naccept_repairs: %v\nreplace: %v\nworkers: %d\nmax_memory: %s\n",
		j.Connectivity, FormatSize(j.MinArea), FormatSize(j.MinPart), j.MinSeverity, j.Align, j.AcceptRepairs, j.Replace, j.Workers, memory{&j.MaxMemory})
	return b.String()
}

// plainJob is j without the difference between no list and an empty one.
func plainJob(j *Job) *Job {
	if j == nil {
		return nil
	}
	out := *j
	for _, e := range []*Epoch{&out.Before, &out.After} {
		if len(e.Files) == 0 {
			e.Files = nil
		}
	}
	var between []Maps
	for _, m := range out.Between {
		if len(m.Files) == 0 {
			m.Files = nil
		}
		between = append(between, m)
	}
	out.Between = between
	for _, list := range []*[]Source{&out.RedLine, &out.Reserve, &out.Exempt} {
		var sources []Source
		for _, s := range *list {
			if len(s.Fields) == 0 {
				s.Fields = nil
			}
			if len(s.ZoneTypes) == 0 {
				s.ZoneTypes = nil
			}
			sources = append(sources, s)
		}
		*list = sources
	}
	if len(out.Admin.Fields) == 0 {
		out.Admin.Fields = nil
	}
	return &out
}

// The comparators of FuzzParse see what is wrong.
func TestFuzzParseSeesFaults(t *testing.T) {
	usage := func(text string) error { return redline.Faultf(redline.Usage, "%s", text) }
	for text, err := range map[string]error{
		"kind": redline.Faultf(redline.Raster, "a.yaml:1: x"), "plain": errors.New("a.yaml:1: x"), "file": usage("b.yaml:1: x"),
		"line": usage("a.yaml: x"), "line 0": usage("a.yaml:0: x"), "line 4": usage("a.yaml:4: x"), "nothing said": usage("a.yaml:1: "),
	} {
		if badFault(err, "a.yaml", 3) == "" {
			t.Errorf("%s: not seen", text)
		}
	}
	if problem := badFault(usage("a.yaml:3: x"), "a.yaml", 3); problem != "" {
		t.Error(problem)
	}
	for name, spoil := range map[string]func(*Job){
		"maps between": func(j *Job) { j.Between = []Maps{{Years: Span{2019, 2016}}} },
		"year":         func(j *Job) { j.After.Year = 0 }, "band": func(j *Job) { j.Before.Band = -1 }, "file": func(j *Job) { j.Before.Files = []string{" "} },
		"source": func(j *Job) { j.Exempt = []Source{{Layer: "x"}} }, "size": func(j *Job) { j.MinArea.Cells = math.NaN() },
		"admin": func(j *Job) { j.Admin.Layer = "x" }, "connectivity": func(j *Job) { j.Connectivity = 6 }, "severity": func(j *Job) { j.MinSeverity = 5 },
		"workers": func(j *Job) { j.Workers = 0 }, "memory": func(j *Job) { j.MaxMemory = 1 }, "rules": func(j *Job) { j.Rules = "" },
	} {
		j := Default()
		if spoil(j); outOfBounds(j) == "" {
			t.Errorf("%s: not seen", name)
		}
	}
	if problem := outOfBounds(Default()); problem != "" {
		t.Error(problem)
	}
}
