package job

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"greenshield/redline"
)

// Parse reads the job file at path: one document of YAML without anchors and tags, at most
// 64 KiB of UTF-8. It is strict: unknown and repeated keys, values of the wrong kind and
// empty values are faults that name the line. The error joins up to 20 of them. Relative
// paths in the file are relative to its folder.
func Parse(path string) (*Job, error) { return ParseYear(path, 0) }

// ParseYear is Parse for a template: in the whole text of the file {year} is replaced by the year, 1 to 9999, and
// {year-5} or {year+1} by the year that lies so far from it, as four digits; only then the text is read. A file without
// these is the same job in every year. Year 0 is none: a file with such a mark is then refused.
func ParseYear(path string, year int) (*Job, error) {
	data, err := read(path)
	if err != nil {
		return nil, redline.Faultf(redline.Usage, "%s: %w", path, err)
	}
	r := &reader{path: path}
	data, line, err := fill(data, year)
	if err != nil {
		r.fail(line, "%w", err)
		return nil, r.faults[0]
	}
	j := Default()
	if root := r.document(data); root != nil {
		r.mapping(root, j.options())
	}
	if len(r.faults) > 0 {
		return nil, errors.Join(r.faults...)
	}
	j.Path = path
	j.resolve(filepath.Dir(path))
	return j, nil
}

// maxBytes bounds a job file, and with it the time that a hostile one takes. A real job file has some hundred bytes.
const maxBytes = 64 << 10

// read returns the bytes of a job file.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, errors.New("no such file")
	case err != nil:
		return nil, errors.Unwrap(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a regular file; name a job file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err == nil && len(data) > maxBytes {
		err = fmt.Errorf("is larger than a job file may be (%d KiB); is it the right file? "+
			"A mosaic of very many tiles can be named by one .vrt", maxBytes>>10)
	}
	return data, err
}

// resolve makes paths that are relative to folder relative to the working folder.
func (j *Job) resolve(folder string) {
	for _, path := range j.paths() {
		*path = strings.TrimPrefix(*path, "/vsizip/") // GDAL's way to name what lies in an archive
		if *path != "" && !filepath.IsAbs(*path) {
			given := *path
			*path = filepath.Join(folder, given)
			if j.Given != nil {
				j.Given[*path] = given
			}
		}
	}
}

// Paths returns the paths of all files and folders that the job names, the folder of its results among them.
func (j *Job) Paths() (paths []string) {
	for _, path := range j.paths() {
		if *path != "" {
			paths = append(paths, *path)
		}
	}
	return paths
}

// paths returns where the job holds paths; one of them may be "".
func (j *Job) paths() []*string {
	paths := append(j.inputs(), &j.Out)
	if !strings.Contains(j.Ledger, "://") {
		paths = append(paths, &j.Ledger)
	}
	return paths
}

