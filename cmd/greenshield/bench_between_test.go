package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"greenshield/redline/scene"
	"greenshield/redline/scene/gdalscene"
)

// benchStack is a set of maps between the epochs of a scene that make bench runs. Their years end before that of
// epoch 1.
type benchStack struct {
	name   string
	maps   int
	pixels bool // one file, its bands interleaved by pixel; else a file for each map
}

var benchStacks = []benchStack{{"4-files", 4, false}, {"25-files", 25, false}, {"25-bands", 25, true}}

// files lists the files of the maps.
func (k benchStack) files() (all []scene.Map) {
	var years []int
	for year := scene.YearB - k.maps; year < scene.YearB; year++ {
		years = append(years, year)
		all = append(all, scene.Map{File: fmt.Sprintf("lc%d.tif", year), Years: []int{year}})
	}
	if k.pixels {
		return []scene.Map{{File: "bands.tif", Years: years, Pixels: true}}
	}
	return all
}

// job returns the text of a job of the scene in the folder ../name with the maps between.
func (k benchStack) job(name, text string) string {
	text = beside(name, text)
	text = strings.Replace(text, fmt.Sprintf("year: %d", scene.YearA), fmt.Sprintf("year: %d", scene.YearB-k.maps-1), 1)
	text += "between:\n"
	for _, m := range k.files() {
		if k.pixels {
			text += fmt.Sprintf("  - {years: %d-%d, files: [%s], first_band: 1}\n", m.Years[0], scene.YearB-1, m.File)
		} else {
			text += fmt.Sprintf("  - {year: %d, files: [%s]}\n", m.Years[0], m.File)
		}
	}
	return text
}

// folder returns the folder of the maps between the epochs of a scene, with a job that names both, and that of the scene.
// It is made once beside that of the scene.
func (k benchStack) folder(b *testing.B, s benchScene) (dir, of string) {
	b.Helper()
	of = s.folder(b)
	dir = of + "-" + k.name
	if _, err := os.Stat(filepath.Join(dir, scene.JobFile)); err == nil {
		return dir, of
	}
	if err := k.write(dir, of, s.sized(b)); err != nil {
		b.Fatal(err)
	}
	return dir, of
}

// write makes the folder dir for the scene s, which is in the folder of.
func (k benchStack) write(dir, of string, s benchScene) error {
	text, err := os.ReadFile(filepath.Join(of, scene.JobFile))
	if err != nil {
		return err
	}
	made, err := scene.New(s.params)
	if err != nil {
		return err
	}
	part := dir + ".part" // what an interrupted making leaves
	if err := errors.Join(os.RemoveAll(part), os.Mkdir(part, 0o777)); err != nil {
		return err
	}
	years := made.Years(scene.YearB-k.maps-1, scene.YearB, scene.RealNoise)
	if err := gdalscene.WriteMaps(part, of, made, years, k.files(), s.tiles()...); err != nil {
		return err
	}
	job := []byte(k.job(filepath.Base(of), string(text)))
	if err := os.WriteFile(filepath.Join(part, scene.JobFile), job, 0o666); err != nil {
		return err
	}
	return os.Rename(part, dir)
}

// BenchmarkBetween measures whole runs with maps between the epochs against the same runs without. Both take turns;
// reported are medians, and the ratio is that of each turn.
func BenchmarkBetween(b *testing.B) {
	for _, name := range []string{"shared", "anhui-30m"} {
		all := benchScenes()
		s := all[slices.IndexFunc(all, func(s benchScene) bool { return s.name == name })]
		b.Run(name, func(b *testing.B) {
			for _, k := range benchStacks {
				b.Run(k.name, func(b *testing.B) {
					dir, of := k.folder(b, s)
					for _, workers := range []int{1, 2} {
						b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
							benchmarkWith(b, filepath.Join(of, scene.JobFile), filepath.Join(dir, scene.JobFile), workers)
						})
					}
				})
			}
		})
	}
}

// benchmarkWith runs two jobs by turns, without and with what is measured.
func benchmarkWith(b *testing.B, without, with string, workers int) {
	var plain, more, ratios, cores []float64
	var peak, peakWith float64
	for b.Loop() {
		wall, cpu, mb := timedRun(b, without, filepath.Join(b.TempDir(), "out"), workers, "geojson")
		plain, peak = append(plain, wall), max(peak, mb)
		wallWith, cpuWith, mb := timedRun(b, with, filepath.Join(b.TempDir(), "out"), workers, "geojson")
		more, ratios, peakWith = append(more, wallWith), append(ratios, wallWith/wall), max(peakWith, mb)
		cores = append(cores, cpuWith/cpu)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(plain), "without-s")
	b.ReportMetric(median(more), "with-s")
	b.ReportMetric(median(ratios), "with/without")
	b.ReportMetric(median(cores), "core-with/without")
	b.ReportMetric(peak, "without-MB")
	b.ReportMetric(peakWith, "with-MB")
}
