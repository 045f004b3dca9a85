package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

// TestThirdPartyNotices: THIRD_PARTY_NOTICES names what the program is made of now, with the licence texts; the tool that
// makes it sees when it does not.
func TestThirdPartyNotices(t *testing.T) {
	text, err := os.ReadFile("../../THIRD_PARTY_NOTICES")
	if err != nil {
		t.Fatal(err)
	}
	check := func(content string) (said string, err error) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "notices")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("../../.ci/notices", "--check", file).CombinedOutput()
		return string(out), err
	}
	if said, err := check(string(text)); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	const dropped = "github.com/airbusgeo/godal v0.0.18\n"
	stale := strings.Replace(string(text), dropped, "", 1)
	if said, err := check(stale); err == nil || !strings.Contains(said, "is stale: run .ci/notices > THIRD_PARTY_NOTICES") {
		t.Errorf("a module is missing and nothing is said: %v, %s", err, said)
	}
	info, ok := debug.ReadBuildInfo() // of the tests, which are made of more
	if !ok {
		t.Fatal("no build information")
	}
	version := map[string]string{}
	for _, m := range info.Deps {
		version[m.Path] = m.Version
	}
	modules := 0
	for line := range strings.Lines(string(text)) {
		if name, listed, ok := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "==== ")), " "); ok && version[name] != "" && strings.HasPrefix(line, "==== ") {
			if modules++; version[name] != listed {
				t.Errorf("%s is compiled in at %s, listed is %s", name, version[name], listed)
			}
		}
	}
	if modules < 30 {
		t.Errorf("%d modules are listed with their licences", modules)
	}
	for _, library := range []string{"libgdal: GDAL", "libgeos_c: GEOS", "libproj: PROJ", "libtiff, "} {
		if !strings.Contains(string(text), "\n"+library) {
			t.Errorf("%s is not named", library)
		}
	}
}
