package job

import (
	"fmt"
	"regexp"
	"strconv"

	"greenshield/redline"
)

// quantity is a decimal number and its unit.
var quantity = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]+[²2]?)$`)

// units lists the units of a size, each in cells or in m².
var units = []struct {
	name  string
	cells float64
	m2    float64
}{{"cells", 1, 0}, {"cell", 1, 0}, {"m2", 0, 1}, {"m²", 0, 1}, {"ha", 0, 1e4}, {"km2", 0, 1e6}, {"km²", 0, 1e6}}

// size is a threshold of area, which may be 0.
type size struct{ s *redline.Size }

// The largest thresholds that make sense: more cells than any raster has, and the surface of the earth.
const (
	maxSizeCells = 1e12
	maxSizeM2    = 5.1e14
)

func (v size) Set(s string) error {
	if m := quantity.FindStringSubmatch(s); m != nil {
		n, err := strconv.ParseFloat(m[1], 64)
		for _, u := range units {
			if err != nil || u.name != m[2] {
				continue
			}
			if n*u.cells > maxSizeCells || n*u.m2 > maxSizeM2 {
				return fmt.Errorf("%q is larger than any raster", s)
			}
			*v.s = redline.Size{Cells: n * u.cells, M2: n * u.m2}
			return nil
		}
	}
	return fmt.Errorf("%q is not a size; "+
		"write a number that is not negative and its unit, such as 4cells, 0.5ha or 5000m2", s)
}

func (v size) String() string { return FormatSize(*v.s) }

// FormatSize returns s as a job file writes it, in m² or cells.
func FormatSize(s redline.Size) string {
	format := func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
	if s.M2 > 0 {
		return format(s.M2) + "m2"
	}
	if s.Cells == 1 {
		return "1cell"
	}
	return format(s.Cells) + "cells"
}

// byteUnits lists the units of memory. Of those that give a whole number the first one is printed.
var byteUnits = []struct {
	name  string
	bytes float64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"TB", 1e12}, {"GB", 1e9}, {"MiB", 1 << 20}, {"MB", 1e6}}

// minMemory is what a run needs besides its data, in bytes.
const minMemory = 64 << 20

// memory is an amount of memory of at least minMemory.
type memory struct{ bytes *int64 }

func (v memory) Set(s string) error {
	if m := quantity.FindStringSubmatch(s); m != nil {
		n, err := strconv.ParseFloat(m[1], 64)
		for _, u := range byteUnits {
			if err != nil || u.name != m[2] {
				continue
			}
			if n *= u.bytes; n < minMemory || n > 1<<50 {
				return fmt.Errorf("%q is not between 64MiB and 1024TiB", s)
			}
			*v.bytes = int64(n)
			return nil
		}
	}
	return fmt.Errorf("%q is not an amount of memory; write a number and its unit, such as 2GiB or 600MB", s)
}

func (v memory) String() string {
	for _, u := range byteUnits {
		if n := float64(*v.bytes) / u.bytes; n == float64(int64(n)) {
			return fmt.Sprintf("%.0f%s", n, u.name)
		}
	}
	return strconv.FormatFloat(float64(*v.bytes)/1e6, 'f', -1, 64) + "MB"
}
