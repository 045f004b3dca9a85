// Package census counts cells: by the codes of one epoch, and by the units of a survey in both.
//
// # A cell belongs to one county
//
// A cell is of the unit that holds its centre; a centre on an outline is of what lies east of it, or south where the
// outline runs east to west ([overlay.Centres]). So counties sum to the province to the last cell. Candidates are cut
// exactly and never by centres: the two do not meet.
//
// # Counties are counted once
//
// The patches of a city or of the whole follow from those of the counties and from where they touch ([landscape.Band]).
// Counting the whole, cities and counties each by itself took 1.6 times as long. Zones overlap, so each is counted by
// itself. Nothing can be counted by unit before the layers are read, since it must be known whose a cell is.
package census
