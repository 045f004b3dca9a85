package main

import (
	"fmt"
	"sync"

	"greenshield/raster/gdalraster"
)

// serveCRS takes coordinates between CRS84 and the projected CRSs of the service, by PROJ.
type serveCRS struct {
	mu   sync.Mutex
	idle map[[2]string][]*gdalraster.Transform // by the CRSs from and to, as EPSG:4548
}

const wgs84 = "EPSG:4326" // of which PROJ's transformations take longitudes first

// Project takes longitudes and latitudes to eastings and northings.
func (s *serveCRS) Project(epsg int, x, y []float64) error {
	return s.move(wgs84, epsgName(epsg), x, y)
}

// Unproject takes eastings and northings to longitudes and latitudes.
func (s *serveCRS) Unproject(epsg int, x, y []float64) error {
	return s.move(epsgName(epsg), wgs84, x, y)
}

func epsgName(code int) string { return fmt.Sprintf("EPSG:%d", code) }

func (s *serveCRS) move(from, to string, x, y []float64) error {
	key := [2]string{from, to}
	t, err := s.take(key)
	if err != nil {
		return err
	}
	err = t.XY(x, y)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle[key] = append(s.idle[key], t)
	return err
}

// take returns a transform that nobody else uses: an idle one, or another.
func (s *serveCRS) take(key [2]string) (*gdalraster.Transform, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.idle == nil {
		s.idle = map[[2]string][]*gdalraster.Transform{}
	}
	if n := len(s.idle[key]); n > 0 {
		t := s.idle[key][n-1]
		s.idle[key] = s.idle[key][:n-1]
		return t, nil
	}
	from, err := gdalraster.ParseCRS(key[0])
	if err != nil {
		return nil, err
	}
	to, err := gdalraster.ParseCRS(key[1])
	if err != nil {
		return nil, err
	}
	return gdalraster.NewTransform(from, to)
}
