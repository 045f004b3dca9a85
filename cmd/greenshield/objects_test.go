package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"greenshield/redline/redlinetest"
	"greenshield/redline/scene"
	"greenshield/redline/scene/gdalscene"
)

// keyID and keySecret are the credentials of a store. The secret must be found nowhere.
const keyID, keySecret = "AKIDGREENSHIELD", "sEcReTsEcReTsEcReT"

// storeRequest is a request that a store has got.
type storeRequest struct {
	verb, key, query string
	sent             int64 // bytes of the answer
}

// objectStore is an S3 server that keeps what it is asked, and may be made to fail.
type objectStore struct {
	t      *testing.T
	server *httptest.Server
	s3     http.Handler
	https  bool

	mu    sync.Mutex
	asked []storeRequest
	// spoil may answer in place of the server. n counts the requests of that verb for the key, from 0.
	spoil func(n int, key string, w http.ResponseWriter, r *http.Request) (answered bool)
}

// newObjectStore starts a server without objects.
func newObjectStore(t *testing.T, start func(http.Handler) *httptest.Server) *objectStore {
	t.Helper()
	backend := s3mem.New()
	redlinetest.Must(t, backend.CreateBucket("maps"))
	s := &objectStore{t: t, s3: gofakes3.New(backend).Server()}
	s.server = start(s)
	t.Cleanup(s.server.Close)
	return s
}

// counted counts the bytes of an answer.
type counted struct {
	http.ResponseWriter
	n int64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.n += int64(n)
	return n, err
}

func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (s *objectStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key, c := strings.TrimPrefix(r.URL.Path, "/maps/"), &counted{ResponseWriter: w}
	s.mu.Lock()
	n := len(slices.DeleteFunc(slices.Clone(s.asked), func(a storeRequest) bool { return a.verb != r.Method || a.key != key }))
	at := len(s.asked)
	s.asked = append(s.asked, storeRequest{r.Method, key, r.URL.RawQuery, 0})
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.asked[at].sent = c.n
		s.mu.Unlock()
	}()
	if s.spoil == nil || !s.spoil(n, key, c, r) {
		s.s3.ServeHTTP(c, r)
	}
}

// put puts a file into the store.
func (s *objectStore) put(key, file string) {
	s.t.Helper()
	content, err := os.ReadFile(file)
	redlinetest.Must(s.t, err)
	r := httptest.NewRequest(http.MethodPut, "/maps/"+key, bytes.NewReader(content))
	r.Header.Set("Content-Length", strconv.Itoa(len(content)))
	answer := httptest.NewRecorder()
	if s.s3.ServeHTTP(answer, r); answer.Code != http.StatusOK {
		s.t.Fatalf("put %s: %s", key, answer.Body)
	}
}

// forget forgets what was asked, and returns it.
func (s *objectStore) forget() (all []storeRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, s.asked = s.asked, nil
	return all
}

// sent returns how many bytes of an object were sent.
func sent(all []storeRequest, key string) (n int64) {
	for _, a := range all {
		if a.key == key && a.verb == http.MethodGet {
			n += a.sent
		}
	}
	return n
}

// run runs the program with the address of the store and credentials in its environment, and short delays.
func (s *objectStore) run(dir string, env []string, args ...string) outcome {
	s.t.Helper()
	address := strings.TrimPrefix(strings.TrimPrefix(s.server.URL, "https://"), "http://")
	https := "NO"
	if s.https {
		https = "YES"
	}
	cmd := command(dir, args...)
	cmd.Env = append(cmd.Env, "AWS_S3_ENDPOINT="+address, "AWS_HTTPS="+https, "AWS_VIRTUAL_HOSTING=FALSE",
		"AWS_REGION=cn-north-1", "AWS_ACCESS_KEY_ID="+keyID, "AWS_SECRET_ACCESS_KEY="+keySecret,
		"OSS_ENDPOINT="+address, "OSS_HTTPS="+https, "OSS_VIRTUAL_HOSTING=FALSE",
		"OSS_ACCESS_KEY_ID="+keyID, "OSS_SECRET_ACCESS_KEY="+keySecret,
		"GDAL_HTTP_RETRY_DELAY=0.001", "GDAL_HTTP_MAX_RETRY=3")
	cmd.Env = append(cmd.Env, env...)
	return finish(s.t, cmd)
}

