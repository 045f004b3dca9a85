package web

import (
	"math"
	"slices"

	"greenshield/redline/ledgerwork"
)

// Size of the drawing of places, and of the squares whose cases are one dot, in its units.
const (
	drawnWidth, drawnHeight = 720, 420
	drawnEdge, square       = 14, 8
)

// spot is a dot: the cases of one square.
type spot struct {
	X, Y, R float64
	Count   int64
}

// spots are where cases lie.
type spots struct {
	All, Alarms  []spot     // of all cases; of those that are overdue, or that an image lets suspect
	Bounds       [4]float64 // west, south, east, north, in degrees
	Placed, Lost int64      // cases with a place, and without
}

// spotsOf returns where the cases of a standing lie.
func spotsOf(st *ledgerwork.Standing) (s spots) {
	type place struct {
		lon, lat float64
		alarm    bool
	}
	var places []place
	west, south, east, north := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for i := range st.Cases {
		c := &st.Cases[i]
		if c.MergedInto != "" {
			continue
		}
		g := ledgerwork.ShapeOf(c.Fields)
		if g == nil {
			s.Lost++
			continue
		}
		at := g.Bound().Center()
		west, south = min(west, at[0]), min(south, at[1])
		east, north = max(east, at[0]), max(north, at[1])
		places = append(places, place{at[0], at[1], c.Overdue(st.Day) || c.Suspicion != ""})
	}
	if s.Placed = int64(len(places)); s.Placed == 0 {
		return s
	}
	s.Bounds = [4]float64{west, south, east, north}
	wide := math.Cos((south + north) / 2 * math.Pi / 180) // a degree of longitude, in degrees of latitude
	scale := min((drawnWidth-2*drawnEdge)/max((east-west)*wide, 1e-3), (drawnHeight-2*drawnEdge)/max(north-south, 1e-3))
	all, alarms := map[[2]int]int64{}, map[[2]int]int64{}
	for _, p := range places {
		x := drawnWidth/2 + (p.lon-(west+east)/2)*wide*scale
		y := drawnHeight/2 - (p.lat-(south+north)/2)*scale
		k := [2]int{int(x / square), int(y / square)}
		all[k]++
		if p.alarm {
			alarms[k]++
		}
	}
	s.All, s.Alarms = dots(all), dots(alarms)
	return s
}

// dots returns the dots of squares, the largest first, so that none is hidden.
func dots(squares map[[2]int]int64) (all []spot) {
	for k, n := range squares {
		r := min(1.8+0.7*math.Sqrt(float64(n)), 9)
		all = append(all, spot{float64(k[0]*square) + square/2, float64(k[1]*square) + square/2, math.Round(10*r) / 10, n})
	}
	slices.SortFunc(all, func(a, b spot) int {
		switch {
		case a.Count != b.Count:
			return int(b.Count - a.Count)
		case a.Y != b.Y:
			return int(a.Y - b.Y)
		}
		return int(a.X - b.X)
	})
	return all
}
