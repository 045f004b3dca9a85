package shard

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"reflect"

	"github.com/paulmach/orb"
)

// writer writes plain values: numbers, texts, and pointers to, slices and structs of these, whose fields are exported.
// Others make it panic. A [reader] reads them as they were, to the last bit; nil stays nil. Texts that came shortly
// before are written as references.
type writer struct {
	to      *bufio.Writer
	scratch []byte
	recent  recent
	err     error
}

// recent remembers texts by a hash: in a reader and in the writer that it reads from the same ones.
type recent [1 << 12]string

// slot returns the place of a text.
func (r *recent) slot(s string) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h % uint64(len(r))
}

var shapeType = reflect.TypeFor[orb.MultiPolygon]()

// value writes what v points to. The error of writing is kept until the end.
func (w *writer) value(v any) { w.put(reflect.ValueOf(v).Elem()) }

func (w *writer) bytes(b []byte) {
	if _, err := w.to.Write(b); err != nil && w.err == nil {
		w.err = err
	}
}

func (w *writer) number(n uint64) {
	w.scratch = binary.AppendUvarint(w.scratch[:0], n)
	w.bytes(w.scratch)
}

// length writes that of a list, or that it is nil.
func (w *writer) length(n int, isNil bool) {
	if isNil {
		w.number(0)
		return
	}
	w.number(uint64(n) + 1)
}

func (w *writer) put(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		w.text(v.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.scratch = binary.AppendVarint(w.scratch[:0], v.Int())
		w.bytes(w.scratch)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		w.number(v.Uint())
	case reflect.Float64:
		w.scratch = binary.LittleEndian.AppendUint64(w.scratch[:0], math.Float64bits(v.Float()))
		w.bytes(w.scratch)
	case reflect.Bool:
		if v.Bool() {
			w.number(1)
		} else {
			w.number(0)
		}
	case reflect.Pointer:
		if v.IsNil() {
			w.number(0)
			return
		}
		w.number(1)
		w.put(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			w.put(v.Field(i))
		}
	case reflect.Slice:
		w.list(v)
	default:
		panic(v.Type().String())
	}
}

// text writes a text: its place among the recent ones when it is there, else a 0, its length and itself.
func (w *writer) text(s string) {
	slot := w.recent.slot(s)
	if w.recent[slot] == s {
		w.number(slot + 1)
		return
	}
	w.recent[slot] = s
	w.scratch = append(binary.AppendUvarint(append(w.scratch[:0], 0), uint64(len(s))), s...)
	w.bytes(w.scratch)
}

func (w *writer) list(v reflect.Value) {
	if v.Type() == shapeType {
		w.shape(v.Interface().(orb.MultiPolygon))
		return
	}
	w.length(v.Len(), v.IsNil())
	for i := range v.Len() {
		w.put(v.Index(i))
	}
}

// shape writes an outline.
func (w *writer) shape(mp orb.MultiPolygon) {
	w.length(len(mp), mp == nil)
	for _, polygon := range mp {
		w.length(len(polygon), polygon == nil)
		for _, ring := range polygon {
			w.length(len(ring), ring == nil)
			w.scratch = w.scratch[:0]
			for _, p := range ring {
				for _, x := range p {
					w.scratch = binary.LittleEndian.AppendUint64(w.scratch, math.Float64bits(x))
				}
			}
			w.bytes(w.scratch)
		}
	}
}

// reader reads what a writer wrote.
type reader struct {
	from    *bufio.Reader
	scratch []byte
	recent  recent
	err     error
}

var errValues = errors.New("it holds what the program does not write")

// value sets what v points to. After an error it has no meaning.
func (r *reader) value(v any) { r.take(reflect.ValueOf(v).Elem()) }

func (r *reader) fail(err error) {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) number() uint64 {
	if r.err != nil {
		return 0
	}
	n, err := binary.ReadUvarint(r.from)
	if err != nil {
		r.fail(err)
		return 0
	}
	return n
}

// bytes returns the next n bytes, which are valid until the next call; nil after an error.
func (r *reader) bytes(n int) []byte {
	if r.err != nil {
		return nil
	}
	if cap(r.scratch) < n {
		r.scratch = make([]byte, n)
	}
	b := r.scratch[:n]
	if _, err := io.ReadFull(r.from, b); err != nil {
		r.fail(err)
		return nil
	}
	return b
}

// length returns that of a list, −1 for nil.
func (r *reader) length() int {
	n := r.number()
	if n > math.MaxInt32 {
		r.fail(errValues)
	}
	if r.err != nil {
		return -1
	}
	return int(n) - 1
}

func (r *reader) take(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(r.text())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := binary.ReadVarint(r.from)
		if err != nil {
			r.fail(err)
		}
		v.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(r.number())
	case reflect.Float64:
		if b := r.bytes(8); b != nil {
			v.SetFloat(math.Float64frombits(binary.LittleEndian.Uint64(b)))
		}
	case reflect.Bool:
		v.SetBool(r.number() != 0)
	case reflect.Pointer:
		if v.SetZero(); r.number() != 0 {
			v.Set(reflect.New(v.Type().Elem()))
			r.take(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			r.take(v.Field(i))
		}
	case reflect.Slice:
		r.list(v)
	default:
		panic(v.Type().String())
	}
}

func (r *reader) text() string {
	if slot := r.number(); slot > uint64(len(r.recent)) {
		r.fail(errValues)
		return ""
	} else if slot > 0 {
		return r.recent[slot-1]
	}
	n := r.number()
	if n > math.MaxInt32 {
		r.fail(errValues)
	}
	s := string(r.bytes(int(n)))
	r.recent[r.recent.slot(s)] = s
	return s
}

func (r *reader) list(v reflect.Value) {
	if v.Type() == shapeType {
		v.Set(reflect.ValueOf(r.shape()))
		return
	}
	n := r.length()
	if v.SetZero(); n < 0 {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), n, n))
	for i := 0; i < n && r.err == nil; i++ {
		r.take(v.Index(i))
	}
}

func (r *reader) shape() orb.MultiPolygon {
	n := r.length()
	if n < 0 {
		return nil
	}
	mp := make(orb.MultiPolygon, n)
	for i := 0; i < n && r.err == nil; i++ {
		rings := r.length()
		if rings < 0 {
			continue
		}
		mp[i] = make(orb.Polygon, rings)
		for k := range mp[i] {
			mp[i][k] = r.ring()
		}
	}
	return mp
}

func (r *reader) ring() orb.Ring {
	const size = 16
	n := r.length()
	b := r.bytes(size * max(0, n))
	if n < 0 || b == nil {
		return nil
	}
	ring := make(orb.Ring, n)
	for i := range ring {
		for axis := range 2 {
			ring[i][axis] = math.Float64frombits(binary.LittleEndian.Uint64(b[size*i+8*axis:]))
		}
	}
	return ring
}
