package shelf

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"greenshield/raster/landcover"
	"greenshield/redline/findings"
	"greenshield/redline/record"
	"greenshield/seeds"
)

// Run is a run of the folder, as it was when it was last looked at. Those who get one must not change it.
type Run struct {
	ID           string
	Title        string // name of the folder and years
	YearA, YearB int    // 0 when the manifest names none
	Generated    time.Time
	// Version is the SHA-256 of the manifest.
	Version string
	// Folder is where it lies, for use in this process only: clients never learn of it.
	Folder string
	// Manifest is the record of the run: its counts, areas, warnings. It is nil when there is none that can be read.
	Manifest *record.Manifest
	Inputs   []Input
	// Legends are those of the epochs before and after; one that is not known has no classes.
	Legends [2]landcover.Legend
	// Refusals are the collections that are not offered, and why.
	Refusals []Refusal
}

// Refusal is a collection of a run that is not offered. Reason is for readers; it names no path of the server.
type Refusal struct{ Kind, Reason string }

// Input is an input of a run.
type Input struct {
	record.Input
	// File is where it lies on this machine: a regular file with the length that the manifest has, as are those that
	// belong to it; "" when none was found. Its content is not compared. It is for use in this process only.
	File string
}

// Count returns the number of kept candidates, and their area in hectares.
func (r *Run) Count() (candidates int64, ha float64) {
	if r.Manifest == nil {
		return 0, 0
	}
	return r.Manifest.Counts.Candidates, r.Manifest.Counts.CandidateHa
}

// maxManifest is how many bytes a manifest may have.
const maxManifest = 256 << 20

// readRun reads the manifest in the open folder of a run.
func readRun(root *os.Root, id, name, folder string) (r Run, err error) {
	r = Run{ID: id, Title: findings.Visible(name), Folder: folder}
	file, err := openRegular(root, record.Name)
	if err != nil {
		return r, err
	}
	text, err := io.ReadAll(io.LimitReader(file, maxManifest+1))
	if err = errors.Join(err, file.Close()); err != nil {
		return r, err
	}
	if len(text) > maxManifest {
		return r, errors.New("it is too long")
	}
	sum := sha256.Sum256(text)
	r.Version = hex.EncodeToString(sum[:])
	if r.Manifest, err = record.Parse(text); err != nil {
		return r, err
	}
	if r.Manifest.Format != record.Format {
		format := r.Manifest.Format
		r.Manifest = nil
		return r, fmt.Errorf("it is of format %d; this version knows %d", format, record.Format)
	}
	r.Generated = r.Manifest.Generated
	for _, in := range r.Manifest.Inputs {
		input := Input{in, found(folder, in)}
		r.Inputs = append(r.Inputs, input)
		switch in.Role {
		case "before":
			r.YearA, r.Legends[0] = in.Year, legendOf(folder, in)
		case "after":
			r.YearB, r.Legends[1] = in.Year, legendOf(folder, in)
		}
	}
	r.Title += fmt.Sprintf(" %d–%d", r.YearA, r.YearB)
	return r, nil
}

// bases are the folders that a path of a manifest may be relative to: the manifest does not say where its job file was,
// which mostly is beside the folder of the run.
func bases(folder string) []string {
	return []string{filepath.Dir(folder), folder, filepath.Dir(filepath.Dir(folder))}
}

// found returns where an input lies, "" when it is not found.
func found(folder string, in record.Input) string {
	if !record.PlainName(in.Path) {
		return ""
	}
	for _, base := range bases(folder) {
		path := in.Path
		if !filepath.IsAbs(path) {
			path = filepath.Join(base, path)
		}
		if absolute, err := filepath.Abs(path); err == nil && holds(absolute, in.Files) {
			return absolute
		}
	}
	return ""
}

// holds tells whether a path and what belongs to it are regular files with the lengths of files.
func holds(path string, files []record.File) bool {
	itself := false
	for _, f := range files {
		if f.Name != filepath.Base(f.Name) {
			return false
		}
		info, err := record.RegularFile(filepath.Join(filepath.Dir(path), f.Name))
		if err != nil || info.Size() != f.Bytes {
			return false
		}
		itself = itself || f.Name == filepath.Base(path)
	}
	return itself
}

// maxLegend is how many bytes the file of a legend may have.
const maxLegend = 1 << 20

// legendOf returns the legend of a map, without classes when the one that the run used is not found.
func legendOf(folder string, in record.Input) landcover.Legend {
	same := func(text []byte) (landcover.Legend, bool) {
		sum := sha256.Sum256(text)
		if hex.EncodeToString(sum[:]) != in.LegendSHA256 {
			return landcover.Legend{}, false
		}
		l, err := landcover.ParseLegend(in.Legend, text)
		return l, err == nil
	}
	if text, ok := seeds.Legend(in.Legend); ok {
		if l, ok := same(text); ok {
			return l
		}
	}
	for _, base := range bases(folder) {
		path := in.Legend
		if !filepath.IsAbs(path) {
			path = filepath.Join(base, path)
		}
		if info, err := record.RegularFile(path); err != nil || info.Size() > maxLegend {
			continue
		}
		if text, err := os.ReadFile(path); err == nil {
			if l, ok := same(text); ok {
				return l
			}
		}
	}
	return landcover.Legend{Name: in.Legend}
}
