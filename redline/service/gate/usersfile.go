package gate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"greenshield/redline"
	"greenshield/redline/ledger"
)

// maxUsersFile bounds a users file, in bytes.
const maxUsersFile = 1 << 20

// ReadUsers reads a users file: one document of YAML, as README.md of package service tells. It is strict: keys that
// are unknown or stand twice, users of one login or one token, and values that are none are faults that name the line.
// The error joins up to 20 of them.
func ReadUsers(path string) (*Users, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, redline.Faultf(redline.Usage, "%s: no such file", path)
	} else if err != nil {
		return nil, redline.WithKind(redline.Usage, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxUsersFile+1))
	if err == nil && len(data) > maxUsersFile {
		err = redline.Faultf(redline.Usage, "%s: is larger than a users file may be (%d KiB)", path, maxUsersFile>>10)
	}
	if err != nil {
		return nil, redline.WithKind(redline.Usage, err)
	}
	return parseUsers(path, data)
}

// parseUsers reads the text of a users file, which has a path for its faults.
func parseUsers(path string, data []byte) (*Users, error) {
	r := &usersReader{path: path, lines: map[string]int{}}
	if top := r.top(data); top != nil {
		r.file(top)
	}
	if len(r.faults) > 0 {
		return nil, errors.Join(r.faults...)
	}
	return &r.users, nil
}

// usersReader takes a users file apart and collects what is wrong with it.
type usersReader struct {
	path   string
	users  Users
	lines  map[string]int // where a login, or a sum of a token, stands
	faults []error
}

// fault notes a fault in a line, unless there are enough of them.
func (r *usersReader) fault(line int, format string, args ...any) {
	if len(r.faults) < 20 {
		err := fmt.Errorf(format, args...)
		r.faults = append(r.faults, redline.Faultf(redline.Usage, "%s:%d: %w", r.path, max(line, 1), err))
	}
}

// top returns the node of the document, nil when there is none or it cannot be read.
func (r *usersReader) top(data []byte) *yaml.Node {
	if !utf8.Valid(data) {
		r.fault(1, "the text is not UTF-8; save the file as UTF-8")
		return nil
	}
	var first, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&first); err != nil && !errors.Is(err, io.EOF) {
		line, what := 1, err.Error()
		if e, ok := errors.AsType[*yaml.LoadError](err); ok {
			line, what = e.Mark.Line, e.Message
		}
		r.fault(line, "not readable as YAML: %s", what)
		return nil
	}
	if len(first.Content) != 1 {
		r.fault(1, "the file names no users")
		return nil
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		r.fault(1, "a users file holds one document of YAML")
		return nil
	}
	if !r.plain(first.Content[0]) {
		return nil
	}
	return first.Content[0]
}

// plain refuses aliases, anchors and tags, before anything follows them.
func (r *usersReader) plain(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 {
		r.fault(n.Line, "anchors, aliases and tags are not read; write the value itself, in quotes")
		return false
	}
	return !slices.ContainsFunc(n.Content, func(part *yaml.Node) bool { return !r.plain(part) })
}

// keys calls what is given for each key of a mapping, and refuses other keys, those that stand twice, and no mapping.
func (r *usersReader) keys(n *yaml.Node, read map[string]func(*yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.fault(n.Line, "keys with values (key: value) belong here")
		return
	}
	var valid []string
	for key := range read {
		valid = append(valid, key)
	}
	slices.Sort(valid)
	seen := map[string]int{}
	for c := n.Content; len(c) > 1; c = c[2:] {
		key := c[0]
		at, twice := seen[key.Value]
		seen[key.Value] = key.Line
		switch do := read[key.Value]; {
		case twice:
			r.fault(key.Line, "key %q stands already in line %d; keep one of the two", key.Value, at)
		case do == nil:
			r.fault(key.Line, "unknown key %q%s", key.Value, redline.DidYouMean(key.Value, valid))
		default:
			do(c[1])
		}
	}
}

// text returns the value of a key that is one text.
func (r *usersReader) text(n *yaml.Node, key string) string {
	if n.Kind != yaml.ScalarNode || n.Value == "" || n.Tag == "!!null" || n.Value != strings.TrimSpace(n.Value) ||
		strings.ContainsFunc(n.Value, unicode.IsControl) {
		r.fault(n.Line, "%s is one text, without blanks at its ends", key)
		return ""
	}
	return n.Value
}

// items calls read for each item of a list.
func (r *usersReader) items(n *yaml.Node, key string, read func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		r.fault(n.Line, "%s is a list; write each item after a dash", key)
		return
	}
	for _, item := range n.Content {
		read(item)
	}
}

