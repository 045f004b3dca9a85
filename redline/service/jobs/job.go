package jobs

import (
	"context"
	"encoding/json"
	"time"
)

// Status is how a job stands, as OGC API – Processes says it.
type Status string

// The states of a job.
const (
	Accepted   Status = "accepted"
	Running    Status = "running"
	Successful Status = "successful"
	Failed     Status = "failed"
	Dismissed  Status = "dismissed"
)

// ended tells whether nothing will happen any more.
func (s Status) ended() bool { return s == Successful || s == Failed || s == Dismissed }

// record is what is kept of a job.
type record struct {
	ID       string    `json:"id"`
	Job      string    `json:"job"`    // name of the job file in the allowed folder
	SHA256   string    `json:"sha256"` // of the job file as it was accepted
	User     string    `json:"user"`   // who started it
	Status   Status    `json:"status"`
	Message  string    `json:"message"`
	Progress int       `json:"progress"` // percent of what the message names while it runs; 100 of a successful job
	Created  time.Time `json:"created"`
	Started  time.Time `json:"started,omitzero"`
	Finished time.Time `json:"finished,omitzero"`
}

// event is one thing that happened to a job, as server-sent events have it.
type event struct {
	kind string // status, progress, warning, repair or error
	data json.RawMessage
}

// mostEvents is how many events of a job are kept for those who come late.
const mostEvents = 1000

// work is a job while the service runs. All of it is guarded by the mutex of Jobs.
type work struct {
	record
	events  []event
	dropped int           // events before those that are kept
	changed chan struct{} // closed at the next change
	cancel  context.CancelCauseFunc
}

// note adds an event and wakes those who wait for one.
func (w *work) note(kind string, data json.RawMessage) {
	if w.events = append(w.events, event{kind, data}); len(w.events) > mostEvents {
		w.events = w.events[1:]
		w.dropped++
	}
	close(w.changed)
	w.changed = make(chan struct{})
}
