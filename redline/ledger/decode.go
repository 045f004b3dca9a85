package ledger

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// errNotCanonical says that a text is not what this package writes.
var errNotCanonical = errors.New("the JSON is not as it was written")

// ParseFields returns the fields of [FieldsJSON], nil for none, and an error for any other text.
func ParseFields(text string) (map[string]string, error) {
	p := parser{s: text}
	var fields map[string]string
	if text != "{}" {
		fields = p.fields()
	}
	return fields, p.end(text == "{}")
}

// ParseCase returns the case of [Case.JSON], and an error for any other text.
func ParseCase(text string) (Case, error) {
	p := parser{s: text}
	c := p.oneCase()
	return c, p.end(false)
}

// ParseDetection returns the detection of [Detection.JSON], and an error for any other text.
func ParseDetection(text string) (Detection, error) {
	p := parser{s: text}
	d := p.detection()
	return d, p.end(false)
}

// parser reads JSON as canonical writes it, byte for byte, and nothing else. What it returns after it has become bad
// means nothing. Its texts share the memory of s.
type parser struct {
	s   string // what is left
	bad bool
}

// end returns the error of the parser, which must have read everything unless skip.
func (p *parser) end(skip bool) error {
	if p.bad || p.s != "" && !skip {
		return errNotCanonical
	}
	return nil
}

// is skips a text if it comes next.
func (p *parser) is(text string) bool {
	rest, ok := strings.CutPrefix(p.s, text)
	p.s = rest
	return ok
}

// want skips a text that must come next.
func (p *parser) want(text string) { p.check(p.is(text)) }

func (p *parser) check(good bool) {
	if !good {
		p.bad, p.s = true, ""
	}
}

// text reads a string after the name of its member.
func (p *parser) text(name string) string {
	p.want(name)
	return p.str()
}

// textIf reads a member that is left out when it is "".
func (p *parser) textIf(name string) string {
	if !p.is(name) {
		return ""
	}
	text := p.str()
	p.check(text != "")
	return text
}

func (p *parser) str() string {
	p.want(`"`)
	ascii := true
	for i := 0; i < len(p.s); i++ {
		switch c := p.s[i]; {
		case c == '"':
			text := p.s[:i]
			p.s = p.s[i+1:]
			p.check(ascii || utf8.ValidString(text) && !strings.Contains(text, "\u2028") && !strings.Contains(text, "\u2029"))
			return text
		case c == '\\':
			return p.escaped(i)
		case c >= utf8.RuneSelf:
			ascii = false
		default:
			p.check(plain[c])
		}
	}
	p.check(false)
	return ""
}

// escaped reads a string whose first backslash stands at i.
func (p *parser) escaped(i int) (text string) {
	for ; i < len(p.s) && p.s[i] != '"'; i++ {
		if p.s[i] == '\\' {
			i++
		}
	}
	if i >= len(p.s) {
		p.check(false)
		return ""
	}
	quoted := `"` + p.s[:i+1]
	p.s = p.s[i+1:]
	err := json.Unmarshal([]byte(quoted), &text)
	p.check(err == nil && string(appendString(nil, text)) == quoted)
	return text
}

func (p *parser) int(name string) int64 {
	p.want(name)
	n := 0
	for n < len(p.s) && (p.s[n] == '-' || p.s[n] >= '0' && p.s[n] <= '9') {
		n++
	}
	digits := p.s[:n]
	p.s = p.s[n:]
	v, err := strconv.ParseInt(digits, 10, 64)
	p.check(err == nil && (digits == "0" || strings.TrimPrefix(digits, "-")[0] != '0'))
	return v
}

func (p *parser) int32(name string) int32 {
	v := p.int(name)
	p.check(v == int64(int32(v)))
	return int32(v)
}

// countIf reads a member that is left out when it is 0.
func (p *parser) countIf(name string) int {
	if !strings.HasPrefix(p.s, name) {
		return 0
	}
	v := p.int(name)
	p.check(v != 0)
	return int(v)
}

func (p *parser) float(name string) float64 {
	p.want(name)
	n := strings.IndexAny(p.s, ",}")
	if n < 0 {
		p.check(false)
		return 0
	}
	digits := p.s[:n]
	p.s = p.s[n:]
	v, err := strconv.ParseFloat(digits, 64)
	var room [32]byte
	p.check(err == nil && !math.IsInf(v, 0) && !math.IsNaN(v) && string(appendFloat(room[:0], "", v)) == digits)
	return v
}

func (p *parser) fields() map[string]string {
	p.want("{")
	fields, last := make(map[string]string, min(32, strings.Count(p.s, `":"`))), ""
	for first := true; !p.bad && !p.is("}"); first = false {
		if !first {
			p.want(",")
		}
		name := p.str()
		p.check(first || name > last)
		last = name
		fields[name] = p.text(":")
	}
	p.check(len(fields) > 0)
	return fields
}

// listOf reads a list that has elements, nil where the member is left out.
func listOf[T any](p *parser, begin string, one func() T) (all []T) {
	if !p.is(begin) {
		return nil
	}
	for !p.bad {
		all = append(all, one())
		if p.is("]") {
			break
		}
		p.want(",")
	}
	return all
}

// texts reads a list that may be empty or null.
func (p *parser) texts(name string) []string {
	p.want(name)
	switch {
	case p.is("null"):
		return nil
	case p.is("[]"):
		return []string{}
	}
	p.check(strings.HasPrefix(p.s, "["))
	return listOf(p, "[", p.str)
}

func (p *parser) document() (d Document) {
	d.Name, d.SHA256 = p.text(`{"name":`), p.text(`,"sha256":`)
	p.want("}")
	return d
}

