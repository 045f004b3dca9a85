package engine

import (
	"bytes"
	"encoding/gob"
	"fmt"
)

// sparse is a list of sums by zone or region, most of which are zero in a part: the others alone are encoded.
type sparse[T comparable] []T

// some are the elements of a list that are not zero, and their places.
type some[T any] struct {
	Len    int
	At     []int
	Values []T
}

// GobEncode implements [gob.GobEncoder].
func (s sparse[T]) GobEncode() ([]byte, error) {
	var zero T
	e := some[T]{Len: len(s)}
	for i, v := range s {
		if v != zero {
			e.At, e.Values = append(e.At, i), append(e.Values, v)
		}
	}
	var out bytes.Buffer
	err := gob.NewEncoder(&out).Encode(&e)
	return out.Bytes(), err
}

// GobDecode implements [gob.GobDecoder].
func (s *sparse[T]) GobDecode(b []byte) error {
	var e some[T]
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(&e); err != nil {
		return err
	}
	if e.Len < 0 || len(e.At) != len(e.Values) {
		return fmt.Errorf("a list of %d elements has values at %d places, not %d", e.Len, len(e.At), len(e.Values))
	}
	*s = make(sparse[T], e.Len)
	for i, at := range e.At {
		if at < 0 || at >= e.Len {
			return fmt.Errorf("a list of %d elements has none at %d", e.Len, at)
		}
		(*s)[at] = e.Values[i]
	}
	return nil
}
