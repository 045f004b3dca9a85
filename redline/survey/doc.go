// Package survey computes the indicators of the survey of ecological change (生态状况变化调查)
// from what the engine found of a unit. README.md beside this file has every formula, and an
// example computed by hand, which a test computes again.
//
// The formulas, and what is set here, are this project's choice: common ones of the national
// assessments, with a setting ([Settings]) where sources differ. None of it was checked against
// the text of a standard, and [Unverified] must say so wherever these numbers stand.
//
// # Whose a cell is
//
// Only cells that are valid in both epochs count. A cell belongs to the unit that holds its
// centre. A centre on an outline belongs to what lies east of it, or south where the outline
// runs east to west. So each cell has one county at most, and counties, with what lies in none,
// sum to the whole to the last cell, which each run checks against the transition matrix.
// Candidates are cut exactly and never by centres, so their areas and those of the survey are
// not to be compared.
//
// # How patches are counted
//
// The patches of a city and of the whole follow from those of the counties and from where they
// touch. Counting the whole, cities and counties each by itself took 1.6 times as long. Zones
// overlap, so each is counted by itself, and zones do not add up.
package survey
