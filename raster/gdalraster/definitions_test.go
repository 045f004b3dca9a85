package gdalraster

import (
	"strings"
	"testing"
)

// TestDefinitions: a definition means the same whatever was read before it.
func TestDefinitions(t *testing.T) {
	texts := []string{
		albers, strings.Replace(albers, `_2",47`, `_2",46`, 1), strings.Replace(albers, "China_Albers", "unnamed", 1),
		strings.Replace(albers, `UNIT["metre",1]]`, `UNIT["metre",1],AUTHORITY["EPSG","32650"]]`, 1),
		"EPSG:4527", esriGK39, esriWGS, "EPSG:4326", "EPSG:4979", xianBent, "EPSG:4610",
	}
	d := new(Definitions)
	for range 2 {
		for _, text := range texts {
			if got, err := d.ParseCRS(text); err != nil || got != crs(t, text) {
				t.Errorf("%.60s: got %+v, %v; alone %+v", text, got, err, crs(t, text))
			}
		}
	}
	stated, err := d.StateCRS("CGCS2000", crs(t, albers))
	alone, errAlone := new(Definitions).StateCRS("CGCS2000", crs(t, albers))
	if err != nil || errAlone != nil || stated != alone || stated == crs(t, albers) {
		t.Errorf("stated: got %+v, %v; alone %+v, %v", stated, err, alone, errAlone)
	}
}

// TestDefinitionsRemember: the database is searched for a definition once, and a text is understood once.
func TestDefinitionsRemember(t *testing.T) {
	d := new(Definitions)
	if c, err := d.ParseCRS(albers); err != nil || c.EPSG != 0 || len(d.codes) != 1 {
		t.Fatalf("got %+v, %v; remembered %v", c, err, d.codes)
	}
	for definition := range d.codes {
		d.codes[definition] = 4527
	}
	clear(d.parsed)
	// The second text is another spelling of the same.
	for _, text := range []string{albers, crs(t, albers).WKT} {
		if c, err := d.ParseCRS(text); err != nil || c.EPSG != 4527 {
			t.Errorf("got EPSG %d, %v, not what was remembered", c.EPSG, err)
		}
	}
	clear(d.codes)
	if c, err := d.ParseCRS(albers); err != nil || c.EPSG != 4527 || len(d.codes) != 0 {
		t.Errorf("got EPSG %d, %v, searched for again: %v", c.EPSG, err, d.codes)
	}
	if c := crs(t, albers); c.EPSG != 0 {
		t.Errorf("another memory: got EPSG %d", c.EPSG)
	}
}
