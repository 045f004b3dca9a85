package ledgerwork

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"greenshield/redline"
	"greenshield/redline/files"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/follow"
	"greenshield/redline/record"
	"greenshield/vector/trace"
)

// RunFound is what a published run found, for a ledger.
type RunFound struct {
	ledger.Run
	MinArea    string             // of the run, such as 4cells or 0.5ha
	Detections []ledger.Detection // every patch of which a part is a kept candidate, by ID
	Image      Image              // the later epoch
	Grounds    []follow.Ground    // of the cases of the ledger that the run asked, as Image shows them
	Prio       map[string]string  // by detection: priority of the largest kept candidate; nil when the run ranks none
}

// ReadRun reads the folder of a published run. Every file that it reads must have the hash that the manifest says, so
// that nothing that was edited comes into a ledger; what a reviewer did to review.gpkg or candidates.xlsx is no matter.
func ReadRun(ctx context.Context, folder string) (*RunFound, error) {
	m, err := record.Read(folder)
	if err != nil {
		return nil, redline.Faultf(redline.Usage, "%s: not the folder of a run: %w", folder, err)
	}
	for _, name := range []string{files.CandidatesName, files.PatchesName} {
		if err := whole(ctx, folder, name, m); err != nil {
			return nil, err
		}
	}
	r := &RunFound{Run: ledger.Run{ID: m.Fingerprint, Grid: gridOf(m.Grid)}}
	r.describe(m)
	looked := lookedFor{leads: m.Ledger != nil && m.Ledger.Leads > 0}
	looked.near, _ = m.Options["priority_near"].(bool)
	of, err := candidatesIn(filepath.Join(folder, files.CandidatesName), looked)
	if err != nil {
		return nil, redline.Faultf(redline.Incompatible, "%s: %w", filepath.Join(folder, files.CandidatesName), err)
	}
	if err := r.patches(ctx, filepath.Join(folder, files.PatchesName), of); err != nil {
		return nil, redline.Faultf(redline.Incompatible, "%s: %w", filepath.Join(folder, files.PatchesName), err)
	}
	if m.Ledger != nil {
		if r.Grounds, err = groundsIn(ctx, folder, m); err != nil {
			return nil, err
		}
	}
	if len(of) > 0 {
		return nil, redline.Faultf(redline.Unbalanced, "%s: %d patches of candidates have no cells; please report this",
			folder, len(of))
	}
	return r, nil
}

// whole refuses an output that is missing or not as the run wrote it.
func whole(ctx context.Context, folder, name string, m *record.Manifest) error {
	at := slices.IndexFunc(m.Outputs, func(f record.File) bool { return f.Name == name })
	if at < 0 {
		return redline.Faultf(redline.Incompatible,
			"%s: the run has no %s; run it again with this version of the program", folder, name)
	}
	sum, bytes, err := record.HashFile(ctx, filepath.Join(folder, name))
	switch {
	case err != nil:
		return redline.WithKind(redline.Incompatible, err)
	case sum != m.Outputs[at].SHA256 || bytes != m.Outputs[at].Bytes:
		return redline.Faultf(redline.Incompatible,
			"%s: the file is not as the run wrote it; run it again into a new folder", filepath.Join(folder, name))
	}
	return nil
}

func gridOf(g record.Grid) ledger.Grid {
	crs := g.WKT
	if g.EPSG != 0 {
		crs = fmt.Sprint("EPSG:", g.EPSG)
	}
	return ledger.Grid{CRS: crs, OriginX: g.OriginX, OriginY: g.OriginY, CellX: g.CellX, CellY: g.CellY,
		Cols: g.Cols, Rows: g.Rows}
}

// groundsIn reads what the run saw on the ground of the cases of the ledger that it asked.
func groundsIn(ctx context.Context, folder string, m *record.Manifest) ([]follow.Ground, error) {
	if err := whole(ctx, folder, files.FollowUpName, m); err != nil {
		return nil, err
	}
	path := filepath.Join(folder, files.FollowUpName)
	f, err := os.Open(path)
	if err != nil {
		return nil, redline.WithKind(redline.Incompatible, err)
	}
	defer f.Close()
	rows, err := files.ReadFollowUps(f)
	if err != nil {
		return nil, redline.Faultf(redline.Incompatible, "%s: %w", path, err)
	}
	var all []follow.Ground
	for _, row := range rows {
		g := follow.Ground{ID: row.Case, Cells: row.Cells}
		g.Bad.AddM2(row.Bad)
		g.Before.AddM2(row.Before)
		g.Other.AddM2(row.Other)
		g.NoData.AddM2(row.NoData)
		all = append(all, g)
	}
	return all, nil
}

// epochsOf returns the inputs of the two epochs.
func epochsOf(m *record.Manifest) (before, after record.Input) {
	for _, in := range m.Inputs {
		switch in.Role {
		case "before":
			before = in
		case "after":
			after = in
		}
	}
	return before, after
}

// describe sets the years, the product, the legend and the later epoch from the inputs.
func (r *RunFound) describe(m *record.Manifest) {
	before, after := epochsOf(m)
	both := func(a, b string) string {
		if a == b {
			return a
		}
		return a + " / " + b
	}
	r.MinArea, _ = m.Options["min_area"].(string)
	r.YearA, r.YearB = before.Year, after.Year
	r.Image = ImageOf(after)
	r.Image.Run = r.ID
	r.Product, r.Legend = both(before.Legend, after.Legend), both(legendOf(before), legendOf(after))
}

