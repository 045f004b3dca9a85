package ledgerwork

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/sampling"
)

// PointFile is a list of points that came back: points.csv or points.geojson.
type PointFile struct {
	Path string
	rows []pointRow
}

// pointRow is a row of it: values by name of pointColumns.
type pointRow struct {
	place  string
	values map[string]string
}

// ReadPointFile reads a list of points as spreadsheets (CSV in UTF-8 or GB 18030) and QGIS (GeoJSON) save it. An error
// says what is wrong with the file.
func ReadPointFile(path string) (*PointFile, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, redline.WithKind(redline.Vector, err)
	}
	f := &PointFile{Path: path}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
		f.rows, err = pointsOfCSV(b)
	case ".geojson", ".json":
		f.rows, err = pointsOfGeoJSON(b)
	default:
		return nil, redline.Faultf(redline.Usage, "%s: neither a points.csv nor a points.geojson", path)
	}
	if err != nil {
		return nil, redline.Faultf(redline.Vector, "%s: %w", path, err)
	}
	return f, nil
}

func pointsOfCSV(b []byte) (rows []pointRow, err error) {
	if b = bytes.TrimPrefix(b, []byte("\uFEFF")); !utf8.Valid(b) {
		if b, err = simplifiedchinese.GB18030.NewDecoder().Bytes(b); err != nil {
			return nil, err
		}
	}
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord = -1
	all, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("it is empty")
	}
	names := make([]string, len(all[0]))
	for i, title := range all[0] {
		for _, c := range pointColumns {
			if t := strings.TrimSpace(title); t == c.title || t == c.name {
				names[i] = c.name
			}
		}
	}
	for i, record := range all[1:] {
		row := pointRow{fmt.Sprintf("row %d", i+2), map[string]string{}}
		for k, text := range record {
			if k < len(names) && names[k] != "" {
				row.values[names[k]] = strings.TrimPrefix(strings.TrimSpace(text), "'")
			}
		}
		rows = append(rows, row)
	}
	return rows, havePoints(names)
}

