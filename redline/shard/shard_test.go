package shard

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"greenshield/redline"
	"greenshield/redline/engine"
	"greenshield/redline/findings"
	"greenshield/redline/folder"
	"greenshield/redline/job"
	"greenshield/redline/record"
	"greenshield/redline/redlinetest"
	"greenshield/redline/spool"
)

// fill sets a value to a random one: lists may be nil, empty or short, numbers anything, NaN and −0 too.
func fill(v reflect.Value, rng *rand.Rand) {
	switch v.Kind() {
	case reflect.String:
		v.SetString([]string{"", "a", "红线", strings.Repeat("x", 300), strconv.Itoa(rng.IntN(1e6))}[rng.IntN(5)])
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(rng.Uint64()) >> (64 - v.Type().Bits() + rng.IntN(v.Type().Bits())))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(rng.Uint64() >> (64 - v.Type().Bits() + rng.IntN(v.Type().Bits())))
	case reflect.Float64:
		v.SetFloat([]float64{0, math.Copysign(0, -1), math.Inf(1), rng.NormFloat64(), 117.1234567}[rng.IntN(5)])
	case reflect.Bool:
		v.SetBool(rng.IntN(2) == 0)
	case reflect.Pointer:
		if rng.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), rng)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), rng)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), rng)
		}
	case reflect.Slice:
		if n := rng.IntN(5) - 1; n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fill(v.Index(i), rng)
			}
		}
	default:
		panic(v.Type())
	}
}

// same is reflect.DeepEqual that tells 0 from −0.
func same(a, b any) bool {
	var texts [2]bytes.Buffer
	for i, v := range []any{a, b} {
		w := &writer{to: bufio.NewWriter(&texts[i])}
		w.value(v)
		_ = w.to.Flush()
	}
	return reflect.DeepEqual(a, b) && bytes.Equal(texts[0].Bytes(), texts[1].Bytes())
}

// Whatever the fields of layers hold, they are read as they were written.
func TestValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var text bytes.Buffer
	w := &writer{to: bufio.NewWriter(&text)}
	var all []*Layers
	for range 400 {
		l := new(Layers)
		fill(reflect.ValueOf(l).Elem(), rng)
		w.value(l)
		all = append(all, l)
	}
	redlinetest.Must(t, errors.Join(w.err, w.to.Flush()))
	whole := text.Bytes()
	r := &reader{from: bufio.NewReader(bytes.NewReader(whole))}
	for i, want := range all {
		got := new(Layers)
		if r.value(got); r.err != nil || !same(got, want) {
			t.Fatalf("value %d: %v\n%+v\nwant\n%+v", i, r.err, got, want)
		}
	}
	if _, err := r.from.ReadByte(); err == nil {
		t.Error("something is left")
	}
	for range 100 { // a text that is cut is an error, and no panic
		r := &reader{from: bufio.NewReader(bytes.NewReader(whole[:rng.IntN(len(whole))]))}
		for i := 0; i < len(all) && r.err == nil; i++ {
			r.value(new(Layers))
		}
		if r.err == nil {
			t.Error("a cut text is whole")
		}
	}
}

// newPlan writes a plan of 3 shards of 5, 0 and 7 rows, of one input file.
func newPlan(t *testing.T) (p *Plan, input string) {
	t.Helper()
	dir := t.TempDir()
	input = filepath.Join(dir, "in.tif")
	redlinetest.Must(t, os.WriteFile(input, []byte("input"), 0o600))
	stamp, err := record.StampOf(t.Context(), input, "")
	redlinetest.Must(t, err)
	made := &Plan{Program: "greenshield 1", Versions: record.Versions{GDAL: "3"}, Job: job.Default(),
		Rows: []int{0, 5, 5, 12}, Files: []record.Stamp{stamp}}
	folder := filepath.Join(dir, "plan")
	redlinetest.Must(t, made.Write(t.Context(), folder, &Layers{Zones: []redline.Zone{{ID: "a"}}}))
	p, err = Open(folder)
	redlinetest.Must(t, err)
	if !reflect.DeepEqual(p.Job, made.Job) || p.Shards() != 3 || p.RowsOf(2) != [2]int{5, 12} {
		t.Fatalf("%+v, %+v", p, p.Job)
	}
	return p, input
}

