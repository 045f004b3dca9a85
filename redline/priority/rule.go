package priority

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"

	"greenshield/raster/landcover"
	"greenshield/seeds"
)

// SimpleName is the name of the shipped rule.
const SimpleName = "simple"

// baseRow is the feature of the row that holds the base.
const baseRow = "base"

// Simple returns the shipped rule, one card for all groups. It is a proposal.
func Simple() *Model {
	text, _ := seeds.Priority(SimpleName)
	card, err := ParseCard(SimpleName, text)
	if err != nil {
		panic(err) // a test reads it
	}
	sum := sha256.Sum256(text)
	return &Model{Name: SimpleName, SHA256: hex.EncodeToString(sum[:]), Default: *card}
}

// ParseCard reads a card from a table (see [landcover.ReadTable]) with the columns feature,from,to,weight,why: a row
// for each band, and the row base, which has a weight alone. An empty from or to is open. It refuses what [Card.Check]
// does. Errors begin with name, and the line where one is to blame.
func ParseCard(name string, csv []byte) (*Card, error) {
	rows, err := landcover.ReadTable(name, csv, "feature", "from", "to", "weight", "why")
	if err != nil {
		return nil, err
	}
	c, based := &Card{}, false
	for _, r := range rows {
		if r.Fields["feature"] != baseRow {
			b, err := parseBand(r.Fields)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", name, r.Line, err)
			}
			c.Bands = append(c.Bands, b)
			continue
		}
		if based || r.Fields["from"]+r.Fields["to"]+r.Fields["why"] != "" {
			return nil, fmt.Errorf("%s:%d: there is one row %s, which has a weight alone", name, r.Line, baseRow)
		}
		based = true
		if c.Base, err = parseNumber("weight", r.Fields["weight"]); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, r.Line, err)
		}
	}
	if !based {
		return nil, fmt.Errorf("%s: there is no row %s", name, baseRow)
	}
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

func parseBand(fields map[string]string) (b Band, err error) {
	feature, ok := ParseFeature(fields["feature"])
	if !ok {
		return b, fmt.Errorf("there is no feature %q", fields["feature"])
	}
	b = Band{Feature: feature, From: math.Inf(-1), To: math.Inf(1), Why: fields["why"]}
	var errs []error
	for _, n := range []struct {
		column string
		to     *float64
		open   bool
	}{{"from", &b.From, true}, {"to", &b.To, true}, {"weight", &b.Weight, false}} {
		if n.open && fields[n.column] == "" {
			continue
		}
		v, err := parseNumber(n.column, fields[n.column])
		*n.to = v
		errs = append(errs, err)
	}
	return b, errors.Join(errs...)
}

func parseNumber(column, text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%s %q is no number", column, text)
	}
	return v, nil
}
