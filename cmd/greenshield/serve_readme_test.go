package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"greenshield/redline/service/gate"
)

// The documents of the server.
const (
	serveReadme    = "redline/service/README.md"
	intakeReadme   = "redline/service/intake/README.md"
	examplesReadme = "redline/service/examples/README.md"
)

// inWords replaces each old text, which must stand in a text, by a new one.
func inWords(t *testing.T, text string, oldNew ...string) string {
	t.Helper()
	for i := 0; i < len(oldNew); i += 2 {
		if !strings.Contains(text, oldNew[i]) {
			t.Fatalf("%q does not stand in %s", oldNew[i], text)
		}
		text = strings.ReplaceAll(text, oldNew[i], oldNew[i+1])
	}
	return text
}

// TestServeReadme does what the document of the server tells to do, in a folder with a ledger, a run and a certificate: each
// server answers, and its users file lets in who has the token.
func TestServeReadme(t *testing.T) {
	all := blocks(t, serveReadme)
	scene, _ := serveScene(t)
	dir, _ := crowdScene(t, 1, gate.Reviewer)
	for _, name := range []string{"cert.pem", "key.pem"} {
		text, err := os.ReadFile(filepath.Join(scene, name))
		if err != nil {
			t.Fatal(err)
		}
		writeText(t, filepath.Join(dir, name), string(text))
	}
	token := gate.NewToken()
	servers, users := 0, 0
	for _, b := range all {
		switch b.language {
		case "yaml":
			users++
			writeText(t, filepath.Join(dir, "users.yaml"), inWords(t, b.text, `"…"`, `"`+gate.TokenSum(token)+`"`))
			if err := os.Chmod(filepath.Join(dir, "users.yaml"), 0o640); err != nil {
				t.Fatal(err)
			}
		case "sh":
			servers++
			text := strings.ReplaceAll(strings.TrimPrefix(strings.ReplaceAll(b.text, "\\\n", ""), "greenshield serve "),
				"10.1.2.3:8443", "127.0.0.1:0")
			s := serveIn(t, dir, strings.Fields(text)...)
			if strings.Contains(text, "--users") && !strings.Contains(text, "--tls-cert") {
				r := getRequest(t, s.url+"/me")
				r.Header.Set("Authorization", "Bearer "+token)
				if status, body := asked(t, http.DefaultClient, r); status != 200 || !strings.Contains(body, "李明") {
					t.Errorf("%s: /me is answered by %d: %s", text, status, body)
				}
			}
			o := s.stop()
			o.want(t, 0)
			for line := range strings.Lines(o.stderr) {
				if !strings.Contains(line, `"level":"INFO"`) {
					t.Errorf("%s says %s", text, line)
				}
			}
		}
	}
	if servers != 3 || users != 1 {
		t.Errorf("%d servers and %d users files", servers, users)
	}
}

// TestIntakeReadme sends what the document of events and evidence shows, to a server with the sample's ledger; the answers
// have the statuses and members that it shows.
func TestIntakeReadme(t *testing.T) {
	needsTool(t, "curl")
	all := blocks(t, intakeReadme)
	dir, tokens := crowdScene(t, 1, gate.Acceptor)
	s := serveIn(t, dir, crowdFlags...)
	o := newCrowd(t, s.url, "", tokens)
	writeText(t, filepath.Join(dir, ".curlrc"), "silent\nshow-error\nwrite-out = \"\\n%{http_code}\"\n")
	writeText(t, filepath.Join(dir, "照片.jpg"), "一张照片")
	etag := func(id string) string {
		_, head, body, err := o.ask(0, http.MethodGet, "cases/"+id, nil, nil)
		if err != nil || head.Get("ETag") == "" {
			t.Fatalf("%s: %v %s", id, err, body)
		}
		return strings.Trim(head.Get("ETag"), `"`)
	}
	seen := etag("341700-000012")
	send := func(text string) (bodies []string, statuses []string) {
		t.Helper()
		cmd := exec.Command("sh", "-ec", text)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir, "CURL_HOME="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v %s", text, err, out)
		}
		rest := strings.ReplaceAll(string(out), "\r", "")
		for _, m := range regexp.MustCompile(`(?s)(.*?)\n(\d{3})(?:$|\n|\{|HTTP)`).FindAllStringSubmatch(rest, -1) {
			bodies, statuses = append(bodies, m[1]), append(statuses, m[2])
		}
		return bodies, statuses
	}
	var got []string
	for _, b := range all {
		text := b.text
		switch {
		case b.language == "sh" && strings.Contains(text, "/evidence"):
			for line := range strings.Lines(inWords(t, text, "https://office.example", s.url, "Bearer …", "Bearer "+tokens[0])) {
				bodies, statuses := send(line)
				got = append(got, statuses...)
				if !strings.Contains(fmt.Sprint(bodies), `"bytes":12,"name":"照片.jpg"`) {
					t.Errorf("%s is answered by %s", line, bodies)
				}
			}
		case b.language == "sh":
			text = inWords(t, text, "https://office.example", s.url, "Bearer …", "Bearer "+tokens[0], "4711", seen)
			bodies, statuses := send(text)
			got = append(got, statuses...)
			if want := []string{`"case":`, `"cases":`}; !slices.ContainsFunc(want, func(w string) bool {
				return strings.Contains(fmt.Sprint(bodies), w)
			}) {
				t.Errorf("%s is answered by %s", text, bodies)
			}
			if strings.Contains(text, "/cases/events") {
				isAsShown(t, bodies[0])
			}
		case strings.HasPrefix(text, `{"events"`):
			status, _, body, err := o.ask(0, http.MethodPost, "cases/341700-000014/events", map[string]string{
				"If-Match": `"` + etag("341700-000014") + `"`, "Idempotency-Key": "several", "Content-Type": "application/json"},
				[]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, fmt.Sprint(status)); status != 201 {
				t.Errorf("%s is answered by %s", text, body)
			}
		}
	}
	if want := []string{"201", "201", "201", "201", "201"}; !slices.Equal(got, want) {
		t.Errorf("the statuses are %s, want %s", got, want)
	}
	s.stop().want(t, 0)
}

