package qgis

import (
	"github.com/paulmach/orb"

	"greenshield/raster"
)

// Project is a QGIS project.
type Project struct {
	Title     string
	Extent    Extent  // what the map shows at first
	Groups    []Group // from the top of the map to the bottom
	Themes    []Theme
	Relations []Relation
	Bookmarks []Bookmark
	Sheet     *Sheet // nil for none
	// Years are the first and the last one that the temporal controller goes through, year by year; zero for none.
	Years [2]int
}

// Relation joins the rows of a table to the features of a layer: those whose TableField is the Field of the feature.
// Table and Layer are ids of layers.
type Relation struct {
	ID, Name, Table, TableField, Layer, Field string
}

// Group is a group of layers in the list of layers.
type Group struct {
	Name   string
	Hidden bool // it is not drawn until the user switches it on
	Closed bool // the list shows it without its layers
	Layers []Layer
}

// IDPrefix makes the ids of layers long, since QGIS gives new ids to layers whose ids have ten letters or less.
const IDPrefix = "greenshield_"

// Layer is a layer of a map: a layer of the GeoPackage with a style, a raster with a band and a palette, or tiles.
type Layer struct {
	ID, Name, Source, Provider string
	Hidden, ReadOnly           bool
	Style                      Style
	Band                       int
	CRS                        raster.CRS
	Palette                    []Entry // nil for an image, which has colours of its own
}

// Entry is how one class code of a raster is shown.
type Entry struct {
	Code         int64
	Color, Label string
}

// Extent is a box of a map in degrees: west, south, east, north.
type Extent [4]float64

// Around returns a box with a margin.
func Around(b orb.Bound) Extent {
	margin := 0.02*max(b.Max[0]-b.Min[0], b.Max[1]-b.Min[1]) + 0.001
	return Extent{b.Min[0] - margin, b.Min[1] - margin, b.Max[0] + margin, b.Max[1] + margin}
}

// Bookmark is a place that QGIS offers to show.
type Bookmark struct {
	Name   string
	Extent Extent
}

// Theme is a choice of groups that are shown; the others are hidden.
type Theme struct {
	Name   string
	Groups []Group
}
