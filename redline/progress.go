package redline

import "sync/atomic"

// Progress is what long work counts while it goes on. All of it may be used concurrently.
type Progress struct {
	stage atomic.Pointer[string]
	Done  atomic.Int64 // cells that are done in this stage
	Total atomic.Int64 // cells that this stage has
}

// Stage returns what is being done now, "" before any work has begun.
func (p *Progress) Stage() string {
	if s := p.stage.Load(); s != nil {
		return *s
	}
	return ""
}

// Enter says what is being done from now on.
func (p *Progress) Enter(stage string) { p.stage.Store(&stage) }
