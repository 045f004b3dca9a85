package shard

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/folder"
	"greenshield/redline/redlinetest"
	"greenshield/redline/spool"
)

// adoption is the spool of a merge.
type adoption struct {
	from *Reader
	to   *spool.Spool
}

// adopt has a spool adopt the parts of a plan.
func adopt(t *testing.T, p *Plan) *adoption {
	t.Helper()
	f, err := folder.Begin(filepath.Join(t.TempDir(), "out"), false)
	redlinetest.Must(t, err)
	t.Cleanup(f.Abort)
	a := &adoption{from: p.Reader()}
	t.Cleanup(a.from.Close)
	a.to, err = spool.New(f, new(redline.Inputs), findings.Columns{}, true)
	redlinetest.Must(t, err)
	return a
}

// finish writes the files, and returns the ids that a report reads meanwhile.
func (a *adoption) finish(ctx context.Context) (ids []string, err error) {
	_, _, err = a.to.Finish(ctx, func(string) error { return nil }, func() ([]string, error) {
		for c, err := range a.to.All(ctx, true) {
			if err != nil {
				return nil, err
			}
			ids = append(ids, c.ID)
		}
		return nil, nil
	})
	return ids, err
}

// openIn returns how many files of a folder this process has open.
func openIn(t *testing.T, folder string) (n int) {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	redlinetest.Must(t, err)
	for _, e := range all {
		if path, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(path, folder) {
			n++
		}
	}
	return n
}

// However many parts there are, few are open, none after Close, and each is read again when it is needed.
func TestFewPartsAreOpen(t *testing.T) {
	const n = 3 * openParts
	p, _ := newPlan(t)
	p.Rows = []int{0}
	var want []string
	for i := range n {
		p.Rows = append(p.Rows, i+1)
	}
	a := adopt(t, p)
	for i := range n {
		makePart(t, p, i, 2)
		_, err := a.from.Read(t.Context(), i, a.to)
		redlinetest.Must(t, err)
		want = append(want, strconv.Itoa(i)+"-0", strconv.Itoa(i)+"-1")
		if got := openIn(t, p.parts()); got != min(i+1, openParts) {
			t.Fatalf("%d parts are open after %d", got, i+1)
		}
	}
	got, err := a.finish(t.Context())
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if n := openIn(t, p.parts()); n != openParts {
		t.Errorf("%d parts are open", n)
	}
	// Those that are in use stay open.
	var used []*openPart
	for i := range openParts + 2 {
		o, err := a.from.take(i)
		redlinetest.Must(t, err)
		used = append(used, o)
	}
	if n := openIn(t, p.parts()); n != openParts+2 {
		t.Errorf("%d parts are open", n)
	}
	for _, o := range used {
		if _, err := o.file.Stat(); err != nil {
			t.Error(err)
		}
		a.from.leave(o)
	}
	if n := openIn(t, p.parts()); n != openParts {
		t.Errorf("%d parts are open", n)
	}
	a.from.Close()
	if n := openIn(t, p.parts()); n != 0 {
		t.Errorf("%d parts are open", n)
	}
}

// A part that is bad, or no longer there, after it was checked is named by its number, whether merge reads its index
// or its texts.
func TestPartsGoBad(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, p *Plan)
		// What is wrong when the index is read, and when the texts are, from a part that is open and from one that is not.
		index, open, texts string
	}{
		"vanished": {func(t *testing.T, p *Plan) { redlinetest.Must(t, os.Remove(p.path(0))) },
			"no such file or directory", "", "no such file or directory"},
		"empty": {func(t *testing.T, p *Plan) { spoil(t, p, func([]byte) []byte { return nil }) },
			"EOF", "EOF", "it was changed while it was merged"},
		"index": {func(t *testing.T, p *Plan) {
			spoil(t, p, func(b []byte) []byte {
				for i := len(b) / 2; i < len(b)-60; i++ {
					b[i] = 0xff
				}
				return b
			})
		}, "", "", "it was changed while it was merged"},
		"another": {func(t *testing.T, p *Plan) { makePart(t, p, 0, 3) }, "-", "", "it was changed while it was merged"},
	} {
		t.Run(name, func(t *testing.T) {
			wrong := func(p *Plan, when string, err error, want string) {
				t.Helper()
				if redline.KindOf(err) != redline.Incompatible || !strings.HasPrefix(err.Error(), p.path(0)+": ") ||
					!strings.Contains(err.Error(), want) ||
					!strings.HasSuffix(err.Error(), "; run greenshield shard "+p.Folder()+" 0 again") {
					t.Errorf("%s: %v, want %s", when, err, want)
				}
			}
			begin := func(read bool) (*Plan, *adoption) {
				p, _ := newPlan(t)
				for i := range 3 {
					makePart(t, p, i, 2)
				}
				redlinetest.Must(t, p.Parts(t.Context()))
				a := adopt(t, p)
				if read {
					_, err := a.from.Read(t.Context(), 0, a.to)
					redlinetest.Must(t, err)
				}
				c.spoil(t, p)
				return p, a
			}
			p, a := begin(false)
			if c.index != "-" {
				_, err := a.from.Read(t.Context(), 0, a.to)
				wrong(p, "index", err, c.index)
			}
			p, a = begin(true)
			if _, err := a.finish(t.Context()); c.open != "" {
				wrong(p, "open", err, c.open)
			} else if err != nil {
				t.Errorf("a part that is open: %v", err)
			}
			p, a = begin(true)
			a.from.Close() // as for many parts
			_, err := a.finish(t.Context())
			wrong(p, "texts", err, c.texts)
		})
	}
}