// objectScene writes a scene whose rasters and layers of one file are also in a store, by the job s3.yaml. The map
// before is a plain tiled TIFF without compression, that after a cloud-optimized one.
func objectScene(t *testing.T, prefix string, start func(http.Handler) *httptest.Server) (dir string, s *objectStore) {
	t.Helper()
	p := scene.Default()
	p.Cols, p.Rows, p.RedLines, p.Reserves, p.Vertices = 2048, 2048, 6, 3, 600
	dir = filepath.Join(t.TempDir(), "data")
	redlinetest.Must(t, gdalscene.Write(dir, p))
	for name, options := range map[string][]string{
		"lc2015.tif": {"-co", "TILED=YES", "-co", "COMPRESS=NONE", "-co", "BLOCKXSIZE=128", "-co", "BLOCKYSIZE=128"},
		"lc2020.tif": {"-of", "COG", "-co", "COMPRESS=DEFLATE", "-co", "BLOCKSIZE=256"},
	} {
		file, made := filepath.Join(dir, name), filepath.Join(dir, "made.tif")
		out, err := exec.Command("gdal_translate", slices.Concat([]string{"-q", file, made}, options)...).
			CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		redlinetest.Must(t, os.Rename(made, file))
	}
	s = newObjectStore(t, start)
	text, err := os.ReadFile(filepath.Join(dir, "job.yaml"))
	redlinetest.Must(t, err)
	named := regexp.MustCompile(`[a-z0-9-]+\.(tif|gpkg|geojson)`)
	for _, name := range named.FindAllString(string(text), -1) {
		s.put("年/"+name, filepath.Join(dir, name))
	}
	job := named.ReplaceAllString(string(text), prefix+"maps/年/$0")
	redlinetest.Must(t, os.WriteFile(filepath.Join(dir, "s3.yaml"), []byte(job), 0o666))
	return dir, s
}

// size returns how long a file is.
func size(t *testing.T, file string) int64 {
	t.Helper()
	info, err := os.Stat(file)
	redlinetest.Must(t, err)
	return info.Size()
}

