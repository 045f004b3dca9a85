package report

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"greenshield/redline"
)

// ReadBack reads a candidates.geojson as a stranger would, counts its features and
// adds up their area_ha, exactly in the decimals printed. Anything but one whole
// FeatureCollection of features with a unique cand_id that is also the id, an area
// and a MultiPolygon is a fault of kind Unbalanced that names the feature. Memory
// is bounded by the largest feature and some 40 bytes for each.
func ReadBack(ctx context.Context, path string) (n int64, areaHa float64, err error) {
	in, err := os.Open(path)
	if err != nil {
		return 0, 0, redline.WithKind(redline.Output, err)
	}
	n, areaHa, err = readFeatures(contextReader{ctx, in})
	err = errors.Join(err, in.Close())
	if ctx.Err() != nil {
		return 0, 0, ctx.Err()
	}
	if err != nil {
		return 0, 0, redline.Faultf(redline.Unbalanced, "%s: feature %d: what was written cannot be read back: %w; check the disk", path, n+1, err)
	}
	return n, areaHa, nil
}

// readFeatures returns the number of good features also with an error.
func readFeatures(r io.Reader) (n int64, areaHa float64, err error) {
	dec := json.NewDecoder(r)
	for _, want := range []json.Token{json.Delim('{'), "type", "FeatureCollection", "name", "candidates", "features", json.Delim('[')} {
		if err := expect(dec, want); err != nil {
			return 0, 0, err
		}
	}
	seen := make(map[[16]byte]struct{})
	var micro int64 // area in units of the last decimal
	for dec.More() {
		var f struct {
			Type, ID   string
			Properties struct {
				CandID string   `json:"cand_id"`
				AreaHa *float64 `json:"area_ha"`
			}
			Geometry struct {
				Type        string
				Coordinates json.RawMessage
			}
		}
		if err := dec.Decode(&f); err != nil {
			return n, 0, whole(err)
		}
		p := f.Properties
		switch {
		case f.Type != "Feature":
			return n, 0, fmt.Errorf("type is %q", f.Type)
		case p.CandID == "" || p.CandID != f.ID:
			return n, 0, fmt.Errorf("cand_id is %q, id is %q", p.CandID, f.ID)
		case p.AreaHa == nil || *p.AreaHa < 0:
			return n, 0, fmt.Errorf("candidate %s: has no area", f.ID)
		case f.Geometry.Type != "MultiPolygon" || !bytes.HasPrefix(f.Geometry.Coordinates, []byte("[[[[")):
			return n, 0, fmt.Errorf("candidate %s: has no geometry", f.ID)
		}
		sum := sha256.Sum256([]byte(f.ID))
		id := [16]byte(sum[:])
		if _, twice := seen[id]; twice {
			return n, 0, fmt.Errorf("candidate %s: occurs twice", f.ID)
		}
		seen[id] = struct{}{}
		micro += int64(math.Round(*p.AreaHa * microPerHa))
		n++
	}
	for _, want := range []json.Token{json.Delim(']'), json.Delim('}')} {
		if err := expect(dec, want); err != nil {
			return n, 0, err
		}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return n, 0, errors.New("there is text after the end")
	}
	return n, float64(micro) / microPerHa, nil
}

// microPerHa is 10^haDecimals.
const microPerHa = 1e6

func expect(dec *json.Decoder, want json.Token) error {
	got, err := dec.Token()
	if err != nil {
		return whole(err)
	}
	if got != want {
		return fmt.Errorf("%v stands where %v belongs", got, want)
	}
	return nil
}

// whole turns the end of the file into the error that it is here.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
