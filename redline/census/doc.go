// Package census counts cells: by the codes of one epoch, and by the units of a survey in both epochs and in the maps
// of the years between.
//
// # A cell belongs to one county
//
// A cell belongs to the unit that holds its centre. A centre on an outline belongs to the ground east of the outline,
// or south of it where it runs east to west ([overlay.Centres]). So counties sum to the province to the last cell.
// Candidates are cut exactly, never by centres, and their areas are not compared with those of a survey.
//
// # Counties and types are counted by their parts
//
// The patches of a city or of the whole follow from those of the counties and from where they touch ([landscape.Band]),
// and those of a zone type from its zones. Counting the whole, cities and counties each by itself took 1.6 times as
// long. Zones of two types overlap, so each type is counted by itself. Where zones of one type overlap, a cell counts
// for the type as that of one zone, and these zones are counted by themselves too. Nothing can be counted by unit
// before the layers are read, since until then no cell has a unit.
//
// # The years between are counted in place
//
// The maps of all years are read tile by tile, one after another, and each is counted against the one before. So two
// tiles of symbols are held at a time however many maps there are.
package census
