package ledger

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

// arbitrary gives values of the ledger's types with anything in them that JSON can say.
type arbitrary struct{ *rand.Rand }

func (a arbitrary) text() string {
	pieces := []string{"", "a", "保护区", "\"", "\\", "\n\r\t\b\f\x00\x01\x1f", "\x7f", "\u2028", "\u2029x", "<&>", "😀", "\ufffd", "{}"}
	return pieces[a.IntN(len(pieces))] + pieces[a.IntN(len(pieces))]
}

func (a arbitrary) number() int64 {
	return []int64{0, 1, -1, 7, math.MaxInt64, math.MinInt64, a.Int64()}[a.IntN(7)]
}

func (a arbitrary) float() float64 {
	all := []float64{0, math.Copysign(0, -1), 1e-6, 9.9e-7, 1e-9, 1e-10, 1e21, 9.99e20, 117.123456, -0.1, math.MaxFloat64, math.SmallestNonzeroFloat64}
	if n := a.IntN(len(all) + 5); n < len(all) {
		return all[n]
	}
	return a.NormFloat64() * math.Pow(10, float64(a.IntN(60)-30))
}

func arbitraryList[T any](a arbitrary, one func() T) (all []T) {
	for range a.IntN(4) {
		all = append(all, one())
	}
	return all
}

func (a arbitrary) fields() (fields map[string]string) {
	for range a.IntN(5) {
		if fields == nil {
			fields = map[string]string{}
		}
		fields[a.text()] = a.text()
	}
	return fields
}

func (a arbitrary) event() Event {
	e := Event{Seq: a.number(), Case: a.text(), Kind: Kind(a.text()), Actor: a.text(), Level: Level(a.text()), Fields: a.fields(),
		Prev: a.text(), Hash: a.text(), Time: time.Unix(a.Int64N(1e10), 0).UTC()}
	if a.IntN(2) == 0 {
		e.Doc, e.Origin = Document{a.text(), a.text()}, Origin{a.text(), a.number(), a.text()}
	}
	return e
}

func (a arbitrary) oneCase() Case {
	return Case{ID: a.text(), Seq: a.number(), Opened: a.number(), OpenedOn: Date(a.text()), State: State(a.text()), Since: Date(a.text()),
		Fields: a.fields(), Detection: a.text(), Relation: Relation(a.text()), Ground: arbitraryList(a, a.text), MergedInto: a.text(),
		HandedTo: a.text(), Leads: int(a.number()), Objections: int(a.number()), Rebounds: int(a.number()), Suspicion: a.text(),
		Evidence: arbitraryList(a, func() Document { return Document{a.text(), a.text()} }),
		Accepted: arbitraryList(a, func() Acceptance { return Acceptance{Level(a.text()), a.text(), a.text(), a.number()} }),
		Disputes: arbitraryList(a, func() Dispute { return Dispute{a.text(), arbitraryList(a, a.text)} }),
		Claims:   arbitraryList(a, a.text),
		Looks:    arbitraryList(a, func() Look { return Look{a.text(), a.text(), a.text(), a.text()} }),
		Draws:    arbitraryList(a, func() Draw { return Draw{a.text(), a.text(), a.text(), a.text()} })}
}

func (a arbitrary) detection() Detection {
	return Detection{ID: a.text(), Run: a.text(), YearA: int(a.number()), YearB: int(a.number()), Product: a.text(), Legend: a.text(),
		Grid: a.text(), Group: a.text(), Cells: a.number(), AreaM2: a.float(), Lon: a.float(), Lat: a.float(), County: a.text(),
		CountyName: a.text(),
		Spans:      arbitraryList(a, func() Span { return Span{a.Int32() - 1<<30, a.Int32(), a.Int32()} }),
		Candidates: arbitraryList(a, func() Candidate {
			c := Candidate{a.text(), a.text(), a.text(), int(a.number()), a.text(), a.text(), a.text(), a.text(), a.float(), a.text(), nil, a.fields()}
			if a.IntN(2) == 0 {
				c.Known = &KnownVerdict{a.text(), a.text(), a.text(), a.text()}
			}
			return c
		})}
}

func parseEvent(text string) (Event, error) {
	p := parser{s: text}
	e := p.event()
	return e, p.end(false)
}