// isAsShown: of the many cases of the document the first was changed since, and the second is taken.
func isAsShown(t *testing.T, body string) {
	t.Helper()
	var many struct {
		Taken, Same, Refused int
		Cases                []struct {
			ID, Result string
			Status     int
			More       struct{ Conflicts []any }
		}
	}
	if err := json.Unmarshal([]byte(body), &many); err != nil || many.Taken != 1 || many.Same != 0 || many.Refused != 1 {
		t.Fatalf("%v %s", err, body)
	}
	if a, b := many.Cases[0], many.Cases[1]; a.ID != "341700-000012" || a.Result != "refused" || a.Status != 409 ||
		len(a.More.Conflicts) == 0 || b.ID != "341700-000013" || b.Result != "taken" {
		t.Errorf("the cases are %s", body)
	}
}

// TestExamplesReadme founds the ledger and puts the files where the document of the examples says, below a folder; a server
// by the arguments of the unit answers there.
func TestExamplesReadme(t *testing.T) {
	d := newTried(t)
	token := gate.NewToken()
	d.check(os.WriteFile(d.folder.path("users.yaml"), []byte(exampleText(t, "users.yaml", `"…"`, `"`+gate.TokenSum(token)+`"`)), 0o644))
	programs, _, _ := strings.Cut(d.path, ":")
	d.check(os.WriteFile(filepath.Join(programs, "systemctl"), []byte("#!/bin/sh\necho \"$@\" >> enabled\n"), 0o755))
	for _, b := range blocks(t, examplesReadme) {
		d.try(block{b.language, inWords(t, b.text, "/var/lib", d.dir+"/var/lib", "/etc/", d.dir+"/etc/")})
	}
	enabled, err := os.ReadFile(d.folder.path("enabled"))
	if err != nil || string(enabled) != "enable --now greenshield-serve\n" || d.ran != 1 {
		t.Errorf("%d blocks, systemctl is called with %q: %v", d.ran, enabled, err)
	}
	info, err := os.Stat(d.folder.path("etc/greenshield/users.yaml"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the users file is %v: %v", info, err)
	}
	s := serveIn(t, d.dir, "--ledger", "var/lib/greenshield/ledger.gpkg", "--users", "etc/greenshield/users.yaml")
	r := getRequest(t, s.url+"/me")
	r.Header.Set("Authorization", "Bearer "+token)
	if status, body := asked(t, http.DefaultClient, r); status != 200 || !strings.Contains(body, "监测系统") {
		t.Errorf("/me is answered by %d: %s", status, body)
	}
	s.stop().want(t, 0)
}

// TestServeReadmeCommands: the commands of the program that the documents of the server name are such as it takes.
func TestServeReadmeCommands(t *testing.T) {
	named := 0
	for _, document := range []string{serveReadme, intakeReadme, examplesReadme} {
		text, err := os.ReadFile(filepath.Join("../..", document))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("`(greenshield [^`]+)`").FindAllStringSubmatch(string(text), -1) {
			n, err := takes(m[1])
			if named += n; err != nil && !errors.Is(err, pflag.ErrHelp) || n != 1 {
				t.Errorf("%s: %s: %v", document, m[1], err)
			}
		}
	}
	if named < 3 {
		t.Errorf("only %d commands are named", named)
	}
}