// makePart writes the part of a shard with n candidates.
func makePart(t *testing.T, p *Plan, i, n int) {
	t.Helper()
	w, err := p.Create(i)
	redlinetest.Must(t, err)
	defer w.Abort()
	if rows := p.RowsOf(i); rows[0] == rows[1] {
		redlinetest.Must(t, w.Publish(nil, nil))
		return
	}
	s := spool.NewPart(w, new(redline.Inputs), findings.Columns{}, true)
	for k := range n {
		id := strconv.Itoa(i) + "-" + strconv.Itoa(k)
		redlinetest.Must(t, s.Put(redline.Key{Row: int32(i), Col: int32(k)}, &redline.Candidate{ID: id, ZoneID: "a", AreaM2: 1,
			PatchM2: 2, Cells: 1, Lon: 117, Lat: 32, Reason: redline.ReasonArea}, nil))
	}
	redlinetest.Must(t, w.Publish(s, testRest()))
}

func testRest() *Rest {
	return &Rest{Part: &engine.Part{Bottom: [][]uint8{{1, 2}}}, Patches: []redline.Patch{{ID: "p"}}, AreasM2: []float64{0.5}}
}

func TestParts(t *testing.T) {
	p, _ := newPlan(t)
	ctx := t.Context()
	makePart(t, p, 1, 0)
	err := p.Parts(ctx)
	if redline.KindOf(err) != redline.Incompatible || !strings.Contains(err.Error(), "2 of 3 parts are missing: 0 2; run "+
		"greenshield shard "+p.Folder()+" NUMBER for each of them") {
		t.Fatal(err)
	}
	// A shard that is killed leaves no part; one that is still at work keeps what it has written.
	dead, err := p.Create(0)
	redlinetest.Must(t, err)
	redlinetest.Must(t, dead.file.Close())
	work, err := p.Create(2)
	redlinetest.Must(t, err)
	makePart(t, p, 0, 2)
	makePart(t, p, 2, 1)
	if n := len(names(t, p)); n != 4 {
		t.Errorf("%v", names(t, p))
	}
	redlinetest.Must(t, work.Publish(spool.NewPart(work, new(redline.Inputs), findings.Columns{}, true), testRest()))
	redlinetest.Must(t, p.Parts(ctx))
	if got := names(t, p); !slices.Equal(got, []string{"0000", "0001", "0002"}) {
		t.Errorf("%v", got)
	}
	makePart(t, p, 2, 1)
	f, err := folder.Begin(filepath.Join(t.TempDir(), "out"), false)
	redlinetest.Must(t, err)
	defer f.Abort()
	to, err := spool.New(f, new(redline.Inputs), findings.Columns{}, true)
	redlinetest.Must(t, err)
	from := p.Reader()
	defer from.Close()
	for i := range p.Shards() {
		rest, err := from.Read(ctx, i, to)
		redlinetest.Must(t, err)
		if i == 1 {
			if rest != nil {
				t.Errorf("a shard without rows has %+v", rest)
			}
			continue
		}
		if !reflect.DeepEqual(rest, testRest()) {
			t.Errorf("part %d: %+v", i, rest)
		}
	}
	var got []string
	_, n, err := to.Finish(ctx, func(string) error { return nil }, func() ([]string, error) {
		for c, err := range to.All(ctx, true) {
			redlinetest.Must(t, err)
			got = append(got, c.ID+" "+c.ZoneID)
		}
		return nil, nil
	})
	redlinetest.Must(t, err)
	if !slices.Equal(got, []string{"0-0 a", "0-1 a", "2-0 a"}) || n != 3 {
		t.Errorf("%v, %d", got, n)
	}
}