// ofPatch is the candidates of one patch, the largest of which says where the patch is.
type ofPatch struct {
	candidates []ledger.Candidate
	patchM2    float64
	largest    feature
}

// feature is what is read of a candidate in candidates.geojson.
type feature struct {
	ID       string  `json:"cand_id"`
	Patch    string  `json:"patch_id"`
	YearA    int     `json:"year_a"`
	YearB    int     `json:"year_b"`
	Change   string  `json:"change"`
	Rule     string  `json:"rule_id"`
	Severity int     `json:"severity"`
	Layer    string  `json:"layer"`
	Zone     string  `json:"zone_id"`
	ZoneName string  `json:"zone_name"`
	ZoneType string  `json:"zone_type"`
	AreaHa   float64 `json:"area_ha"`
	PatchHa  float64 `json:"patch_ha"`
	AdmCode  string  `json:"adm_code"`
	AdmName  string  `json:"adm_name"`
	Lon      float64 `json:"lon"`
	Lat      float64 `json:"lat"`
	Verdict  string  `json:"verdict"`
	Prio     printed `json:"prio"`

	// Of a run that asked a ledger.
	Relation    *string `json:"relation"`
	CaseVerdict string  `json:"case_verd"`
	CaseReason  string  `json:"case_why"`
	CaseNote    string  `json:"case_note"`

	examined
}

// candidatesIn reads the candidates of a run by patch.
func candidatesIn(path string, looked lookedFor) (map[string]*ofPatch, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	patches := map[string]*ofPatch{}
	in := bufio.NewReaderSize(f, 1<<16)
	for {
		line, err := in.ReadString('\n')
		text := strings.TrimSuffix(strings.TrimSuffix(line, "\n"), ",")
		if strings.HasPrefix(text, `{"type":"Feature",`) {
			var read struct {
				Properties feature `json:"properties"`
			}
			if err := json.Unmarshal([]byte(text), &read); err != nil {
				return nil, err
			}
			addTo(patches, read.Properties, looked)
		}
		if errors.Is(err, io.EOF) {
			return patches, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func addTo(patches map[string]*ofPatch, c feature, looked lookedFor) {
	p := patches[c.Patch]
	if p == nil {
		p = &ofPatch{}
		patches[c.Patch] = p
	}
	of := ledger.Candidate{ID: c.ID, Change: c.Change, Rule: c.Rule, Severity: c.Severity,
		Layer: c.Layer, Zone: c.Zone, ZoneName: c.ZoneName, ZoneType: c.ZoneType, AreaM2: c.AreaHa * redline.M2PerHa}
	if c.Relation != nil {
		of.Known = &ledger.KnownVerdict{Given: c.Verdict, Verdict: c.CaseVerdict, Reason: c.CaseReason, Note: c.CaseNote}
	}
	of.Features = c.features(looked)
	p.candidates = append(p.candidates, of)
	p.patchM2 = c.PatchHa * redline.M2PerHa
	if c.AreaHa > p.largest.AreaHa || c.AreaHa == p.largest.AreaHa && c.ID < p.largest.ID || p.largest.ID == "" {
		p.largest = c
	}
}

// patches reads the cells of patches, and makes detections of those that candidates were cut from. It takes these out
// of of.
func (r *RunFound) patches(ctx context.Context, path string, of map[string]*ofPatch) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in, err := files.NewPatches(record.ContextReader{Context: ctx, Reader: f})
	if err != nil {
		return err
	}
	for patch, err := range in.All() {
		if err != nil {
			return err
		}
		p := of[patch.ID]
		if p == nil {
			return fmt.Errorf("patch %s has no candidate", patch.ID)
		}
		delete(of, patch.ID)
		r.Detections = append(r.Detections, r.detection(patch, p))
	}
	slices.SortFunc(r.Detections, func(a, b ledger.Detection) int { return cmp.Compare(a.ID, b.ID) })
	return nil
}

// detection returns a patch as a detection of the run.
func (r *RunFound) detection(patch *redline.Patch, p *ofPatch) ledger.Detection {
	slices.SortFunc(p.candidates, func(a, b ledger.Candidate) int { return cmp.Compare(a.ID, b.ID) })
	d := ledger.Detection{
		ID: ledger.DetectionID(r.ID, patch.ID), Run: r.ID, YearA: p.largest.YearA, YearB: p.largest.YearB,
		Product: r.Product, Legend: r.Legend, Grid: r.Grid.ID(), Group: patch.Group,
		AreaM2: p.patchM2, Lon: p.largest.Lon, Lat: p.largest.Lat, County: p.largest.AdmCode,
		CountyName: p.largest.AdmName, Candidates: p.candidates, Cells: trace.Count(patch.Cells),
	}
	if prio := p.largest.Prio; prio != "" && prio != "null" {
		if r.Prio == nil {
			r.Prio = map[string]string{}
		}
		r.Prio[d.ID] = string(prio)
	}
	for _, run := range patch.Cells {
		d.Spans = append(d.Spans, ledger.Span{Row: run.Row, Col0: run.Col0, Col1: run.Col1})
	}
	return d
}
