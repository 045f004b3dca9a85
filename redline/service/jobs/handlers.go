package jobs

import (
	"errors"
	"net/http"
	"slices"

	"greenshield/redline/service/answer"
	"greenshield/redline/service/gate"
)

// exceptions are the types of problems that OGC API – Processes defines.
const exceptions = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"

// mostBody is how large a request may be: it names a job file.
const mostBody = 64 << 10

// process is the one that there is.
const process = "run"

// Routes adds the addresses of jobs. All of them are for keepers.
func (j *Jobs) Routes(mux *http.ServeMux) {
	for pattern, handler := range map[string]http.HandlerFunc{
		"GET /processes":                j.getProcesses,
		"GET /processes/{process}":      j.getProcess,
		"POST /processes/run/execution": j.execute,
		"POST /runs":                    j.postRun,
		"GET /jobs":                     j.getJobs,
		"GET /jobs/{id}":                j.withJob(j.getJob),
		"GET /jobs/{id}/results":        j.withJob(j.getResults),
		"GET /jobs/{id}/events":         j.withJob(j.getEvents),
		"DELETE /jobs/{id}":             j.withJob(j.deleteJob),
	} {
		mux.HandleFunc(pattern, keepersOnly(handler))
	}
}

// keepersOnly lets keepers through.
func keepersOnly(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if gate.UserOf(r.Context()).Role != gate.Keeper {
			answer.Fail(w, r, http.StatusForbidden, "jobs are for keepers of the ledger")
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		next(w, r)
	}
}

// withJob looks up the job of the address.
func (j *Jobs) withJob(next func(http.ResponseWriter, *http.Request, *work)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		j.mu.Lock()
		found := j.all[r.PathValue("id")]
		j.mu.Unlock()
		if found == nil {
			answer.Problem{Type: exceptions + "no-such-job", Status: http.StatusNotFound,
				Detail: "there is no such job"}.Write(w, r)
			return
		}
		next(w, r, found)
	}
}

// fields are the members of a JSON object.
type fields = map[string]any

func link(href, rel, media, title string) fields {
	return fields{"href": href, "rel": rel, "type": media, "title": title}
}

const isJSON = "application/json"

// summary is what stands of the process in lists.
func summary(base string) fields {
	return fields{
		"id": process, "version": "1.0.0", "title": "比对 run",
		"description":        "Compares two land-cover maps as a job file of the server says, and writes the candidates.",
		"jobControlOptions":  []string{"async-execute", "dismiss"},
		"outputTransmission": []string{"reference"},
		"links":              []fields{link(base+"/processes/"+process, "self", isJSON, "the process")},
	}
}

func (j *Jobs) getProcesses(w http.ResponseWriter, r *http.Request) {
	base := answer.Base(r.Context())
	answer.JSON(w, r, http.StatusOK, fields{"processes": []fields{summary(base)},
		"links": []fields{link(base+"/processes", "self", isJSON, "processes")}})
}

func (j *Jobs) getProcess(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("process") != process {
		answer.Problem{Type: exceptions + "no-such-process", Status: http.StatusNotFound,
			Detail: "there is no such process"}.Write(w, r)
		return
	}
	base := answer.Base(r.Context())
	p := summary(base)
	p["links"] = append(p["links"].([]fields), link(base+"/processes/run/execution",
		"http://www.opengis.net/def/rel/ogc/1.0/execute", isJSON, "a new job"))
	p["inputs"] = fields{"job": fields{"title": "作业文件 job file", "description": "the job file, one of those of the server",
		"minOccurs": 1, "maxOccurs": 1, "schema": fields{"type": "string", "enum": j.names()}}}
	outputs := fields{}
	for _, c := range collections {
		outputs[c.name] = fields{"title": c.title, "schema": fields{"type": "string", "format": "uri"}}
	}
	p["outputs"] = outputs
	answer.JSON(w, r, http.StatusOK, p)
}

// collections are those that a run makes, by what stands in their ids after that of the run.
var collections = []struct{ name, title string }{
	{"candidates", "疑似图斑"}, {"suppressed", "未列入图斑"}, {"zones", "保护区域"}, {"coverage", "覆盖情况"},
}

// body reads the JSON of a request; false when it has answered.
func body(w http.ResponseWriter, r *http.Request, into any) bool {
	_, wrong := answer.ReadJSON(w, r, mostBody, into)
	if wrong != nil {
		wrong.Write(w, r)
	}
	return wrong == nil
}

// execute starts a job as OGC API – Processes has it.
func (j *Jobs) execute(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Inputs struct {
			Job string `json:"job"`
		} `json:"inputs"`
		Response string `json:"response"`
	}
	if !body(w, r, &asked) {
		return
	}
	if !slices.Contains([]string{"", "document", "raw"}, asked.Response) {
		answer.Fail(w, r, http.StatusBadRequest, "response is document or raw")
		return
	}
	j.accept(w, r, asked.Inputs.Job)
}

