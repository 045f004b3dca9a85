package shard

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"greenshield/raster/object"
	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/redline/record"
)

const (
	planName   = "plan.json"
	layersName = "layers"
	shapesName = "shapes"
	partsName  = "parts"
	// format is the version of the folder's format.
	format = 6
)

// MaxShards is how many shards a plan may have.
const MaxShards = 10000

// Plan is what all shards of a run have in common.
type Plan struct {
	Format   int             `json:"format"`
	Program  string          `json:"program"` // name and version
	Versions record.Versions `json:"versions"`
	Job      *job.Job        `json:"job"`  // all its paths are absolute
	Grid     record.Grid     `json:"grid"` // of the run
	// Rows has the row in which each shard begins, and at last how many rows the grid has. A shard may have no rows.
	Rows     []int            `json:"rows"`
	Inputs   []record.Input   `json:"inputs"`
	Rules    record.RuleTable `json:"rules"`
	Priority *record.Ranking  `json:"priority,omitempty"`
	Ledger   *record.Ledger   `json:"ledger,omitempty"`   // that the job names, as it was
	Warnings []string         `json:"warnings,omitempty"` // of the inputs
	Repairs  []record.Repair  `json:"repairs,omitempty"`
	Files    []record.Stamp   `json:"files"` // all that was read
	Layers   record.File      `json:"layers"`

	// Beside are the texts of further files of the folder, by their names, with / between folders. Those whose names end
	// in .sh may be executed.
	Beside map[string]string `json:"-"`

	folder string // as the user named it
	hash   string // of plan.json
	// right are the files of another time of writing that CheckFiles has hashed, and their times.
	right map[string]time.Time
}

// Shards returns how many shards there are.
func (p *Plan) Shards() int { return len(p.Rows) - 1 }

// Folder returns the folder of the plan as the user named it.
func (p *Plan) Folder() string { return p.folder }

// RowsOf returns the first row of a shard, and the row below its last one.
func (p *Plan) RowsOf(i int) [2]int { return [2]int{p.Rows[i], p.Rows[i+1]} }

// Free checks that a folder can take a plan: that it does not exist, or is empty. The fault has kind Output.
func Free(folder string) error {
	if _, err := os.Stat(filepath.Dir(folder)); err != nil {
		return redline.Faultf(redline.Output,
			"%s: the folder above it cannot be used: %w; create it, or name another folder", folder, err)
	}
	entries, err := os.ReadDir(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return redline.WithKind(redline.Output, err)
	case len(entries) > 0:
		return redline.Faultf(redline.Output, "%s: is not empty; name a new folder for the plan, or remove this one", folder)
	}
	return nil
}

// Write writes the plan to a folder, which must be [Free], whole or not at all. It sets Format and Layers. Errors are
// faults of kind Output.
func (p *Plan) Write(ctx context.Context, folder string, l *Layers) error {
	if err := Free(folder); err != nil {
		return err
	}
	err := p.write(ctx, folder, l)
	var fault *redline.Fault
	if err != nil && ctx.Err() == nil && !errors.As(err, &fault) {
		err = redline.Faultf(redline.Output, "%s: cannot be written: %w", folder, err)
	}
	return err
}

func (p *Plan) write(ctx context.Context, folder string, l *Layers) (err error) {
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	tmp := filepath.Join(filepath.Dir(absolute), "."+filepath.Base(absolute)+".tmp-"+rand.Text())
	if err := os.Mkdir(tmp, 0o777); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(tmp)
		}
	}()
	if err := os.Mkdir(filepath.Join(tmp, partsName), 0o777); err != nil {
		return err
	}
	if err := p.writeBeside(tmp); err != nil {
		return err
	}
	if p.Layers, err = writeLayers(ctx, tmp, l); err != nil {
		return err
	}
	p.Format = format
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return redline.WithKind(redline.Internal, err)
	}
	if err := writeFile(filepath.Join(tmp, planName), func(w *bufio.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	}); err != nil {
		return err
	}
	if err := errors.Join(syncFolder(tmp), ctx.Err()); err != nil {
		return err
	}
	if err := os.Rename(tmp, absolute); err != nil { // onto nothing, or onto an empty folder
		return err
	}
	return syncFolder(filepath.Dir(absolute))
}

