package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"greenshield/redline/service/gate"
)

// rasterStates returns what the server tells of the rasters of a run, by name, once none is being looked at any more.
func rasterStates(t *testing.T, s *served, run string) map[string]string {
	t.Helper()
	for {
		status, body := asked(t, http.DefaultClient, getRequest(t, s.url+"/tiles/"+run))
		var told struct {
			Layers []struct{ Name, State string }
		}
		if err := json.Unmarshal([]byte(body), &told); status != 200 || err != nil {
			t.Fatalf("%d %v %s", status, err, body)
		}
		states, waits := map[string]string{}, false
		for _, l := range told.Layers {
			states[l.Name] = l.State
			waits = waits || l.State == "checking" || l.State == "preparing"
		}
		if !waits {
			return states
		}
		<-time.After(20 * time.Millisecond) // the server bounds how often one asks
	}
}

// TestServeInputsElsewhere: the rasters of a run that was copied without them are found by --data, and --image adds a
// picture to each run.
func TestServeInputsElsewhere(t *testing.T) {
	dir, scene := t.TempDir(), newSample(t)
	if err := os.Mkdir(filepath.Join(dir, "runs"), 0o777); err != nil {
		t.Fatal(err)
	}
	here(t, scene, "run", "job.yaml", "--out", filepath.Join(dir, "runs", "first"), "--quiet").want(t, 0)
	s := serveIn(t, dir, "--runs", "runs")
	if got := rasterStates(t, s, "first"); len(got) != 2 || got["before"] != "missing" || got["after"] != "missing" {
		t.Errorf("without its inputs: %v", got)
	}
	s.stop().want(t, 0)
	s = serveIn(t, dir, "--runs", "runs", "--data", dir, "--data", scene, "--image", "drone="+filepath.Join(scene, "lc2020.tif"))
	got := rasterStates(t, s, "first")
	if len(got) != 3 || got["before"] != "ready" || got["after"] != "ready" || got["drone"] == "" || got["drone"] == "missing" {
		t.Errorf("with --data and --image: %v", got)
	}
	s.stop().want(t, 0)

	if err := os.Mkdir(filepath.Join(dir, "data"), 0o777); err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(dir, "a.tif"), "a")
	for args, message := range map[string]string{
		"--runs runs --data none":                     "the folder cannot be read",
		"--runs runs --data a.tif":                    "a.tif: is no folder",
		"--runs runs --image a.tif":                   `"a.tif" is no name with its file; write it as drone=FILE`,
		"--runs runs --image 2015=a.tif":              "with a name of ASCII letters and digits",
		"--runs runs --image before=a.tif":            "the name before is taken; choose another one",
		"--runs runs --image a=a.tif --image a=a.tif": "the name a is taken",
		"--runs runs --image a=none.tif":              "the image a cannot be read: ",
		"--runs runs --image a=data":                  "is no regular file",
		"--ledger none.gpkg --data data":              "name their folder by --runs FOLDER",
		"--ledger none.gpkg --image drone=a.tif":      "name their folder by --runs FOLDER",
	} {
		o := here(t, dir, append([]string{"serve"}, strings.Fields(args)...)...)
		if o.status != 10 || !strings.Contains(o.stderr, message) || strings.Count(o.stderr, "\n") != 1 {
			t.Errorf("%s: status %d: %s", args, o.status, o.stderr)
		}
	}
}

// visitor is somebody of the office who speaks to the server by his token.
type visitor struct {
	*served
	t     *testing.T
	token string
}

// ask sends a request and returns status and answer.
func (v visitor) ask(method, path, body string, headers ...string) (int, string) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.url+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+v.token)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	return asked(v.t, http.DefaultClient, r)
}

// say says something of a case as it is now.
func (v visitor) say(id, body string) (int, string) {
	v.t.Helper()
	var c struct{ Seq int64 }
	status, text := v.ask(http.MethodGet, "/cases/"+id, "")
	if err := json.Unmarshal([]byte(text), &c); status != 200 || err != nil || c.Seq == 0 {
		v.t.Fatalf("%s: %d %v %s", id, status, err, text)
	}
	return v.ask(http.MethodPost, "/cases/"+id+"/events", body, "Content-Type: application/json",
		fmt.Sprintf(`If-Match: "%d"`, c.Seq), "Idempotency-Key: "+gate.NewToken())
}