// What is found does not depend on where the inputs lie, all requests are signed, each byte is sent once to be hashed
// and once to be compared (and what pictures show once more), and the secret is nowhere.
func TestObjects(t *testing.T) {
	dir, s := objectScene(t, "/vsis3/", httptest.NewServer)
	here(t, dir, "run", "job.yaml", "--quiet", "--out", "local").want(t, 0)
	o := s.run(dir, nil, "run", "s3.yaml", "--out", "remote", "--allow-network")
	o.want(t, 0)
	all := s.forget()
	local, remote := contents(t, filepath.Join(dir, "local")), contents(t, filepath.Join(dir, "remote"))
	sameFiles(t, remote, local, "manifest.json", "report.html", "review.qgz") // which name the inputs
	html := strings.ReplaceAll(remote["report.html"], "/vsis3/maps/年/", "")
	if html != local["report.html"] && timelessHTML(html) != timelessHTML(local["report.html"]) {
		t.Error("report.html differs in more than the names of the inputs")
	}
	there, far := readManifest(t, filepath.Join(dir, "local")), readManifest(t, filepath.Join(dir, "remote"))
	for i, in := range far.Inputs {
		of := there.Inputs[i]
		if len(in.Files) != len(of.Files) || in.Files[0].SHA256 != of.Files[0].SHA256 ||
			in.Files[0].Bytes != of.Files[0].Bytes {
			t.Errorf("%s: %+v, want %+v", in.Path, in.Files, of.Files)
		}
		if isObject := strings.HasPrefix(in.Path, "/vsis3/maps/年/"); isObject != (in.Files[0].ETag != "") ||
			isObject != (filepath.Ext(in.Path) != ".shp") {
			t.Errorf("%s: ETag %q", in.Path, in.Files[0].ETag)
		}
	}
	for _, a := range all {
		if !strings.Contains(a.query, "X-Amz-Signature=") || !strings.Contains(a.query, "X-Amz-Credential="+keyID) {
			t.Errorf("%s %s is not signed: %s", a.verb, a.key, a.query)
		}
		if a.verb != http.MethodGet && a.verb != http.MethodHead || strings.HasSuffix(a.key, "/") {
			t.Errorf("asked: %s %s", a.verb, a.key)
		}
	}
	for name, text := range remote {
		if strings.Contains(text, keySecret) || strings.Contains(text, keyID) || strings.Contains(text, "X-Amz") {
			t.Errorf("%s tells the credentials", name)
		}
	}
	if said := o.stdout + o.stderr; strings.Contains(said, keySecret) || strings.Contains(said, keyID) {
		t.Errorf("it says %s", said)
	}
	o = s.run(dir, nil, "run", "s3.yaml", "--out", "remote", "--allow-network")
	if o.want(t, 0); !strings.Contains(o.stdout, "nothing has changed") {
		t.Errorf("run again: %s", o.stdout)
	}
	s.forget()
	s.run(dir, nil, "run", "s3.yaml", "--formats", "geojson", "--out", "plain", "--allow-network").want(t, 0)
	plain := s.forget()
	for _, name := range []string{"lc2015.tif", "lc2020.tif"} {
		bytes, n := size(t, filepath.Join(dir, name)), sent(plain, "年/"+name)
		if n < bytes || n > 2*bytes+128<<10 {
			t.Errorf("%s: %d bytes were sent, it has %d", name, n, bytes)
		}
		if n := sent(all, "年/"+name); n > 3*bytes { // with the pictures of the report
			t.Errorf("%s: %d bytes were sent for all formats, it has %d", name, n, bytes)
		}
	}
	o = s.run(dir, nil, "check", "s3.yaml", "--allow-network", "--json")
	o.want(t, 0)
	bytes := regexp.MustCompile(`"bytes": ?` + strconv.FormatInt(size(t, filepath.Join(dir, "lc2015.tif")), 10) + `\b`)
	if !bytes.MatchString(o.stdout) {
		t.Errorf("check does not tell how long an object is: %.2000s", o.stdout)
	}
}

// timelessHTML is a report without what differs between two runs of the same.
func timelessHTML(html string) string {
	return regexp.MustCompile(`\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?|[0-9a-f]{64}`).ReplaceAllString(html, "")
}

