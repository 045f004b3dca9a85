package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"greenshield/redline/service/gate"
)

// crowd is people at a server, and what they know of it.
type crowd struct {
	url    string
	client *http.Client
	tokens []string // of each reviewer
	cases  []string // ids
	run    string   // whose candidates, zones and rasters they look at; "" for none
	box    [4]float64

	mu    sync.Mutex
	said  map[string][]int64 // numbers of the events that were acknowledged, by the note that they have
	kinds map[string]*askedFor
}

// askedFor is what became of requests of a kind.
type askedFor struct {
	took     []time.Duration
	statuses map[int]int
	faults   []string // what was no right answer
}

// writeUsers writes a users file of so many users of a role, and returns their tokens.
func writeUsers(tb testing.TB, path string, n int, role gate.Role, write func(path, text string)) (tokens []string) {
	tb.Helper()
	text := "users:\n"
	for i := range n {
		tokens = append(tokens, gate.NewToken())
		text += fmt.Sprintf("  - login: user%d\n    name: 核查员%d\n    role: %s\n    level: city\n    token_sha256: \"%s\"\n",
			i, i, role, gate.TokenSum(tokens[i]))
	}
	write(path, text)
	return tokens
}

// newCrowd returns people with these tokens, after one of them has looked at what there is.
func newCrowd(tb testing.TB, url, run string, tokens []string) *crowd {
	tb.Helper()
	o := &crowd{url: url, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: len(tokens)}}, tokens: tokens,
		run: run, said: map[string][]int64{}, kinds: map[string]*askedFor{}}
	tb.Cleanup(o.client.CloseIdleConnections)
	var page struct{ Features []struct{ ID string } }
	o.must(tb, "collections/cases/items?f=json&limit=1000", &page)
	for _, f := range page.Features {
		o.cases = append(o.cases, f.ID)
	}
	if run != "" {
		var c struct {
			Extent struct{ Spatial struct{ Bbox [][4]float64 } }
		}
		o.must(tb, "collections/"+run+".candidates", &c)
		o.box = c.Extent.Spatial.Bbox[0]
	}
	return o
}

// must reads what is at an address.
func (o *crowd) must(tb testing.TB, path string, into any) {
	tb.Helper()
	status, _, body, err := o.ask(0, http.MethodGet, path, nil, nil)
	if err == nil && status == http.StatusOK {
		err = json.Unmarshal(body, into)
	}
	if err != nil || status != http.StatusOK {
		tb.Fatalf("%s: status %d, %v: %.200s", path, status, err, body)
	}
}

// ask sends a request of a reviewer. The status is 0 with an error, when there is no whole answer.
func (o *crowd) ask(who int, method, path string, head map[string]string, body []byte) (int, http.Header, []byte, error) {
	r, err := http.NewRequest(method, o.url+"/"+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+o.tokens[who])
	for name, value := range head {
		r.Header.Set(name, value)
	}
	resp, err := o.client.Do(r)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, nil, err
	}
	return resp.StatusCode, resp.Header, text, nil
}

// tell keeps what became of a request.
func (o *crowd) tell(kind string, took time.Duration, status int, fault string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	k := o.kinds[kind]
	if k == nil {
		k = &askedFor{statuses: map[int]int{}}
		o.kinds[kind] = k
	}
	k.took = append(k.took, took)
	k.statuses[status]++
	if fault != "" {
		k.faults = append(k.faults, fault)
	}
}

// look asks for something and tells what became of it; it took as long as since start.
func (o *crowd) look(who int, kind, path string, start time.Time) http.Header {
	status, head, body, err := o.ask(who, http.MethodGet, path, nil, nil)
	fault := ""
	right := status == http.StatusOK
	if kind == "png" { // which may be beyond the raster, or not be ready yet
		right = right || status == http.StatusNotFound || status == http.StatusServiceUnavailable && head.Get("Retry-After") != ""
	}
	if err != nil || !right {
		fault = fmt.Sprintf("%s: status %d, %v: %.200s", path, status, err, body)
	}
	o.tell(kind, time.Since(start), status, fault)
	return head
}

// say has a reviewer say something of a case as the page does: it looks at the case, and sends what is new with the
// number that it saw and a key. A tenth are about a few cases of which others speak too.
func (o *crowd) say(who int, rng *rand.Rand, start time.Time) {
	id := o.cases[rng.IntN(len(o.cases))]
	if rng.IntN(10) == 0 {
		id = o.cases[rng.IntN(min(3, len(o.cases)))]
	}
	head := o.look(who, "case", "cases/"+id, start)
	if head == nil {
		return
	}
	start = time.Now()
	note := fmt.Sprintf("现场核查 %d %d", who, rng.Uint64())
	status, seqs, err := o.event(who, id, head.Get("ETag"), gate.NewToken(), note)
	fault := ""
	if err != nil {
		fault = err.Error()
	}
	o.tell("event", time.Since(start), status, fault)
	if status == http.StatusCreated || status == http.StatusOK {
		o.mu.Lock()
		o.said[note] = seqs
		o.mu.Unlock()
	}
}

