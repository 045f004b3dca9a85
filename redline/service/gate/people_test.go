package gate

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestUsersFileIsReadAgain: what a users file says now holds, for tokens and for sessions that are open; a file that is
// wrong or gone changes nothing, and the log says so once.
func TestUsersFileIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.yaml")
	written := time.Date(2026, 3, 1, 7, 0, 0, 0, time.UTC)
	write := func(text string) {
		t.Helper()
		written = written.Add(time.Second)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, written, written); err != nil {
			t.Fatal(err)
		}
	}
	entry := func(login, role, token string) string {
		return "  - login: " + login + "\n    name: 李明\n    role: " + role + "\n    level: county\n    token_sha256: \"" +
			TokenSum(token) + "\"\n"
	}
	li, du := entry("li.ming", "reviewer", "one"), entry("du", "reviewer", "two")
	write("users:\n" + li + du)
	users, err := ReadUsers(path)
	if err != nil {
		t.Fatal(err)
	}
	o := openOffice(t, func(options *Options) { options.Users, options.UsersFile = users, path })
	c, other := browser(t), browser(t)
	o.do(t, c, "POST", "/login", o.URL, url.Values{"token": {"one"}})
	o.do(t, other, "POST", "/login", o.URL, url.Values{"token": {"two"}})
	changed := "users:\n" + entry("li.ming", "reader", "one") + entry("zhao", "keeper", "three")
	for _, step := range []struct {
		name, text                       string // "" removes the file
		li, writes, du, bearerDu, bearer int
	}{
		{"as it was", "users:\n" + li + du, 200, 201, 200, 200, 401},
		{"one is a reader now, one is gone, one is new", changed, 200, 403, 401, 401, 200},
		{"wrong", "users:\n  - login: x\n", 200, 403, 401, 401, 200},
		{"no UTF-8", "\xff", 200, 403, 401, 401, 200},
		{"gone", "", 200, 403, 401, 401, 200},
		{"back; the session that ended does not come back", "users:\n" + li + du, 200, 201, 401, 200, 401},
		{"another token", "users:\n" + entry("li.ming", "reviewer", "four"), 401, 401, 401, 401, 401},
	} {
		if step.text == "" {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		} else {
			write(step.text)
		}
		o.pass(lookAgain)
		bearer := func(header string) int {
			resp, _ := o.ask(t, "GET", "/cases/1", "", header)
			return resp.StatusCode
		}
		for what, got := range map[string][2]int{
			"session":             {o.do(t, c, "GET", "/cases/1", "", nil).StatusCode, step.li},
			"session writes":      {o.do(t, c, "POST", "/cases/1", o.URL, nil).StatusCode, step.writes},
			"session of who went": {o.do(t, other, "GET", "/cases/1", "", nil).StatusCode, step.du},
			"token of who went":   {bearer(bearerTwo), step.bearerDu},
			"token of who came":   {bearer(bearerThree), step.bearer},
		} {
			if got[0] != got[1] {
				t.Errorf("%s: %s: %d, want %d", step.name, what, got[0], got[1])
			}
		}
	}
	if n := strings.Count(o.log.String(), "the users file cannot be used"); n != 3 {
		t.Errorf("%d lines tell of a file that cannot be used, want 3: %s", n, o.log.String())
	}
	write("users:\n" + li) // within a second of the look before
	if resp, _ := o.ask(t, "GET", "/cases/1", "", bearerOne); resp.StatusCode != 401 {
		t.Errorf("the file was looked at again at once: %d", resp.StatusCode)
	}
}

// TestUsersFileOfWindows: a file as Windows' editor saves it is read.
func TestUsersFileOfWindows(t *testing.T) {
	u, err := readUsers(t, "\uFEFF"+strings.ReplaceAll(exampleUsers, "\n", "\r\n"))
	if err != nil || u.byToken("one") == nil || u.byLogin["wang"].Name != "王建国" {
		t.Errorf("%+v, %v", u, err)
	}
}