// Without the flag nothing is asked, and with it only objects of the two kinds of stores are.
func TestObjectsOnlyWhenAllowed(t *testing.T) {
	dir, s := objectScene(t, "/vsis3/", httptest.NewServer)
	const flag = "nothing is fetched from a network without --allow-network; give that flag"
	for _, args := range [][]string{{"run", "--out", "out"}, {"check"}, {"plan", "--shards", "2", "--out", "plan"}} {
		o := s.run(dir, nil, append([]string{args[0], "s3.yaml"}, args[1:]...)...)
		o.want(t, 11)
		for _, name := range []string{"lc2015.tif", "redline.gpkg"} {
			want := "/vsis3/maps/年/" + name + ": lies in an object store, and " + flag
			if !strings.Contains(o.stdout+o.stderr, want) {
				t.Errorf("%v: %s%s", args, o.stdout, o.stderr)
			}
		}
	}
	redlinetest.Must(t, os.WriteFile(filepath.Join(dir, "key.yaml"), []byte("allow_network: true\n"), 0o666))
	o := s.run(dir, nil, "run", "key.yaml")
	if o.status != 10 || !strings.Contains(o.stderr, `unknown key "allow_network"`) {
		t.Errorf("a job file opens the network: %d %s", o.status, o.stderr)
	}
	for _, name := range []string{"/vsicurl/" + s.server.URL + "/maps/年/lc2015.tif", s.server.URL + "/maps/年/lc2015.tif",
		"/vsis3_streaming/maps/年/lc2015.tif", "/VSIS3/maps/年/lc2015.tif", "/vsigs/maps/k.tif", "/vsis3/maps"} {
		o := s.run(dir, nil, "run", "job.yaml", "--before", name, "--out", "out", "--allow-network")
		if o.want(t, 11); !strings.Contains(o.stderr, "is not the name of a local file") {
			t.Errorf("%s: %s", name, o.stderr)
		}
		if strings.HasPrefix(name, "/VSI") {
			continue // the name of a file, which is not there
		}
		o = s.run(dir, nil, "run", "job.yaml", "--admin", strings.ReplaceAll(name, "lc2015.tif", "counties.geojson"),
			"--out", "out", "--allow-network")
		if o.want(t, 12); !strings.Contains(o.stderr, "not the name of a local file") {
			t.Errorf("%s: %s", name, o.stderr)
		}
	}
	for name, want := range map[string]string{
		"/vsis3/maps/a.img": "of object stores only GeoTIFFs are read; copy it to a file with all that lies beside it",
		"/vsis3/maps/a.vrt": "of object stores only GeoTIFFs are read; copy it to a file with all that lies beside it",
		"/vsis3/maps/a.shp": "of object stores only .gpkg, .geojson and .fgb are read; copy all its files to a folder",
	} {
		flag := "--before"
		if strings.HasSuffix(name, ".shp") {
			flag = "--admin"
		}
		s.put(filepath.Base(name), filepath.Join(dir, "job.yaml"))
		o := s.run(dir, nil, "run", "job.yaml", flag, name, "--out", "out", "--allow-network")
		if o.status != 11 && o.status != 12 || !strings.Contains(o.stderr, want) {
			t.Errorf("%s: %d %s", name, o.status, o.stderr)
		}
	}
	for _, a := range s.forget() {
		if a.verb != http.MethodHead {
			t.Errorf("%s %s was asked for", a.verb, a.key)
		}
	}
}

// A shard has only its own blocks sent, and what is merged is what a run writes.
func TestObjectShards(t *testing.T) {
	dir, s := objectScene(t, "/vsis3/", httptest.NewServer)
	s.run(dir, nil, "run", "s3.yaml", "--quiet", "--out", "run", "--allow-network").want(t, 0)
	s.run(dir, nil, "plan", "s3.yaml", "--quiet", "--shards", "4", "--out", "plan", "--allow-network").want(t, 0)
	s.forget()
	o := s.run(dir, nil, "shard", "plan", "0", "--quiet")
	if o.want(t, 11); !strings.Contains(o.stderr, "without --allow-network") || len(s.forget()) > 0 {
		t.Errorf("without the flag: %s", o.stderr)
	}
	total := map[string]int64{}
	for i := range 4 {
		s.run(dir, nil, "shard", "plan", strconv.Itoa(i), "--quiet", "--allow-network").want(t, 0)
		all := s.forget()
		for _, name := range []string{"lc2015.tif", "lc2020.tif"} {
			bytes, n := size(t, filepath.Join(dir, name)), sent(all, "年/"+name)
			if n > bytes*2/5+128<<10 {
				t.Errorf("shard %d: %d of the %d bytes of %s were sent", i, n, bytes, name)
			}
			total[name] += n
		}
	}
	for name, n := range total {
		if bytes := size(t, filepath.Join(dir, name)); n > bytes+4*192<<10 {
			t.Errorf("%s: all shards together had %d bytes sent, it has %d", name, n, bytes)
		}
	}
	s.run(dir, nil, "merge", "plan", "--quiet", "--out", "merged", "--allow-network").want(t, 0)
	all := s.forget() // what the pictures of the report show
	for _, name := range []string{"lc2015.tif", "lc2020.tif"} {
		if n := sent(all, "年/"+name); n >= size(t, filepath.Join(dir, name)) {
			t.Errorf("merge had %d bytes of %s sent", n, name)
		}
	}
	mergedAsRun(t, contents(t, filepath.Join(dir, "merged")), contents(t, filepath.Join(dir, "run")))
	for _, folder := range []string{"plan", "merged"} {
		for name, text := range contents(t, filepath.Join(dir, folder)) {
			if strings.Contains(text, keySecret) || strings.Contains(text, keyID) {
				t.Errorf("%s of %s tells the credentials", name, folder)
			}
		}
	}
	s.put("年/lc2020.tif", filepath.Join(dir, "lc2015.tif"))
	redlinetest.Must(t, os.RemoveAll(filepath.Join(dir, "plan", "parts", "0002")))
	o = s.run(dir, nil, "shard", "plan", "2", "--quiet", "--allow-network")
	if o.want(t, 13); !strings.Contains(o.stderr, "lc2020.tif: is not as it was when the plan was made") {
		t.Errorf("another object: %s", o.stderr)
	}
}

