//go:build linux

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"greenshield/redline/service/gate"
)

// examples is the folder of configurations that offices begin with.
const examples = "../../redline/service/examples"

// exampleText returns an example in which each old text, which it must hold once, is replaced by a new one.
func exampleText(t *testing.T, name string, oldNew ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(packageFolder, examples, name))
	if err != nil {
		t.Fatal(err)
	}
	s := string(text)
	for i := 0; i < len(oldNew); i += 2 {
		if strings.Count(s, oldNew[i]) != 1 {
			t.Fatalf("%s: %q stands there %d times", name, oldNew[i], strings.Count(s, oldNew[i]))
		}
		s = strings.Replace(s, oldNew[i], oldNew[i+1], 1)
	}
	return s
}

// packageFolder is the folder of this package; tests leave it.
var packageFolder, _ = os.Getwd()

// needsTool returns the path of a program of Debian's, or skips the test that needs it.
func needsTool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath(filepath.Join("/usr/sbin", name))
	}
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing", name)
		}
		t.Skipf("%s is missing: make test-delegation installs it", name)
	}
	return path
}

// fronted is nginx by the example, in front of a service, as a browser on another computer sees it.
type fronted struct {
	*http.Client
	folder string
}

const officeURL = "https://office.example/greenshield"

// newFronted starts nginx in front of a service at an address. It gets the sockets that it listens on from the test, so
// that no port is guessed and none is asked before it is open.
func newFronted(t *testing.T, upstream string, oldNew ...string) *fronted {
	t.Helper()
	nginx := needsTool(t, "nginx")
	o := &fronted{folder: t.TempDir()}
	o.certify(t)
	plain, secure := listenFile(t), listenFile(t)
	conf := exampleText(t, "nginx.conf", append(oldNew, "127.0.0.1:8080", upstream, "listen 80;", "listen "+plain.at+";",
		"listen 443 ssl", "listen "+secure.at+" ssl", "/var/cache/nginx", o.folder, "/etc/greenshield/cert.pem", "cert.pem",
		"/etc/greenshield/key.pem", "key.pem", "/etc/greenshield/htpasswd", "htpasswd")...)
	writeText(t, filepath.Join(o.folder, "greenshield.conf"), conf)
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // the folder is the test's alone
	}
	writeText(t, filepath.Join(o.folder, "nginx.conf"), fmt.Sprintf("%s\ndaemon off; worker_processes 1;\n"+
		"pid pid; error_log error.log;\nevents {}\nhttp {\naccess_log off; client_body_temp_path body;\n"+
		"proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n"+
		"include greenshield.conf;\n}\n", user))
	cmd := exec.Command(nginx, "-p", o.folder, "-c", filepath.Join(o.folder, "nginx.conf"), "-e", "error.log")
	cmd.ExtraFiles = []*os.File{plain.file, secure.file} // descriptors 3 and 4
	cmd.Env = []string{"NGINX=3;4;"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if log, _ := os.ReadFile(filepath.Join(o.folder, "error.log")); t.Failed() {
			t.Logf("nginx: %s", log)
		}
	})
	o.connect(t, map[string]string{"office.example:80": plain.at, "office.example:443": secure.at})
	return o
}

// listening is a socket that waits for connections.
type listening struct {
	at   string
	file *os.File
}

func listenFile(t *testing.T) listening {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return listening{l.Addr().String(), file}
}

// certify makes a certificate, and passwords of li.ming, wang.jianguo and one who is unknown to the service.
func (o *fronted) certify(t *testing.T) {
	t.Helper()
	openssl := needsTool(t, "openssl")
	make := exec.Command(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
		"-days", "2", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=office.example",
		"-addext", "subjectAltName=DNS:office.example")
	make.Dir = o.folder
	if out, err := make.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command(openssl, "passwd", "-apr1", "secret").Output()
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, login := range []string{"li.ming", "wang.jianguo", "guest"} {
		lines.WriteString(login + ":" + string(out))
	}
	writeText(t, filepath.Join(o.folder, "htpasswd"), lines.String())
}

// connect has the client of the office find names where the sockets are, and trust its certificate.
func (o *fronted) connect(t *testing.T, sockets map[string]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(o.folder, "cert.pem"))
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(text) {
		t.Fatal("no certificate", err)
	}
	transport := &http.Transport{ForceAttemptHTTP2: true, DisableCompression: true,
		TLSClientConfig: &tls.Config{RootCAs: pool},
		DialContext: func(ctx context.Context, network, at string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, sockets[at])
		}}
	o.Client = &http.Client{Transport: transport, Timeout: time.Minute, // a bound for a test that hangs
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(transport.CloseIdleConnections)
}

// exampleUsers writes the users file of the examples, and returns the token of monitor.
func exampleUsers(t *testing.T, path string) (token string) {
	t.Helper()
	token = gate.NewToken()
	writeText(t, path, exampleText(t, "users.yaml", `"…"`, gate.TokenSum(token)))
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return token
}
