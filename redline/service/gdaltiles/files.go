package gdaltiles

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"greenshield/raster/gdalraster"
	"greenshield/redline/job"
	"greenshield/redline/record"
	"greenshield/redline/service/tiles"
	"greenshield/seeds"
)

// errMissing is that files of a raster are not found.
var errMissing = errors.New("files are not found")

// bases lists the folders in which the inputs of a run may lie: names in its manifest are relative to the job file, and
// nobody says where that was.
func bases(folder string, data []string) []string {
	all := append([]string{}, data...)
	if absolute, err := filepath.Abs(folder); err == nil {
		folder = absolute
	}
	const above = 3
	for up := range above + 1 {
		if up > 0 {
			folder = filepath.Dir(folder)
		}
		all = append(all, folder)
	}
	return all
}

// place is where the files of a raster are.
type place struct {
	open   []string // what is opened, as a job would name it
	files  []string // all that it consists of, parallel to Input.Files
	legend string   // file of the legend, "" for a shipped one or none
	stamp  string   // of all of these, see stampOf
}

// locate finds the files of an input. Where files of the right lengths are found, these; else the first that have all
// names. None are found of an input of which the manifest does not record the files, unless it is free of a manifest.
func locate(in *record.Input, bases []string, free bool) (*place, error) {
	if !free && !recorded(in) || !plain(in) {
		return nil, errMissing
	}
	var found *place
	for _, base := range bases {
		for _, flat := range []bool{false, true} {
			p, exact := placeIn(in, base, flat)
			if p != nil && (exact || found == nil) {
				found = p
			}
			if exact {
				return found, nil
			}
		}
	}
	if found == nil {
		return nil, errMissing
	}
	return found, nil
}

// recorded tells whether the manifest says by size and SHA-256 what the files of an input are.
func recorded(in *record.Input) bool {
	return len(in.Files) > 0 && !slices.ContainsFunc(in.Files, func(f record.File) bool {
		sum, err := hex.DecodeString(f.SHA256)
		return err != nil || len(sum) != sha256.Size || f.Bytes <= 0
	})
}

// plain tells whether all names of an input can only be those of local files, whatever others wrote into the manifest.
func plain(in *record.Input) bool {
	all := append(strings.Split(in.Path, ", "), in.Path)
	for _, f := range in.Files {
		all = append(all, f.Name)
	}
	if in.Legend != "" {
		all = append(all, in.Legend)
	}
	return !slices.ContainsFunc(all, func(name string) bool { return !record.PlainName(name) })
}

// placeIn looks for the files of an input in a folder; flat: all in it, whatever folders their names have. It returns
// nil when one is not there; exact tells that all have the right lengths.
func placeIn(in *record.Input, base string, flat bool) (p *place, exact bool) {
	at := func(name string) string {
		switch {
		case flat:
			return filepath.Join(base, filepath.Base(name))
		case filepath.IsAbs(name):
			return filepath.Clean(name)
		}
		return filepath.Join(base, name)
	}
	p = &place{}
	for _, name := range names(in, at) {
		p.open = append(p.open, at(name))
	}
	folder := filepath.Dir(gdalraster.FileOf(p.open[0]))
	exact = true
	for _, f := range in.Files {
		path := filepath.Clean(f.Name)
		if !filepath.IsAbs(path) {
			path = filepath.Join(folder, path)
		}
		info, err := record.RegularFile(path)
		if err != nil {
			return nil, false
		}
		exact = exact && info.Size() == f.Bytes
		p.files = append(p.files, path)
	}
	all := p.files
	if len(in.Files) == 0 { // of images that no manifest knows
		all = p.open
	}
	if !owns(all, p.open) {
		return nil, false
	}
	if in.Legend != "" && job.IsFile(in.Legend) {
		p.legend = at(in.Legend)
		if _, err := record.RegularFile(p.legend); err != nil {
			return nil, false
		}
		all = append(all[:len(all):len(all)], p.legend)
	}
	p.stamp = stampOf(all...)
	return p, exact && p.stamp != ""
}

