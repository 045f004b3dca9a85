package report

import (
	"context"
	"errors"
	"io"
	"math"
	"os"

	"greenshield/redline"
)

// Write writes all files of the run into f: what s has spooled, the tables, the
// style, and last m, completed. Before the manifest is written, the candidates are
// read back from the disk and compared with sum, and every file is hashed from the
// disk, also one that the caller created in f. It does not publish.
//
// A check of sum that failed, or candidates that are not read back as they were
// counted, are faults of kind Unbalanced; what the disk refuses is of kind Output.
func Write(ctx context.Context, f *Folder, s *Spool, sum *redline.Summary, m *Manifest) error {
	for _, c := range sum.Checks {
		if err := balance(c); err != nil {
			return err
		}
	}
	kept, suppressed, err := s.Finish(ctx)
	if err != nil {
		return err
	}
	m.fill(sum)
	// Reading back and hashing both read what is on the disk; neither needs the other.
	readBack := make(chan error, 1)
	var checks []redline.Check
	go func() {
		var err error
		checks, err = readBackChecks(ctx, f, sum, kept, suppressed)
		readBack <- err
	}()
	err = writeTables(f, sum)
	if err == nil {
		m.Outputs, err = hashAll(ctx, f)
	}
	if err := errors.Join(err, <-readBack); err != nil {
		return err
	}
	for _, c := range checks {
		m.Checks = append(m.Checks, Check(c))
	}
	return f.write(manifestName, m.write)
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
		{"candidates.qml", func(w io.Writer, _ *redline.Summary) error { return writeStyle(w) }},
	} {
		if err := f.write(out.name, func(w io.Writer) error { return out.write(w, sum) }); err != nil {
			return err
		}
	}
	return nil
}

// readBackChecks compares what was written with what the run counted.
func readBackChecks(ctx context.Context, f *Folder, sum *redline.Summary, kept, suppressed int64) ([]redline.Check, error) {
	n, areaHa, err := f.readBack(ctx)
	if err != nil {
		return nil, err
	}
	// Each area is rounded to the nearest 0.01 m² when it is printed.
	rounding := visibleM2*float64(n) + 1e-9*math.Abs(sum.CandidateM2)
	checks := []redline.Check{
		{Name: "candidates written = candidates found", Left: float64(kept), Right: float64(sum.Candidates)},
		{Name: "candidates read back = candidates written", Left: float64(n), Right: float64(kept)},
		{Name: "candidate area read back = candidate area found (m²)", Left: areaHa * m2PerHa, Right: sum.CandidateM2, Tolerance: rounding},
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

// hashAll hashes the files of the folder, in the order of their names.
func hashAll(ctx context.Context, f *Folder) ([]File, error) {
	entries, err := os.ReadDir(f.tmp)
	if err != nil {
		return nil, f.fault("", "be read back", err)
	}
	var files []File
	for _, e := range entries {
		sum, bytes, err := HashFile(ctx, f.Path(e.Name()))
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			return nil, f.fault(e.Name(), "be read back", err)
		}
		files = append(files, File{e.Name(), bytes, sum})
	}
	return files, nil
}

// write creates a file of the run and has it filled.
func (f *Folder) write(name string, fill func(w io.Writer) error) error {
	w, err := f.create(name)
	if err != nil {
		return err
	}
	if err := fill(w); err != nil {
		return errors.Join(err, w.os.Close())
	}
	return w.Close()
}
