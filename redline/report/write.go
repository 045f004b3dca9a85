package report

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"sync"

	"greenshield/redline"
)

// Write writes all files of the run into f: what s has spooled, the tables, the
// reports, and last m, completed. Before the manifest is written, the candidates are
// read back from the disk and compared with sum, and every file is hashed from the
// disk, also one that a report or the caller created in f. It does not publish.
//
// A check of sum that failed, or candidates that are not read back as they were
// counted, are faults of kind Unbalanced; what the disk refuses is of kind Output.
func Write(ctx context.Context, f *Folder, s *Spool, sum *redline.Summary, m *Manifest, reports ...Report) error {
	for _, c := range sum.Checks {
		if err := balance(c); err != nil {
			return err
		}
	}
	tables := make(chan error, 1)
	go func() { tables <- writeTables(f, sum) }()
	m.fill(sum)
	found := &Findings{Summary: sum, Inputs: s.in, Manifest: m, spool: s}
	writers := make([]func() error, len(reports))
	for i, write := range reports {
		writers[i] = func() error { return write(ctx, f, found) }
	}
	var back readBack
	hashes := new(hashes)
	kept, suppressed, err := s.Finish(ctx, func(name string) (err error) {
		if name != candidatesName {
			return hashes.of(ctx, f, name)
		}
		if back, err = f.readBack(ctx); err == nil {
			hashes.add(back.file)
		}
		return err
	}, writers...)
	if err := cmp.Or(err, <-tables); err != nil {
		return err
	}
	checks, err := back.checks(sum, kept, suppressed)
	if err == nil {
		m.Outputs, err = hashes.all(ctx, f)
	}
	if err != nil {
		return err
	}
	for _, c := range checks {
		m.Checks = append(m.Checks, Check(c))
	}
	return f.Write(manifestName, m.write)
}

// writeTables writes all files that do not come from the spool, but the manifest.
func writeTables(f *Folder, sum *redline.Summary) error {
	for _, out := range []struct {
		name  string
		write func(w io.Writer, sum *redline.Summary) error
	}{
		{"coverage.csv", WriteCoverage},
		{"matrix.csv", writeMatrix},
		{"matrix_ecosystem.csv", writeEcosystemMatrix},
	} {
		if err := f.Write(out.name, func(w io.Writer) error { return out.write(w, sum) }); err != nil {
			return err
		}
	}
	return nil
}

// checks compares what was written with what the run counted.
func (back *readBack) checks(sum *redline.Summary, kept, suppressed int64) ([]redline.Check, error) {
	n := back.features
	// Each area is rounded to the nearest 0.01 m² when it is printed.
	rounding := visibleM2*float64(n) + 1e-9*math.Abs(sum.CandidateM2)
	checks := []redline.Check{
		{Name: "candidates written = candidates found", Left: float64(kept), Right: float64(sum.Candidates)},
		{Name: "candidates read back = candidates written", Left: float64(n), Right: float64(kept)},
		{Name: "candidate area read back = candidate area found (m²)", Left: back.areaHa * m2PerHa, Right: sum.CandidateM2, Tolerance: rounding},
		{Name: "suppressed written = suppressed found", Left: float64(suppressed), Right: float64(sum.Suppressed)},
	}
	for i := range checks {
		c := &checks[i]
		c.OK = math.Abs(c.Left-c.Right) <= c.Tolerance
		if err := balance(*c); err != nil {
			return nil, err
		}
	}
	return checks, nil
}

func balance(c redline.Check) error {
	if c.OK {
		return nil
	}
	return redline.Faultf(redline.Unbalanced, "it does not add up: %s: %.15g against %.15g, tolerance %.3g; nothing is published; please report this",
		c.Name, c.Left, c.Right, c.Tolerance)
}

// hashes are those of the folder's files. Files may be added concurrently.
type hashes struct {
	mu    sync.Mutex
	files []File
}

func (h *hashes) add(file File) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.files = append(h.files, file)
}

// of hashes one file from the disk.
func (h *hashes) of(ctx context.Context, f *Folder, name string) error {
	sum, bytes, err := HashFile(ctx, f.Path(name))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return f.fault(name, "be read back", err)
	}
	h.add(File{name, bytes, sum})
	return nil
}

// all hashes the files of the folder that are not hashed yet, and returns all, in the
// order of their names.
func (h *hashes) all(ctx context.Context, f *Folder) ([]File, error) {
	entries, err := os.ReadDir(f.tmp)
	if err != nil {
		return nil, f.fault("", "be read back", err)
	}
	for _, e := range entries {
		if slices.ContainsFunc(h.files, func(file File) bool { return file.Name == e.Name() }) {
			continue
		}
		if err := h.of(ctx, f, e.Name()); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(h.files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	return h.files, nil
}

// Write creates a file of the run and has it filled. An error names the file, and is of kind Output when the disk refuses it.
func (f *Folder) Write(name string, fill func(w io.Writer) error) error {
	w, err := f.create(name)
	if err != nil {
		return err
	}
	if err := fill(w); err != nil {
		return errors.Join(err, w.os.Close())
	}
	return w.Close()
}