// Each fault of a store has its status and names the object; nothing is published.
func TestObjectFaults(t *testing.T) {
	dir, s := objectScene(t, "/vsis3/", httptest.NewServer)
	status := func(code int) func(int, string, http.ResponseWriter, *http.Request) bool {
		return func(n int, key string, w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(key, "lc2020.tif") || r.Method != http.MethodGet || n < 2 {
				return false
			}
			w.WriteHeader(code)
			_, _ = io.WriteString(w, "<Error><StringToSign>"+keySecret+"</StringToSign></Error>")
			return true
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "lc2020.tif"))
	redlinetest.Must(t, err)
	etag := fmt.Sprintf("\"%x\"", md5.Sum(text))
	const changed = "lc2020.tif: was changed in the object store while it was read; run again when nobody writes to it"
	for _, c := range []struct {
		name   string
		spoil  func(n int, key string, w http.ResponseWriter, r *http.Request) bool
		status int
		want   string
	}{
		{"S01 503 for ever", status(503), 11, "lc2020.tif: the object store did not answer as it should, 4 times " +
			"(503 Service Unavailable); run again when it does"},
		{"S02 refused", status(403), 11, "lc2020.tif: the object store does not let it be read (403 Forbidden); check " +
			"credentials, rights, region and the clock of this machine"},
		{"S03 gone", status(404), 11, "lc2020.tif: no such object in the object store; correct the bucket or the key"},
		{"S04 changed between reads", status(412), 11, changed},
		{"S05 cut short", func(n int, key string, w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(key, "lc2020.tif") && r.Method == http.MethodGet {
				w.Header().Set("Content-Length", "65536")
				w.Header().Set("ETag", etag)
				w.WriteHeader(http.StatusPartialContent)
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}
			return false
		}, 11, "lc2020.tif: the object store did not answer as it should, 4 times (its answer was cut short)"},
		{"S06 silent", func(n int, key string, w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(key, "lc2020.tif") {
				<-r.Context().Done()
				return true
			}
			return false
		}, 11, "lc2020.tif: the object store did not answer as it should, 4 times (no answer in time)"},
		{"S07 written after it was read", func(n int, key string, w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(key, "lc2020.tif") && r.Method == http.MethodHead && n > 0 {
				w.Header().Set("ETag", `"another"`)
				w.Header().Set("Content-Length", "100")
				return true
			}
			return false
		}, 11, "lc2020.tif: was changed while it was read"},
		{"S08 layer refused", func(n int, key string, w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(key, "redline.gpkg") {
				w.WriteHeader(403)
				return true
			}
			return false
		}, 12, "redline.gpkg: the object store does not let it be read (403 Forbidden)"},
		{"S09 503 for a while", func(n int, key string, w http.ResponseWriter, r *http.Request) bool {
			if n%3 == 2 {
				w.WriteHeader(503)
				return true
			}
			return false
		}, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.forget()
			s.spoil = c.spoil
			var env []string
			if c.name == "S06 silent" {
				env = []string{"GDAL_HTTP_TIMEOUT=0.3"}
			}
			out := "out" + c.name[:3]
			o := s.run(dir, env, "run", "s3.yaml", "--quiet", "--formats", "geojson", "--out", out, "--allow-network")
			o.want(t, c.status)
			if !strings.Contains(o.stderr, c.want) || strings.Contains(o.stderr, keySecret) ||
				strings.Contains(o.stderr, "Signature") {
				t.Errorf("it says %s, want %s", o.stderr, c.want)
			}
			if _, err := os.Stat(filepath.Join(dir, out)); (err == nil) != (c.status == 0) {
				t.Errorf("the folder of the results: %v", err)
			}
		})
	}
}

