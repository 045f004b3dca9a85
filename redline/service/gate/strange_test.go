package gate

import (
	"net/http"
	"strings"
	"testing"
)

// TestStrangeAddresses: an address of which a part cannot be read is refused, lest a filter be left out; and a path with
// doubled slashes leads only to where something is.
func TestStrangeAddresses(t *testing.T) {
	o := openOffice(t, nil)
	for path, want := range map[string]int{
		"/me?a=1": 200, "/me?a=%E7%BB%BF": 200, "/me?a=%zz": 400, "/me?%": 400, "/me?a=1;b=2": 400, "/me?a=1&b=%2": 400,
		"//me": http.StatusTemporaryRedirect, "//nothing": 404, "/./nothing": 404, "//evil.example/x": 404, "/x//..": 404,
	} {
		resp, body := o.ask(t, "GET", path, "", bearerOne)
		if resp.StatusCode != want {
			t.Errorf("%s: %d %s, want %d", path, resp.StatusCode, body, want)
		}
		if to := resp.Header.Get("Location"); want/100 == 3 && !strings.HasPrefix(to, "/me") {
			t.Errorf("%s: to %q", path, to)
		}
	}
}
