package gate

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/redline/ledger"
)

// exampleUsers is a users file of all keys.
const exampleUsers = `# 用户
anonymous: reader
proxy:
  header: X-Remote-User
  from: [127.0.0.1/32, "fd00::/8"]
users:
  - login: li.ming
    name: 李明
    role: reviewer
    level: county
    counties: [341702, "341703"]
    token_sha256: "SUM1"
  - login: wang
    name: 王建国
    role: keeper
    level: city
`

// readUsers reads a users file, in which SUM1 and SUM2 stand for those of the tokens one and two.
func readUsers(t *testing.T, text string) (*Users, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "users.yaml")
	text = strings.NewReplacer("SUM1", TokenSum("one"), "SUM2", TokenSum("two")).Replace(text)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return ReadUsers(path)
}

func TestReadUsers(t *testing.T) {
	u, err := readUsers(t, exampleUsers)
	if err != nil {
		t.Fatal(err)
	}
	li := u.byToken("one")
	if li == nil || li.Login != "li.ming" || li.Name != "李明" || li.Role != Reviewer || li.Level != ledger.County ||
		!slices.Equal(li.Counties, []string{"341702", "341703"}) {
		t.Errorf("by token: %+v", li)
	}
	if wang := u.byLogin["wang"]; wang == nil || wang.Role != Keeper || wang.Counties != nil || len(u.byLogin) != 2 {
		t.Errorf("by login: %+v", wang)
	}
	if u.Anonymous != Reader || u.Proxy.Header != "X-Remote-User" || len(u.Proxy.From) != 2 {
		t.Errorf("%+v", u)
	}
	for _, token := range []string{"", "two", "One", "one ", TokenSum("one")} {
		if u.byToken(token) != nil {
			t.Errorf("%q is somebody's token", token)
		}
	}
}

// TestUsersFileFaults: whatever is wrong is told with its line, and nobody is let in.
func TestUsersFileFaults(t *testing.T) {
	for name, c := range map[string]struct{ old, bad, message string }{
		"unknown key":       {"role: keeper", "roles: keeper", `users.yaml:15: unknown key "roles"; did you mean "role"?`},
		"key twice":         {"name: 王建国", "login: b", `users.yaml:14: key "login" stands already in line 13`},
		"login twice":       {"login: wang", "login: li.ming", "users.yaml:13: login: another user has it already, in line 7"},
		"token twice":       {"role: keeper", "role: keeper\n    token_sha256: SUM1", "users.yaml:16: token_sha256: another user"},
		"hash too short":    {"SUM1", "abc123", "users.yaml:12: token_sha256 is no SHA-256"},
		"token as it is":    {"SUM1", NewToken(), "users.yaml:12: token_sha256 is no SHA-256"},
		"empty token":       {"SUM1", TokenSum(""), "users.yaml:12: token_sha256 is that of an empty token"},
		"unknown role":      {"role: keeper", "role: admin", `users.yaml:15: role: "admin" is none`},
		"unknown level":     {"level: city", "level: nation", `users.yaml:16: level: "nation" is none`},
		"no level":          {"    level: city\n", "", "users.yaml:13: user wang needs a level"},
		"no name":           {"    name: 王建国\n", "", "users.yaml:13: a user needs login, role and name"},
		"county":            {"341702", "池州", `users.yaml:11: counties: "池州" is no code`},
		"no list":           {"[341702, \"341703\"]", "341702", "users.yaml:11: counties is a list"},
		"empty list":        {"[341702, \"341703\"]", "[]", "users.yaml:11: counties is empty"},
		"range":             {"127.0.0.1/32", "localhost", `users.yaml:5: from: "localhost" is no range`},
		"header":            {"X-Remote-User", "Authorization", `users.yaml:4: header: "Authorization" is no name of a header`},
		"proxy of nowhere":  {"  from: [127.0.0.1/32, \"fd00::/8\"]\n", "", "users.yaml:4: proxy needs header and from"},
		"anonymous keeper":  {"anonymous: reader", "anonymous: keeper", "users.yaml:2: anonymous is reader"},
		"line in a name":    {"name: 王建国", `name: "王\n建国"`, "users.yaml:14: name is one text"},
		"login of a path":   {"login: wang", "login: ../wang", `users.yaml:13: login: "../wang" is none`},
		"alias":             {"name: 王建国", "name: &a 王建国", "users.yaml:14: anchors, aliases and tags are not read"},
		"no YAML":           {"users:", "users: [", "not readable as YAML"},
		"two documents":     {"users:", "---\nusers:", "holds one document"},
		"not UTF-8":         {"王建国", "\xff", "is not UTF-8"},
		"a list at the top": {exampleUsers, "- a", "users.yaml:1: keys with values (key: value) belong here"},
		"empty":             {exampleUsers, "", "users.yaml:1: the file names no users"},
		"nobody":            {exampleUsers, "users: []", "users.yaml:1: the file names no users"},
		"too large":         {exampleUsers, strings.Repeat("#\n", maxUsersFile/2+1), "is larger than a users file may be (1024 KiB)"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(exampleUsers, c.old, c.bad, 1)
			if u, err := readUsers(t, text); u != nil || err == nil || !strings.Contains(err.Error(), c.message) ||
				redline.KindOf(redline.Faults(err)[0]) != redline.Usage {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestUsersRemedies: who does what the message says has a file that is read.
func TestUsersRemedies(t *testing.T) {
	for name, c := range map[string]struct{ old, bad, message, good string }{
		"alias":       {"name: 王建国", "name: *a", "write the value itself, in quotes", `name: "*a"`},
		"no list":     {"counties: [341702, \"341703\"]", "counties: 341702", "write each item after a dash", "counties:\n      - 341702"},
		"range":       {"127.0.0.1/32", "127.0.0.1", "write it as 127.0.0.1/32", "127.0.0.1/32"},
		"role":        {"role: keeper", "role: boss", "write reader, reviewer, acceptor or keeper", "role: acceptor"},
		"no counties": {"    counties: [341702, \"341703\"]\n", "    counties: []\n", "leave it out for all counties", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readUsers(t, "x: &a b\n"+strings.Replace(exampleUsers, c.old, c.bad, 1))
			if name != "alias" {
				_, err = readUsers(t, strings.Replace(exampleUsers, c.old, c.bad, 1))
			}
			if err == nil || !strings.Contains(err.Error(), c.message) {
				t.Fatalf("%v", err)
			}
			if _, err := readUsers(t, strings.Replace(exampleUsers, c.old, c.good, 1)); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestTokensTakeOneTime: a token is compared with that of each user, whosever it is.
func TestTokensTakeOneTime(t *testing.T) {
	u, err := readUsers(t, strings.Replace(exampleUsers, "role: keeper", "role: keeper\n    token_sha256: SUM2", 1))
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]string{"one": "li.ming", "two": "wang", "three": ""} {
		compared := 0
		found := u.find(sha256.Sum256([]byte(token)), func(x, y []byte) int {
			compared++
			if string(x) == string(y) {
				return 1
			}
			return 0
		})
		login := ""
		if found != nil {
			login = found.Login
		}
		if login != want || compared != 2 {
			t.Errorf("%s: %q after %d comparisons", token, login, compared)
		}
	}
}