func pointsOfGeoJSON(b []byte) (rows []pointRow, err error) {
	var in struct {
		Features []struct {
			Properties map[string]any `json:"properties"`
		} `json:"features"`
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&in); err != nil {
		return nil, err
	}
	for i, f := range in.Features {
		row := pointRow{fmt.Sprintf("feature %d", i+1), map[string]string{}}
		var names []string
		for name, v := range f.Properties {
			if names = append(names, name); v != nil {
				row.values[name] = strings.TrimSpace(fmt.Sprint(v))
			}
		}
		if err := havePoints(names); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// havePoints refuses a file that lacks what tells of which points it is, and what is answered.
func havePoints(names []string) error {
	for _, c := range pointColumns {
		if slices.Contains([]string{"sample", "point", "lon", "lat", "answer"}, c.name) && !slices.Contains(names, c.name) {
			return fmt.Errorf("it has no column %s (%s)", c.title, c.name)
		}
	}
	return nil
}

// TakePoints returns the change that brings answers of returned lists into a ledger. A row without an answer says
// nothing. One that says what was said before of the point adds nothing; so files can be taken twice. A row is refused
// when its point is not of a sample of the ledger, was moved, or has an answer that is none; when another answer
// stands in the ledger, unless overrule is set, by which the file's is the last one; and when the files give several
// answers of one point, all of these.
func TakePoints(ctx context.Context, s ledger.Store, lists []*PointFile, overrule bool, by By) (*Change, error) {
	c, err := begin(ctx, s)
	if err != nil {
		return nil, err
	}
	samples, err := Samples(ctx, s)
	if err != nil {
		return nil, err
	}
	given := map[string][]ledger.Answer{} // by sample and number
	err = eachAnswer(samples, lists, func(r answeredRow) {
		if r.err == nil && !slices.Contains(given[r.key()], r.said.Answer) {
			given[r.key()] = append(given[r.key()], r.said.Answer)
		}
	})
	if err != nil {
		return nil, err
	}
	return c, eachAnswer(samples, lists, func(r answeredRow) {
		last, has := PointAnswer{}, false
		if r.err == nil {
			last, has = r.sample.Points.Answers[r.said.number]
		}
		switch {
		case r.err != nil:
		case len(given[r.key()]) > 1:
			r.err = fmt.Errorf("the files say different things of the point; agree on one of them")
		case has && overrule && last == r.said.PointAnswer, has && !overrule && r.sample.Points.before[r.said]:
			c.Same++
			return
		case has && !overrule && last.Answer != r.said.Answer:
			r.err = fmt.Errorf("the ledger has the answer %s of %s; look at it together, then say --overrule",
				AnswerTitle(last.Answer), last.Reviewer)
		default:
			e := by.event("", ledger.PointAnswered, r.said.fields(r.sample.Name))
			if r.err = ledger.CheckForm(e); r.err == nil {
				c.Events = append(c.Events, e)
				r.sample.Points.Answers[r.said.number], r.sample.Points.before[r.said] = r.said.PointAnswer, true
				return
			}
		}
		c.refuse(r.file, r.place, fmt.Sprint(r.said.number), r.err)
	})
}

// answeredRow is a row with an answer, or with what is wrong with it.
type answeredRow struct {
	file, place string
	sample      *DrawnSample
	said        pointSaid
	err         error
}

func (r *answeredRow) key() string { return fmt.Sprintf("%s\n%d", r.sample.Name, r.said.number) }

// eachAnswer calls row for each row that says something.
func eachAnswer(samples []DrawnSample, lists []*PointFile, row func(r answeredRow)) error {
	if len(samples) == 0 {
		return redline.Faultf(redline.Usage, "the ledger has no sample; draw one by greenshield ledger sample")
	}
	for _, f := range lists {
		for _, in := range f.rows {
			v := in.values
			if v["answer"] == "" && v["note"] == "" {
				continue
			}
			r := answeredRow{file: f.Path, place: in.place}
			r.said.number, _ = strconv.Atoi(v["point"])
			at := slices.IndexFunc(samples, func(s DrawnSample) bool { return s.Name == v["sample"] && s.Points != nil })
			if at < 0 {
				r.err = fmt.Errorf("the ledger has no points of a sample %s", v["sample"])
			} else {
				r.sample = &samples[at]
				r.err = r.said.read(v, r.sample.Points)
			}
			row(r)
		}
	}
	return nil
}

// read reads what a row says of a point, whose number is set.
func (s *pointSaid) read(v map[string]string, of *DrawnPoints) error {
	if s.number < 1 || s.number > len(of.Tries) {
		return fmt.Errorf("there is no point %s; the points are 1 to %d", v["point"], len(of.Tries))
	}
	at, _ := sampling.Place(of.Box, of.Seed, of.Run, of.Tries[s.number-1])
	for i, name := range []string{"lon", "lat"} {
		x, err := strconv.ParseFloat(v[name], 64)
		if err != nil || !(math.Abs(x-at[i]) < 1e-6) {
			return fmt.Errorf("%s %s is not that of the point, %.*f; what the program wrote must stay", name, v[name],
				findings.DegDecimals, at[i])
		}
	}
	for _, a := range ledger.Answers() {
		if v["answer"] == AnswerTitle(a) || v["answer"] == string(a) {
			s.Answer = a
		}
	}
	if s.Answer == "" {
		return fmt.Errorf("the answer %q is none; write 是, 否 or 无法判断", v["answer"])
	}
	s.Note, s.Reviewer, s.Reviewed = v["note"], v["reviewer"], findings.PlainDate(v["rev_date"])
	return nil
}

// fields returns the fields of the event that says an answer.
func (s *pointSaid) fields(sample string) map[string]string {
	f := map[string]string{ledger.FieldSample: sample, ledger.FieldPoint: strconv.Itoa(s.number),
		ledger.FieldAnswer: string(s.Answer)}
	for name, text := range map[string]string{ledger.FieldNote: s.Note, ledger.FieldReviewer: s.Reviewer,
		ledger.FieldReviewed: s.Reviewed} {
		if text != "" {
			f[name] = text
		}
	}
	return f
}

// answerIn returns the number of the point and the answer that an event says.
func answerIn(e ledger.Event) (number int, a PointAnswer) {
	f := e.Fields
	number, _ = strconv.Atoi(f[ledger.FieldPoint]) // 0, which no point has, where it is none
	return number, PointAnswer{ledger.Answer(f[ledger.FieldAnswer]), f[ledger.FieldReviewer], f[ledger.FieldReviewed],
		f[ledger.FieldNote]}
}