// Inputs returns the paths of all files that the job reads, but the ledger, sorted and each once. A raster may be one in
// a container: FILE|variable=NAME.
func (j *Job) Inputs() (paths []string) {
	for _, path := range j.inputs() {
		if *path != "" {
			paths = append(paths, *path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// inputs returns where the job holds the paths of what it reads, but the ledger; one of them may be "".
func (j *Job) inputs() (paths []*string) {
	named := func(name *string) {
		if IsFile(*name) {
			paths = append(paths, name)
		}
	}
	epochs := []*Epoch{&j.Before, &j.After, &j.Newest}
	for i := range j.Between {
		epochs = append(epochs, &j.Between[i].Epoch)
	}
	for i := range j.Confirm {
		epochs = append(epochs, &j.Confirm[i].Before, &j.Confirm[i].After)
	}
	for _, e := range epochs {
		for i := range e.Files {
			paths = append(paths, &e.Files[i])
		}
		named(&e.Legend)
	}
	for _, list := range [][]Source{j.RedLine, j.Reserve, j.Exempt} {
		for i := range list {
			paths = append(paths, &list[i].File)
		}
	}
	paths = append(paths, &j.ImageBefore, &j.ImageAfter, &j.Admin.File)
	named(&j.Rules)
	if IsModelFile(j.Priority) {
		paths = append(paths, &j.Priority)
	}
	return paths
}

// Absolute returns the job with all paths absolute; relative ones are relative to folder, the working folder, which must
// be absolute. So it is the same job in every working folder, and [Job.AsGiven] and [Job.Relative] still return paths as
// they were given.
func (j *Job) Absolute(folder string) *Job {
	a := *j
	own := func(e *Epoch) { e.Files = slices.Clone(e.Files) }
	own(&a.Before)
	own(&a.After)
	own(&a.Newest)
	a.Between, a.Confirm = slices.Clone(a.Between), slices.Clone(a.Confirm)
	for i := range a.Between {
		own(&a.Between[i].Epoch)
	}
	for i := range a.Confirm {
		own(&a.Confirm[i].Before)
		own(&a.Confirm[i].After)
	}
	a.RedLine, a.Reserve, a.Exempt = slices.Clone(a.RedLine), slices.Clone(a.Reserve), slices.Clone(a.Exempt)
	a.Given = map[string]string{}
	a.resolve(folder)
	return &a
}

// reader takes a job file apart and collects what is wrong with it.
type reader struct {
	path   string
	faults []error
}

// fail notes a fault in a line of the file, unless there are enough of them.
func (r *reader) fail(line int, format string, args ...any) {
	const enough = 20
	if len(r.faults) < enough {
		r.faults = append(r.faults, redline.Faultf(redline.Usage, "%s:%d: %w", r.path, line, fmt.Errorf(format, args...)))
	}
}

// document returns the top of the file, nil when there is none or it cannot be read.
func (r *reader) document(data []byte) *yaml.Node {
	data = bytes.ReplaceAll(bytes.TrimPrefix(data, []byte("\uFEFF")), []byte("\r\n"), []byte("\n"))
	for i, line := range bytes.Split(data, []byte("\n")) {
		indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
		switch {
		case !utf8.Valid(line):
			r.fail(i+1, "the text is not UTF-8; save the file as UTF-8")
		case bytes.ContainsFunc(line, isControl):
			r.fail(i+1, "the line holds a control character; remove it")
		case bytes.IndexByte(indent, '\t') >= 0:
			r.fail(i+1, "a tab stands at the start of the line; indent with spaces")
		default:
			continue
		}
		return nil
	}
	tops, bad := documents(data)
	if bad != nil {
		r.fail(bad.line, "not readable as YAML: %s", bad.what)
		return nil
	}
	if len(tops) == 0 {
		r.fail(1, "the file holds no keys; see greenshield run --help for an example")
		return nil
	}
	if len(tops) > 1 {
		r.fail(tops[1].Line, "a second document begins; a job file holds one")
		return nil
	}
	return tops[0]
}

// isControl reports whether YAML may not hold c, or takes it for the end of a line (U+0085, U+2028, U+2029), which
// would make the numbers of lines others than those that an editor shows.
func isControl(c rune) bool {
	return unicode.IsControl(c) && c != '\t' || unicode.In(c, unicode.Zl, unicode.Zp) || c == 0xFFFE || c == 0xFFFF
}

// mapping reads the known keys of a mapping.
func (r *reader) mapping(n *yaml.Node, options []option) {
	if n.Kind != yaml.MappingNode {
		r.fail(n.Line, "keys with values (key: value) belong here")
		return
	}
	seen := map[string]int{}
	for key, value := range pairs(n) {
		if first, twice := seen[key.Value]; twice {
			r.fail(key.Line, "key %q stands already in line %d; keep one of the two", key.Value, first)
			continue
		}
		seen[key.Value] = key.Line
		i := slices.IndexFunc(options, func(o option) bool { return o.key == key.Value && o.key != "" })
		if i < 0 {
			var valid []string
			for _, o := range options {
				if o.key != "" {
					valid = append(valid, o.key)
				}
			}
			r.fail(key.Line, "unknown key %q%s", key.Value, redline.DidYouMean(key.Value, valid))
			continue
		}
		r.option(value, key.Line, options[i])
	}
}

// option reads the value of a key that stands in line at.
func (r *reader) option(n *yaml.Node, at int, o option) {
	if isNull(n) {
		r.fail(at, "%s has no value; write one, or remove the line", o.key)
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		switch {
		case o.pairs != nil:
			r.free(n, o)
		case o.keys != nil:
			r.mapping(n, o.keys)
			r.complete(n.Line, o)
		case o.item != nil: // one item without its dash
			v, keys := o.item()
			if keys == nil {
				r.fail(at, "%s is a list of texts, not of keys", o.key)
				return
			}
			r.mapping(n, keys)
			r.complete(n.Line, option{key: o.key, value: v})
		default:
			r.fail(at, "%s is one value, not keys with values", o.key)
		}
	case yaml.SequenceNode:
		if o.item == nil {
			r.fail(at, "%s is not a list; write it without brackets and dashes", o.key)
			return
		}
		o.clear()
		for _, entry := range n.Content {
			v, keys := o.item()
			r.option(entry, at, option{key: "an item of " + o.key, value: v, keys: keys})
		}
	default:
		v := o.value
		if o.item != nil {
			v, _ = o.item()
		}
		if v == nil {
			r.fail(at, "%s needs keys with values, not %q", o.key, n.Value)
			return
		}
		if err := v.Set(n.Value); err != nil {
			r.fail(n.Line, "%s: %w", o.key, err)
		}
	}
}

// complete refuses a layer whose keys, which begin in line at, name no file.
func (r *reader) complete(at int, o option) {
	if s, ok := o.value.(*Source); ok && s.File == "" && len(r.faults) == 0 {
		r.fail(at, "%s names no file; write file: FILE", o.key)
	}
}

// free reads a mapping whose keys are the user's own.
func (r *reader) free(n *yaml.Node, o option) {
	for key, value := range pairs(n) {
		twice := false
		for earlier := range o.pairs {
			if twice = redline.SameWord(earlier, key.Value); twice {
				r.fail(key.Line, "key %q stands already in %s, as %q; keep one of the two", key.Value, o.key, earlier)
				break
			}
		}
		if twice {
			continue
		}
		word := value.Value
		switch {
		case value.Kind != yaml.ScalarNode || isNull(value):
			r.fail(key.Line, "%s: %q needs one of the zone types%s", o.key, key.Value, redline.DidYouMean("", o.words))
		case !slices.Contains(o.words, word):
			r.fail(key.Line, "%s: %q is none of the zone types%s", o.key, word, redline.DidYouMean(word, o.words))
		default:
			o.pairs[key.Value] = word
		}
	}
}
