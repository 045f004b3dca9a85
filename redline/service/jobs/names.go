package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"

	"greenshield/redline/job"
)

// mostListed bounds how many names of job files are listed, mostSeen what is looked through for them.
const (
	mostListed = 1000
	mostSeen   = 100_000
)

// errNoJob is that there is no such job file.
var errNoJob = errors.New("there is no job file of that name")

// isName tells whether a text can be the name of a job file: of YAML, relative, with slashes, without any step upwards.
func isName(name string) bool {
	return fs.ValidPath(name) && len(name) <= 400 && isYAML(name) && !strings.ContainsRune(name, '\\') &&
		!strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar })
}

func isYAML(name string) bool { return slices.Contains([]string{".yaml", ".yml"}, path.Ext(name)) }

// names lists the job files of the allowed folder, in order. Symbolic links are none and lead nowhere.
func (j *Jobs) names() []string {
	found, seen := []string{}, 0
	_ = fs.WalkDir(j.allowed.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if seen++; seen > mostSeen || len(found) == mostListed {
			return fs.SkipAll
		}
		if err == nil && d.Type().IsRegular() && isName(name) {
			found = append(found, name)
		}
		return nil // what cannot be read holds no job
	})
	return found
}

// sum returns the SHA-256 of a job file, or errNoJob. No part of its name may be a symbolic link.
func (j *Jobs) sum(name string) (string, error) {
	for at := name; at != "."; at = path.Dir(at) {
		info, err := j.allowed.Lstat(at)
		if err != nil || (at == name && !info.Mode().IsRegular()) || (at != name && !info.IsDir()) {
			return "", errNoJob
		}
	}
	f, err := j.allowed.Open(name)
	if err != nil {
		return "", errNoJob
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, io.LimitReader(f, 1<<20)); err != nil { // a job file is much smaller
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// read returns the job of a job file. Its error names no path of the server.
func (j *Jobs) read(name string) (*job.Job, error) {
	found, err := job.Parse(path.Join(j.o.Allowed, name))
	if err == nil {
		err = found.Validate()
	}
	if err != nil {
		return nil, errors.New(j.plain(err.Error()))
	}
	return found, nil
}

// plain returns a message without paths of folders of the server: those in the allowed folder become relative to it,
// runs have their name, and of others the last part is left.
func (j *Jobs) plain(text string) string {
	text = strings.NewReplacer(j.o.Allowed+"/", "", j.o.Out+"/", "").Replace(text)
	return absolute.ReplaceAllString(text, "$1…/")
}
