// Package collection is what the service offers to read: collections of features that follow from a run or from the
// ledger. It holds the words that those who offer them ([Collection]) share with those who show them as OGC API –
// Features, as tiles and as pages. It does no I/O.
package collection

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/paulmach/orb"
)

// MaxLimit is how many features one page may have.
const MaxLimit = 10_000

// ErrNoItem is that a collection has no feature of that id.
var ErrNoItem = errors.New("there is no such feature")

// Type is the type of a property.
type Type string

// The types.
const (
	Text    Type = "string"
	Integer Type = "integer"
	Number  Type = "number"
	Boolean Type = "boolean"
	Date    Type = "date" // a calendar day, such as 2021-06-30
)

// Code is one value that a property may have.
type Code struct {
	Value string // as in properties and queries
	Title string // in Chinese
}

// Field is a property of the features of a collection.
type Field struct {
	Name  string
	Title string // in Chinese
	Type  Type
	Codes []Code // all values that there are; nil where they are open
	// Queryable is that Query.Where may name it; Sortable that Query.Sort may.
	Queryable, Sortable bool
}

// Info is what a collection says of itself.
type Info struct {
	ID          string // of ASCII letters, digits, '-', '_' and '.': part of addresses
	Title       string // in Chinese
	Description string
	Run         string       // id of the run that it is of, "" for one of the ledger
	Box         *orb.Bound   // of all features, in degrees; nil when none has a place
	From, Until time.Time    // of all features, both inclusive; zero when they have no time
	Made        time.Time    // when its run was made; zero for one of the ledger
	Fields      []Field      // in the order of properties
	Geometry    GeometryType // of its features
}

// GeometryType is what kind of geometry features have.
type GeometryType string

// The kinds of geometry.
const (
	Polygons GeometryType = "polygons" // MultiPolygon, or nothing
	Points   GeometryType = "points"   // Point, or nothing
	Mixed    GeometryType = "mixed"    // either, or nothing
	None     GeometryType = "none"
)

// Feature is one feature.
type Feature struct {
	ID string
	// Geometry is the JSON of a GeoJSON geometry in degrees of longitude and latitude, nil for none. Callers must not
	// change it.
	Geometry json.RawMessage
	// Properties is the JSON of an object whose members are in the order of Info.Fields.
	Properties json.RawMessage
}

// Interval is a stretch of time, both ends inclusive; a zero end is open.
type Interval struct{ From, Until time.Time }

// Sort is an order of features; those that are equal in it are by id, in the same direction. Features without a value
// come last, whatever the direction. The zero value is the order of the collection itself, in which ids are unique.
type Sort struct {
	Field string
	Down  bool
}

// Query chooses features.
type Query struct {
	// Box chooses features of which the geometry has at least one point in the box, edges included, in degrees; those
	// without a place are not chosen. nil chooses all.
	Box *orb.Bound
	// Time chooses features whose time has at least one instant in common with it, and those without time. nil: all.
	Time *Interval
	// Where chooses features whose property of each name has one of the values; numbers are compared as such.
	Where map[string][]string
	// AtLeast chooses features whose number of each name is at least that.
	AtLeast map[string]float64
	Sort    Sort
	// After is Page.Next of the page before, "" for the first one. It holds for the same Where, Box, Time and Sort.
	After string
	Limit int // from 1 to MaxLimit
	// Without has geometries left out, which saves the time to read them.
	Without bool
}

// Page is a page of features.
type Page struct {
	Features []Feature
	Next     string // "" on the last page
	Matched  int    // features that the query chooses on all pages; −1 when nobody counted them
}

// Collection is features of one kind. Implementations may be used by several goroutines.
type Collection interface {
	// Info tells of the collection as it is now. Callers must not change it.
	Info() Info
	// Items returns a page of the features that the query chooses. A query that names a property that cannot be asked
	// for, or an After that is none, is an error of type *BadQuery.
	Items(ctx context.Context, q Query) (*Page, error)
	// Item returns a feature, or ErrNoItem.
	Item(ctx context.Context, id string) (*Feature, error)
	// Version changes whenever anything in the collection does. It has at most 64 letters and digits.
	Version() string
}

// BadQuery is that a query cannot be answered.
type BadQuery struct{ Detail string }

func (e *BadQuery) Error() string { return e.Detail }

// Unavailable is that what a collection is made of cannot be read for a while. Handlers answer it with 503 and
// Retry-After.
type Unavailable struct {
	After time.Duration // after how long it is worth asking again
	Err   error         // for the log; it may name what clients need not know
}

func (e *Unavailable) Error() string { return e.Err.Error() }
func (e *Unavailable) Unwrap() error { return e.Err }

// Seconds is the value of the header Retry-After: whole seconds, at least 1.
func (e *Unavailable) Seconds() string {
	return strconv.Itoa(max(1, int(math.Ceil(e.After.Seconds()))))
}

// Source offers collections, as they are now, in an order that stays. Implementations may be used by several
// goroutines.
type Source interface {
	Collections(ctx context.Context) ([]Collection, error)
	// Collection returns that of an id, or ErrNoCollection.
	Collection(ctx context.Context, id string) (Collection, error)
}

// ErrNoCollection is that a source has no collection of that id.
var ErrNoCollection = errors.New("there is no such collection")

// Withheld is a collection of a run that is not offered.
type Withheld struct {
	Run, Kind string // id of the run; the collection's id is both with a dot between
	Title     string // in Chinese
	Reason    string // for readers; it names no path of the server
}

// Withholder is a [Source] that tells what it does not offer, by run and kind.
type Withholder interface {
	Withheld(ctx context.Context) ([]Withheld, error)
}
