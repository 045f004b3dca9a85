package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/files"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/record"
	"greenshield/vector/trace"
)

// The ledger that is measured: so many cases, met by so many runs. Each case has some 20 events, see sayings.
const (
	ledgerCases = 50_000
	ledgerRuns  = 10
)

// ledgerGrid holds a tile of tile × tile cells for each case.
func ledgerGrid(cases int) raster.Grid {
	const tile = 80
	side := 1
	for side*side < cases {
		side++
	}
	return raster.Grid{CRS: raster.CRS{Name: "CGCS2000", EPSG: 4490, WKT: `GEOGCS["CGCS2000"]`, Geographic: true},
		OriginX: 115, OriginY: 34, CellX: 0.00025, CellY: 0.00025, Cols: tile * side, Rows: tile * side}
}

// blob returns the cells of a patch of 8 to 16 rows, in the tile of the case. By 2 % each a run does not find it, or
// finds it a third wider from then on.
func blob(g raster.Grid, number, run int) (cells []trace.Run) {
	const tile = 80
	rng := rand.New(rand.NewPCG(16, uint64(number)))
	side := g.Cols / tile
	row, col := int32(number/side*tile+10), int32(number%side*tile+20)
	rows, wide, found := 8+rng.Int32N(9), int32(0), true
	for range run {
		found = true
		switch rng.IntN(50) {
		case 0:
			found = false
		case 1:
			wide += 4
		}
	}
	if !found && run > 1 {
		return nil
	}
	shape := rand.New(rand.NewPCG(17, uint64(number)))
	for i := range rows {
		from := shape.Int32N(4)
		cells = append(cells, trace.Run{Row: row + i, Col0: col + from, Col1: col + from + 8 + shape.Int32N(5) + wide})
	}
	return cells
}

// writeLedgerRun writes the folder of a run as far as a ledger reads it.
func writeLedgerRun(b *testing.B, folder string, cases, run int) {
	b.Helper()
	g := ledgerGrid(cases)
	var features, patches []byte
	features = append(features, `{"type":"FeatureCollection","name":"candidates","features":[`+"\n"...)
	patches = append(patches, files.PatchesHead(g)...)
	for n := range cases {
		cells := blob(g, n, run)
		if cells == nil {
			continue
		}
		p := redline.Patch{ID: fmt.Sprintf("P%016x", n), Group: "natural>built", Cells: cells}
		patches = files.AppendPatch(patches, &p)
		features = appendFeature(features, g, &p, n, run)
	}
	features = append(bytes.TrimSuffix(features, []byte(",\n")), "\n]}\n"...)
	patches = append(patches, files.PatchesTail...)
	var packed bytes.Buffer
	check := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	z := files.Compressed(&packed)
	_, err := z.Write(patches)
	check(err)
	check(z.Close())
	m := record.Manifest{Format: record.Format, Fingerprint: fmt.Sprintf("%02x%062x", run, cases), Grid: record.GridOf(g),
		Options: map[string]any{"min_area": "4cells"},
		Inputs: []record.Input{{Role: "before", Year: 2015, Legend: "clcd", LegendSHA256: strings.Repeat("8", 64)},
			{Role: "after", Year: 2015 + run, Legend: "clcd", LegendSHA256: strings.Repeat("8", 64)}}}
	check(os.MkdirAll(folder, 0o755))
	for name, text := range map[string][]byte{files.CandidatesName: features, files.PatchesName: packed.Bytes()} {
		sum := sha256.Sum256(text)
		m.Outputs = append(m.Outputs, record.File{Name: name, Bytes: int64(len(text)), SHA256: hex.EncodeToString(sum[:])})
		check(os.WriteFile(filepath.Join(folder, name), text, 0o600))
	}
	var manifest bytes.Buffer
	check(m.Write(&manifest))
	check(os.WriteFile(filepath.Join(folder, record.Name), manifest.Bytes(), 0o600))
}