// Without credentials the message says which to set; a public bucket needs none, when that is said.
func TestObjectsWithoutCredentials(t *testing.T) {
	dir, s := objectScene(t, "/vsis3/", httptest.NewServer)
	none := []string{"AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY="}
	args := []string{"run", "s3.yaml", "--quiet", "--formats", "geojson", "--out", "out", "--allow-network"}
	o := s.run(dir, none, args...)
	if o.want(t, 11); !strings.Contains(o.stderr, "lc2015.tif: no credentials for its object store; set AWS_ACCESS_KEY_ID and") {
		t.Errorf("it says %s", o.stderr)
	}
	profiles := filepath.Join(dir, "profiles")
	redlinetest.Must(t, os.WriteFile(profiles, []byte("[default]\naws_access_key_id = x\naws_secret_access_key = y\n"+
		"[maps]\naws_access_key_id = "+keyID+"\naws_secret_access_key = "+keySecret+"\n"), 0o600))
	s.run(dir, append(none, "AWS_SHARED_CREDENTIALS_FILE="+profiles, "AWS_PROFILE=maps"), args...).want(t, 0)
	redlinetest.Must(t, os.RemoveAll(filepath.Join(dir, "out")))
	for _, a := range s.forget() {
		if !strings.Contains(a.query, "X-Amz-Credential="+keyID) {
			t.Errorf("%s %s is not signed by the profile: %s", a.verb, a.key, a.query)
		}
	}
	s.run(dir, append(none, "AWS_NO_SIGN_REQUEST=YES"), args...).want(t, 0)
	for _, a := range s.forget() {
		if a.query != "" {
			t.Errorf("%s %s is signed: %s", a.verb, a.key, a.query)
		}
	}
}

// A store that does not know conditional requests, and refuses them, is read as others are.
func TestObjectsWithoutConditions(t *testing.T) {
	dir, s := objectScene(t, "/vsis3/", httptest.NewServer)
	s.spoil = func(_ int, _ string, w http.ResponseWriter, r *http.Request) bool {
		for name := range r.Header {
			if strings.HasPrefix(name, "If-") {
				w.WriteHeader(http.StatusNotImplemented)
				return true
			}
		}
		return false
	}
	s.run(dir, nil, "run", "s3.yaml", "--quiet", "--formats", "geojson", "--out", "out", "--allow-network").want(t, 0)
}

