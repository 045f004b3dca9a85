package gdalvector

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"greenshield/raster"
)

// kml is what the frame of a KML file tells.
type kml struct {
	placemarks int // features, of all folders together
	links      int // network links, which are not followed
}

// checkKML reads a file before OGR does: OGR forgives coordinates that are none, and entities can make a small file
// large.
func checkKML(path string) (k kml, err error) {
	info, err := stat(path)
	if err != nil {
		return k, cause(err)
	}
	if info.Size() > maxInMemory {
		return k, fmt.Errorf("%w: KML of %d MB, at most %d MB are read; convert it to GeoPackage", raster.ErrLimit,
			info.Size()>>20, maxInMemory>>20)
	}
	b, err := readFile(path)
	if err != nil {
		return k, cause(err)
	}
	decoder := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(b, []byte("\uFEFF"))))
	for depth := 0; ; {
		token, err := decoder.Token()
		if err == io.EOF {
			return k, nil
		}
		if err != nil {
			return k, fmt.Errorf("not KML in UTF-8: %w", err)
		}
		switch t := token.(type) {
		case xml.Directive:
			return k, errors.New("it has a document type declaration, which KML does not need; remove it")
		case xml.EndElement:
			depth--
		case xml.StartElement:
			if depth++; depth == 1 && t.Name.Local != "kml" {
				return k, fmt.Errorf("not KML: it begins with <%s>", t.Name.Local)
			}
			if err := k.element(decoder, t, &depth); err != nil {
				return k, err
			}
		}
	}
}

// element counts what an element stands for; that of coordinates it reads to its end.
func (k *kml) element(decoder *xml.Decoder, start xml.StartElement, depth *int) error {
	const deepest = 1000
	switch start.Name.Local {
	case "Placemark":
		k.placemarks++
	case "NetworkLink":
		k.links++
	case "coordinates":
		var text string
		if err := decoder.DecodeElement(&text, &start); err != nil {
			return fmt.Errorf("not KML: %w", err)
		}
		*depth--
		for tuple := range strings.FieldsSeq(text) {
			if err := checkTuple(tuple); err != nil {
				return fmt.Errorf("placemark %d: %w", k.placemarks, err)
			}
		}
	}
	if *depth > deepest {
		return fmt.Errorf("not KML: its elements are nested more than %d deep", deepest)
	}
	return nil
}

// checkTuple refuses what is not a longitude, a latitude and perhaps an altitude.
func checkTuple(tuple string) error {
	numbers := strings.Split(tuple, ",")
	for _, n := range numbers {
		if _, err := strconv.ParseFloat(n, 64); err != nil || len(numbers) < 2 || len(numbers) > 3 {
			return fmt.Errorf("the coordinates %q are not LONGITUDE,LATITUDE or LONGITUDE,LATITUDE,ALTITUDE; correct the file",
				tuple)
		}
	}
	return nil
}

// choose is [choose] for KML, in which every folder is a layer: those without features are left out, and all
// placemarks must be in some layer.
func (k kml) choose(layers []layer, name string) (layer, error) {
	var filled []layer
	sum := 0
	for _, ly := range layers {
		n, err := ly.declared()
		if err != nil {
			return layer{}, err
		}
		if sum += n; n > 0 {
			filled = append(filled, ly)
		}
	}
	if sum != k.placemarks {
		return layer{}, fmt.Errorf("%d placemarks in the file, %d read: convert it to GeoPackage with the program that made "+
			"it", k.placemarks, sum)
	}
	if len(filled) == 0 {
		return layer{}, errors.New("empty layer: it has no features")
	}
	return choose(filled, name)
}