// event sends a note of a case. An error is told for answers that are neither right nor a conflict.
func (o *crowd) event(who int, id, etag, key, note string) (status int, seqs []int64, err error) {
	body, err := json.Marshal(map[string]any{"kind": "set", "fields": map[string]string{"note": note}})
	if err != nil {
		return 0, nil, err
	}
	status, _, answer, err := o.ask(who, http.MethodPost, "cases/"+id+"/events",
		map[string]string{"If-Match": etag, "Idempotency-Key": key, "Content-Type": "application/json"}, body)
	if err != nil {
		return 0, nil, err
	}
	var taken struct{ Events []int64 }
	switch status {
	case http.StatusCreated, http.StatusOK:
		if err := json.Unmarshal(answer, &taken); err != nil || len(taken.Events) == 0 {
			return status, nil, errors.Join(err, fmt.Errorf("event of %s: no events in %.200s", id, answer))
		}
		return status, taken.Events, nil
	case http.StatusConflict:
		return status, nil, nil
	}
	return status, nil, fmt.Errorf("event of %s: status %d: %.200s", id, status, answer)
}

// act has a reviewer do one thing of the mix; times count from start.
func (o *crowd) act(who int, rng *rand.Rand, start time.Time) {
	lon := o.box[0] + rng.Float64()*(o.box[2]-o.box[0])
	lat := o.box[1] + rng.Float64()*(o.box[3]-o.box[1])
	of := func(all ...string) string { return all[rng.IntN(len(all))] }
	switch n := rng.IntN(100); {
	case n < 25:
		o.say(who, rng, start)
	case n < 40:
		o.look(who, "case", "cases/"+o.cases[rng.IntN(len(o.cases))], start)
	case n < 65:
		o.look(who, "list", "collections/cases/items?f=json&limit=100&"+of("sortby=-severity", "sortby=-area_ha&severity=4",
			"sortby=-updated&state=filed", "sortby=id&county="+fmt.Sprint(340100+rng.IntN(97)), "sortby=-severity&verdict=confirmed",
			"sortby=id&note="+url.QueryEscape("现场")), start)
	case n < 68:
		o.look(who, "standing", "standing", start)
	case o.run == "":
		o.look(who, "page", of("review", "vocabulary", "me"), start)
	case n < 80:
		o.look(who, "items", fmt.Sprintf("collections/%s.%s/items?f=json&limit=100&bbox=%.4f,%.4f,%.4f,%.4f%s", o.run,
			of("candidates", "candidates", "suppressed", "zones"), lon, lat, lon+0.2, lat+0.2,
			of("", "", "&datetime=2016-01-01/..")), start)
	case n < 90:
		z := 8 + rng.IntN(7)
		x, y := tileAt(lon, lat, z)
		o.look(who, "mvt", fmt.Sprintf("tiles/%s/%d/%d/%d.mvt", of(o.run+".candidates", o.run+".zones", "cases"), z, x, y), start)
	default:
		z := 6 + rng.IntN(8)
		x, y := tileAt(lon, lat, z)
		o.look(who, "png", fmt.Sprintf("tiles/%s/%s/%d/%d/%d.png", o.run, of("before", "after"), z, x, y), start)
	}
}

// tileAt returns the tile of a zoom that holds a place.
func tileAt(lon, lat float64, z int) (x, y int) {
	side := math.Exp2(float64(z))
	phi := lat * math.Pi / 180
	return int((lon + 180) / 360 * side), int((1 - math.Asinh(math.Tan(phi))/math.Pi) / 2 * side)
}

// faults returns what were no right answers.
func (o *crowd) faults() (all []string) {
	for kind, k := range o.kinds {
		for _, f := range k.faults {
			all = append(all, kind+": "+f)
		}
	}
	return all
}

// value has a reviewer read a metric of the server, which must have one of that name.
func (o *crowd) value(tb testing.TB, who int, name string) (value float64) {
	tb.Helper()
	_, _, body, err := o.ask(who, http.MethodGet, "metrics", nil, nil)
	_, rest, found := strings.Cut(string(body), "\n"+name+" ")
	if err != nil || !found {
		tb.Fatalf("no metric %s, %v: %.200s", name, err, body)
	}
	if _, err := fmt.Sscan(rest, &value); err != nil {
		tb.Fatal(err)
	}
	return value
}

// notesOf returns the numbers of the events of a ledger that say each note, of those that have this in them.
func notesOf(tb testing.TB, dir, place, of string) (notes map[string][]int64) {
	tb.Helper()
	cmd := command(dir, "ledger", "export", "-", "--ledger", place)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		tb.Fatal(err)
	}
	notes = map[string][]int64{}
	lines := bufio.NewReaderSize(out, 1<<20)
	for err == nil {
		var line []byte
		if line, err = lines.ReadBytes('\n'); !bytes.Contains(line, []byte(of)) {
			continue
		}
		var e struct {
			Event struct {
				Seq    int64
				Fields map[string]string
			}
		}
		if err := json.Unmarshal(line, &e); err != nil {
			tb.Fatal(err)
		}
		notes[e.Event.Fields["note"]] = append(notes[e.Event.Fields["note"]], e.Event.Seq)
	}
	if ended := cmd.Wait(); ended != nil || !errors.Is(err, io.EOF) {
		tb.Fatal(ended, err)
	}
	return notes
}
