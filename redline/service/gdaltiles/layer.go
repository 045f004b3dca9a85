package gdaltiles

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"greenshield/raster/landcover"
	"greenshield/redline/record"
	"greenshield/redline/service/tiles"
)

// layer is a raster of a run.
type layer struct {
	painter     *Painter
	input       record.Input
	name, title string
	year        int
	image       bool
	free        bool // its files are in no manifest
	bases       []string

	mu      sync.Mutex
	looked  string // stamp of the files that the state is about
	started bool
	state   tiles.State
	percent int
	opened  *opened   // nil unless its files are those of the run
	again   time.Time // when overviews that could not be written are tried again; zero for never
}

// retry is after how long overviews that could not be written are tried again, when somebody asks.
const retry = time.Minute

// watch sees whether files changed since the layer was judged, and judges it anew then, in the background.
func (l *layer) watch() {
	place, err := locate(&l.input, l.bases, l.free)
	stamp := "missing"
	if err == nil {
		stamp = place.stamp
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	waits := l.again.IsZero() || time.Now().Before(l.again)
	if l.started && stamp == l.looked && waits {
		return
	}
	l.again = time.Time{}
	l.drop()
	l.started, l.looked = true, stamp
	l.state, l.percent = tiles.Checking, 0
	if err != nil {
		l.state = tiles.Missing
		return
	}
	l.painter.work.Go(func() { l.judge(place) })
}

// drop lets go of the opened files. l.mu is held.
func (l *layer) drop() {
	if l.opened != nil {
		l.opened.done()
		l.opened = nil
	}
}

// retire ends the use of a layer.
func (l *layer) retire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.looked = "retired"
	l.drop()
}

// judge compares the files with the manifest, opens them and makes overviews.
func (l *layer) judge(p *place) {
	l.painter.build.Lock()
	defer l.painter.build.Unlock()
	ctx := l.painter.stopped
	if !l.is(p) {
		return
	}
	key, legend, err := p.verify(ctx, &l.input, l.painter.hashes)
	var o *opened
	if err == nil {
		o, err = l.open(p, key, legend)
	}
	if err != nil {
		l.settle(p, nil, stateOf(err))
		return
	}
	folder := l.painter.overviewFolder(key)
	if o.takeOverviews(folder) == nil {
		l.settle(p, o, tiles.Ready)
		return
	}
	if !l.settle(p, o, tiles.Preparing) {
		return
	}
	err = o.makeOverviews(ctx, folder, func(percent int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.looked == p.stamp {
			l.percent = percent
		}
	})
	if err == nil {
		err = o.takeOverviews(folder)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.looked != p.stamp || ctx.Err() != nil {
		return
	}
	if l.state, l.percent = tiles.Ready, 100; err != nil {
		l.state, l.again = tiles.Unusable, time.Now().Add(retry) // a disk that is full has room some day
		l.drop()
		l.painter.options.Log.Error("overviews", "raster", l.input.Path, "error", err.Error())
	}
}

func stateOf(err error) tiles.State {
	switch {
	case errors.Is(err, tiles.ErrChanged):
		return tiles.Changed
	case errors.Is(err, errMissing):
		return tiles.Missing
	case errors.Is(err, context.Canceled):
		return tiles.Checking
	}
	return tiles.Unusable
}

// is tells whether the layer is still about the files of a place.
func (l *layer) is(p *place) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.looked == p.stamp
}

// settle sets what is known of a layer, unless its files changed meanwhile, of which it returns false.
func (l *layer) settle(p *place, o *opened, state tiles.State) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.looked != p.stamp {
		if o != nil {
			o.done()
		}
		return false
	}
	l.state, l.opened = state, o
	if l.percent = 0; state == tiles.Ready {
		l.percent = 100
	}
	return true
}

// drawable returns what can be drawn from; the caller calls its done.
func (l *layer) drawable() (*opened, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch l.state {
	case tiles.Changed:
		return nil, tiles.ErrChanged
	case tiles.Missing, tiles.Unusable:
		return nil, tiles.ErrUnusable
	}
	if l.opened == nil {
		return nil, &tiles.NotYet{After: time.Second, Percent: l.percent}
	}
	l.opened.use()
	return l.opened, nil
}

// current tells whether what was drawn from is still that of the run.
func (l *layer) current(o *opened) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.opened == o
}

func (l *layer) describe() tiles.Raster {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := tiles.Raster{Name: l.name, Title: l.title, Year: l.year, State: l.state, Percent: l.percent}
	if l.opened != nil {
		box := l.opened.box
		r.Box, r.MaxZoom = &box, l.opened.maxZoom()
		r.Classes = l.opened.classes()
	}
	return r
}

// classesOf lists the classes of a legend that pictures show.
func classesOf(legend landcover.Legend) (all []tiles.Class) {
	for _, c := range legend.Classes[:len(legend.Codes())] {
		all = append(all, tiles.Class{Code: c.Code, Name: c.Name(), Color: c.Color})
	}
	return all
}

// maxZoom is the zoom at which a pixel is at most half a cell in the middle of the raster, as far as tiles go.
func (o *opened) maxZoom() int {
	z := int(math.Ceil(math.Log2(2 * o.cellsPerPixel)))
	return min(max(z, 0), tiles.MaxPictureZoom)
}

// common is the box that two have in common; ok is false when there is none.
func common(a, b orb.Bound) (box orb.Bound, ok bool) {
	box = orb.Bound{
		Min: orb.Point{max(a.Min[0], b.Min[0]), max(a.Min[1], b.Min[1])},
		Max: orb.Point{min(a.Max[0], b.Max[0]), min(a.Max[1], b.Max[1])},
	}
	return box, box.Min[0] < box.Max[0] && box.Min[1] < box.Max[1]
}
