package work

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"sync"

	"greenshield/redline"
	"greenshield/redline/dating"
	"greenshield/redline/files"
	"greenshield/redline/findings"
	"greenshield/redline/folder"
	"greenshield/redline/priority"
	"greenshield/redline/record"
	"greenshield/redline/spool"
	"greenshield/vector/trace"
)

// Found is what a run has found, to be written.
type Found struct {
	Inputs  *redline.Inputs
	Summary *redline.Summary
	Spool   *spool.Spool
	// FollowUps is what stands on the ground of the cases of the ledger that the run asked.
	FollowUps []redline.FollowUp
	Ranking   *priority.Model // by which the candidates have their priority; nil when they have none
}

// Write writes all files of the run into f: the candidates, the tables, the reports, and last m, which it completes.
// Before the manifest is written, candidates and patches are read back from the disk and compared with the summary, and
// every file is hashed from the disk, also one that a report or the caller created in f. What reports warn of is added
// to the warnings of m. It does not publish the folder.
//
// A check of the summary that failed, or candidates that are not read back as they were counted, are faults of kind
// Unbalanced; errors of the disk are faults of kind Output.
func Write(ctx context.Context, f *folder.Folder, found Found, m *record.Manifest, reports ...findings.Report) error {
	sum := found.Summary
	for _, c := range sum.Checks {
		if err := refuse(c); err != nil {
			return err
		}
	}
	tables := make(chan error, 1)
	go func() { tables <- writeTables(f, sum) }()
	m.Fill(sum)
	if len(found.Inputs.Between) > 0 {
		m.Dating = &record.Dating{Rule: dating.Rule, Steady: redline.Steady, MajorityPct: dating.MajorityPct,
			TailPct: dating.TailPct}
	}
	warned := new(warnings)
	shown := &findings.Findings{
		Summary: sum, Inputs: found.Inputs, Manifest: m, Candidates: found.Spool, FollowUps: found.FollowUps,
		Ranking: found.Ranking, Warn: warned.add,
	}
	hashes := new(hashes)
	writers := make([]func() ([]string, error), len(reports))
	for i, write := range reports {
		writers[i] = func() ([]string, error) {
			in := &noted{Folder: f}
			err := write(ctx, in, shown)
			return in.names, err
		}
	}
	var back files.Back
	var patches patchCount
	kept, suppressed, err := found.Spool.Finish(ctx, func(name string) (err error) {
		if name != files.CandidatesName {
			if err := hashes.hash(ctx, f, name); err != nil || name != files.PatchesName {
				return err
			}
			patches, err = readPatches(ctx, f)
			return err
		}
		if back, err = readBack(ctx, f); err == nil {
			hashes.add(record.File{Name: name, Bytes: back.Bytes, SHA256: back.SHA256})
		}
		return err
	}, writers...)
	if err := cmp.Or(err, <-tables); err != nil {
		return err
	}
	m.Warnings = append(m.Warnings, warned.sorted()...)
	checks, err := checksOf(back, patches, sum, kept, suppressed)
	if err == nil {
		m.Outputs, err = hashes.all(ctx, f)
	}
	if err != nil {
		return err
	}
	for _, c := range checks {
		m.Checks = append(m.Checks, record.CheckOf(c))
	}
	return f.Write(record.Name, m.Write)
}

// noted is a folder that keeps the names of the files that a report writes.
type noted struct {
	findings.Folder
	names []string
}

func (n *noted) Write(name string, fill func(w io.Writer) error) error {
	n.names = append(n.names, name)
	return n.Folder.Write(name, fill)
}

// writeTables writes the tables that come from the summary.
func writeTables(f *folder.Folder, sum *redline.Summary) error {
	for _, out := range []struct {
		name  string
		write func(w io.Writer, sum *redline.Summary) error
	}{
		{"coverage.csv", files.WriteCoverage},
		{"matrix.csv", files.WriteMatrix},
		{"matrix_ecosystem.csv", files.WriteEcosystemMatrix},
	} {
		if err := f.Write(out.name, func(w io.Writer) error { return out.write(w, sum) }); err != nil {
			return err
		}
	}
	return nil
}

// readBack reads the candidates back. It is a fault of kind Unbalanced when they are not whole, of kind Output when the
// disk cannot read them.
func readBack(ctx context.Context, f *folder.Folder) (files.Back, error) {
	back, err := files.ReadBack(ctx, f.Path(files.CandidatesName))
	var disk *fs.PathError
	switch {
	case ctx.Err() != nil:
		return back, ctx.Err()
	case errors.As(err, &disk):
		return back, f.Unreadable(files.CandidatesName, err)
	case err != nil:
		return back, redline.Faultf(redline.Unbalanced, "%s: %w", f.Shown(files.CandidatesName), err)
	}
	return back, nil
}

// patchCount counts patches and their cells.
type patchCount struct{ patches, cells int64 }

