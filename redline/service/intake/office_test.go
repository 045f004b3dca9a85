package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"greenshield/redline/ledger"
	"greenshield/redline/ledger/ledgertest"
	"greenshield/redline/ledgergpkg"
	"greenshield/redline/ledgerpg"
	"greenshield/redline/redlinetest"
	"greenshield/redline/service/gate"
)

// users are those of an office, by login.
var users = map[string]*gate.User{
	"li":     {Login: "li", Name: "李明", Role: gate.Reviewer, Level: ledger.County, Counties: []string{"341701"}},
	"wang":   {Login: "wang", Name: "王强", Role: gate.Reviewer, Level: ledger.County, Counties: []string{"341701", "341702"}},
	"zhao":   {Login: "zhao", Name: "赵县", Role: gate.Acceptor, Level: ledger.County, Counties: []string{"3417"}},
	"shi":    {Login: "shi", Name: "市局", Role: gate.Acceptor, Level: ledger.City, Counties: []string{"3417"}},
	"none":   {Login: "none", Name: "无级", Role: gate.Keeper},
	"keeper": {Login: "keeper", Name: "省厅", Role: gate.Keeper, Level: ledger.Province},
	"reader": {Login: "reader", Name: "读者", Role: gate.Reader},
}

// today is the time of the service in tests.
var today = ledgertest.At.AddDate(0, 0, 1)

// Cases of the scene: the first three are of the counties 341701, 341702 and 341700, and nobody has judged them.
const (
	case13 = "340000-000013"
	case14 = "340000-000014"
	case15 = "340000-000015"
	case16 = "340000-000016" // of 341701
)

// office is a service with a ledger.
type office struct {
	t     *testing.T
	store ledger.Store
	dir   string // of evidence
	url   string
}

// letIn returns a handler of the routes of an Intake in which the header User is the login of who asks.
func letIn(in *Intake) http.Handler {
	mux := http.NewServeMux()
	in.Routes(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u := users[r.Header.Get("User")]; u != nil {
			r = r.WithContext(gate.WithUser(r.Context(), u))
		}
		mux.ServeHTTP(w, r)
	})
}

// scene fills a store with 16 cases.
func scene(t *testing.T, s ledger.Store) {
	t.Helper()
	events, detections := ledgertest.Scene(16)
	redlinetest.Must(t, ledger.Commit(t.Context(), s, ledger.Head{}, events, detections))
}

// publicized has cases be in publicity, where anybody may object, as often as he likes.
func publicized(t *testing.T, s ledger.Store, ids ...string) {
	t.Helper()
	head, err := s.Head(t.Context())
	redlinetest.Must(t, err)
	var moved []ledger.Event
	for _, id := range ids {
		moved = append(moved, ledger.Event{Case: id, Kind: ledger.Advanced, Time: ledgertest.At, Actor: "省厅",
			Fields: map[string]string{"to": "publicity"}})
	}
	redlinetest.Must(t, ledger.Commit(t.Context(), s, head, moved, nil))
}

// saysOf returns the body by which a client says its text with that number: what is said in its field, unless it objects.
func saysOf(field string, n int) (body, text string) {
	text = fmt.Sprint(field, " ", n)
	if strings.HasPrefix(field, "objection") {
		return fmt.Sprintf(`{"kind":"objection","fields":{"objection":"%s"}}`, text), text
	}
	return fmt.Sprintf(`{"kind":"set","fields":{"%s":"%s"}}`, field, text), text
}

// saidOften counts how often each text was said that begins with the name of its field.
func saidOften(t *testing.T, s ledger.Store) map[string]int {
	t.Helper()
	n := map[string]int{}
	for e, err := range s.Events(t.Context(), ledger.EventFilter{}) {
		redlinetest.Must(t, err)
		for name, value := range e.Fields {
			if strings.HasPrefix(value, name) {
				n[value]++
			}
		}
	}
	return n
}

// newOffice returns a service over a store with a scene.
func newOffice(t *testing.T, s ledger.Store) *office {
	t.Helper()
	scene(t, s)
	o := &office{t: t, store: s, dir: filepath.Join(t.TempDir(), "evidence")}
	in, err := New(t.Context(), Options{Store: s, Evidence: o.dir, MaxUpload: 1000, Quota: 3000,
		Now: func() time.Time { return today }})
	redlinetest.Must(t, err)
	server := httptest.NewServer(letIn(in))
	t.Cleanup(server.Close)
	o.url = server.URL
	return o
}