// owns tells whether what is opened is among files, or is a folder of such.
func owns(files, open []string) bool {
	for _, name := range open {
		name = gdalraster.FileOf(name)
		if !slices.ContainsFunc(files, func(f string) bool {
			return f == name || strings.HasPrefix(f, name+string(filepath.Separator))
		}) {
			return false
		}
	}
	return true
}

// names lists what an input was opened by. The manifest joins several by commas, which may be part of a name, too.
func names(in *record.Input, at func(string) string) []string {
	if _, err := os.Stat(gdalraster.FileOf(at(in.Path))); err == nil {
		return []string{in.Path}
	}
	return strings.Split(in.Path, ", ")
}

// stampOf tells files and their states apart by length, time of writing and inode; "" when one is not there.
func stampOf(paths ...string) string {
	var b strings.Builder
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return ""
		}
		inode := uint64(0)
		if s, ok := info.Sys().(*syscall.Stat_t); ok {
			inode = s.Ino
		}
		fmt.Fprintf(&b, "%s|%d|%d|%d\n", path, info.Size(), info.ModTime().UnixNano(), inode)
	}
	return b.String()
}

// hashes remembers the SHA-256 of files by their stamps, also when the process ends.
type hashes struct {
	path string
	mu   sync.Mutex
	of   map[string]string
}

func openHashes(path string) *hashes {
	h := &hashes{path: path}
	if text, err := os.ReadFile(path); err != nil || json.Unmarshal(text, &h.of) != nil || h.of == nil {
		h.of = map[string]string{} // it only saves time
	}
	return h
}

// get returns the SHA-256 of a file.
func (h *hashes) get(ctx context.Context, path string) (string, error) {
	stamp := stampOf(path)
	h.mu.Lock()
	sum, ok := h.of[stamp]
	h.mu.Unlock()
	if ok && stamp != "" {
		return sum, nil
	}
	sum, _, err := record.HashFile(ctx, path)
	if err != nil {
		return "", err
	}
	if stampOf(path) != stamp {
		return "", fmt.Errorf("%w: it is being written", tiles.ErrChanged)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	const most = 100_000
	if len(h.of) >= most {
		clear(h.of)
	}
	h.of[stamp] = sum
	if text, err := json.Marshal(h.of); err == nil {
		_ = replace(h.path, text) // it only saves time
	}
	return sum, nil
}

// replace writes a file beside and renames it.
func replace(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"*"+unfinished)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// verify compares the files of an input with the manifest. It returns a key that tells what pictures are made of, and
// the text of the legend.
func (p *place) verify(ctx context.Context, in *record.Input, h *hashes) (key string, legend []byte, err error) {
	sum := sha256.New()
	asWritten := names(in, func(name string) string { return name })
	fmt.Fprintf(sum, "pictures 1 %s %d %q %q\n", in.Role, in.Band, in.CRSStated, asWritten)
	if len(in.Files) == 0 { // of images that no manifest knows
		fmt.Fprint(sum, p.stamp)
	}
	for i, f := range in.Files {
		is, err := h.get(ctx, p.files[i])
		switch {
		case err != nil:
			return "", nil, err
		case is != f.SHA256:
			return "", nil, tiles.ErrChanged
		}
		fmt.Fprintf(sum, "%q %s\n", f.Name, is)
	}
	if in.Legend != "" {
		if legend, err = p.legendText(in); err != nil {
			return "", nil, err
		}
		fmt.Fprint(sum, in.LegendSHA256)
	}
	return hex.EncodeToString(sum.Sum(nil)), legend, nil
}

// legendText returns the legend of an input when it is that of the run.
func (p *place) legendText(in *record.Input) ([]byte, error) {
	text, ok := seeds.Legend(in.Legend)
	if p.legend != "" {
		var err error
		if text, err = os.ReadFile(p.legend); err != nil {
			return nil, errMissing
		}
	} else if !ok {
		return nil, errMissing
	}
	if is := sha256.Sum256(text); hex.EncodeToString(is[:]) != in.LegendSHA256 {
		return nil, tiles.ErrChanged
	}
	return text, nil
}