func (p *parser) oneCase() (c Case) {
	c.ID = p.text(`{"id":`)
	c.Seq, c.Opened = p.int(`,"seq":`), p.int(`,"opened":`)
	c.OpenedOn, c.State, c.Since = Date(p.text(`,"opened_on":`)), State(p.text(`,"state":`)), Date(p.text(`,"since":`))
	if p.is(`,"fields":`) {
		c.Fields = p.fields()
	}
	c.Detection, c.Relation = p.textIf(`,"detection":`), Relation(p.textIf(`,"relation":`))
	c.Ground = listOf(p, `,"ground":[`, p.str)
	c.MergedInto, c.HandedTo = p.textIf(`,"merged_into":`), p.textIf(`,"handed_to":`)
	c.Leads = p.countIf(`,"leads":`)
	c.Evidence = listOf(p, `,"evidence":[`, p.document)
	c.Accepted = listOf(p, `,"accepted":[`, p.acceptance)
	c.Objections = p.countIf(`,"objections":`)
	c.Disputes = listOf(p, `,"disputes":[`, p.dispute)
	c.Claims = listOf(p, `,"claims":[`, p.str)
	c.Looks = listOf(p, `,"looks":[`, p.look)
	c.Suspicion, c.Rebounds = p.textIf(`,"suspicion":`), p.countIf(`,"rebounds":`)
	c.Draws = listOf(p, `,"draws":[`, p.draw)
	p.want("}")
	return c
}

func (p *parser) draw() (d Draw) {
	d.Sample, d.Stratum = p.text(`{"sample":`), p.text(`,"stratum":`)
	d.Inclusion, d.AreaM2 = p.text(`,"inclusion":`), p.text(`,"area_m2":`)
	p.want("}")
	return d
}

func (p *parser) acceptance() (a Acceptance) {
	a.Level, a.Unit = Level(p.text(`{"level":`)), p.text(`,"unit":`)
	a.Outcome, a.Seq = p.text(`,"outcome":`), p.int(`,"seq":`)
	p.want("}")
	return a
}

func (p *parser) look() (l Look) {
	l.Year, l.Source = p.text(`{"year":`), p.textIf(`,"source":`)
	l.Finding, l.Bad = p.text(`,"finding":`), p.textIf(`,"bad":`)
	p.want("}")
	return l
}

func (p *parser) dispute() (d Dispute) {
	d.Field, d.Values = p.text(`{"field":`), p.texts(`,"values":`)
	p.want("}")
	return d
}

func (p *parser) detection() (d Detection) {
	d.ID, d.Run = p.text(`{"id":`), p.text(`,"run":`)
	d.YearA, d.YearB = int(p.int(`,"year_a":`)), int(p.int(`,"year_b":`))
	d.Product, d.Legend = p.text(`,"product":`), p.text(`,"legend":`)
	d.Grid, d.Group = p.text(`,"grid":`), p.text(`,"group":`)
	d.Spans = p.spans(`,"spans":`)
	d.Cells = p.int(`,"cells":`)
	d.AreaM2, d.Lon, d.Lat = p.float(`,"area_m2":`), p.float(`,"lon":`), p.float(`,"lat":`)
	d.County, d.CountyName = p.text(`,"county":`), p.text(`,"county_name":`)
	d.Candidates = listOf(p, `,"candidates":[`, p.candidate)
	p.want("}")
	return d
}

func (p *parser) spans(name string) []Span {
	p.want(name)
	switch {
	case p.is("null"):
		return nil
	case p.is("[]"):
		return []Span{}
	}
	p.check(strings.HasPrefix(p.s, "["))
	return listOf(p, "[", func() (s Span) {
		s.Row, s.Col0, s.Col1 = p.int32(`{"Row":`), p.int32(`,"Col0":`), p.int32(`,"Col1":`)
		p.want("}")
		return s
	})
}

func (p *parser) candidate() (c Candidate) {
	c.ID, c.Change, c.Rule = p.text(`{"id":`), p.text(`,"change":`), p.text(`,"rule":`)
	c.Severity = int(p.int(`,"severity":`))
	c.Layer, c.Zone = p.text(`,"layer":`), p.text(`,"zone":`)
	c.ZoneName, c.ZoneType = p.text(`,"zone_name":`), p.text(`,"zone_type":`)
	c.AreaM2, c.Reason = p.float(`,"area_m2":`), p.textIf(`,"reason":`)
	if p.is(`,"known":{"given":`) {
		c.Known = &KnownVerdict{p.str(), p.textIf(`,"verdict":`), p.textIf(`,"reason":`), p.textIf(`,"note":`)}
		p.want("}")
	}
	if p.is(`,"features":`) {
		c.Features = p.fields()
	}
	p.want("}")
	return c
}

func (p *parser) event() (e Event) {
	e.Seq, e.Case, e.Kind = p.int(`{"seq":`), p.textIf(`,"case":`), Kind(p.text(`,"kind":`))
	at := p.text(`,"time":`)
	var err error
	e.Time, err = time.Parse(time.RFC3339, at)
	p.check(err == nil && e.Time.Location() == time.UTC && e.Time.Format(time.RFC3339) == at)
	e.Actor, e.Level = p.textIf(`,"actor":`), Level(p.textIf(`,"level":`))
	if p.is(`,"fields":`) {
		e.Fields = p.fields()
	}
	if p.is(`,"doc":`) {
		e.Doc = p.document()
		p.check(e.Doc != Document{})
	}
	if p.is(`,"origin":`) {
		e.Origin = Origin{p.text(`{"ledger":`), p.int(`,"seq":`), p.text(`,"hash":`)}
		p.want("}")
		p.check(e.Origin != Origin{})
	}
	e.Prev, e.Hash = p.text(`,"prev":`), p.textIf(`,"hash":`)
	p.want("}")
	return e
}
