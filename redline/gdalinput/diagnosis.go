package gdalinput

import "greenshield/redline"

// Diagnosis is all that can be said of a job's inputs without writing anything.
type Diagnosis struct {
	Inputs   []InputFacts `json:"inputs"`                // in the order of the job
	Grid     *GridFacts   `json:"common_grid,omitempty"` // nil when the rasters have none
	Overlaps *Overlaps    `json:"overlaps,omitempty"`    // nil when no zone could be placed
	Zones    []ZoneFacts  `json:"zones"`                 // of layers without a problem, by layer, then id
	Warnings []Message    `json:"warnings"`
	Problems []Problem    `json:"problems"`
}

// InputFacts describe one epoch or layer.
type InputFacts struct {
	Role   string `json:"role"`           // see [RoleBefore]
	Name   string `json:"name,omitempty"` // of the pair of maps that it is one of
	Path   string `json:"path"`           // as in the job
	Year   int    `json:"year,omitempty"`
	Legend string `json:"legend,omitempty"`
	// YearsApart is how many years a map of a pair lies from that of its epoch, and CoversPct how much of the common grid
	// a map on a grid of its own covers; nil for any other input, and for one that could not be placed.
	YearsApart *int         `json:"years_apart,omitempty"`
	CoversPct  *float64     `json:"covers_pct,omitempty"`
	Usable     bool         `json:"usable"`           // no problem is its own
	Files      []FileFacts  `json:"files"`            // all that were read, with their sidecars
	Raster     *RasterFacts `json:"raster,omitempty"` // nil for a layer, and for an epoch that could not be opened
	Layer      *LayerFacts  `json:"layer,omitempty"`  // nil for an epoch, and for a layer that could not be read
}

// FileFacts name a file.
type FileFacts struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"` // 0 when the file is gone
}

// ZoneFacts tell how much of a zone the rasters show.
type ZoneFacts struct {
	ZoneRef
	AreaHa    float64  `json:"area_ha"`
	OutsideHa *float64 `json:"outside_ha,omitempty"` // outside the common grid; nil when there is none
	NoDataHa  *float64 `json:"nodata_ha,omitempty"`  // on cells that are NoData in an epoch; nil without a comparison
	SeenPct   *float64 `json:"seen_pct,omitempty"`   // share that is neither, by redline.Percent; nil as NoDataHa

	// Seen says the same in words of package redline. It is only valid when OutsideHa is not nil; when NoDataHa is nil
	// it regards what lies outside the common grid alone.
	Seen redline.Seen `json:"-"`
}

// ZoneRef names a zone.
type ZoneRef struct {
	Input   int    `json:"input"` // position in Diagnosis.Inputs
	Layer   string `json:"layer"` // [redline.LayerRedLine] or [redline.LayerReserve]
	ID      string `json:"id"`
	Name    string `json:"name"`
	Type    string `json:"zone_type"`
	Feature int    `json:"feature"` // number in its layer, from 1
}

// Message is a remark.
type Message struct {
	Text  string `json:"message"`
	Input *int   `json:"input,omitempty"` // position in Diagnosis.Inputs; nil when the remark belongs to none alone
}

// Problem is what keeps a run from starting.
type Problem struct {
	Code int `json:"code"` // the exit status that it gives, a [redline.Kind]
	Message
}
