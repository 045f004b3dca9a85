package job

import (
	"errors"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// badLine says why a line is not readable as YAML.
type badLine struct {
	line int
	what string
}

// maxTime bounds the parser: it does not come back from some hostile texts.
const maxTime = 500 * time.Millisecond

// documents returns the documents of a YAML text, without those that hold only comments.
func documents(text string) ([]ast.Node, *badLine) {
	type result struct {
		bodies []ast.Node
		bad    *badLine
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if recover() != nil {
				r = result{bad: &badLine{1, "the parser fails on it; write it in a plainer way"}}
			}
			done <- r
		}()
		tokens := lexer.Tokenize(text)
		if r.bad = plain(tokens); r.bad != nil {
			return
		}
		file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
		if err != nil {
			r.bad = &badLine{1, err.Error()}
			var syntax *yaml.SyntaxError
			if errors.As(err, &syntax) && syntax.Token != nil {
				r.bad = &badLine{syntax.Token.Position.Line, syntax.Message}
			}
			return
		}
		for _, d := range file.Docs {
			if d.Body != nil && d.Body.Type() != ast.CommentType {
				r.bodies = append(r.bodies, d.Body)
			}
		}
	}()
	select {
	case r := <-done:
		return r.bodies, r.bad
	case <-time.After(maxTime):
		return nil, &badLine{1, "reading it takes too long; write it in a plainer way"}
	}
}

// plain refuses what a job has no use for, and what makes the parser slow.
func plain(tokens token.Tokens) *badLine {
	const maxDepth = 8
	depth, markers := 0, 0
	for i, t := range tokens {
		at := t.Position.Line
		fail := func(what string) *badLine { return &badLine{at, what} }
		switch t.Type {
		case token.InvalidType:
			return fail(t.Error)
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			return fail("anchors, aliases and merge keys (& * <<) are not read; write the value itself, in quotes if it begins so")
		case token.TagType:
			return fail("tags (!) are not read; write the value in quotes if it begins so")
		case token.DirectiveType:
			return fail("directives (%) are not read; write the value in quotes if it begins so")
		case token.MappingKeyType:
			return fail("complex keys (?) are not read; write the value in quotes if it begins so")
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth--
		}
		if depth < 0 || depth > maxDepth {
			return fail("brackets do not match or are nested too deeply")
		}
		markers++
		switch t.Type {
		case token.SequenceEntryType, token.MappingValueType, token.CollectEntryType:
			if i > 0 && tokens[i-1].Position.Line != at {
				markers = 0
			}
		default:
			markers = 0
		}
		if markers > 2 {
			return fail("dashes, colons or commas follow each other")
		}
	}
	return nil
}