func (r *usersReader) file(top *yaml.Node) {
	r.keys(top, map[string]func(*yaml.Node){
		"anonymous": func(n *yaml.Node) {
			if r.users.Anonymous = Role(r.text(n, "anonymous")); r.users.Anonymous != Reader {
				r.fault(n.Line, "anonymous is reader, or is left out")
			}
		},
		"proxy": func(n *yaml.Node) { r.proxy(n) },
		"users": func(n *yaml.Node) { r.items(n, "users", r.user) },
	})
	if len(r.faults) == 0 && len(r.users.byLogin) == 0 && r.users.Anonymous == "" {
		r.fault(top.Line, "the file names no users")
	}
}

func (r *usersReader) proxy(n *yaml.Node) {
	p := &r.users.Proxy
	r.keys(n, map[string]func(*yaml.Node){
		"header": func(n *yaml.Node) {
			p.Header = http.CanonicalHeaderKey(r.text(n, "header"))
			if !headerName.MatchString(p.Header) {
				r.fault(n.Line, "header: %q is no name of a header; it begins with X- or Remote-", n.Value)
			}
		},
		"from": func(n *yaml.Node) {
			r.items(n, "from", func(item *yaml.Node) {
				from, err := netip.ParsePrefix(item.Value)
				if err != nil {
					r.fault(item.Line, "from: %q is no range of addresses; write it as 127.0.0.1/32", item.Value)
				}
				p.From = append(p.From, from.Masked())
			})
		},
	})
	if p.Header == "" || len(p.From) == 0 {
		r.fault(n.Line, "proxy needs header and from")
	}
}

var (
	headerName = regexp.MustCompile(`^(X|Remote)-[A-Za-z0-9-]+$`)
	loginName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$`)
	countyCode = regexp.MustCompile(`^[0-9]{2,12}$`)
)

func (r *usersReader) user(n *yaml.Node) {
	u := &User{}
	var sum *[sha256.Size]byte
	before := len(r.faults)
	r.keys(n, map[string]func(*yaml.Node){
		"login": func(n *yaml.Node) {
			if u.Login = r.text(n, "login"); u.Login != "" && !loginName.MatchString(u.Login) {
				r.fault(n.Line, "login: %q is none; it has up to 64 ASCII letters, digits and . _ @ -", u.Login)
			}
			r.once(n, "login", u.Login)
		},
		"name": func(n *yaml.Node) { u.Name = r.text(n, "name") },
		"role": func(n *yaml.Node) {
			if u.Role = Role(r.text(n, "role")); !slices.Contains(Roles(), u.Role) {
				r.fault(n.Line, "role: %q is none; write reader, reviewer, acceptor or keeper", n.Value)
			}
		},
		"level": func(n *yaml.Node) {
			if u.Level = ledger.Level(r.text(n, "level")); !slices.Contains(ledger.Levels(), u.Level) {
				r.fault(n.Line, "level: %q is none; write county, city or province", n.Value)
			}
		},
		"counties": func(n *yaml.Node) {
			r.items(n, "counties", func(item *yaml.Node) {
				if !countyCode.MatchString(item.Value) {
					r.fault(item.Line, "counties: %q is no code of a county, nor a beginning of one such as 3417", item.Value)
				}
				u.Counties = append(u.Counties, item.Value)
			})
			if len(n.Content) == 0 {
				r.fault(n.Line, "counties is empty; leave it out for all counties")
			}
		},
		"token_sha256": func(n *yaml.Node) {
			sum = r.sum(n)
			r.once(n, "token_sha256", strings.ToLower(n.Value))
		},
	})
	if len(r.faults) > before {
		return
	}
	switch {
	case u.Login == "" || u.Name == "" || u.Role == "":
		r.fault(n.Line, "a user needs login, role and name")
	case u.Level == "" && u.Role != Reader:
		r.fault(n.Line, "user %s needs a level", u.Login)
	default:
		r.users.add(u, sum)
	}
}

// once refuses a value that another user has already.
func (r *usersReader) once(n *yaml.Node, key, value string) {
	if at, twice := r.lines[key+value]; twice {
		r.fault(n.Line, "%s: another user has it already, in line %d", key, at)
	}
	r.lines[key+value] = n.Line
}

// sum returns the SHA-256 that stands in a file.
func (r *usersReader) sum(n *yaml.Node) *[sha256.Size]byte {
	raw, err := hex.DecodeString(n.Value)
	if err != nil || len(raw) != sha256.Size || n.Kind != yaml.ScalarNode {
		r.fault(n.Line, "token_sha256 is no SHA-256 in 64 hexadecimal digits; make one with greenshield serve token")
		return nil
	}
	sum := [sha256.Size]byte(raw)
	if sum == sha256.Sum256(nil) {
		r.fault(n.Line, "token_sha256 is that of an empty token")
	}
	return &sum
}
