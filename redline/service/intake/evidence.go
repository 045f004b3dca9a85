package intake

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"greenshield/redline/service/answer"
	"greenshield/redline/service/gate"
)

// patience is how long a client has to send a file.
const patience = 10 * time.Minute

// maxName is how many bytes the name of a file may have.
const maxName = 1024

// uploaded is the answer to a file.
type uploaded struct {
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	Name   string `json:"name"`
}

// upload takes a file of evidence.
func (in *Intake) upload(w http.ResponseWriter, r *http.Request) {
	u := gate.UserOf(r.Context())
	err := mayWrite(u, r)
	if err == nil {
		err = checkUpload(r, in.files.max)
	}
	if err != nil {
		in.fail(w, r, err)
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(patience)) // where the server has deadlines
	r.Body = http.MaxBytesReader(w, r.Body, in.files.max+1<<20)                 // room for the parts of a form
	file, name, err := fileOf(r)
	if err == nil {
		if err = errors.Join(checkName(name), checkName(r.URL.Query().Get("name"))); err != nil {
			err = fail(http.StatusBadRequest, err.Error())
		}
	}
	up := uploaded{Name: name}
	if err == nil {
		up.SHA256, up.Bytes, err = in.files.put(file, u.Login)
	}
	if err != nil {
		in.fail(w, r, err)
		return
	}
	w.Header().Set("Location", answer.Base(r.Context())+"/evidence/"+up.SHA256)
	w.Header().Set("Cache-Control", "no-store")
	answer.JSON(w, r, http.StatusCreated, up)
}

// checkUpload refuses what its header says to be too large or packed.
func checkUpload(r *http.Request, most int64) error {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return fail(http.StatusUnsupportedMediaType, "a file is sent as it is, without a Content-Encoding")
	}
	if r.ContentLength > most+1<<20 {
		return tooLarge(most)
	}
	return nil
}

func tooLarge(most int64) error {
	return fail(http.StatusRequestEntityTooLarge, fmt.Sprintf("the file has more than %d bytes", most))
}

// fileOf returns what reads the file that a request sends, and its name, "" for none: the body itself, or the only part
// of a form.
func fileOf(r *http.Request) (io.Reader, string, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Header.Get("Content-Type") != "" && err != nil {
		return nil, "", fail(http.StatusBadRequest, "the Content-Type cannot be read")
	}
	switch kind {
	case "multipart/form-data":
	case "application/x-www-form-urlencoded":
		return nil, "", fail(http.StatusUnsupportedMediaType, "send the file itself, or multipart/form-data")
	default:
		return r.Body, r.URL.Query().Get("name"), nil
	}
	form, err := r.MultipartReader()
	if err != nil {
		return nil, "", fail(http.StatusBadRequest, "the form cannot be read")
	}
	part, err := form.NextRawPart()
	if err != nil {
		return nil, "", badUpload(err)
	}
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	name, ok := params["filename"]
	if err != nil || !ok {
		return nil, "", fail(http.StatusBadRequest, "the form has one part, which is a file")
	}
	return &onlyPart{form, part}, name, nil
}

// onlyPart reads a part of a form, after which none may follow.
type onlyPart struct {
	form *multipart.Reader
	part *multipart.Part
}

func (o *onlyPart) Read(p []byte) (int, error) {
	n, err := o.part.Read(p)
	if err != io.EOF {
		return n, err
	}
	if _, err := o.form.NextRawPart(); err == nil {
		return n, fail(http.StatusBadRequest, "the form has more than one part; send one file at a time")
	} else if err != io.EOF {
		return n, err
	}
	return n, io.EOF
}

// badUpload tells why a file could not be read.
func badUpload(err error) error {
	var p *problem
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &large):
		return fail(http.StatusRequestEntityTooLarge, "the body is larger than the service takes")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fail(http.StatusRequestTimeout, "the file took too long")
	}
	return fail(http.StatusBadRequest, "the file ended too early")
}

// checkName refuses names that show otherwise than they are, or do not fit.
func checkName(name string) error {
	strange := func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
	switch {
	case !utf8.ValidString(name) || strings.ContainsFunc(name, strange):
		return errors.New("the name of the document holds control characters, or is not UTF-8")
	case len(name) > maxName:
		return fmt.Errorf("the name of the document has more than %d bytes", maxName)
	}
	return nil
}

// download gives a file of evidence away, as something to keep and never to show or run here.
func (in *Intake) download(w http.ResponseWriter, r *http.Request) {
	sum := r.PathValue("sha256")
	if !isSum(sum) || !in.files.offered(sum, gate.UserOf(r.Context()).Login) {
		answer.Fail(w, r, http.StatusNotFound, "there is no such document, or no event names it")
		return
	}
	file, err := os.Open(in.files.path(sum))
	if err != nil {
		in.fail(w, r, err)
		return
	}
	defer file.Close()
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", "attachment") // browsers name it as the link says
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", `"`+sum+`"`)
	http.ServeContent(&inParts{ResponseWriter: w, r: r}, r, "", time.Time{}, file)
}

// inParts answers with a problem where a part is asked for that there is not.
type inParts struct {
	http.ResponseWriter
	r      *http.Request
	failed bool
}

// WriteHeader implements [http.ResponseWriter].
func (w *inParts) WriteHeader(status int) {
	if w.failed = status == http.StatusRequestedRangeNotSatisfiable; w.failed {
		answer.Fail(w.ResponseWriter, w.r, status, "the file has no such part")
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *inParts) Write(b []byte) (int, error) {
	if w.failed {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}