// eachStore runs a test with a scene in each kind of store.
func eachStore(t *testing.T, test func(t *testing.T, o *office)) {
	t.Run("memory", func(t *testing.T) { test(t, newOffice(t, new(ledger.Memory))) })
	t.Run("file", func(t *testing.T) {
		s, err := ledgergpkg.Create(filepath.Join(t.TempDir(), "l.gpkg"))
		redlinetest.Must(t, err)
		t.Cleanup(func() { redlinetest.Must(t, s.Close()) })
		test(t, newOffice(t, s))
	})
	t.Run("PostGIS", func(t *testing.T) {
		url := os.Getenv("GREENSHIELD_POSTGIS")
		if url == "" {
			t.Skip("no PostgreSQL is named: make test-postgis starts one and runs this test")
		}
		name := fmt.Sprintf("intake%d", time.Now().UnixNano())
		conn, err := pgx.Connect(t.Context(), url)
		redlinetest.Must(t, err)
		_, err = conn.Exec(t.Context(), "CREATE DATABASE "+name)
		redlinetest.Must(t, err)
		redlinetest.Must(t, conn.Close(t.Context()))
		url += " dbname=" + name
		redlinetest.Must(t, ledgerpg.Migrate(t.Context(), url))
		s, err := ledgerpg.Open(t.Context(), url)
		redlinetest.Must(t, err)
		t.Cleanup(func() { redlinetest.Must(t, s.Close()) })
		test(t, newOffice(t, s))
	})
}

// reply is what the service answers.
type reply struct {
	status int
	header http.Header
	body   string
	said   struct {
		Case      ledger.Case
		Events    []int64
		Undo      []statement
		Detail    string
		Reasons   []string
		Conflicts []struct{ Field, Base, Ledger, Yours string }
		Keep      bool `json:"can_keep_both"`
		Taken     int
		Same      int
		Refused   int
		Cases     []rowTaken
		SHA256    string
		Bytes     int64
		Name      string
	}
}

// send sends a request whose body is text, with headers: name, value, …
func (o *office) send(method, path, user, text string, headers ...string) (a reply) {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), method, o.url+path, strings.NewReader(text))
	redlinetest.Must(o.t, err)
	r.Header.Set("User", user)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	got, err := http.DefaultClient.Do(r)
	redlinetest.Must(o.t, err)
	defer got.Body.Close()
	text2, err := io.ReadAll(got.Body)
	redlinetest.Must(o.t, err)
	a.status, a.header, a.body = got.StatusCode, got.Header, string(text2)
	if strings.Contains(got.Header.Get("Content-Type"), "json") {
		redlinetest.Must(o.t, json.Unmarshal(text2, &a.said))
	}
	return a
}

// post says something of a case that was seen at an event.
func (o *office) post(user, id string, seq int64, key, text string) reply {
	o.t.Helper()
	return o.send("POST", "/cases/"+id+"/events", user, text, "Content-Type", "application/json",
		"If-Match", fmt.Sprintf(`"%d"`, seq), "Idempotency-Key", key)
}

// bulk says something of many cases.
func (o *office) bulk(user, key, text string) reply {
	o.t.Helper()
	return o.send("POST", "/cases/events", user, text, "Content-Type", "application/json", "Idempotency-Key", key)
}

// want fails the test unless an answer has a status, and returns the answer.
func (o *office) want(status int, a reply) reply {
	o.t.Helper()
	if a.status != status {
		o.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// at returns a case as the ledger has it.
func (o *office) at(id string) *ledger.Case {
	o.t.Helper()
	c, err := ledger.CaseOf(o.t.Context(), o.store, id)
	redlinetest.Must(o.t, err)
	return &c
}

// head returns the number of events in the ledger.
func (o *office) head() int64 {
	o.t.Helper()
	h, err := o.store.Head(o.t.Context())
	redlinetest.Must(o.t, err)
	return h.Seq
}

// events returns the events of a case.
func events(t *testing.T, s ledger.Store, id string) (all []ledger.Event) {
	t.Helper()
	for e, err := range s.Events(context.Background(), ledger.EventFilter{Case: id}) {
		redlinetest.Must(t, err)
		all = append(all, e)
	}
	return all
}

// sound fails the test unless the ledger verifies, and comes back the same from its export.
func sound(t *testing.T, s ledger.Store) {
	t.Helper()
	ledgertest.Sound(t, s)
	var first, second bytes.Buffer
	into := new(ledger.Memory)
	redlinetest.Must(t, ledger.Export(t.Context(), s, &first))
	redlinetest.Must(t, ledger.Import(t.Context(), into, bytes.NewReader(first.Bytes())))
	redlinetest.Must(t, ledger.Export(t.Context(), into, &second))
	ledgertest.Sound(t, into)
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the ledger comes back otherwise from its export")
	}
}
