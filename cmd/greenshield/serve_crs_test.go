package main

import (
	"fmt"
	"math"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// gdaltransform takes a place to EPSG:4548 by GDAL's program, which prints the easting first.
func gdaltransform(t *testing.T, lon, lat float64) (northing, easting float64) {
	cmd := exec.Command("gdaltransform", "-s_srs", "EPSG:4490", "-t_srs", "EPSG:4548", "-output_xy")
	cmd.Stdin = strings.NewReader(fmt.Sprintf("%.9f %.9f\n", lon, lat))
	out, err := cmd.Output()
	if err == nil {
		_, err = fmt.Sscan(string(out), &easting, &northing)
	}
	if err != nil {
		t.Error(err)
	}
	return northing, easting
}

// TestServeCRS holds coordinates of the service against those of GDAL's program.
func TestServeCRS(t *testing.T) {
	crs := &serveCRS{}
	places := [][2]float64{{117.1234567, 31.2345678}, {115.5, 29}, {118.49, 34.6}, {113, 27}}
	var wait sync.WaitGroup
	for _, code := range []int{4534, 4547, 4548, 4554} {
		for _, p := range places {
			wait.Go(func() {
				x, y := []float64{p[0]}, []float64{p[1]}
				if err := crs.Project(code, x, y); err != nil {
					t.Error(err)
					return
				}
				if code == 4548 {
					n, e := gdaltransform(t, p[0], p[1])
					if math.Abs(n-y[0]) > 1e-4 || math.Abs(e-x[0]) > 1e-4 {
						t.Errorf("%v: northing %f, easting %f; want %f, %f", p, y[0], x[0], n, e)
					}
				}
				if err := crs.Unproject(code, x, y); err != nil || math.Abs(x[0]-p[0]) > 1e-9 || math.Abs(y[0]-p[1]) > 1e-9 {
					t.Errorf("EPSG:%d, %v: %v, %v, %v", code, p, x, y, err)
				}
			})
		}
	}
	wait.Wait()
	if err := crs.Project(1, []float64{0}, []float64{0}); err == nil {
		t.Error("EPSG:1 is no CRS")
	}
}

// TestServeFeatures: the server shows the ledger as collections, and describes itself.
func TestServeFeatures(t *testing.T) {
	dir, _ := serveScene(t)
	s := serveIn(t, dir, "--ledger", "ledger.gpkg", "--runs", "runs")
	for path, want := range map[string]string{
		"/":                            `"rel":"conformance"`,
		"/collections":                 `"id":"cases"`,
		"/collections/cases/items":     `"numberMatched":0,"numberReturned":0`,
		"/api":                         `"/collections/cases/items/{featureId}":`,
		"/conformance":                 "ogcapi-features-2/1.0/conf/crs",
		"/collections/leads?f=html":    `<html lang="zh-CN">`,
		"/collections/none":            `"status":404`,
		"/collections/cases/items?a=b": `"status":400`,
	} {
		if _, body := asked(t, http.DefaultClient, getRequest(t, s.url+path)); !strings.Contains(body, want) {
			t.Errorf("%s: no %s in %s", path, want, body)
		}
	}
	s.stop().want(t, 0)
}