// appendFeature appends a line of candidates.geojson.
func appendFeature(b []byte, g raster.Grid, p *redline.Patch, number, run int) []byte {
	point := func(row, col int32) []float64 {
		return []float64{g.OriginX + float64(col)*g.CellX, g.OriginY - float64(row)*g.CellY}
	}
	var ring, left [][]float64
	for _, c := range p.Cells {
		ring = append(ring, point(c.Row, c.Col1), point(c.Row+1, c.Col1))
		left = append(left, point(c.Row, c.Col0), point(c.Row+1, c.Col0))
	}
	slices.Reverse(left)
	ring = append(append(ring, left...), ring[0])
	at := point(p.Cells[0].Row, p.Cells[0].Col0+1)
	ha := float64(trace.Count(p.Cells)) * 0.0675
	county := number % 97
	feature := map[string]any{"type": "Feature", "id": fmt.Sprintf("C%02x%014x", run, number), "properties": map[string]any{
		"cand_id": fmt.Sprintf("C%02x%014x", run, number), "patch_id": p.ID, "year_a": 2015, "year_b": 2015 + run,
		"change": "construction", "change_zh": "开发建设", "from_eco": "forest", "from_code": "2", "from_name": "林地",
		"to_eco": "built", "to_code": "8", "to_name": "不透水面", "from_mix": "forest:100", "severity": 1 + number%4,
		"rule_id": "construction/redline@2019-01-01", "activity": "疑似开发建设", "basis": "厅字〔2019〕48号 八类有限人为活动(未核实)",
		"layer": "redline", "zone_id": fmt.Sprintf("SLHX%05d", number%1200), "zone_name": "示例生态保护红线", "zone_type": "redline",
		"func_zone": "", "zone_lvl": "", "zones_all": "SLHX00019", "area_ha": ha, "patch_ha": ha, "part_pct": 100.0,
		"cells": trace.Count(p.Cells), "edge_pct": 100.0, "adm_code": fmt.Sprintf("34%04d", 100+county),
		"adm_name": fmt.Sprintf("示例县%d", county), "lon": at[0], "lat": at[1], "flags": "EDGE", "verdict": "unreviewed",
		"exempt_pct": 0.0}, "geometry": map[string]any{"type": "Polygon", "coordinates": [][][]float64{ring}}}
	properties, err := json.Marshal(feature["properties"])
	if err != nil {
		panic(err)
	}
	geometry, err := json.Marshal(feature["geometry"])
	if err != nil {
		panic(err)
	}
	return fmt.Appendf(b, `{"type":"Feature","id":%q,"properties":%s,"geometry":%s},`+"\n", feature["id"], properties, geometry)
}

// sayings are the commands that say things of all cases, each an event of every case. The verdict also files it.
func sayings() (commands [][]string) {
	for _, fields := range []string{"verdict=confirmed review_basis=现场 note=经现场核查属实", "problem=毁林建房 measures=拆除复绿",
		"measure_kind=demolition standard=恢复林地", "responsible_unit=某镇人民政府 responsible_person=赵强", "due_date=2028-12-31", "ext_no=X",
		"lists=29+90+N", "goal=恢复林地面积", "result=已拆除"} {
		commands = append(commands, append([]string{"set", "--severity", "1", "--as", "李明", "--level", "county", "--at", "2026-02-01"},
			strings.Fields(fields)...))
	}
	return commands
}

