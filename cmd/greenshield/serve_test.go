package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"greenshield/redline/service/gate"
)

// served is a server that runs.
type served struct {
	url, log string // log is the file of standard error
	stop     func() outcome
	kill     func() // ends it without a chance to do anything
}

// serveIn starts the server in dir at a free port; it ends with the test at the latest.
func serveIn(t *testing.T, dir string, args ...string) *served {
	t.Helper()
	cmd := command(dir, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &served{log: filepath.Join(t.TempDir(), "log")}
	log, err := os.Create(s.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	s.stop = func() outcome {
		ended = true
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		stderr, _ := os.ReadFile(s.log)
		return outcome{status: cmd.ProcessState.ExitCode(), stderr: string(stderr)}
	}
	s.kill = func() {
		ended = true
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(func() {
		if !ended {
			s.stop()
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	at, said := strings.CutPrefix(strings.TrimSpace(line), "serving at ")
	if err != nil || !said {
		text, _ := os.ReadFile(s.log)
		t.Fatalf("the server says %q, %v\n%s", line, err, text)
	}
	s.url = at
	return s
}

// asked asks for an address and returns status and body.
func asked(t *testing.T, c *http.Client, r *http.Request) (int, string) {
	t.Helper()
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func getRequest(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// serveScene returns a folder with a ledger, an empty folder runs, a users file and a certificate.
func serveScene(t *testing.T) (dir, token string) {
	t.Helper()
	dir, token = t.TempDir(), gate.NewToken()
	here(t, dir, "ledger", "init", "--code", "341700", "--name", "池州市台账", "--as", "王建国", "--level", "city").want(t, 0)
	if err := os.Mkdir(filepath.Join(dir, "runs"), 0o777); err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(dir, "users.yaml"), "users:\n  - login: li.ming\n    name: 李明\n    role: reviewer\n"+
		"    level: county\n    counties: [341702]\n    token_sha256: \""+gate.TokenSum(token)+"\"\n")
	if err := os.Chmod(filepath.Join(dir, "users.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotAfter: time.Now().Add(24 * time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(dir, "cert.pem"), pemText("CERTIFICATE", certificate))
	writeText(t, filepath.Join(dir, "key.pem"), pemText("EC PRIVATE KEY", secret))
	return dir, token
}

func pemText(kind string, content []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}))
}

// TestServe: the server answers until SIGTERM, then its status is 0 and its log has all requests.
func TestServe(t *testing.T) {
	dir, token := serveScene(t)
	s := serveIn(t, dir, "--ledger", "ledger.gpkg", "--as", "李明", "--level", "county")
	status, body := asked(t, http.DefaultClient, getRequest(t, s.url+"/healthz"))
	if status != 200 || body != "{\"status\":\"ok\"}\n" {
		t.Errorf("healthz: %d %s", status, body)
	}
	_, body = asked(t, http.DefaultClient, getRequest(t, s.url+"/me"))
	if want := `{"counties":[],"level":"county","login":"local","name":"李明","role":"keeper"}`; body != want+"\n" {
		t.Errorf("me: %s", body)
	}
	for path, want := range map[string]int{"/": 200, "/collections/cases/items": 200, "/review": 200,
		"/vocabulary": 200, "/cases/none": 404, "/tiles/cases": 200, "/jobs": 404} {
		if status, body := asked(t, http.DefaultClient, getRequest(t, s.url+path)); status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	end := s.stop()
	end.want(t, 0)
	if lines := strings.Count(end.stderr, `"msg":"request"`); lines != 9 {
		t.Errorf("%d lines of requests: %s", lines, end.stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, ".greenshield-serve")); err != nil {
		t.Error(err)
	}

	scene := newSample(t)
	here(t, scene, "run", "job.yaml", "--out", filepath.Join(dir, "runs", "first"), "--quiet").want(t, 0)
	s = serveIn(t, dir, "--runs", "runs", "--users", "users.yaml")
	if status, _ := asked(t, http.DefaultClient, getRequest(t, s.url+"/me")); status != 401 {
		t.Errorf("without a token: %d", status)
	}
	r := getRequest(t, s.url+"/me")
	r.Header.Set("Authorization", "Bearer "+token)
	var me struct{ Login, Role string }
	if _, body := asked(t, http.DefaultClient, r); json.Unmarshal([]byte(body), &me) != nil || me.Login != "li.ming" ||
		me.Role != "reviewer" {
		t.Errorf("me: %s", body)
	}
	r = getRequest(t, s.url+"/collections")
	r.Header.Set("Authorization", "Bearer "+token)
	if _, body := asked(t, http.DefaultClient, r); !strings.Contains(body, `"id":"first.candidates"`) {
		t.Errorf("collections: %s", body)
	}
	end = s.stop()
	end.want(t, 0)
	if strings.Contains(end.stderr, token) {
		t.Error("the token stands in the log")
	}
}

// TestServeTLS: with a certificate the server speaks TLS, and nothing else.
func TestServeTLS(t *testing.T) {
	dir, _ := serveScene(t)
	s := serveIn(t, dir, "--runs", "runs", "--tls-cert", "cert.pem", "--tls-key", "key.pem")
	pool := x509.NewCertPool()
	text, err := os.ReadFile(filepath.Join(dir, "cert.pem"))
	if err != nil || !pool.AppendCertsFromPEM(text) {
		t.Fatal(err)
	}
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	if status, _ := asked(t, c, getRequest(t, s.url+"/healthz")); status != 200 {
		t.Errorf("status %d", status)
	}
	c.CloseIdleConnections()
	plain := "http" + strings.TrimPrefix(s.url, "https")
	if status, _ := asked(t, http.DefaultClient, getRequest(t, plain+"/healthz")); status != 400 {
		t.Errorf("without TLS: status %d", status)
	}
	s.stop().want(t, 0)
}

// TestServeRefuses: what the server cannot do, or would do to more people than is meant, ends it before it listens.
func TestServeRefuses(t *testing.T) {
	dir, _ := serveScene(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	writeText(t, filepath.Join(dir, "bad.yaml"), "users:\n  - login: a\n    name: 甲\n    rolle: reader\n")
	for _, c := range []struct {
		name, args, message string
		status              int
	}{
		{"port taken", "--listen " + taken.Addr().String(), "address already in use", 10},
		{"no address", "--listen 8080", `"8080" is no address with its port`, 10},
		{"all addresses", "--listen :0", "everybody would be let in; name those who may by --users FILE", 10},
		{"another address", "--listen 10.1.2.3:0", "everybody would be let in", 10},
		{"a proxy in front", "--public-url https://office.example/g", "everybody would be let in", 10},
		{"another host", "--allow-host office.example", "everybody would be let in", 10},
		{"public URL", "--public-url office", `"office" is no address`, 10},
		{"certificate missing", "--tls-cert none.pem --tls-key key.pem", "none.pem: no such file", 10},
		{"certificate is none", "--tls-cert users.yaml --tls-key key.pem", "the certificate or its key cannot be used", 10},
		{"certificate alone", "--tls-cert cert.pem", "give both --tls-cert and --tls-key", 10},
		{"users missing", "--users none.yaml", "none.yaml: no such file", 10},
		{"users wrong", "--users bad.yaml", `bad.yaml:4: unknown key "rolle"; did you mean "role"?`, 10},
		{"users and a name", "--users users.yaml --as 李明", "leave out --as and --level", 10},
		{"level missing", "--as 李明", "--level", 10},
		{"runs missing", "--runs none", "none: no such file", 10},
		{"runs are a file", "--runs users.yaml", "users.yaml: is no folder", 10},
		{"no ledger", "--ledger none.gpkg", "none.gpkg: there is no ledger", 10},
		{"jobs missing", "--jobs none", "jobs cannot be taken: open ", 10},
		{"no memory", "--jobs runs --max-memory 2", `--max-memory: "2" is not an amount of memory`, 10},
		{"no workers", "--jobs runs --workers 0", `--workers: "0" is not a whole number from 1`, 10},
		{"argument", "ledger.gpkg", `unexpected argument "ledger.gpkg"; serve takes no arguments`, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"serve"}, strings.Fields(c.args)...)
			if !strings.Contains(c.args, "--runs") && !strings.Contains(c.args, "--ledger") {
				args = append(args, "--runs", "runs")
			}
			if o := here(t, dir, args...); o.status != c.status || !strings.Contains(o.stderr, c.message) ||
				strings.Count(o.stderr, "\n") != 1 || o.stdout != "" {
				t.Errorf("status %d, stdout %q: %s", o.status, o.stdout, o.stderr)
			}
		})
	}
	t.Run("nothing to serve", func(t *testing.T) {
		o := here(t, dir, "serve")
		if o.status != 10 || !strings.Contains(o.stderr, "there is nothing to serve; name a ledger by --ledger") {
			t.Errorf("status %d: %s", o.status, o.stderr)
		}
	})
}

// TestServeRemedies: who does what a message of the server says has a server that answers.
func TestServeRemedies(t *testing.T) {
	dir, _ := serveScene(t)
	for name, c := range map[string]struct{ bad, message, good string }{
		"nothing to serve, ledger": {"", "name a ledger by --ledger", "--ledger ledger.gpkg"},
		"nothing to serve, runs":   {"", "or runs by --runs FOLDER", "--runs runs"},
		"everybody, users": {"--runs runs --listen :0", "name those who may by --users FILE",
			"--runs runs --listen :0 --users users.yaml"},
		"everybody, listen": {"--runs runs --listen :0", "listen on 127.0.0.1 alone", "--runs runs --listen 127.0.0.1:0"},
		"listen":            {"--runs runs --listen 8080", "write it as 127.0.0.1:8080", "--runs runs --listen 127.0.0.1:0"},
		"public URL": {"--runs runs --users users.yaml --public-url office", "write it as https://office.example/greenshield",
			"--runs runs --users users.yaml --public-url https://office.example/greenshield"},
		"certificate": {"--runs runs --tls-cert cert.pem", "give both --tls-cert and --tls-key",
			"--runs runs --tls-cert cert.pem --tls-key key.pem"},
		"jobs": {"--ledger ledger.gpkg --jobs runs", "name one by --runs FOLDER", "--ledger ledger.gpkg --jobs runs --runs runs"},
		"bounds of jobs": {"--runs runs --workers 1", "name the folder of their job files by --jobs FOLDER",
			"--runs runs --workers 1 --jobs runs --max-memory 1GiB"},
		"who speaks": {"--runs runs --users users.yaml --as 李明", "leave out --as and --level",
			"--runs runs --users users.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			o := here(t, dir, append([]string{"serve"}, strings.Fields(c.bad)...)...)
			if o.status != 10 || !strings.Contains(o.stderr, c.message) {
				t.Fatalf("status %d: %s", o.status, o.stderr)
			}
			serveIn(t, dir, strings.Fields(c.good)...).stop().want(t, 0)
		})
	}
	t.Run("no TLS", func(t *testing.T) {
		open := strings.Fields("--runs runs --users users.yaml --listen :0")
		o := serveIn(t, dir, open...).stop()
		if !strings.Contains(o.stderr, "give --tls-cert and --tls-key, or have a server in front speak TLS") {
			t.Errorf("no warning: %s", o.stderr)
		}
		o = serveIn(t, dir, append(open, "--tls-cert", "cert.pem", "--tls-key", "key.pem")...).stop()
		if o.stderr != "" {
			t.Errorf("stderr: %s", o.stderr)
		}
	})
	t.Run("users file open to all", func(t *testing.T) {
		path := filepath.Join(dir, "users.yaml")
		for mode, want := range map[os.FileMode]bool{0o644: true, 0o640: false} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			o := serveIn(t, dir, "--runs", "runs", "--users", "users.yaml").stop()
			if strings.Contains(o.stderr, "chmod 640") != want {
				t.Errorf("%o: %s", mode, o.stderr)
			}
		}
	})
	t.Run("state", func(t *testing.T) {
		database := []string{"serve", "--ledger", "postgres://127.0.0.1:1/none?connect_timeout=1"}
		if o := here(t, dir, database...); !strings.Contains(o.stderr, "name one by --state FOLDER") {
			t.Errorf("stderr: %s", o.stderr)
		}
		o := here(t, dir, append(database, "--state", "state")...)
		if o.status != 15 || strings.Contains(o.stderr, "--state") { // the next fault is that there is no database
			t.Errorf("status %d: %s", o.status, o.stderr)
		}
	})
}

// TestServeToken: the token that is printed is the one whose lines let its user in.
func TestServeToken(t *testing.T) {
	dir, _ := serveScene(t)
	o := here(t, dir, "serve", "token", "zhao.qi")
	o.want(t, 0)
	first, lines, _ := strings.Cut(o.stdout, "\n")
	token := strings.TrimPrefix(first, "token: ")
	if len(token) != 43 || here(t, dir, "serve", "token").stdout == o.stdout {
		t.Errorf("token %q", token)
	}
	writeText(t, filepath.Join(dir, "users.yaml"), "users:\n"+lines+"    name: 赵七\n    role: keeper\n    level: city\n")
	s := serveIn(t, dir, "--runs", "runs", "--users", "users.yaml")
	r := getRequest(t, s.url+"/me")
	r.Header.Set("Authorization", "Bearer "+token)
	if status, body := asked(t, http.DefaultClient, r); status != 200 || !strings.Contains(body, `"name":"赵七"`) {
		t.Errorf("%d %s", status, body)
	}
}
