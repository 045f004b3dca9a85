package object

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// keeper is a store of one object, which keeps what it is asked.
type keeper struct {
	mu    sync.Mutex
	bytes []byte
	etag  string
	asked []string // verb and range of each request
	// answer may answer in place of the store; it is given the number of the request, from 0.
	answer func(n int, w http.ResponseWriter, r *http.Request) (answered bool)
}

func (k *keeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	n, etag, content := len(k.asked), k.etag, k.bytes
	k.asked = append(k.asked, strings.TrimSpace(r.Method+" "+r.Header.Get("Range")))
	k.mu.Unlock()
	if k.answer != nil && k.answer(n, w, r) {
		return
	}
	w.Header().Set("ETag", etag)
	http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(content))
}

const name = "/vsis3/b/k.tif"

// secret stands in each address that is asked.
const secret = "X-Amz-Signature=0123456789"

// newKeeper has a store asked by this process, until the test ends.
func newKeeper(t *testing.T, size int) *keeper {
	t.Helper()
	k := &keeper{bytes: make([]byte, size), etag: `"one"`}
	_, _ = rand.NewChaCha8([32]byte{7}).Read(k.bytes)
	server := httptest.NewServer(k)
	t.Cleanup(server.Close)
	Allow(&Access{
		Sign:      func(name, _ string) (string, error) { return server.URL + name + "?" + secret, nil },
		Transport: server.Client().Transport,
		Retries:   3, Delay: time.Microsecond, Patience: time.Minute,
	})
	t.Cleanup(func() { Allow(nil) })
	return k
}

// read returns bytes of the object.
func read(t *testing.T, at, size int64) ([]byte, error) {
	t.Helper()
	f, err := Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, size)
	n, err := f.ReadAt(b, at)
	return b[:n], err
}

func TestNamed(t *testing.T) {
	for _, c := range []struct {
		name string
		want bool
	}{
		{"/vsis3/b/k.tif", true}, {"/vsioss/桶/年/k 1.tif", true},
		{"/vsis3/b", false}, {"/vsis3/b/", false}, {"/vsis3//k", false}, {"/vsis3/b/../k", false}, {"/vsis3/b//k", false},
		{"/VSIS3/b/k", false}, {"/vsicurl/http://x/k.tif", false}, {"/vsis3_streaming/b/k", false}, {"vsis3/b/k", false},
		{"/vsigs/b/k", false}, {"/vsizip//vsis3/b/k.zip", false}, {"", false},
	} {
		if Named(c.name) != c.want {
			t.Errorf("Named(%q) is not %v", c.name, c.want)
		}
	}
}

// Until it is allowed nothing is asked, and the message says what to do.
func TestNothingIsAskedUnlessAllowed(t *testing.T) {
	k := newKeeper(t, 10)
	Allow(nil)
	const want = name + ": lies in an object store, and nothing is fetched from a network without --allow-network; give " +
		"that flag, or copy the object to a file and name that"
	_, err := Stat(name)
	_, errLatest := Latest(name)
	_, errOpen := Open(name)
	_, errCopy := Copy(t.Context(), io.Discard, name)
	for _, err := range []error{err, errLatest, errOpen, errCopy} {
		if err == nil || err.Error() != want {
			t.Errorf("got %v", err)
		}
	}
	if _, err := Known(name); !errors.Is(err, fs.ErrNotExist) || len(k.asked) > 0 || Allowed() {
		t.Errorf("%v; asked %v", err, k.asked)
	}
}

// Small reads share pages, each of which is fetched once; a large one asks for exactly its bytes.
func TestEachPageOnce(t *testing.T) {
	k := newKeeper(t, 5*pageBytes+100)
	var wg sync.WaitGroup
	for at := range int64(50) {
		wg.Go(func() {
			b, err := read(t, at*4000, 4000)
			if err != nil || !bytes.Equal(b, k.bytes[at*4000:at*4000+4000]) {
				t.Errorf("at %d: %v", at, err)
			}
		})
	}
	wg.Wait()
	seen := map[string]int{}
	for _, asked := range k.asked {
		seen[asked]++
	}
	want := map[string]int{"HEAD": 1, "GET bytes=0-65535": 1, "GET bytes=65536-131071": 1, "GET bytes=131072-196607": 1,
		"GET bytes=196608-262143": 1}
	if len(seen) != len(want) {
		t.Errorf("asked %v", seen)
	}
	for asked, n := range want {
		if seen[asked] != n {
			t.Errorf("%s: %d times, want %d", asked, seen[asked], n)
		}
	}
	k.asked = nil
	b, err := read(t, 10, 2*pageBytes)
	if err != nil || !bytes.Equal(b, k.bytes[10:10+2*pageBytes]) || len(k.asked) != 1 || k.asked[0] != "GET bytes=10-131081" {
		t.Errorf("%v, asked %v", err, k.asked)
	}
	size := int64(len(k.bytes))
	if b, err := read(t, size-7, 20); err != io.EOF || !bytes.Equal(b, k.bytes[size-7:]) {
		t.Errorf("at the end: %d bytes, %v", len(b), err)
	}
	if b, err := read(t, size, 1); err != io.EOF || len(b) > 0 {
		t.Errorf("behind the end: %d bytes, %v", len(b), err)
	}
}

