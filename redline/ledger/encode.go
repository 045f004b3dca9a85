package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// canonical returns the JSON of a value of this package: members in the order of the type's fields, those of maps
// sorted by name, no white space, no escapes but those that JSON demands and \u2028 and \u2029. It is what
// encoding/json writes without escapes for HTML; events, detections and cases, of which there are many, are written
// here, a tenth as slowly. None of the values holds what JSON cannot.
func canonical(v any) []byte {
	switch v := v.(type) {
	case Event:
		return appendEvent(nil, &v)
	case Detection:
		return appendDetection(nil, &v)
	case *Detection:
		return appendDetection(nil, v)
	case Case:
		return appendCase(nil, &v)
	case line:
		switch {
		case v.Event != nil:
			return append(appendEvent([]byte(`{"event":`), v.Event), '}')
		case v.Detection != nil:
			return append(appendDetection([]byte(`{"detection":`), v.Detection), '}')
		}
	}
	return anyJSON(v)
}

// anyJSON is what canonical is by encoding/json.
func anyJSON(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("no canonical JSON: %v", err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// FieldsJSON returns the canonical JSON of fields, "{}" for none.
func FieldsJSON(fields map[string]string) string { return string(appendFields(nil, fields)) }

// JSON returns the canonical JSON of the case.
func (c *Case) JSON() string { return string(appendCase(nil, c)) }

// JSON returns the canonical JSON of the detection, which its hash is of.
func (d *Detection) JSON() string { return string(appendDetection(nil, d)) }

func appendEvent(b []byte, e *Event) []byte {
	b = appendInt(b, `{"seq":`, e.Seq)
	b = appendIf(b, `,"case":`, e.Case)
	b = appendText(b, `,"kind":`, string(e.Kind))
	b = append(b, `,"time":`...)
	at, err := e.Time.MarshalJSON()
	if err != nil {
		panic(fmt.Sprintf("no canonical JSON: %v", err))
	}
	b = append(b, at...)
	b = appendIf(b, `,"actor":`, e.Actor)
	b = appendIf(b, `,"level":`, string(e.Level))
	if len(e.Fields) > 0 {
		b = appendFields(append(b, `,"fields":`...), e.Fields)
	}
	if e.Doc != (Document{}) {
		b = appendDocument(append(b, `,"doc":`...), e.Doc)
	}
	if e.Origin != (Origin{}) {
		b = appendText(b, `,"origin":{"ledger":`, e.Origin.Ledger)
		b = appendInt(b, `,"seq":`, e.Origin.Seq)
		b = append(appendText(b, `,"hash":`, e.Origin.Hash), '}')
	}
	b = appendText(b, `,"prev":`, e.Prev)
	return append(appendIf(b, `,"hash":`, e.Hash), '}')
}

func appendDocument(b []byte, d Document) []byte {
	b = appendText(b, `{"name":`, d.Name)
	return append(appendText(b, `,"sha256":`, d.SHA256), '}')
}

func appendDetection(b []byte, d *Detection) []byte {
	b = appendText(b, `{"id":`, d.ID)
	b = appendText(b, `,"run":`, d.Run)
	b = appendInt(b, `,"year_a":`, int64(d.YearA))
	b = appendInt(b, `,"year_b":`, int64(d.YearB))
	b = appendText(b, `,"product":`, d.Product)
	b = appendText(b, `,"legend":`, d.Legend)
	b = appendText(b, `,"grid":`, d.Grid)
	b = appendText(b, `,"group":`, d.Group)
	b = appendSpans(append(b, `,"spans":`...), d.Spans)
	b = appendInt(b, `,"cells":`, d.Cells)
	b = appendFloat(b, `,"area_m2":`, d.AreaM2)
	b = appendFloat(b, `,"lon":`, d.Lon)
	b = appendFloat(b, `,"lat":`, d.Lat)
	b = appendText(b, `,"county":`, d.County)
	b = appendText(b, `,"county_name":`, d.CountyName)
	for i := range d.Candidates {
		b = append(b, separator(i, `,"candidates":[`)...)
		b = appendCandidate(b, &d.Candidates[i])
	}
	return append(b, closing(len(d.Candidates))...)
}

// separator returns what stands before the element of a list: before the first one what begins the list.
func separator(i int, begin string) string {
	if i == 0 {
		return begin
	}
	return ","
}

// closing ends an object whose last member is a list of n elements that is left out when there are none.
func closing(n int) string {
	if n == 0 {
		return "}"
	}
	return "]}"
}

func appendSpans(b []byte, spans []Span) []byte {
	if spans == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, s := range spans {
		b = append(b, separator(i, "")...)
		b = appendInt(b, `{"Row":`, int64(s.Row))
		b = appendInt(b, `,"Col0":`, int64(s.Col0))
		b = append(appendInt(b, `,"Col1":`, int64(s.Col1)), '}')
	}
	return append(b, ']')
}

func appendCandidate(b []byte, c *Candidate) []byte {
	b = appendText(b, `{"id":`, c.ID)
	b = appendText(b, `,"change":`, c.Change)
	b = appendText(b, `,"rule":`, c.Rule)
	b = appendInt(b, `,"severity":`, int64(c.Severity))
	b = appendText(b, `,"layer":`, c.Layer)
	b = appendText(b, `,"zone":`, c.Zone)
	b = appendText(b, `,"zone_name":`, c.ZoneName)
	b = appendText(b, `,"zone_type":`, c.ZoneType)
	b = appendFloat(b, `,"area_m2":`, c.AreaM2)
	b = appendIf(b, `,"reason":`, c.Reason)
	if k := c.Known; k != nil {
		b = appendText(b, `,"known":{"given":`, k.Given)
		b = appendIf(b, `,"verdict":`, k.Verdict)
		b = appendIf(b, `,"reason":`, k.Reason)
		b = append(appendIf(b, `,"note":`, k.Note), '}')
	}
	if len(c.Features) > 0 {
		b = appendFields(append(b, `,"features":`...), c.Features)
	}
	return append(b, '}')
}

func appendCase(b []byte, c *Case) []byte {
	b = appendText(b, `{"id":`, c.ID)
	b = appendInt(b, `,"seq":`, c.Seq)
	b = appendInt(b, `,"opened":`, c.Opened)
	b = appendText(b, `,"opened_on":`, string(c.OpenedOn))
	b = appendText(b, `,"state":`, string(c.State))
	b = appendText(b, `,"since":`, string(c.Since))
	if len(c.Fields) > 0 {
		b = appendFields(append(b, `,"fields":`...), c.Fields)
	}
	b = appendIf(b, `,"detection":`, c.Detection)
	b = appendIf(b, `,"relation":`, string(c.Relation))
	if len(c.Ground) > 0 {
		b = appendTexts(append(b, `,"ground":`...), c.Ground)
	}
	b = appendIf(b, `,"merged_into":`, c.MergedInto)
	b = appendIf(b, `,"handed_to":`, c.HandedTo)
	b = appendCount(b, `,"leads":`, c.Leads)
	b = appendList(b, `,"evidence":[`, c.Evidence, appendDocument)
	b = appendList(b, `,"accepted":[`, c.Accepted, appendAcceptance)
	b = appendCount(b, `,"objections":`, c.Objections)
	b = appendList(b, `,"disputes":[`, c.Disputes, appendDispute)
	if len(c.Claims) > 0 {
		b = appendTexts(append(b, `,"claims":`...), c.Claims)
	}
	b = appendList(b, `,"looks":[`, c.Looks, appendLook)
	b = appendIf(b, `,"suspicion":`, c.Suspicion)
	b = appendCount(b, `,"rebounds":`, c.Rebounds)
	return append(appendList(b, `,"draws":[`, c.Draws, appendDraw), '}')
}

func appendDraw(b []byte, d Draw) []byte {
	b = appendText(b, `{"sample":`, d.Sample)
	b = appendText(b, `,"stratum":`, d.Stratum)
	b = appendText(b, `,"inclusion":`, d.Inclusion)
	return append(appendText(b, `,"area_m2":`, d.AreaM2), '}')
}

func appendAcceptance(b []byte, a Acceptance) []byte {
	b = appendText(b, `{"level":`, string(a.Level))
	b = appendText(b, `,"unit":`, a.Unit)
	b = appendText(b, `,"outcome":`, a.Outcome)
	return append(appendInt(b, `,"seq":`, a.Seq), '}')
}

func appendLook(b []byte, l Look) []byte {
	b = appendText(b, `{"year":`, l.Year)
	b = appendIf(b, `,"source":`, l.Source)
	b = appendText(b, `,"finding":`, l.Finding)
	return append(appendIf(b, `,"bad":`, l.Bad), '}')
}

func appendDispute(b []byte, d Dispute) []byte {
	b = appendText(b, `{"field":`, d.Field)
	return append(appendTexts(append(b, `,"values":`...), d.Values), '}')
}

// appendList appends a list, nothing for none.
func appendList[T any](b []byte, begin string, all []T, one func([]byte, T) []byte) []byte {
	for i, v := range all {
		b = one(append(b, separator(i, begin)...), v)
	}
	if len(all) > 0 {
		b = append(b, ']')
	}
	return b
}

func appendFields(b []byte, fields map[string]string) []byte {
	var room [64]string
	names := slices.AppendSeq(room[:0], maps.Keys(fields))
	slices.Sort(names)
	b = append(b, '{')
	for i, name := range names {
		b = appendString(append(b, separator(i, "")...), name)
		b = appendString(append(b, ':'), fields[name])
	}
	return append(b, '}')
}

func appendTexts(b []byte, all []string) []byte {
	if all == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, text := range all {
		b = appendString(append(b, separator(i, "")...), text)
	}
	return append(b, ']')
}

func appendText(b []byte, name, v string) []byte { return appendString(append(b, name...), v) }

func appendInt(b []byte, name string, v int64) []byte {
	return strconv.AppendInt(append(b, name...), v, 10)
}

// appendIf appends a member, nothing for "".
func appendIf(b []byte, name, v string) []byte {
	if v == "" {
		return b
	}
	return appendText(b, name, v)
}

// appendCount appends a member, nothing for 0.
func appendCount(b []byte, name string, v int) []byte {
	if v == 0 {
		return b
	}
	return appendInt(b, name, int64(v))
}

// appendFloat appends a finite number in the form of ECMAScript, as encoding/json does.
func appendFloat(b []byte, name string, v float64) []byte {
	b = append(b, name...)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		panic(fmt.Sprintf("no canonical JSON: %v", v))
	}
	if size := math.Abs(v); size == 0 || size >= 1e-6 && size < 1e21 {
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	}
	b = strconv.AppendFloat(b, v, 'e', -1, 64)
	if n := len(b); b[n-4] == 'e' && b[n-3] == '-' && b[n-2] == '0' { // 1e-09 is written 1e-9
		b[n-2] = b[n-1]
		b = b[:n-1]
	}
	return b
}

// plain tells which bytes of a text stand for themselves in JSON: those of ASCII that need no escape.
var plain = func() (is [utf8.RuneSelf]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		is[c] = c != '"' && c != '\\'
	}
	return is
}()

// appendString appends a text in quotes.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	done := 0 // bytes of s
	for i := 0; i < len(s); {
		c, size, escaped := rune(s[i]), 1, ""
		switch {
		case c < utf8.RuneSelf && plain[c]:
			i++
			continue
		case c >= utf8.RuneSelf:
			c, size = utf8.DecodeRuneInString(s[i:])
			if c == utf8.RuneError && size == 1 {
				escaped = `\ufffd`
			}
		default:
			escaped = `\u00` + string(hex[c>>4]) + string(hex[c&15])
		}
		if c < utf8.RuneSelf || c == '\u2028' || c == '\u2029' {
			if short, ok := escapes[c]; ok {
				escaped = short
			}
		}
		if escaped != "" {
			b = append(append(b, s[done:i]...), escaped...)
			done = i + size
		}
		i += size
	}
	return append(append(b, s[done:]...), '"')
}

// escapes are those that have a form of their own.
var escapes = map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`,
	'\u2028': `\u2028`, '\u2029': `\u2029`}