func names(t *testing.T, p *Plan) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(p.parts())
	redlinetest.Must(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// A part of another plan, version, input or shard, and a damaged one, is told by its number.
func TestWrongParts(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(p *Plan, other *Plan)
		want  string
	}{
		"another plan": {func(p, other *Plan) {
			other.hash = "another"
			makePart(t, other, 0, 1)
		}, "it is the part of another plan, or of a plan of other inputs"},
		"another version": {func(p, other *Plan) {
			other.Program = "greenshield 2"
			makePart(t, other, 0, 1)
		}, "it was made by greenshield 2 with GDAL 3"},
		"another library": {func(p, other *Plan) {
			other.Versions.GDAL = "4"
			makePart(t, other, 0, 1)
		}, "it was made by greenshield 1 with GDAL 4"},
		"another shard": {func(p, other *Plan) {
			makePart(t, p, 2, 1)
			redlinetest.Must(t, os.Rename(p.path(2), p.path(0)))
		}, "it is the part of shard 2"},
		"a byte": {func(p, _ *Plan) { spoil(t, p, func(b []byte) []byte { b[len(b)/2] ^= 1; return b }) }, "it is damaged"},
		"cut":    {func(p, _ *Plan) { spoil(t, p, func(b []byte) []byte { return b[:len(b)-1] }) }, "it is damaged"},
		"empty":  {func(p, _ *Plan) { spoil(t, p, func([]byte) []byte { return nil }) }, "it is not a whole part"},
		"longer": {func(p, _ *Plan) { spoil(t, p, func(b []byte) []byte { return append(b, 0) }) }, "it is damaged"},
		"a pipe": {func(p, _ *Plan) {
			redlinetest.Must(t, os.Remove(p.path(0)))
			redlinetest.Must(t, unix.Mkfifo(p.path(0), 0o600))
		}, "it is no file"},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := newPlan(t)
			for i := range 3 {
				makePart(t, p, i, 2)
			}
			other := *p
			c.spoil(p, &other)
			err := p.Check(t.Context(), 0)
			if redline.KindOf(err) != redline.Incompatible || !strings.HasPrefix(err.Error(), p.path(0)+": "+c.want) ||
				!strings.HasSuffix(err.Error(), "; run greenshield shard "+p.Folder()+" 0 again") {
				t.Error(err)
			}
			if err := p.Parts(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Error(err)
			}
			redlinetest.Must(t, os.Remove(p.path(1)))
			want := []int{0, 1}
			if _, err := os.Lstat(p.path(2)); err != nil {
				want = append(want, 2)
			}
			if missing, err := p.Missing(t.Context()); err != nil || !slices.Equal(missing, want) {
				t.Errorf("missing: %v, %v, want %v", missing, err, want)
			}
			makePart(t, p, 0, 2)
			if err := p.Check(t.Context(), 0); err != nil {
				t.Error(err)
			}
		})
	}
}

// A folder in the place of a part is somebody else's: it is told before anything is made, and stays with all that it
// holds, until somebody moves it away. A link to a folder is replaced as a file is.
func TestFolderInPlaceOfPart(t *testing.T) {
	for _, held := range []string{"", "kept"} {
		p, _ := newPlan(t)
		makePart(t, p, 0, 2)
		makePart(t, p, 2, 2)
		redlinetest.Must(t, os.MkdirAll(filepath.Join(p.path(1), held), 0o700))
		_, errCreate := p.Create(1)
		for what, err := range map[string]error{"Check": p.Check(t.Context(), 1), "Create": errCreate, "Parts": p.Parts(t.Context())} {
			if redline.KindOf(err) != redline.Incompatible || err.Error() != p.path(1)+": is a folder where a part is to be; "+
				"move it away and run greenshield shard "+p.Folder()+" 1 again" {
				t.Errorf("%s: %v", what, err)
			}
		}
		if missing, err := p.Missing(t.Context()); err != nil || !slices.Equal(missing, []int{1}) {
			t.Errorf("missing: %v, %v", missing, err)
		}
		if _, err := os.Stat(filepath.Join(p.path(1), held)); err != nil || !slices.Equal(names(t, p), []string{"0000", "0001", "0002"}) {
			t.Errorf("%v; there are %v", err, names(t, p))
		}
		moved := filepath.Join(t.TempDir(), "moved")
		redlinetest.Must(t, os.Rename(p.path(1), moved))
		redlinetest.Must(t, os.Symlink(moved, p.path(1)))
		if err := p.Check(t.Context(), 1); err == nil || !strings.Contains(err.Error(), ": it is no file; run ") {
			t.Error(err)
		}
		makePart(t, p, 1, 2)
		redlinetest.Must(t, p.Parts(t.Context()))
		if _, err := os.Stat(filepath.Join(moved, held)); err != nil {
			t.Error(err)
		}
	}
}