// No more pages are kept than may be.
func TestPagesAreDropped(t *testing.T) {
	var p pages
	first := p.at(place{nil, 0})
	if p.at(place{nil, 0}) != first {
		t.Error("a page is not kept")
	}
	for i := range int64(maxPages) {
		p.at(place{nil, i + 1})
	}
	if len(p.kept) != maxPages || len(p.order) != maxPages || p.at(place{nil, 0}) == first {
		t.Errorf("%d pages are kept", len(p.kept))
	}
}

// A store that is in trouble for a while is asked again; what was cut short is asked for again, in a copy only the rest.
func TestTroubleThatPasses(t *testing.T) {
	fail := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"one"`)
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(make([]byte, 500))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	for what, trouble := range map[string]func(http.ResponseWriter, *http.Request){"503": fail, "cut": cut} {
		t.Run(what, func(t *testing.T) {
			k := newKeeper(t, 1000)
			k.answer = func(n int, w http.ResponseWriter, r *http.Request) bool {
				if n == 0 || n > 3 {
					return false
				}
				trouble(w, r)
				return true
			}
			b, err := read(t, 0, 1000)
			if err != nil || !bytes.Equal(b, k.bytes) || len(k.asked) != 5 {
				t.Errorf("%v, asked %v", err, k.asked)
			}
		})
	}
}

// A copy that is cut short goes on where it ended: each byte is counted once.
func TestCopyGoesOn(t *testing.T) {
	k := newKeeper(t, 300_000)
	k.answer = func(n int, w http.ResponseWriter, r *http.Request) bool {
		if n != 1 {
			return false
		}
		w.Header().Set("ETag", k.etag)
		w.Header().Set("Content-Length", strconv.Itoa(len(k.bytes)))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(k.bytes[:100_000])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	h := sha256.New()
	n, err := Copy(t.Context(), h, name)
	if want := sha256.Sum256(k.bytes); err != nil || n != 300_000 || !bytes.Equal(h.Sum(nil), want[:]) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if len(k.asked) != 3 || k.asked[1] != "GET bytes=0-299999" || !strings.HasSuffix(k.asked[2], "-299999") ||
		k.asked[2] == k.asked[1] {
		t.Errorf("asked %v", k.asked)
	}
}

// Faults name the object and say what to do; none tells the address, which holds a signature. What has failed for good
// fails from then on without being asked for.
func TestFaults(t *testing.T) {
	status := func(code int) func(int, http.ResponseWriter, *http.Request) bool {
		return func(n int, w http.ResponseWriter, _ *http.Request) bool {
			if n > 0 {
				w.WriteHeader(code)
				_, _ = io.WriteString(w, "<Error>"+secret+"</Error>")
			}
			return n > 0
		}
	}
	for what, c := range map[string]struct {
		answer func(int, http.ResponseWriter, *http.Request) bool
		asked  int
		want   string
	}{
		"503": {status(503), 5, "did not answer as it should, 4 times (503 Service Unavailable); run again when it does"},
		"429": {status(429), 5, "4 times (429 Too Many Requests)"},
		"403": {status(403), 2, "does not let it be read (403 Forbidden); check credentials, rights, region and the clock"},
		"404": {status(404), 2, "no such object in the object store; correct the bucket or the key"},
		"301": {status(301), 2, "refuses the request (301 Moved Permanently); check endpoint, region and credentials, of which temporary ones expire"},
		"412": {status(412), 2, "was changed in the object store while it was read; run again when nobody writes to it"},
		"416": {status(416), 2, "was changed in the object store while it was read"},
		"cut": {func(n int, w http.ResponseWriter, _ *http.Request) bool {
			if n > 0 {
				w.Header().Set("ETag", `"one"`)
				w.Header().Set("Content-Length", "100")
				w.WriteHeader(http.StatusPartialContent)
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}
			return false
		}, 5, "did not answer as it should, 4 times (its answer was cut short)"},
		"another ETag": {func(n int, w http.ResponseWriter, r *http.Request) bool {
			if n > 0 {
				w.Header().Set("ETag", `"two"`)
				http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(make([]byte, 100)))
			}
			return n > 0
		}, 2, "was changed in the object store while it was read"},
		"no parts": {func(n int, w http.ResponseWriter, _ *http.Request) bool {
			if n > 0 {
				w.Header().Set("ETag", `"one"`)
				_, _ = w.Write(make([]byte, 100))
			}
			return n > 0
		}, 2, "does not send parts of objects; copy the object to a file and name that"},
		"no ETag": {func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Length", "100")
			return true
		}, 1, "tells no ETag or no length of it"},
	} {
		t.Run(what, func(t *testing.T) {
			k := newKeeper(t, 100)
			k.answer = c.answer
			_, err := read(t, 0, 100)
			if err == nil || !strings.HasPrefix(err.Error(), name+": ") || !strings.Contains(err.Error(), c.want) ||
				strings.Contains(err.Error(), "Signature") {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if unanswered := strings.Contains(c.want, "4 times"); Unanswered(err) != unanswered ||
				errors.Is(err, fs.ErrNotExist) != (what == "404") {
				t.Errorf("unanswered is %v, and not there is %v", Unanswered(err), errors.Is(err, fs.ErrNotExist))
			}
			_, again := read(t, 0, 100)
			if len(k.asked) != c.asked || again == nil || Fault(name) == nil {
				t.Errorf("asked %v; then %v, fault %v", k.asked, again, Fault(name))
			}
		})
	}
}

// A store that is silent is given up.
func TestSilence(t *testing.T) {
	k := newKeeper(t, 100)
	s := allowed.Load()
	s.Retries = 1
	k.answer = func(n int, _ http.ResponseWriter, r *http.Request) bool {
		if n > 0 {
			<-r.Context().Done()
		}
		return n > 0
	}
	if _, err := Stat(name); err != nil {
		t.Fatal(err)
	}
	s.Patience = 20 * time.Millisecond
	_, err := read(t, 0, 100)
	if err == nil || !strings.Contains(err.Error(), "2 times (no answer in time)") || len(k.asked) != 3 {
		t.Errorf("%v, asked %v", err, k.asked)
	}
}

// A store that nobody runs, or whose address is none.
func TestNoStore(t *testing.T) {
	newKeeper(t, 1)
	for address, want := range map[string]string{
		"http://127.0.0.1:1/" + secret: "4 times (dial tcp 127.0.0.1:1: connect: connection refused)",
		"http://a b/":                  "the address of its object store is none; correct AWS_S3_ENDPOINT or OSS_ENDPOINT",
	} {
		s := &Access{Sign: func(string, string) (string, error) { return address, nil }, Transport: new(http.Transport),
			Retries: 3, Delay: time.Microsecond, Patience: time.Minute}
		Allow(s)
		if _, err := Stat(name); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// The state that was found first is the one that is read and told; the latest one is asked for.
func TestStates(t *testing.T) {
	k := newKeeper(t, 100)
	first, err := Stat(name)
	if err != nil || first.Size() != 100 || first.Name() != "k.tif" || !first.Mode().IsRegular() || first.IsDir() ||
		!first.ModTime().Equal(time.Unix(1e9, 0)) || first.(*Info).ETag() != `"one"` {
		t.Fatalf("%+v, %v", first, err)
	}
	same, err := Latest(name)
	if err != nil || !Same(first, same) {
		t.Errorf("%+v, %v", same, err)
	}
	k.etag = `"two"`
	other, err := Latest(name)
	if err != nil || Same(first, other) {
		t.Errorf("%+v, %v", other, err)
	}
	if again, err := Stat(name); err != nil || !Same(first, again) {
		t.Errorf("%+v, %v", again, err)
	}
	if known, err := Known(name); err != nil || !Same(first, known) {
		t.Errorf("%+v, %v", known, err)
	}
	if _, err := read(t, 0, 10); err == nil || !strings.Contains(err.Error(), "was changed in the object store") {
		t.Errorf("read: %v", err)
	}
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	a, errA := Stat(file)
	b, errB := Latest(file)
	if errors.Join(errA, errB, Fault(file)) != nil || !Same(a, b) || Same(a, first) || Same(first, a) {
		t.Error("files are not told from objects")
	}
}

// A copy ends with its context.
func TestCopyEnds(t *testing.T) {
	newKeeper(t, 100)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Stat(name); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := Copy(ctx, io.Discard, name); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
