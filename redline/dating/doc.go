// Package dating tells from the maps of the years between the epochs when ground changed.
//
// # The rule
//
// A cell has a sequence of years: that of the epoch before, those of the maps between, and that of the epoch after. In
// each year its ground is in the new transition group of its change, or it is not: the ecosystem class of the map is
// among the classes after of [redline.GroupClasses], or it is not. Years without an observation are left out: NoData,
// and cells that the map does not cover.
//
//   - The year of the change is the first one from which on every year is new.
//   - A: there is one change, with at least [redline.Steady] years that are not new before it and as many that are
//     new after it, its own included. B: there is one change, but fewer years before or after it.
//   - C: there are several changes, and at least Steady years that are new at the end. All that is known is that ground
//     began to change at the first new year, and has stood since the year of the change.
//   - D: all else. It may be several changes of which the last one is of the last year, or the class before is in the
//     new group itself.
//
// A change came about after the last map that shows the old ground and before the one that shows the new ground. So
// the earliest year in which it can have happened is the one after the last observation before the first new year.
//
// The rule is the temporal rule of MapBiomas (https://mapbiomas.org, Algorithm Theoretical Basis Document, on
// deforestation and secondary vegetation): a transition is believed when the class before stood for n years and the
// class after stands for m years; here n = m = Steady.
//
// # Limits
//
// It tells what maps show. An error of classification that lasts for Steady years is taken for a change; what is built
// within a year and gone in the next map is not seen; maps that lag behind the ground date late. All classes in the new
// group count alike, so ground that was bare and then built within one group has the year in which it became bare.
//
// # How it is done
//
// The two states of a cell in all years are two words of bits, so there may be at most [MaxMaps] maps between, and what
// the rule makes of them is a [Code] of 16 bits. Of each map only the blocks are read that hold cells to date. All maps
// are read at one place before the next, so that those in one file with interleaved bands are decoded once.
package dating