// ledgerFolder returns a folder with the folders of the runs, and ledger.gpkg with all but the last of them added and
// everything said. It is made once in a folder of GREENSHIELD_BENCH, or anew in a temporary one.
func ledgerFolder(b *testing.B, cases int) (dir string) {
	b.Helper()
	root := os.Getenv("GREENSHIELD_BENCH")
	if root == "" {
		root = b.TempDir()
	}
	dir = filepath.Join(root, fmt.Sprintf("ledger-%d", cases))
	path := filepath.Join(dir, "ledger.gpkg")
	if _, err := os.Stat(path); err == nil {
		return dir
	}
	part := filepath.Join(dir, "part.gpkg")
	if err := os.RemoveAll(dir); err != nil {
		b.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	ledger := func(args ...string) { must(b, binary, append([]string{"ledger", "--ledger", part}, args...)...) }
	ledger("init", "--code", "340000", "--name", "台账", "--as", "省厅", "--level", "province", "--at", "2026-01-01")
	for run := 1; run <= ledgerRuns; run++ {
		folder := filepath.Join(dir, fmt.Sprint("run", run))
		writeLedgerRun(b, folder, cases, run)
		if run == ledgerRuns {
			break
		}
		ledger("add", folder, "--at", "2026-02-01")
		if run <= len(sayings()) {
			ledger(sayings()[run-1]...)
		}
	}
	if err := os.Rename(part, path); err != nil {
		b.Fatal(err)
	}
	return dir
}

// BenchmarkLedger measures commands of the ledger: the adding of the last run against the reading of its candidates,
// which take turns, then lists and what reads all of the ledger. See make bench-ledger.
func BenchmarkLedger(b *testing.B) {
	cases := ledgerCases
	if shrink := os.Getenv("GREENSHIELD_SHRINK"); shrink != "" {
		n, err := strconv.Atoi(shrink)
		if err != nil {
			b.Fatal("GREENSHIELD_SHRINK: ", err)
		}
		cases /= n
	}
	b.Run("gpkg", func(b *testing.B) {
		dir := ledgerFolder(b, cases)
		place := filepath.Join(b.TempDir(), "ledger.gpkg")
		benchmarkLedger(b, dir, place, func() { must(b, "cp", filepath.Join(dir, "ledger.gpkg"), place) })
	})
	b.Run("postgis", func(b *testing.B) {
		cluster := os.Getenv("GREENSHIELD_POSTGIS")
		if cluster == "" {
			b.Skip("no PostgreSQL is named: make bench-ledger starts one")
		}
		dir := ledgerFolder(b, cases)
		at := func(database string) string { return asURL(cluster, database) }
		must(b, "psql", "-qX", cluster, "-c", "CREATE DATABASE filled")
		text := filepath.Join(b.TempDir(), "ledger.ndjson")
		must(b, binary, "ledger", "export", text, "--ledger", filepath.Join(dir, "ledger.gpkg"))
		wall, _, peak := timedLedger(b, "import", text, "--ledger", at("filled"))
		b.Logf("import of all but the last run: %.1f s, %.0f MB", wall, peak)
		benchmarkLedger(b, dir, at("bench"), func() {
			must(b, "psql", "-qX", cluster, "-c", "DROP DATABASE IF EXISTS bench", "-c", "CREATE DATABASE bench TEMPLATE filled")
		})
	})
}

// asURL returns a connection string of keys and values as a URL, to another database.
func asURL(cluster, database string) string {
	query := url.Values{}
	for _, pair := range strings.Fields(cluster) {
		key, value, _ := strings.Cut(pair, "=")
		query.Set(key, strings.Trim(value, "'"))
	}
	query.Set("dbname", database)
	return "postgres:///?" + query.Encode()
}

// timedLedger runs a command of the ledger, whose output nobody reads, and tells wall and CPU time in seconds, and the
// largest memory in MB.
func timedLedger(b *testing.B, args ...string) (wall, cpu, peakMB float64) {
	b.Helper()
	cmd := exec.Command(binary, append([]string{"ledger"}, args...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	start := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	peak := watchPeak(cmd.Process.Pid)
	if err := cmd.Wait(); err != nil {
		b.Fatalf("%s: %v\n%s", args, err, &said)
	}
	wall = time.Since(start).Seconds()
	return wall, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), <-peak
}

// ledgerLists are the flags of lists: of all cases in each format, and by each filter.
var ledgerLists = map[string][]string{
	"table": nil, "csv": {"--format", "csv"}, "json": {"--json"}, "geojson": {"--format", "geojson"},
	"state": {"--state", "filed"}, "verdict": {"--verdict", "confirmed"}, "county": {"--county", "3401"},
	"relation": {"--relation", "grown"}, "severity": {"--severity", "4"}, "list": {"--list", "29+90+N"}, "unit": {"--unit", "镇"},
	"ext-no": {"--ext-no", "X"}, "overdue": {"--overdue", "2029-01-01"}, "disputed": {"--disputed"}, "suspected": {"--suspected"},
	"to-confirm": {"--to-confirm"}, "lead": {"--lead"}, "merged": {"--merged"}, "id": {"340000-000077"},
}

func benchmarkLedger(b *testing.B, dir, place string, reset func()) {
	run := filepath.Join(dir, fmt.Sprint("run", ledgerRuns))
	walls, cpus, peaks := map[string][]float64{}, map[string][]float64{}, map[string]float64{}
	timed := func(name string, args ...string) {
		wall, cpu, peak := timedLedger(b, append(args, "--ledger", place)...)
		walls[name], cpus[name], peaks[name] = append(walls[name], wall), append(cpus[name], cpu), max(peaks[name], peak)
	}
	for b.Loop() {
		reset()
		start := time.Now()
		if _, err := ledgerwork.ReadRun(b.Context(), run); err != nil {
			b.Fatal(err)
		}
		walls["read"] = append(walls["read"], time.Since(start).Seconds())
		timed("add", "add", run, "--at", "2026-02-01")
		for name, flags := range ledgerLists {
			timed("list-"+name, append([]string{"list"}, flags...)...)
		}
		out := b.TempDir()
		timed("case", "case", "340000-000077")
		timed("report", "report", "--out", filepath.Join(out, "report"), "--day", "2026-12-31")
		timed("verify", "verify")
		timed("export", "export", filepath.Join(out, "ledger.ndjson"))
		timed("backup", "backup", filepath.Join(out, "backup"))
		wall, cpu, peak := timedLedger(b, "import", filepath.Join(out, "ledger.ndjson"), "--ledger", filepath.Join(out, "new.gpkg"))
		walls["import"], cpus["import"], peaks["import"] = append(walls["import"], wall), append(cpus["import"], cpu), peak
		if err := os.RemoveAll(out); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(walls["add"])/median(walls["read"]), "add/read")
	for name := range walls {
		b.ReportMetric(median(walls[name]), name+"-s")
		if len(cpus[name]) > 0 {
			b.ReportMetric(median(cpus[name]), name+"-core-s")
			b.ReportMetric(peaks[name], name+"-MB")
		}
	}
}