// TestServeLife: a case goes from being found to its last acceptance by what its people send, each what his role and
// level let him; what is missing on the way is told. Another one, which was accepted long ago, is struck off. The
// commands then know all of it.
func TestServeLife(t *testing.T) {
	dir := newLedger(t)
	id, users := "341700-000001", "users:\n"
	accepted := "341700-000002"
	for _, step := range []string{
		"set ID 核查结论=属实", "advance ID --to filed",
		"set ID problem=毁林 measures=拆除 measure_kind=拆除 standard=恢复林地 responsible_unit=镇政府 " +
			"responsible_person=赵强 due_date=2027-04-30",
		"advance ID --to rectifying", "set ID --evidence job.yaml", "advance ID --to submitted",
		"advance ID --to county_checked --accept-unit 县林业局",
		"advance ID --to city_accepted --accept-unit 市林业局 --level city",
		"advance ID --to province_accepted --accept-unit 省林业局 --level province",
	} {
		if !strings.Contains(step, "--level") {
			step += " --level county"
		}
		step = "ledger " + strings.ReplaceAll(step, "ID", accepted) + " --as 李明 --at 2026-03-10"
		here(t, dir, strings.Fields(step)...).want(t, 0)
	}
	people := map[string]visitor{}
	for _, one := range [][3]string{{"li", "reviewer", "county"}, {"zhou", "acceptor", "county"}, {"wang", "acceptor", "city"},
		{"sun", "acceptor", "province"}, {"qian", "reader", "county"}} {
		people[one[0]] = visitor{t: t, token: gate.NewToken()}
		users += fmt.Sprintf("  - {login: %s, name: 核查员%[1]s, role: %s, level: %s, counties: [\"99\"], token_sha256: %q}\n",
			one[0], one[1], one[2], gate.TokenSum(people[one[0]].token))
	}
	writeText(t, filepath.Join(dir, "users.yaml"), users)
	if err := os.Chmod(filepath.Join(dir, "users.yaml"), 0o640); err != nil {
		t.Fatal(err)
	}
	s := serveIn(t, dir, "--ledger", "ledger.gpkg", "--users", "users.yaml")
	for name, v := range people {
		v.served = s
		people[name] = v
	}
	photo := "\xff\xd8\xff photo of the place"
	status, text := people["zhou"].ask(http.MethodPost, "/evidence?name=%E7%85%A7%E7%89%87.jpg", photo)
	var file struct{ SHA256 string }
	if err := json.Unmarshal([]byte(text), &file); status != 201 || err != nil {
		t.Fatalf("evidence: %d %s", status, text)
	}
	due := time.Now().AddDate(1, 0, 0).Format(time.DateOnly)
	evidence := `{"kind":"evidence","fields":{},"doc":{"name":"照片.jpg","sha256":"` + file.SHA256 + `"}}`
	for _, step := range []struct {
		id, who, kind, fields string
		status                int
		want                  string // of the answer
	}{
		{id, "qian", "judged", `"verdict":"confirmed"`, 403, "a reader changes nothing"},
		{id, "zhou", "advanced", `"to":"filed"`, 422, "only a confirmed problem is filed"},
		{id, "li", "judged", `"verdict":"confirmed","note":"现场核实"`, 201, `"state":"unreviewed"`},
		{id, "li", "advanced", `"to":"filed"`, 403, "may not send the kind advanced"},
		{id, "zhou", "advanced", `"to":"filed"`, 201, `"state":"filed"`},
		{id, "zhou", "advanced", `"to":"rectifying"`, 422, "the four lists are not complete"},
		{id, "li", "set", `"problem":"毁林","measures":"拆除","measure_kind":"demolition","standard":"恢复林地",` +
			`"responsible_unit":"镇政府","responsible_person":"赵强","due_date":"` + due + `"`, 201, `"state":"filed"`},
		{id, "zhou", "advanced", `"to":"rectifying"`, 201, `"state":"rectifying"`},
		{id, "zhou", "advanced", `"to":"submitted"`, 422, "there is no evidence"},
		{id, "zhou", "", evidence, 201, `"events":[`},
		{id, "zhou", "advanced", `"to":"submitted"`, 201, `"state":"submitted"`},
		{id, "zhou", "accepted", `"accept_unit":"镇政府","outcome":"passed"`, 422, "nobody accepts its own work"},
		{id, "zhou", "accepted", `"accept_unit":"县林业局","outcome":"passed"`, 201, `"state":"county_checked"`},
		{id, "wang", "accepted", `"accept_unit":"市林业局","outcome":"passed"`, 201, `"state":"city_accepted"`},
		{id, "sun", "accepted", `"accept_unit":"省林业局","outcome":"passed"`, 201, `"state":"province_accepted"`},
		{id, "zhou", "published", `"start":"2026-03-10","days":"10"`, 422, "before the acceptance on"},
		{accepted, "zhou", "published", `"start":"2026-03-10","days":"3"`, 422, "10 to 100 working days"},
		{accepted, "zhou", "published", `"start":"2026-03-10","days":"10"`, 201, `"state":"publicity"`},
		{accepted, "wang", "objection", `"objection":"未拆完"`, 201, `"state":"publicity"`},
		{accepted, "wang", "advanced", `"to":"struck_off"`, 422, "1 objections have no answer yet"},
		{accepted, "zhou", "answered", `"answer":"已复查"`, 201, `"state":"publicity"`},
		{accepted, "wang", "advanced", `"to":"struck_off"`, 201, `"state":"struck_off"`},
	} {
		body := step.fields
		if step.kind != "" {
			body = `{"kind":"` + step.kind + `","fields":{` + step.fields + `}}`
		}
		if status, text := people[step.who].say(step.id, body); status != step.status || !strings.Contains(text, step.want) {
			t.Fatalf("%s %s %s: %d, want %d: %s", step.who, step.kind, step.fields, status, step.status, text)
		}
	}
	if status, text := people["qian"].ask(http.MethodGet, "/evidence/"+file.SHA256, ""); status != 200 || text != photo {
		t.Errorf("the photo is %d %q", status, text)
	}
	// The commands know it while the server runs.
	here(t, dir, "ledger", "case", id).has(t, "province_accepted", "核查员li (county)", "核查员sun (province)", "照片.jpg", "现场核实")
	here(t, dir, "ledger", "case", accepted).has(t, "struck_off", "核查员wang (city)", "未拆完", "已复查")
	_, feature := people["qian"].ask(http.MethodGet, "/collections/cases/items/"+accepted+"?f=json", "")
	if !strings.Contains(feature, `"state":"struck_off"`) {
		t.Errorf("as a feature: %s", feature)
	}
	s.stop().want(t, 0)
	here(t, dir, "ledger", "verify").want(t, 0)
	here(t, dir, "ledger", "report", "--out", "report", "--day", "2026-03-10").want(t, 0)
}
