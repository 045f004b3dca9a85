package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"greenshield/redline/redlinetest"
)

// TestYearlyObjects: maps in an object store are waited for, and are done when they have been the same for long enough;
// one that is replaced meanwhile begins anew. A store that is in trouble is told, by the steps too, which have the
// variables of the look. The keys of the store are nowhere.
func TestYearlyObjects(t *testing.T) {
	dir := newYears(t)
	s := newObjectStore(t, httptest.NewServer)
	writeTemplate(t, filepath.Join(dir, "y.yaml"), strings.ReplaceAll(yearlyText, "map{", "/vsis3/maps/map{"))
	notify, _, told := scripts(t)
	all := ""
	look := func(status int, want ...string) {
		t.Helper()
		o := s.run(dir, nil, "yearly", "y.yaml", "--first", "2018", "--every", "100", "--notify", notify, "--allow-network")
		o.want(t, status)
		o.has(t, want...)
		all += o.stdout + o.stderr
	}
	state := filepath.Join(dir, "y-yearly", "state.json")
	later := func() { // as if the maps were first seen two hours ago, and nothing had failed since
		t.Helper()
		text := regexp.MustCompile(`"(since|failed)": "2[^"]*"`).ReplaceAllString(fileText(t, state),
			fmt.Sprintf(`"$1": %q`, time.Now().UTC().Add(-2*time.Hour).Format(time.RFC3339)))
		writeTemplate(t, state, text)
	}
	map2018 := func() gjson.Result {
		return gjson.Get(fileText(t, state), `years.2018.files.#(path=="/vsis3/maps/map2018.tif")`)
	}
	s.put("map2017.tif", filepath.Join(dir, "lc2015.tif"))
	look(0, "2018: not there yet: /vsis3/maps/map2018.tif\n")
	s.put("map2018.tif", filepath.Join(dir, "lc2015.tif"))
	look(0, "maps have come: 2018\n")
	later()
	was := map2018()
	s.put("map2018.tif", filepath.Join(dir, "lc2020.tif"))
	look(0, "maps have come: 2018\n")
	is := map2018()
	if is.Get("etag").String() == was.Get("etag").String() || is.Get("etag").String() == "" || is.Get("sha256").Exists() ||
		is.Get("bytes").Int() != size(t, filepath.Join(dir, "lc2020.tif")) {
		t.Errorf("the state keeps %s, and kept %s", is.Raw, was.Raw)
	}
	for _, a := range s.forget() {
		if a.verb != http.MethodHead {
			t.Errorf("%s %s was asked while the map was waited for", a.verb, a.key)
		}
	}

	for verb, want := range map[string]string{
		http.MethodGet:  "2018: the step check fails, status 11\n",
		http.MethodHead: "2018: the step look fails, status 11\n",
	} {
		later()
		s.spoil = func(_ int, _ string, w http.ResponseWriter, r *http.Request) bool {
			if r.Method == verb {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			return r.Method == verb
		}
		look(11, want, "the object store did not answer as it should, 4 times (503 Service Unavailable)")
	}
	s.spoil = nil
	later()
	look(0, "2018: done, ")
	look(0, "nothing new; the next year is 2118\n")
	tellings(t, told)
	s.put("map2018.tif", filepath.Join(dir, "lc2015.tif"))
	look(0, "say --again 2018 for that: /vsis3/maps/map2018.tif\n")
	if got := tellings(t, told); len(got) != 1 || got[0] != "nothing_new 2118 replaced 2018 /vsis3/maps/map2018.tif" {
		t.Errorf("told was %q", got)
	}
	s.forget()
	s.spoil = func(_ int, _ string, w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	look(0, "say --again 2018 for that: /vsis3/maps/map2018.tif\n")
	if asked := s.forget(); len(asked) != 4 {
		t.Errorf("a store that does not answer was asked %d times", len(asked))
	}
	if got := tellings(t, told); len(got) > 0 {
		t.Errorf("a store that does not answer has %q told", got)
	}

	redlinetest.Must(t, filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all += fileText(t, name)
		}
		return err
	}))
	for _, secret := range []string{keyID, keySecret, "X-Amz"} {
		if strings.Contains(all, secret) {
			t.Errorf("%s is told", secret)
		}
	}
}

// TestScheduleObjects: the service and the pods of a job over an object store are told that they may reach it, where
// their keys are, and none of the keys.
func TestScheduleObjects(t *testing.T) {
	dir := newYears(t)
	s := newObjectStore(t, httptest.NewServer)
	writeTemplate(t, filepath.Join(dir, "y.yaml"), strings.ReplaceAll(yearlyText, "map{", "/vsis3/maps/map{"))
	args := []string{"schedule", "y.yaml", "--first", "2018", "--user", "daemon", "--out", "units", "--kubernetes", "image",
		"--claim", "maps:" + dir}
	o := s.run(dir, nil, args...)
	o.want(t, 10)
	o.has(t, "/vsis3/maps/map2017.tif: lies in an object store, and nothing is fetched from a network without --allow-network")
	o = s.run(dir, nil, append(args, "--allow-network")...)
	o.want(t, 0)
	o.has(t, "to /etc/greenshield/greenshield-yearly.env, which root alone may read; for pods, to the secret greenshield-yearly")
	units := filepath.Join(dir, "units")
	service := fileText(t, filepath.Join(units, "greenshield-yearly.service"))
	for _, line := range []string{"RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
		"EnvironmentFile=-/etc/greenshield/greenshield-yearly.env"} {
		if !strings.Contains(service, "\n"+line+"\n") {
			t.Errorf("no line %s in\n%s", line, service)
		}
	}
	if !strings.Contains(service, ` "--allow-network"`) || strings.Contains(service, "IPAddressDeny") {
		t.Errorf("the service is\n%s", service)
	}
	manifest := filepath.Join(units, "greenshield-yearly.yaml")
	holds(t, manifest, "secretRef:", `name: "greenshield-yearly"`, "optional: true", `"--allow-network"`)
	for name, text := range contents(t, units) {
		if strings.Contains(text, keySecret) || strings.Contains(text, keyID) {
			t.Errorf("%s tells the keys", name)
		}
	}
	if asked := s.forget(); len(asked) > 0 {
		t.Errorf("schedule asks the store: %v", asked)
	}
}
