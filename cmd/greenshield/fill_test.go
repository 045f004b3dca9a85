package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/redline/scene"
)

// TestFillValues: a fill value that the file does not declare is named as what it is, and what the message tells to do
// gives what a file gives that has its NoData value there.
func TestFillValues(t *testing.T) {
	sample := newSample(t)
	at := []int{7, 2*300 + 7, 3 * 300, 40*300 + 41}
	job := func(t *testing.T) (f folder, cells []uint8) {
		f = folder{t, filepath.Join(t.TempDir(), "data")}
		f.check(os.CopyFS(f.dir, os.DirFS(sample)))
		_, cells = f.cells("lc2020.tif")
		return f, cells
	}
	run := func(f folder, out string) outcome {
		return here(f.t, f.dir, slices.Concat([]string{"run", scene.JobFile, "--out", out}, plainly)...)
	}
	sound, cells := job(t)
	for _, i := range at {
		cells[i] = 0
	}
	sound.write("lc2020.tif", godal.Byte, cells, 0)
	run(sound, "out").want(t, 0)
	want := contents(t, sound.path("out"))

	for _, c := range []struct {
		kind godal.DataType
		fill float64
		text string // as the message writes it
		of   string
	}{
		{godal.Float32, -math.MaxFloat32, "-3.4028234663852886e+38", "32-bit fractions (the extreme of Float32)"},
		{godal.Float32, -3.40282e38, "-3.402820018375656e+38", "32-bit fractions (the extreme of Float32)"}, // as Float32 holds it
		{godal.Float32, 1e20, "1.0000000200408773e+20", "climate data in netCDF (1e20)"},
		{godal.Float64, -math.MaxFloat64, "-1.7976931348623157e+308", "64-bit fractions (the extreme of Float64)"},
	} {
		for _, declared := range []string{"0", ""} {
			t.Run(fmt.Sprintf("%s as %s, declared %q", c.text, c.kind, declared), func(t *testing.T) {
				f, cells := job(t)
				values := make([]float64, len(cells))
				for i, v := range cells {
					values[i] = float64(v)
				}
				for _, i := range at {
					values[i] = c.fill
				}
				f.write("lc2020.tif", c.kind, values, 0)
				says, to := "the file declares NoData 0", "0"
				if declared == "" {
					f.translate("lc2020.tif", "-a_nodata", "none")
					says, to = "the file declares no NoData value", c.text
				}
				o := run(f, "out")
				o.want(t, 11)
				remedy := "`gdalwarp -r near -srcnodata " + c.text + " -dstnodata " + to + " lc2020.tif lc2020-mended.tif`"
				if message := fmt.Sprintf("greenshield: lc2020.tif: cell at column 7, row 0 (from 0) is %s, not a whole number, so not a class code; "+
					"but it looks like the fill value of %s, and %s; if so, make a copy that can be used by %s, and name that one\n", c.text, c.of, says, remedy); !strings.Contains(o.stderr, message) {
					t.Fatalf("got  %s\nwant %s", o.stderr, message)
				}
				f.script(strings.Trim(remedy, "`"))
				f.mended()
				run(f, "out").want(t, 0)
				sameFiles(t, contents(t, f.path("out")), want, tellOfInputs...)
			})
		}
	}
	for _, c := range []struct {
		kind godal.DataType
		fill float64
		of   string
	}{
		{godal.Int16, -9999, "ASCII grids and many programs"},
		{godal.Int16, -32768, "Int16 (its least number)"},
		{godal.Float32, -9999, "ASCII grids and many programs"},
		{godal.UInt32, 4294967295, "UInt32 (its greatest number)"},
		{godal.Byte, 255, "bytes (their greatest number)"},
	} {
		t.Run(fmt.Sprintf("%.0f as %s", c.fill, c.kind), func(t *testing.T) {
			f, cells := job(t)
			values := make([]float64, len(cells))
			for i, v := range cells {
				values[i] = float64(v)
			}
			for _, i := range at {
				values[i] = c.fill
			}
			f.write("lc2020.tif", c.kind, values, 0)
			o := run(f, "out")
			o.want(t, 11)
			line := fmt.Sprintf("%.0f,NoData,,,nodata", c.fill)
			if message := fmt.Sprintf("greenshield: lc2020.tif (2020): code %.0f is not in legend \"clcd\": 4 cells, first at row 0, column 7; "+
				"%.0f looks like the fill value of %s, and the file declares NoData 0: if it is one, add the line %s to a copy of the legend "+
				"(greenshield legends NAME prints it); name the right legend, or add the code to a legend CSV\n", c.fill, c.fill, c.of, line); !strings.Contains(o.stderr, message) {
				t.Fatalf("got  %s\nwant %s", o.stderr, message)
			}
			printed := here(t, f.dir, "legends", "clcd")
			printed.want(t, 0)
			f.text("clcd.csv", printed.stdout+line+"\n")
			f.edit("year: 2020, legend: clcd", "year: 2020, legend: clcd.csv")
			run(f, "out").want(t, 0)
			sameFiles(t, contents(t, f.path("out")), want, tellOfInputs...)
		})
	}
}

// TestNoDataIsPrintedAsItIs: check writes the NoData value of a file with all its digits and no exponent.
func TestNoDataIsPrintedAsItIs(t *testing.T) {
	f := folder{t, newSample(t)}
	_, cells := f.cells("lc2020.tif")
	f.write("lc2020.tif", godal.UInt32, cells, 4294967295)
	o := here(t, f.dir, "check", "job.yaml")
	o.want(t, 0)
	if !strings.Contains(o.stdout, "NoData     4294967295 (file), 0 (legend)") {
		t.Errorf("got %s", o.stdout)
	}
	if o = here(t, f.dir, "check", "job.yaml", "--json"); !strings.Contains(o.stdout, `"nodata_value": "4294967295"`) {
		t.Errorf("got %s", o.stdout)
	}
	here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "csv").want(t, 0)
	if text := contents(t, f.path("out"))["manifest.json"]; !strings.Contains(text, `"nodata": 4294967295,`) {
		t.Errorf("the manifest has %s", text)
	}
}