// signatureV4 returns the signature that Amazon's documents ask for of a presigned request (Signature Version 4, query
// parameters) with the secret of these tests.
func signatureV4(r *http.Request) string {
	sum := func(key []byte, text string) []byte {
		mac := hmac.New(sha256.New, key)
		_, _ = mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	q := r.URL.Query()
	q.Del("X-Amz-Signature")
	query := strings.ReplaceAll(q.Encode(), "+", "%20") // sorted by their names
	request := sha256.Sum256([]byte(strings.Join([]string{r.Method, r.URL.EscapedPath(), query, "host:" + r.Host, "",
		"host", "UNSIGNED-PAYLOAD"}, "\n")))
	_, scope, _ := strings.Cut(q.Get("X-Amz-Credential"), "/")
	key := []byte("AWS4" + keySecret)
	for part := range strings.SplitSeq(scope, "/") {
		key = sum(key, part)
	}
	return hex.EncodeToString(sum(key, strings.Join([]string{"AWS4-HMAC-SHA256", q.Get("X-Amz-Date"), scope,
		hex.EncodeToString(request[:])}, "\n")))
}

// Temporary credentials have a token, which is sent and signed with each request, and is found nowhere; when the store
// says that it has expired, the message says what to check.
func TestObjectsByTemporaryCredentials(t *testing.T) {
	dir, s := objectScene(t, "/vsis3/", httptest.NewServer)
	const token = "FwoGZXIvYXdzE+/t0ken=="
	var signed atomic.Int32
	s.spoil = func(_ int, _ string, w http.ResponseWriter, r *http.Request) bool {
		q := r.URL.Query()
		switch {
		case q.Get("X-Amz-Signature") != signatureV4(r):
			w.WriteHeader(http.StatusForbidden)
		case q.Get("X-Amz-Security-Token") != token: // as Amazon's store answers a token that has expired
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, "<Error><Code>ExpiredToken</Code></Error>")
		default:
			signed.Add(1)
			return false
		}
		return true
	}
	args := []string{"run", "s3.yaml", "--formats", "geojson", "--out", "out", "--allow-network"}
	for _, wrong := range []string{"", "expired"} {
		o := s.run(dir, []string{"AWS_SESSION_TOKEN=" + wrong}, args...)
		if o.want(t, 11); !strings.Contains(o.stderr, "lc2015.tif: the object store refuses the request (400 Bad Request); "+
			"check endpoint, region and credentials, of which temporary ones expire") {
			t.Errorf("token %q: %s", wrong, o.stderr)
		}
	}
	o := s.run(dir, []string{"AWS_SECRET_ACCESS_KEY=another", "AWS_SESSION_TOKEN=" + token}, args...)
	if o.want(t, 11); !strings.Contains(o.stderr, "(403 Forbidden)") || signed.Load() > 0 {
		t.Errorf("another secret: %s", o.stderr)
	}
	o = s.run(dir, []string{"AWS_SESSION_TOKEN=" + token}, args...)
	o.want(t, 0)
	all := o.stdout + o.stderr
	for _, text := range contents(t, filepath.Join(dir, "out")) {
		all += text
	}
	if signed.Load() < 10 || strings.Contains(all, token) || strings.Contains(all, url.QueryEscape(token)) {
		t.Errorf("%d requests; the token is told", signed.Load())
	}
	profile := filepath.Join(dir, "profile")
	redlinetest.Must(t, os.WriteFile(profile, []byte("[default]\naws_access_key_id = "+keyID+"\naws_secret_access_key = "+
		keySecret+"\naws_session_token = "+token+"\n"), 0o600))
	s.run(dir, []string{"AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_SHARED_CREDENTIALS_FILE=" + profile},
		"run", "s3.yaml", "--quiet", "--formats", "geojson", "--out", "again", "--allow-network").want(t, 0)
}

// Requests to OSS are signed as it asks for: the signature is HMAC-SHA1 over verb, time and name.
func TestObjectsOfOSS(t *testing.T) {
	dir, s := objectScene(t, "/vsioss/", httptest.NewServer)
	s.run(dir, nil, "run", "s3.yaml", "--quiet", "--formats", "geojson", "--out", "out", "--allow-network").want(t, 0)
	all := s.forget()
	if len(all) < 10 {
		t.Fatalf("only %d requests", len(all))
	}
	for _, a := range all {
		q, err := url.ParseQuery(a.query)
		redlinetest.Must(t, err)
		mac := hmac.New(sha1.New, []byte(keySecret))
		escaped := (&url.URL{Path: "/maps/" + a.key}).EscapedPath()
		_, _ = fmt.Fprintf(mac, "%s\n\n\n%s\n%s", a.verb, q.Get("Expires"), escaped)
		want := base64.StdEncoding.EncodeToString(mac.Sum(nil))
		mac.Reset()
		_, _ = fmt.Fprintf(mac, "%s\n\n\n%s\n/maps/%s", a.verb, q.Get("Expires"), a.key)
		plain := base64.StdEncoding.EncodeToString(mac.Sum(nil))
		if got := q.Get("Signature"); q.Get("OSSAccessKeyId") != keyID || got != want && got != plain {
			t.Errorf("%s %s: %s, want signature %s", a.verb, a.key, a.query, plain)
		}
	}
}

