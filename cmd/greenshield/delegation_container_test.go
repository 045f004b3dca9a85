//go:build linux

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// containerConfig is what an image says of how it is run.
type containerConfig struct {
	User, WorkingDir string
	Cmd              []string
	ExposedPorts     map[string]any
	Volumes          map[string]any
	Healthcheck      struct{ Test []string }
}

// builtConfig builds the example upon an image that is empty, in a store of its own, and returns what the image says.
// Images of registries cannot be had in every place where tests run.
func builtConfig(t *testing.T) (c containerConfig) {
	t.Helper()
	buildah := needsTool(t, "buildah")
	if os.Geteuid() != 0 {
		t.Skip("buildah needs root where nothing is set up for others")
	}
	dir := t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(buildah, append([]string{"--root", filepath.Join(dir, "root"), "--runroot",
			filepath.Join(dir, "run"), "--storage-driver", "vfs"}, args...)...)
		out, err := cmd.Output()
		if err != nil {
			stderr := ""
			if e, ok := err.(*exec.ExitError); ok {
				stderr = string(e.Stderr)
			}
			t.Fatalf("buildah %v: %v: %s%s", args, err, out, stderr)
		}
		return strings.TrimSpace(string(out))
	}
	empty := run("from", "scratch")
	run("commit", "-q", empty, "localhost/greenshield")
	writeText(t, filepath.Join(dir, "Containerfile"), exampleText(t, "Containerfile.serve"))
	run("build", "-q", "--format", "docker", "--pull-never", "-t", "built", "-f", filepath.Join(dir, "Containerfile"), dir)
	var image struct {
		Docker struct {
			Config containerConfig `json:"config"`
		}
	}
	if err := json.Unmarshal([]byte(run("inspect", "--type", "image", "built")), &image); err != nil {
		t.Fatal(err)
	}
	return image.Docker.Config
}

// TestDelegationContainer: buildah reads the container file; what it says is run answers, at its address and to its
// check of health, which fails once the server is gone.
func TestDelegationContainer(t *testing.T) {
	c := builtConfig(t)
	want := containerConfig{User: "990:990", WorkingDir: "/data", Cmd: c.Cmd, ExposedPorts: map[string]any{"8080/tcp": map[string]any{}},
		Volumes: map[string]any{"/data": map[string]any{}}, Healthcheck: c.Healthcheck}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("the image says %+v", c)
	}
	dir, _ := serveScene(t)
	command := strings.ReplaceAll(strings.Join(c.Cmd, "\n"), "/data/", "")
	args := strings.Split(strings.ReplaceAll(command, "0.0.0.0:8080", "127.0.0.1:0"), "\n")
	if args[0] != "serve" || strings.Count(command, "0.0.0.0:8080") != 1 {
		t.Fatalf("the container runs %q", c.Cmd)
	}
	s := serveIn(t, dir, args[1:]...)
	check := c.Healthcheck.Test
	if len(check) != 4 || check[0] != "CMD" || strings.Count(check[3], "/127.0.0.1/8080") != 1 {
		t.Fatalf("health is checked by %q", check)
	}
	script := strings.Replace(check[3], "/127.0.0.1/8080", "/"+strings.Replace(strings.TrimPrefix(s.url, "http://"), ":", "/", 1), 1)
	healthy := func() error { return exec.Command(check[1], check[2], script).Run() }
	if err := healthy(); err != nil {
		t.Errorf("the server is not healthy: %v", err)
	}
	s.stop().want(t, 0)
	if healthy() == nil {
		t.Error("a server that is gone is healthy")
	}
}
