package survey

import (
	"fmt"
	"strconv"

	"greenshield/raster/landcover"
	"greenshield/seeds"
)

// The denominators of the transition index.
const (
	Changed = "changed" // the area whose class changed
	Total   = "total"   // all area valid in both epochs
)

// Settings say what sources leave open in the formulas.
type Settings struct {
	Divisor     int    // divisor of the comprehensive dynamic degree, 1 or 2
	Annualise   bool   // dynamic degrees are for a year, not for the whole period
	Denominator string // what the transition index is divided by: Changed or Total
	// Ranks are the ecological ranks of the classes for the transition index, from 1, the
	// best, to MaxRank. NoData has rank 0.
	Ranks [landcover.NumEcosystems]int
}

// Default returns the settings of a job that says nothing of them.
func Default() Settings {
	s := Settings{Divisor: 1, Annualise: true, Denominator: Changed}
	rows, err := landcover.ReadTable("seeds/survey/ranks.csv", seeds.Ranks(), "class", "rank")
	for _, r := range rows {
		var rank int
		if rank, err = strconv.Atoi(r.Fields["rank"]); err == nil {
			err = s.SetRank(r.Fields["class"], rank)
		}
		if err != nil {
			break
		}
	}
	if err != nil {
		panic(fmt.Sprint("seeds: ", err))
	}
	return s
}

// MaxRank is the largest ecological rank: there are nine classes to be ranked.
const MaxRank = 9

// SetRank sets the rank of the class of that name. It fails for NoData, for names that no
// class has, and for ranks outside 1 to MaxRank.
func (s *Settings) SetRank(class string, rank int) error {
	e, err := landcover.ParseEcosystem(class)
	if err != nil {
		return err
	}
	if e == landcover.NoData || rank < 1 || rank > MaxRank {
		return fmt.Errorf("rank %d of %s is not one from 1 to %d", rank, class, MaxRank)
	}
	s.Ranks[e] = rank
	return nil
}
