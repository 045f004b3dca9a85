package job

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"go.yaml.in/yaml/v4"
)

// badLine says why a line is not readable as YAML.
type badLine struct {
	line int // from 1
	what string
}

// documents returns the top node of each document of a YAML text, without the empty documents.
func documents(text []byte) ([]*yaml.Node, *badLine) {
	var tops []*yaml.Node
	for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var document yaml.Node
		err := d.Decode(&document)
		if errors.Is(err, io.EOF) {
			return tops, nil
		}
		if err != nil {
			return nil, syntaxFault(err, text)
		}
		for _, top := range document.Content {
			if bad := plain(top); bad != nil {
				return nil, bad
			}
			if !isNull(top) {
				tops = append(tops, top)
			}
		}
	}
}

// syntaxFault turns what the parser says of a text into a line and a message. What is left open is told with the
// line where it begins. A quoted text that is left open is told at that line, since the end of the file says nothing.
func syntaxFault(err error, text []byte) *badLine {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		return &badLine{1, err.Error()}
	}
	line, what := e.Mark.Line, e.Message
	if e.Stage == yaml.ScannerStage && e.ContextMark.Line > 0 {
		line = e.ContextMark.Line
	}
	if e.ContextMsg != "" {
		what += " " + e.ContextMsg
	}
	if e.ContextMark.Line > 0 && e.ContextMark.Line != line {
		what += fmt.Sprintf(" that begins in line %d", e.ContextMark.Line)
	}
	if strings.Contains(e.Message, "cannot start any token") { // one of @ ` %
		what += "; write the value in quotes if it begins so"
	}
	last := 1 + bytes.Count(bytes.TrimRight(text, " \t\n"), []byte("\n")) // the parser may name the line behind it
	return &badLine{min(max(line, 1), last), what}
}

// plain refuses what a job has no use for. Aliases are refused before anything follows them, so a text in which
// they multiply costs no more than any other of its length.
func plain(n *yaml.Node) *badLine {
	const anchors = "anchors, aliases and merge keys (& * <<) are not read; " +
		"write the value itself, in quotes if it begins so"
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return &badLine{n.Line, anchors}
	case n.Style&yaml.TaggedStyle != 0:
		return &badLine{n.Line, "tags (!) are not read; write the value in quotes if it begins so"}
	}
	for i, part := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 { // a key
			switch {
			case part.Tag == "!!merge":
				return &badLine{part.Line, anchors}
			case part.Kind == yaml.MappingNode || part.Kind == yaml.SequenceNode:
				return &badLine{part.Line, "complex keys (?) are not read; write the value in quotes if it begins so"}
			}
		}
		if bad := plain(part); bad != nil {
			return bad
		}
	}
	return nil
}

// isNull reports whether there is no value: nothing, ~ or null without quotes.
func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// pairs walks over the keys of a mapping and their values, as they stand in the file.
func pairs(mapping *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		for c := mapping.Content; len(c) > 1 && yield(c[0], c[1]); c = c[2:] {
		}
	}
}
