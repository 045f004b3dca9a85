package gdalinput

import (
	"cmp"
	"fmt"
	"strconv"

	"greenshield/redline"
)

// roleSince is the role of the field that holds when zones were founded or drawn.
const roleSince = "since"

// SinceFacts tell how the zones of a layer are dated.
type SinceFacts struct {
	Zones      int    `json:"zones"`                // with a date
	Stated     int    `json:"stated,omitempty"`     // of these, those that have the date which the job states
	Unreadable int    `json:"unreadable,omitempty"` // without a date, for what the field holds cannot be read
	First      string `json:"first,omitempty"`      // earliest date
	Last       string `json:"last,omitempty"`       // latest date
}

// takeDates returns the date of each feature of a layer of zones: that of its field, else, where the field says that
// there is none, the one that the job states for the layer. What cannot be read is told, and is no date. A field that
// was found by its name and holds nothing readable is not used.
func (l *Loaded) takeDates(ly *layer) []redline.Date {
	_, named := ly.source.Fields[roleSince]
	field := l.findField(ly, roleSince)
	dates, unread := ly.readDates(field)
	var list []string
	read := 0
	for i := range dates {
		switch {
		case unread[i]:
			text := firstCharacters(ly.text(i, field))
			list = append(list, fmt.Sprintf("feature %s (%q)", strconv.Itoa(ly.Features[i].Number), text))
		case dates[i] != redline.Date{}:
			read++
		}
	}
	switch {
	case list != nil && read == 0 && !named:
		ly.in.warn("field %s is not used as the date of the zones, since nothing in it can be read as a date: %s; name the "+
			"field by fields: {since: …} in the job file, or state the date of the layer by since: 2018", field, firstTen(list))
		field, list, unread = "", nil, make([]bool, len(dates))
	case list != nil:
		ly.in.warn("field %s: %d of the %d dates of zones cannot be read, so these zones have none: %s; write them as 2018, "+
			"2018-06 or 2018-06-30", field, len(list), read+len(list), firstTen(list))
	}
	stated := ly.source.Since
	if field == "" && stated == (redline.Date{}) {
		return dates
	}
	if field != "" {
		ly.in.Layer.Roles = append(ly.in.Layer.Roles, FieldRole{roleSince, field})
	}
	facts := &SinceFacts{Unreadable: len(list)}
	for i := range dates {
		if dates[i] == (redline.Date{}) && !unread[i] && stated != (redline.Date{}) {
			dates[i] = stated
			facts.Stated++
		}
		facts.count(dates[i])
	}
	ly.in.Layer.Since = facts
	return dates
}

// readDates returns what a field says of the date of each feature, and whether it cannot be read.
func (ly *layer) readDates(field string) (dates []redline.Date, unread []bool) {
	dates, unread = make([]redline.Date, len(ly.Features)), make([]bool, len(ly.Features))
	if field == "" {
		return dates, unread
	}
	for i := range ly.Features {
		d, ok := redline.ParseDate(ly.text(i, field))
		dates[i], unread[i] = d, !ok
	}
	return dates, unread
}

// count adds the date of a zone.
func (f *SinceFacts) count(d redline.Date) {
	if d == (redline.Date{}) {
		return
	}
	f.Zones++
	text := d.String()
	f.First = min(cmp.Or(f.First, text), text)
	f.Last = max(f.Last, text)
}
