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
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"greenshield/redline"
)

// Parse reads a job file: YAML without anchors, tags and several documents. It is
// strict: unknown and repeated keys, values of the wrong kind and empty values are
// errors that name the line. Paths in the file are relative to its folder.
func Parse(path string) (*Job, error) {
	data, err := read(path)
	if err != nil {
		return nil, redline.Faultf(redline.Usage, "%s: %w", path, err)
	}
	r := &reader{path: path}
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

// maxBytes bounds a job file. The parser's time can grow with the square of a hostile
// file's length; a real one has some hundred bytes.
const maxBytes = 64 << 10

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
		err = fmt.Errorf("is larger than a job file may be (%d KiB); is it the right file? A mosaic of very many tiles can be named by one .vrt", maxBytes>>10)
	}
	return data, err
}

// resolve makes the paths of a job file relative to the working folder.
func (j *Job) resolve(folder string) {
	at := func(path *string) {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(folder, *path)
		}
	}
	named := func(name *string) {
		if IsFile(*name) {
			at(name)
		}
	}
	for _, e := range []*Epoch{&j.Before, &j.After} {
		for i := range e.Files {
			at(&e.Files[i])
		}
		named(&e.Legend)
	}
	for _, list := range [][]Source{j.RedLine, j.Reserve, j.Exempt} {
		for i := range list {
			at(&list[i].File)
		}
	}
	at(&j.ImageBefore)
	at(&j.ImageAfter)
	at(&j.Admin.File)
	named(&j.Rules)
	at(&j.Out)
}

// reader takes a job file apart and collects what is wrong with it.
type reader struct {
	path   string
	faults []error
}

func (r *reader) fail(line int, format string, args ...any) {
	const enough = 20
	if len(r.faults) < enough {
		r.faults = append(r.faults, redline.Faultf(redline.Usage, "%s:%d: %w", r.path, line, fmt.Errorf(format, args...)))
	}
}

// document returns the top of the file, nil when there is none or it cannot be read.
func (r *reader) document(data []byte) ast.Node {
	data = bytes.ReplaceAll(bytes.TrimPrefix(data, []byte("\uFEFF")), []byte("\r\n"), []byte("\n"))
	for i, line := range bytes.Split(data, []byte("\n")) {
		indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
		switch {
		case !utf8.Valid(line):
			r.fail(i+1, "the text is not UTF-8; save the file as UTF-8")
		case bytes.ContainsFunc(line, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }):
			r.fail(i+1, "the line holds a control character; remove it")
		case bytes.IndexByte(indent, '\t') >= 0:
			r.fail(i+1, "a tab stands at the start of the line; indent with spaces")
		default:
			continue
		}
		return nil
	}
	bodies, bad := documents(string(data))
	if bad != nil {
		r.fail(bad.line, "not readable as YAML: %s", bad.what)
		return nil
	}
	if len(bodies) == 0 {
		r.fail(1, "the file holds no keys; see greenshield run --help for an example")
		return nil
	}
	if len(bodies) > 1 {
		r.fail(line(bodies[1]), "a second document begins; a job file holds one")
		return nil
	}
	return bodies[0]
}

func line(n ast.Node) int { return n.GetToken().Position.Line }

// mapping reads the known keys of a mapping.
func (r *reader) mapping(n ast.Node, options []option) {
	seen := map[string]int{}
	for _, pair := range r.pairs(n) {
		key := pair.Key.GetToken().Value
		at := line(pair.Key)
		if first, twice := seen[key]; twice {
			r.fail(at, "key %q stands already in line %d; keep one of the two", key, first)
			continue
		}
		seen[key] = at
		i := slices.IndexFunc(options, func(o option) bool { return o.key == key && key != "" })
		if i < 0 {
			var valid []string
			for _, o := range options {
				if o.key != "" {
					valid = append(valid, o.key)
				}
			}
			r.fail(at, "unknown key %q%s", key, redline.DidYouMean(key, valid))
			continue
		}
		r.option(pair.Value, at, options[i])
	}
}

func (r *reader) pairs(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	r.fail(line(n), "keys with values (key: value) belong here")
	return nil
}

// option reads the value of a key that stands in line at.
func (r *reader) option(n ast.Node, at int, o option) {
	if n == nil || n.Type() == ast.NullType {
		r.fail(at, "%s has no value; write one, or remove the line", o.key)
		return
	}
	switch n := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		switch {
		case o.pairs != nil:
			r.free(n, o)
		case o.keys != nil:
			r.mapping(n, o.keys)
			r.complete(line(n), o)
		case o.item != nil: // one item without its dash
			v, keys := o.item()
			if keys == nil {
				r.fail(at, "%s is a list of texts, not of keys", o.key)
				return
			}
			r.mapping(n, keys)
			r.complete(line(n), option{key: o.key, value: v})
		default:
			r.fail(at, "%s is one value, not keys with values", o.key)
		}
	case *ast.SequenceNode:
		if o.item == nil {
			r.fail(at, "%s is not a list; write it without brackets and dashes", o.key)
			return
		}
		o.clear()
		for _, entry := range n.Values {
			v, keys := o.item()
			r.option(entry, at, option{key: "an item of " + o.key, value: v, keys: keys})
		}
	default:
		v := o.value
		if o.item != nil {
			v, _ = o.item()
		}
		if v == nil {
			r.fail(at, "%s needs keys with values, not %q", o.key, scalar(n))
			return
		}
		if err := v.Set(scalar(n)); err != nil {
			r.fail(line(n), "%s: %w", o.key, err)
		}
	}
}

// complete refuses a source whose keys name no file.
func (r *reader) complete(at int, o option) {
	if s, ok := o.value.(*Source); ok && s.File == "" && len(r.faults) == 0 {
		r.fail(at, "%s names no file; write file: FILE", o.key)
	}
}

// free reads a mapping whose keys are the user's.
func (r *reader) free(n ast.Node, o option) {
	for _, pair := range r.pairs(n) {
		key := pair.Key.GetToken().Value
		at := line(pair.Key)
		twice := false
		for earlier := range o.pairs {
			if twice = redline.SameWord(earlier, key); twice {
				r.fail(at, "key %q stands already in %s, as %q; keep one of the two", key, o.key, earlier)
				break
			}
		}
		if twice {
			continue
		}
		word := ""
		if pair.Value != nil {
			word = scalar(pair.Value)
		}
		if !slices.Contains(o.words, word) {
			r.fail(at, "%s: %q is none of the zone types%s", o.key, word, redline.DidYouMean(word, o.words))
			continue
		}
		o.pairs[key] = word
	}
}

func scalar(n ast.Node) string {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	}
	return strings.TrimSpace(n.GetToken().Value)
}