func spoil(t *testing.T, p *Plan, how func([]byte) []byte) {
	t.Helper()
	text, err := os.ReadFile(p.path(0))
	redlinetest.Must(t, err)
	redlinetest.Must(t, os.WriteFile(p.path(0), how(text), 0o600))
}

// An input is the same when its size and its time of writing are, or else its content.
func TestCheckFiles(t *testing.T) {
	p, input := newPlan(t)
	redlinetest.Must(t, p.CheckFiles(t.Context()))
	redlinetest.Must(t, os.Chtimes(input, time.Time{}, time.Unix(1e9, 0)))
	redlinetest.Must(t, p.CheckFiles(t.Context()))
	// Once it is hashed it counts as unchanged while its time is the same, as one that was never touched does.
	same, err := os.ReadFile(input)
	redlinetest.Must(t, err)
	redlinetest.Must(t, os.WriteFile(input, bytes.ToUpper(same), 0o600))
	redlinetest.Must(t, os.Chtimes(input, time.Time{}, time.Unix(1e9, 0)))
	redlinetest.Must(t, p.CheckFiles(t.Context()))
	redlinetest.Must(t, os.Chtimes(input, time.Time{}, time.Unix(1e9+1, 0)))
	if err := p.CheckFiles(t.Context()); redline.KindOf(err) != redline.Incompatible {
		t.Errorf("another file of another time: %v", err)
	}
	for text, want := range map[string]string{"other": "is not as it was", "longer than it": "is not as it was"} {
		redlinetest.Must(t, os.WriteFile(input, []byte(text), 0o600))
		if err := p.CheckFiles(t.Context()); redline.KindOf(err) != redline.Incompatible ||
			!strings.HasPrefix(err.Error(), input+": "+want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	redlinetest.Must(t, os.Remove(input))
	if err := p.CheckFiles(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestPlanIsRefused(t *testing.T) {
	p, _ := newPlan(t)
	if err := p.CheckVersions("greenshield 1", p.Versions); err != nil {
		t.Error(err)
	}
	err := p.CheckVersions("greenshield 2", p.Versions)
	if redline.KindOf(err) != redline.Incompatible || !strings.Contains(err.Error(), "was made by greenshield 1 with GDAL 3") {
		t.Error(err)
	}
	if err := p.Write(t.Context(), p.Folder(), &Layers{}); redline.KindOf(err) != redline.Output ||
		!strings.Contains(err.Error(), "is not empty") {
		t.Error(err)
	}
	if _, err := Open(t.TempDir()); redline.KindOf(err) != redline.Usage || !strings.Contains(err.Error(), "is not the folder of a plan") {
		t.Error(err)
	}
	for text, want := range map[string]string{"{": "unexpected end", `{"format": 2}`: "it has format 2", `{"format": 6}`: "something is missing"} {
		redlinetest.Must(t, os.WriteFile(filepath.Join(p.Folder(), planName), []byte(text), 0o600))
		if _, err := Open(p.Folder()); redline.KindOf(err) != redline.Incompatible || !strings.Contains(err.Error(), want) {
			t.Error(err)
		}
	}
}