// A store with a certificate of an authority of one's own is trusted by CURL_CA_BUNDLE alone.
func TestObjectsByTLS(t *testing.T) {
	dir, s := objectScene(t, "/vsis3/", httptest.NewTLSServer)
	s.https = true
	args := []string{"run", "s3.yaml", "--quiet", "--formats", "geojson", "--out", "out", "--allow-network"}
	o := s.run(dir, nil, args...)
	if o.want(t, 11); !strings.Contains(o.stderr, "certificate") {
		t.Errorf("an unknown authority: %s", o.stderr)
	}
	bundle := filepath.Join(dir, "ca.pem")
	redlinetest.Must(t, os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE",
		Bytes: s.server.Certificate().Raw}), 0o666))
	s.run(dir, []string{"CURL_CA_BUNDLE=" + bundle}, args...).want(t, 0)
	for value, want := range map[string]string{
		"CURL_CA_BUNDLE=" + filepath.Join(dir, "job.yaml"): "holds no certificate (PEM)",
		"CURL_CA_BUNDLE=" + filepath.Join(dir, "none.pem"): "no such file",
		"AWS_S3_ENDPOINT=http://127.0.0.1:9000": `AWS_S3_ENDPOINT: "http://127.0.0.1:9000" is not a host alone, or ` +
			`HOST:PORT; leave out http:// or https://, for which AWS_HTTPS=NO or YES stands, and what follows the port`,
		"OSS_ENDPOINT=oss-cn-hangzhou.aliyuncs.com/": `OSS_ENDPOINT: "oss-cn-hangzhou.aliyuncs.com/" is not a host alone, ` +
			`or HOST:PORT; leave out http:// or https://, for which OSS_HTTPS=NO`,
		"GDAL_HTTP_TIMEOUT=soon":   `GDAL_HTTP_TIMEOUT: "soon" is no number of seconds up to 3600`,
		"GDAL_HTTP_MAX_RETRY=many": `GDAL_HTTP_MAX_RETRY: "many" is no number from 0 to 100`,
	} {
		if o := s.run(dir, []string{value}, args...); o.status != 10 || !strings.Contains(o.stderr, want) {
			t.Errorf("%s: %d %s", value, o.status, o.stderr)
		}
	}
}

// Requests go by the proxy that the environment names, but for the hosts without one.
func TestObjectsByProxy(t *testing.T) {
	dir, s := objectScene(t, "/vsis3/", httptest.NewServer)
	var mu sync.Mutex
	var hosts []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		hosts = append(hosts, r.Host)
		mu.Unlock()
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	job := []string{"run", "s3.yaml", "--quiet", "--formats", "geojson", "--allow-network", "--out"}
	elsewhere := []string{"AWS_S3_ENDPOINT=store.invalid"}
	for i, env := range []string{"http_proxy=" + proxy.URL, "GDAL_HTTP_PROXY=" + proxy.URL} {
		hosts = nil
		s.run(dir, append(elsewhere, env), append(job, "out"+strconv.Itoa(i))...).want(t, 0)
		if len(hosts) < 10 || slices.ContainsFunc(hosts, func(h string) bool { return h != "store.invalid" }) {
			t.Errorf("%s: asked for %v", env, hosts)
		}
	}
	hosts = nil
	o := s.run(dir, append(elsewhere, "http_proxy="+proxy.URL, "no_proxy=store.invalid"), append(job, "out9")...)
	if o.want(t, 11); len(hosts) > 0 {
		t.Errorf("the proxy was asked for %v", hosts)
	}
}
