package gate

import (
	"slices"
	"strings"
	"testing"
)

// FuzzUsers: a text is read as users who are all somebody, each let in by his own token alone, or it has faults, each in
// a line that there is.
func FuzzUsers(f *testing.F) {
	sum := TokenSum("one")
	for _, text := range []string{strings.NewReplacer("SUM1", sum).Replace(exampleUsers),
		"anonymous: reader\n", "users: []\n", "users: &a [*a]\n", "users:\n  - {login: a, name: b, role: reader, token_sha256: " + sum + "}\n",
		"proxy: {header: X-A, from: [::1/128, 10.0.0.0/8]}\nanonymous: reader\n", "%YAML 1.2\n---\n!!map {users: 1}\n", "a: b\n---\nc: d\n",
		"? users\n: - login: [a]\n", strings.Repeat("[", 99), "users: \"\\u0000\"\n", "\ufeffanonymous: reader\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		users, err := parseUsers("users.yaml", text)
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if !strings.HasPrefix(line, "users.yaml:") || strings.Count(err.Error(), "\nusers.yaml:") >= 20 {
					t.Fatalf("%q: %q", text, err)
				}
			}
			return
		}
		if users.Anonymous != "" && users.Anonymous != Reader {
			t.Fatalf("%q lets nobody in as %s", text, users.Anonymous)
		}
		if p := users.Proxy; (p.Header == "") != (len(p.From) == 0) || p.Header != "" &&
			!headerName.MatchString(p.Header) {
			t.Fatalf("%q: a proxy %+v", text, p)
		}
		for login, u := range users.byLogin {
			if u.Login != login || login == "" || u.Name == "" || !slices.Contains(Roles(), u.Role) ||
				u.Role != Reader && u.Level == "" {
				t.Fatalf("%q has the user %+v", text, u)
			}
		}
		for i, sum := range users.tokens {
			if slices.Index(users.tokens, sum) != i || users.byLogin[users.all[i].Login] != users.all[i] {
				t.Fatalf("%q: the token of %s is that of another", text, users.all[i].Login)
			}
		}
	})
}