// TestJSON: what is written is what encoding/json writes, and what is read is what was written. A text that differs by
// a byte is refused, or is what something else is written as.
func TestJSON(t *testing.T) {
	a := arbitrary{rand.New(rand.NewPCG(16, 8))}
	for range 3000 {
		e, c, d := a.event(), a.oneCase(), a.detection()
		holdJSON(t, a, e, canonical(e), parseEvent)
		holdJSON(t, a, c, canonical(c), ParseCase)
		holdJSON(t, a, d, []byte(d.JSON()), ParseDetection)
		holdJSON(t, a, e.Fields, canonical(e.Fields), nil)
		for _, l := range []line{{Format: 1}, {Event: &e}, {Detection: &d}, {Head: &Head{Seq: e.Seq}}} {
			holdJSON(t, a, l, canonical(l), nil)
		}
		if len(e.Fields) > 0 {
			holdJSON(t, a, e.Fields, []byte(FieldsJSON(e.Fields)), ParseFields)
		}
	}
	if got, err := ParseFields(FieldsJSON(nil)); got != nil || err != nil || FieldsJSON(nil) != "{}" {
		t.Errorf("no fields are %q, %v, %v", FieldsJSON(nil), got, err)
	}
}

func holdJSON[T any](t *testing.T, a arbitrary, v T, text []byte, parse func(string) (T, error)) {
	t.Helper()
	if want := anyJSON(v); !bytes.Equal(text, want) {
		t.Fatalf("written is %s, by encoding/json %s", text, want)
	}
	if parse == nil {
		return
	}
	if got, err := parse(string(text)); err != nil || !reflect.DeepEqual(got, v) {
		t.Fatalf("%s is read as %+v, %v", text, got, err)
	}
	other := slices.Clone(text)
	switch at := a.IntN(len(other)); a.IntN(4) {
	case 0:
		other = slices.Delete(other, at, at+1)
	case 1:
		other = slices.Insert(other, at, ` "\0,:{}[]-e`[a.IntN(12)])
	case 2:
		other = other[:at]
	default:
		other[at] = byte(a.IntN(256))
	}
	if got, err := parse(string(other)); err == nil && !bytes.Equal(anyJSON(got), other) {
		t.Fatalf("%q is read as %+v", other, got)
	}
}

// TestNotCanonical: valid JSON of the right members is refused when it is not written as the ledger writes it.
func TestNotCanonical(t *testing.T) {
	for _, text := range []string{"", "{", `{"b":"1","a":"1"}`, `{"a":"1","a":"1"}`, `{"a": "1"}`, `{"a":"\u0041"}`, `{"a":"\/"}`,
		`{"a":"1"} `, `{"a":1}`, `{"a":null}`, "{\"a\":\"\u2028\"}", "{\"a\":\"\xff\"}", "{\"a\":\"\n\"}", `{"a":"\`, `null`} {
		if got, err := ParseFields(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
	d := Detection{ID: "a", AreaM2: 1}
	for _, text := range []string{"1.0", "01", "+1", "1e0", "", "NaN", "0x1p0", " 1", "1_0"} {
		other := bytes.Replace([]byte(d.JSON()), []byte(`"area_m2":1`), []byte(`"area_m2":`+text), 1)
		if got, err := ParseDetection(string(other)); err == nil {
			t.Errorf("%s is read as %+v", other, got)
		}
	}
	for _, text := range []string{"01", "-0", "", "-", "1.0", "9223372036854775808"} {
		other := bytes.Replace([]byte(d.JSON()), []byte(`"cells":0`), []byte(`"cells":`+text), 1)
		if got, err := ParseDetection(string(other)); err == nil {
			t.Errorf("%s is read as %+v", other, got)
		}
	}
}

// TestEveryMember: each member of each type is written and read, those too that somebody adds.
func TestEveryMember(t *testing.T) {
	var e Event
	var c Case
	var d Detection
	fill(reflect.ValueOf(&e).Elem())
	fill(reflect.ValueOf(&c).Elem())
	fill(reflect.ValueOf(&d).Elem())
	a := arbitrary{rand.New(rand.NewPCG(16, 9))}
	holdJSON(t, a, e, canonical(e), parseEvent)
	holdJSON(t, a, c, canonical(c), ParseCase)
	holdJSON(t, a, d, canonical(d), ParseDetection)
}

// fill gives all members a value that is not left out.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0))
		fill(v.Index(1))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("k"), reflect.ValueOf("v"))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1.8e9, 0).UTC()))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	default:
		panic("a member of kind " + v.Kind().String())
	}
}
