package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"greenshield/redline/redlinetest"
)

func TestReadBack(t *testing.T) {
	first, second := redlinetest.Candidate("c1"), redlinetest.Candidate("c3")
	good := FeaturesHead + string(line(&first)) + ",\n" + string(line(&second)) + FeaturesTail
	lines := strings.SplitAfter(good, "\n")

	for _, c := range []struct {
		name, text string
		n          int64
		words      []string
	}{
		{"good", good, 2, nil},
		{"a line longer than the buffer", strings.ReplaceAll(good, "测试保护区", strings.Repeat("长", 1<<20)), 2, nil},
		{"a feature is missing", lines[0] + lines[2] + lines[3], 1, nil}, // seen by the count
		{"same feature twice", lines[0] + lines[1] + lines[1][:len(lines[1])-2] + "\n" + lines[3], 0, []string{"feature 2", "c1: occurs twice"}},
		{"end cut off", strings.TrimSuffix(good, "]}\n"), 0, []string{"feature 3", "unexpected EOF"}},
		{"last brace cut off", strings.TrimSuffix(good, "}\n"), 0, []string{"unexpected EOF"}},
		{"cut in a feature", good[:len(good)-40], 0, []string{"feature 2", "unexpected EOF"}},
		{"cut between features", lines[0] + lines[1], 0, []string{"unexpected EOF"}},
		{"empty", "", 0, []string{"unexpected EOF"}},
		{"zeros", strings.Replace(good, "[117,30]", "\x00\x00\x00\x00\x00\x00\x00\x00", 1), 0, []string{"feature 1", "invalid character"}},
		{"text after the end", good + "{}", 0, []string{"after the end"}},
		{"null geometry", strings.Replace(good, `{"type":"MultiPolygon"`, `null,"x":{"type":"MultiPolygon"`, 1), 0, []string{"c1: has no geometry"}},
		{"empty geometry", strings.Replace(good, `"coordinates":[`, `"coordinates":[],"x":[`, 1), 0, []string{"c1: has no geometry"}},
		{"flat geometry", strings.Replace(good, `"coordinates":[`, `"coordinates":[[[1,2]],`, 1), 0, []string{"c1: has no geometry"}},
		{"numbers for a point", strings.Replace(good, `"coordinates":[`, `"coordinates":[[[[1]]],`, 1), 2, nil},
		{"object for coordinates", strings.Replace(good, `"coordinates":[`, `"coordinates":{"0":{"0":{"0":[[[[1,2]]]]}}},"x":[`, 1), 0, []string{"c1: has no geometry"}},
		{"object for a polygon", strings.Replace(good, `"coordinates":[`, `"coordinates":[{"0":[[117,30]]},`, 1), 0, []string{"c1: has no geometry"}},
		{"null for coordinates", strings.Replace(good, `"coordinates":[`, `"coordinates":null,"x":[`, 1), 0, []string{"c1: has no geometry"}},
		{"the first coordinates count", strings.Replace(good, `"geometry":{`, `"geometry":{"coordinates":[],`, 1), 0, []string{"c1: has no geometry"}},
		{"no area", strings.Replace(good, `"area_ha":`, `"area":`, 1), 0, []string{"c1: has no area"}},
		{"id is not cand_id", strings.Replace(good, `"cand_id":"c1"`, `"cand_id":"c7"`, 1), 0, []string{`cand_id is "c7", id is "c1"`}},
		{"another type", strings.Replace(good, "FeatureCollection", "GeometryCollection", 1), 0, []string{"GeometryCollection"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), CandidatesName)
			redlinetest.Must(t, os.WriteFile(path, []byte(c.text), 0o644))
			back, err := ReadBack(t.Context(), path)
			if c.words != nil {
				if err == nil || errors.As(err, new(*fs.PathError)) {
					t.Fatalf("got %v, want what is wrong with the text", err)
				}
				for _, w := range append(c.words, "what was written cannot be read back", "check the disk") {
					if !strings.Contains(err.Error(), w) {
						t.Errorf("error %q does not say %q", err, w)
					}
				}
				return
			}
			if err != nil || back.Features != c.n || back.AreaHa != 0.81*float64(c.n) {
				t.Errorf("got %d features, %v ha, %v; want %d", back.Features, back.AreaHa, err, c.n)
			}
			sum := sha256.Sum256([]byte(c.text))
			if back.SHA256 != hex.EncodeToString(sum[:]) || back.Bytes != int64(len(c.text)) {
				t.Errorf("it is hashed as %s of %d bytes, want %x of %d", back.SHA256, back.Bytes, sum, len(c.text))
			}
		})
	}
	none := filepath.Join(t.TempDir(), CandidatesName)
	for range 2 { // first there is none, then it can be opened, but not read
		var disk *fs.PathError
		if _, err := ReadBack(t.Context(), none); !errors.As(err, &disk) {
			t.Errorf("got %v, want what the disk says", err)
		}
		redlinetest.Must(t, os.MkdirAll(none, 0o755))
	}
}

func TestReadBackInterrupted(t *testing.T) {
	path := filepath.Join(t.TempDir(), CandidatesName)
	redlinetest.Must(t, os.WriteFile(path, []byte(FeaturesHead+FeaturesTail), 0o644))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ReadBack(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// Features of many batches, which use the memory of earlier ones, are each counted, and a fault is that of its feature.
func TestReadBackOfMany(t *testing.T) {
	const n = 40 * batchLines
	text := make([]string, n)
	wantHa := int64(0)
	for i := range text {
		c := redlinetest.Candidate(fmt.Sprint("c", i))
		text[i] = strings.Replace(string(line(&c)), `"area_ha":0.810000`, fmt.Sprintf(`"area_ha":%d`, i), 1)
		wantHa += int64(i)
	}
	readBack := func() (Back, error) {
		path := filepath.Join(t.TempDir(), CandidatesName)
		redlinetest.Must(t, os.WriteFile(path, []byte(FeaturesHead+strings.Join(text, ",\n")+FeaturesTail), 0o644))
		return ReadBack(t.Context(), path)
	}
	if back, err := readBack(); err != nil || back.Features != n || back.AreaHa != float64(wantHa) {
		t.Errorf("got %d features, %v ha, %v; want %d, %d ha", back.Features, back.AreaHa, err, n, wantHa)
	}
	whole := text[n-7]
	text[n-7] = text[3]
	if _, err := readBack(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("feature %d: ", n-6)) ||
		!strings.Contains(err.Error(), "candidate c3: occurs twice") {
		t.Errorf("got %v", err)
	}
	text[n-7] = strings.Replace(whole, "MultiPolygon", "Polygon", 1)
	if _, err := readBack(); err == nil ||
		!strings.Contains(err.Error(), fmt.Sprintf("feature %d: what was written cannot be read back: candidate c%d: "+
			"has no geometry", n-6, n-7)) {
		t.Errorf("got %v", err)
	}
}