// writeBeside writes the files beside the plan.
func (p *Plan) writeBeside(folder string) error {
	for name, text := range p.Beside {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := writeFile(path, func(w *bufio.Writer) error {
			_, err := w.WriteString(text)
			return err
		}); err != nil {
			return err
		}
		if err := syncFolder(filepath.Dir(path)); err != nil {
			return err
		}
		if filepath.Ext(name) != ".sh" {
			continue
		}
		info, err := os.Stat(path)
		if err == nil { // whoever may read it may execute it
			err = os.Chmod(path, info.Mode()|info.Mode()&0o444>>2)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writeFile writes a file and brings it to the disk.
func writeFile(path string, fill func(w *bufio.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(file, 1<<18)
	if err = fill(w); err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// syncFolder brings the names in a folder to the disk.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Open reads the plan in a folder. Errors are faults of kind Usage, for a folder without a plan, or Incompatible.
func Open(folder string) (*Plan, error) {
	text, err := os.ReadFile(filepath.Join(folder, planName))
	if err != nil {
		return nil, redline.Faultf(redline.Usage, "%s: is not the folder of a plan: %w; "+
			"name one that greenshield plan has written", folder, err)
	}
	p := &Plan{folder: folder}
	err = json.Unmarshal(text, p)
	if err == nil && p.Format != format {
		err = fmt.Errorf("it has format %d, this program has format %d", p.Format, format)
	}
	if err == nil && (p.Job == nil || p.Shards() < 1 || p.Shards() > MaxShards) {
		err = errors.New("something is missing in it")
	}
	if err != nil {
		return nil, redline.Faultf(redline.Incompatible, "%s: %w; make the plan again with this program",
			filepath.Join(folder, planName), err)
	}
	p.hash = hashOf(text)
	return p, nil
}

// hashOf returns the SHA-256 of a text in hexadecimal digits.
func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// CheckVersions refuses a program that is not the one that made the plan, or that has other libraries: their results
// could differ. The fault has kind Incompatible.
func (p *Plan) CheckVersions(program string, v record.Versions) error {
	if p.Program == program && p.Versions == v {
		return nil
	}
	return redline.Faultf(redline.Incompatible, "%s: was made by %s, and this is %s; make the plan, all shards and the "+
		"merge with one version of program and libraries",
		p.folder, versionText(p.Program, p.Versions), versionText(program, v))
}

func versionText(program string, v record.Versions) string {
	return fmt.Sprintf("%s with GDAL %s, GEOS %s, PROJ %s, %s", program, v.GDAL, v.GEOS, v.PROJ, v.Go)
}

// CheckFiles refuses files that are not as they were when the plan was made. A file of another time of writing, such as
// a copy, is hashed, once for each such time; an object must have the same ETag. It is for one goroutine at a time. The
// fault has kind Incompatible.
func (p *Plan) CheckFiles(ctx context.Context) error {
	for _, f := range p.Files {
		info, err := object.Latest(f.Path)
		if o, ok := info.(*object.Info); ok && err == nil {
			if o.Size() == f.Bytes && o.ETag() == f.ETag {
				continue
			}
			return notAsPlanned(f.Path)
		}
		if err == nil && info.Size() == f.Bytes && (info.ModTime().Equal(f.Modified) || p.hashed(f.Path, info)) {
			continue
		}
		sum := ""
		if err == nil && info.Size() == f.Bytes {
			sum, _, err = record.HashFile(ctx, f.Path)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return redline.Faultf(redline.Incompatible, "%s: cannot be read: %w; every shard reads the inputs by the paths "+
				"that the plan was made with", f.Path, err)
		case sum != f.SHA256:
			return notAsPlanned(f.Path)
		}
		if p.right == nil {
			p.right = map[string]time.Time{}
		}
		p.right[f.Path] = info.ModTime() // before it was hashed
	}
	return nil
}

// hashed tells whether a file was found right when its time of writing was the same.
func (p *Plan) hashed(path string, info fs.FileInfo) bool {
	at, ok := p.right[path]
	return ok && info.ModTime().Equal(at)
}

func notAsPlanned(path string) error {
	return redline.Faultf(redline.Incompatible, "%s: is not as it was when the plan was made; make the plan and all "+
		"shards again, or bring the file back", path)
}