// postRun starts a job, in short.
func (j *Jobs) postRun(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Job string `json:"job"`
	}
	if body(w, r, &asked) {
		j.accept(w, r, asked.Job)
	}
}

// accept takes a job or says why not.
func (j *Jobs) accept(w http.ResponseWriter, r *http.Request, name string) {
	if !isName(name) {
		answer.Fail(w, r, http.StatusBadRequest,
			"job is the name of a job file (.yaml, .yml) in the folder of job files, with / between folders; "+
				"GET /processes/run lists them")
		return
	}
	sum, err := j.sum(name)
	if err != nil {
		answer.Fail(w, r, http.StatusNotFound, errNoJob.Error())
		return
	}
	if _, err := j.read(name); err != nil {
		answer.Fail(w, r, http.StatusUnprocessableEntity, err.Error())
		return
	}
	user := gate.UserOf(r.Context())
	started, err := j.start(name, sum, user.Name)
	switch {
	case errors.Is(err, errFull):
		w.Header().Set("Retry-After", "60")
		answer.Fail(w, r, http.StatusTooManyRequests, err.Error())
		return
	case err != nil:
		j.o.Log.Error("record of a job cannot be written", "error", err)
		answer.Fail(w, r, http.StatusInternalServerError, "the job cannot be kept; the log of the service says why")
		return
	}
	base := answer.Base(r.Context())
	w.Header().Set("Location", base+"/jobs/"+started.ID)
	if r.Header.Get("Prefer") == "respond-async" {
		w.Header().Set("Preference-Applied", "respond-async")
	}
	answer.JSON(w, r, http.StatusCreated, status(base, &started))
}

// state is how a job stands.
func state(r *record) fields {
	s := fields{"processID": process, "type": "process", "jobID": r.ID, "status": r.Status, "message": r.Message,
		"progress": r.Progress, "created": r.Created, "job": r.Job, "user": r.User}
	if !r.Started.IsZero() {
		s["started"] = r.Started
	}
	if !r.Finished.IsZero() {
		s["finished"] = r.Finished
	}
	return s
}

// status is what OGC API – Processes calls statusInfo: the state and links.
func status(base string, r *record) fields {
	s, at := state(r), base+"/jobs/"+r.ID
	links := []fields{link(at, "self", isJSON, "the job"), link(at+"/events", "monitor", "text/event-stream", "events")}
	if r.Status == Successful {
		links = append(links, link(at+"/results", "http://www.opengis.net/def/rel/ogc/1.0/results", isJSON, "results"))
	}
	s["links"] = links
	return s
}

func (j *Jobs) getJobs(w http.ResponseWriter, r *http.Request) {
	base := answer.Base(r.Context())
	j.mu.Lock()
	list := make([]fields, 0, len(j.order))
	for _, w := range slices.Backward(j.order) {
		list = append(list, status(base, &w.record))
	}
	j.mu.Unlock()
	answer.JSON(w, r, http.StatusOK, fields{"jobs": list,
		"links": []fields{link(base+"/jobs", "self", isJSON, "jobs")}})
}

// now returns a job as it stands.
func (j *Jobs) now(w *work) record {
	j.mu.Lock()
	defer j.mu.Unlock()
	return w.record
}

func (j *Jobs) getJob(w http.ResponseWriter, r *http.Request, found *work) {
	now := j.now(found)
	answer.JSON(w, r, http.StatusOK, status(answer.Base(r.Context()), &now))
}

// getResults links to what a run found.
func (j *Jobs) getResults(w http.ResponseWriter, r *http.Request, found *work) {
	now := j.now(found)
	switch now.Status {
	case Successful:
		results := fields{}
		for _, c := range collections {
			results[c.name] = fields{"href": answer.Base(r.Context()) + "/collections/" + now.ID + "." + c.name,
				"type": isJSON, "title": c.title}
		}
		answer.JSON(w, r, http.StatusOK, results)
	case Accepted, Running:
		answer.Problem{Type: exceptions + "result-not-ready", Status: http.StatusNotFound,
			Detail: "the job has not ended"}.Write(w, r)
	default:
		answer.Fail(w, r, http.StatusConflict, "the job has no results; it is "+string(now.Status)+": "+now.Message)
	}
}

// deleteJob dismisses a job. One that has ended is not removed: its run stays, and so does what is known of it.
func (j *Jobs) deleteJob(w http.ResponseWriter, r *http.Request, found *work) {
	if now := j.now(found); now.Status.ended() {
		answer.Fail(w, r, http.StatusConflict, "the job has ended; it is "+string(now.Status))
		return
	}
	now, err := j.dismiss(r.Context(), found)
	if err != nil {
		return // the client is gone, and the job is being dismissed all the same
	}
	answer.JSON(w, r, http.StatusOK, status(answer.Base(r.Context()), &now))
}
