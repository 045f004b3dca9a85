package gdalinput

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"greenshield/raster/landcover"
	"greenshield/raster/patch"
	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/redline/record"
	"greenshield/seeds"
)

// readRules reads the rule table and sets the options of the run.
func (l *Loaded) readRules() {
	name := l.job.Rules
	text, err := l.readTable("rule table", name, seeds.Rules, seeds.RuleTables())
	if err != nil {
		l.fail(err)
		return
	}
	lastDay := time.Date(l.job.After.Year, time.December, 31, 0, 0, 0, 0, time.UTC)
	rules, err := redline.ParseRules(l.job.AsGiven(name), text, lastDay)
	if err != nil {
		l.fail(redline.WithKind(redline.Usage, err))
		return
	}
	l.Rules = record.RuleTable{
		Name:   l.job.Relative(name),
		SHA256: hashText(text),
		Rules:  rules.Count(),
	}
	l.Options = redline.Options{
		Rules:       &rules,
		Conn:        patch.Connectivity(l.job.Connectivity),
		MinArea:     l.job.MinArea,
		MinPart:     l.job.MinPart,
		MinSeverity: redline.Severity(l.job.MinSeverity),
		Survey:      l.job.Formats.Has(job.CSV | job.XLSX | job.HTML),
	}
}

// readTable returns the text of the table that a job names: of a shipped one, or of a CSV file. what says in messages
// which table it is; names lists the shipped ones, whose texts shipped returns. Errors have the kind Usage.
func (l *Loaded) readTable(what, name string, shipped func(string) ([]byte, bool), names []string) ([]byte, error) {
	if !job.IsFile(name) {
		if text, ok := shipped(name); ok {
			return text, nil
		}
		return nil, redline.Faultf(redline.Usage, "unknown %s %q, and no CSV file (ending in .csv)%s",
			what, name, redline.DidYouMean(name, names))
	}
	l.stamp(name)
	l.tables = append(l.tables, name)
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is not a regular file")
	}
	if err == nil && info.Size() > landcover.MaxTableBytes {
		err = fmt.Errorf("has %d bytes, too many for a %s", info.Size(), what)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, redline.Faultf(redline.Usage, "%s %s: %w", what, name, withoutPath(err))
	}
	return text, nil
}

// withoutPath strips the operation and the path from an error of package os, for a message that names the file itself.
func withoutPath(err error) error {
	var p *os.PathError
	switch {
	case errors.Is(err, os.ErrNotExist):
		return errors.New("no such file")
	case errors.As(err, &p):
		return p.Err
	}
	return err
}

// hashText returns the SHA-256 of a table in hexadecimal digits.
func hashText(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