// readPatches reads the patches back. It is a fault of kind Unbalanced when they are not whole, of kind Output when the
// disk cannot read them.
func readPatches(ctx context.Context, f *folder.Folder) (n patchCount, err error) {
	file, err := os.Open(f.Path(files.PatchesName))
	if err != nil {
		return n, f.Unreadable(files.PatchesName, err)
	}
	defer file.Close()
	in, err := files.NewPatches(record.ContextReader{Context: ctx, Reader: file})
	if err == nil {
		for p, wrong := range in.All() {
			if err = wrong; err == nil {
				n.patches++
				n.cells += trace.Count(p.Cells)
			}
		}
	}
	var disk *fs.PathError
	switch {
	case ctx.Err() != nil:
		return n, ctx.Err()
	case errors.As(err, &disk):
		return n, f.Unreadable(files.PatchesName, err)
	case err != nil:
		return n, redline.Faultf(redline.Unbalanced, "%s: what was written cannot be read back: %w; check the disk",
			f.Shown(files.PatchesName), err)
	}
	return n, nil
}

// checksOf compares the candidates that were written, and those read back, and the patches that they were cut from,
// with what the run counted.
func checksOf(
	back files.Back, patches patchCount, sum *redline.Summary, kept, suppressed int64,
) ([]redline.Check, error) {
	n := back.Features
	// Each area is rounded to the nearest 0.01 m² when it is printed.
	rounding := redline.VisibleM2*float64(n) + 1e-9*math.Abs(sum.CandidateM2)
	checks := []redline.Check{
		redline.NewCheck(redline.Words{
			EN: "candidates written = candidates found",
			ZH: "写出的候选图斑 = 发现的候选图斑",
		}, float64(kept), float64(sum.Candidates), 0),
		redline.NewCheck(redline.Words{
			EN: "candidates read back = candidates written",
			ZH: "读回的候选图斑 = 写出的候选图斑",
		}, float64(n), float64(kept), 0),
		redline.NewCheck(redline.Words{
			EN: "candidate area read back = candidate area found (m²)",
			ZH: "读回的候选面积 = 发现的候选面积（平方米）",
		}, back.AreaHa*redline.M2PerHa, sum.CandidateM2, rounding),
		redline.NewCheck(redline.Words{
			EN: "suppressed written = suppressed found",
			ZH: "写出的未列入变化 = 发现的未列入变化",
		}, float64(suppressed), float64(sum.Suppressed), 0),
		redline.NewCheck(redline.Words{
			EN: "patches read back = patches with candidates",
			ZH: "读回的图斑 = 有候选的图斑",
		}, float64(patches.patches), float64(sum.KeptPatches), 0),
		redline.NewCheck(redline.Words{
			EN: "cells of patches read back = cells of patches with candidates",
			ZH: "读回的图斑像元数 = 有候选的图斑像元数",
		}, float64(patches.cells), float64(sum.KeptPatchCells), 0),
	}
	for _, c := range checks {
		if err := refuse(c); err != nil {
			return nil, err
		}
	}
	return checks, nil
}

// refuse returns the fault of a check that failed, nil for one that holds.
func refuse(c redline.Check) error {
	if c.OK {
		return nil
	}
	return redline.Faultf(redline.Unbalanced,
		"it does not add up: %s: %.15g against %.15g, tolerance %.3g; nothing is published; please report this",
		c.Name.EN, c.Left, c.Right, c.Tolerance)
}

// warnings are what reports warn of. add may be called concurrently.
type warnings struct {
	mu    sync.Mutex
	texts []string
}

func (w *warnings) add(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts = append(w.texts, text)
}

// sorted returns the warnings in an order that does not depend on which report was first.
func (w *warnings) sorted() []string {
	slices.Sort(w.texts)
	return w.texts
}

// hashes holds the files of the folder with their hashes. Its methods may be called concurrently, except all.
type hashes struct {
	mu    sync.Mutex
	files []record.File
}

func (h *hashes) add(file record.File) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.files = append(h.files, file)
}

// hash hashes one file from the disk.
func (h *hashes) hash(ctx context.Context, f *folder.Folder, name string) error {
	sum, bytes, err := record.HashFile(ctx, f.Path(name))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return f.Unreadable(name, err)
	}
	h.add(record.File{Name: name, Bytes: bytes, SHA256: sum})
	return nil
}

// all hashes the files of the folder that are not hashed yet, and returns all files in the order of their names.
func (h *hashes) all(ctx context.Context, f *folder.Folder) ([]record.File, error) {
	entries, err := os.ReadDir(f.Path(""))
	if err != nil {
		return nil, f.Unreadable("", err)
	}
	for _, e := range entries {
		if slices.ContainsFunc(h.files, func(file record.File) bool { return file.Name == e.Name() }) {
			continue
		}
		if err := h.hash(ctx, f, e.Name()); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(h.files, func(a, b record.File) int { return cmp.Compare(a.Name, b.Name) })
	return h.files, nil
}
