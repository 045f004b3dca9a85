package gdaltiles

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"greenshield/raster/gdalraster"
	"greenshield/redline/record"
	"greenshield/redline/service/tiles"
)

// Run is a run whose rasters are shown.
type Run struct {
	Folder   string // where it lies
	Version  string // changes whenever the manifest does
	Manifest *record.Manifest
}

// Options say what is shown and where work is kept.
type Options struct {
	// Run returns the run of an id, nil when there is none. It may be called by several goroutines.
	Run  func(ctx context.Context, id string) (*Run, error)
	Data []string // folders in which the inputs of runs may lie, too
	// State is the folder for overviews, pictures and hashes; it is made when it is not there.
	State  string
	Images map[string]string // further mosaics of images, which all runs have, by name
	// DiskBytes is how many bytes pictures may take in State; 0 stands for 2 GiB.
	DiskBytes int64
	Log       *slog.Logger // nil: nothing is told
}

// Painter draws rasters. It may be used by several goroutines.
type Painter struct {
	options Options
	hashes  *hashes
	disk    *disk
	turns   chan struct{} // those who draw hold one
	build   sync.Mutex    // is held by who hashes files and makes overviews
	stopped context.Context
	stop    context.CancelFunc
	work    sync.WaitGroup

	mu   sync.Mutex
	runs map[string]*shown
}

// shown is the rasters of a run.
type shown struct {
	version string
	layers  []*layer
}

// New returns a painter. It removes what an earlier process left unfinished in the state.
func New(o Options) (*Painter, error) {
	if _, err := gdalraster.Init(0); err != nil {
		return nil, err
	}
	if o.DiskBytes <= 0 {
		o.DiskBytes = 2 << 30
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	overviews := filepath.Join(o.State, "overviews")
	if err := os.MkdirAll(overviews, 0o755); err != nil {
		return nil, err
	}
	left, err := filepath.Glob(filepath.Join(overviews, "*"+unfinished))
	if err != nil {
		return nil, err
	}
	for _, path := range left {
		if err := os.RemoveAll(path); err != nil {
			return nil, err
		}
	}
	p := &Painter{options: o, turns: make(chan struct{}, runtime.NumCPU()), runs: map[string]*shown{}}
	p.hashes = openHashes(filepath.Join(o.State, "hashes.json"))
	if p.disk, err = openDisk(filepath.Join(o.State, "pictures"), o.DiskBytes); err != nil {
		return nil, err
	}
	p.stopped, p.stop = context.WithCancel(context.Background())
	return p, nil
}

// Close ends work in the background and closes all files. No other method may be called at the same time or afterwards.
func (p *Painter) Close() {
	p.stop()
	p.work.Wait()
	for _, s := range p.runs {
		for _, l := range s.layers {
			l.retire()
		}
	}
}

// layers returns the rasters of a run.
func (p *Painter) layers(ctx context.Context, run string) ([]*layer, error) {
	r, err := p.options.Run(ctx, run)
	if err != nil {
		return nil, err
	}
	if r == nil || r.Manifest == nil {
		return nil, tiles.ErrNoRaster
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.runs[run]
	if s == nil || s.version != r.Version {
		if s != nil { // who still draws from it keeps what he has; its files close when he is done
			for _, l := range s.layers {
				l.retire()
			}
		}
		s = &shown{r.Version, p.layersOf(r)}
		p.runs[run] = s
	}
	return s.layers, nil
}

// layersOf lists the rasters of a run: the epochs, the years between, images.
func (p *Painter) layersOf(r *Run) (all []*layer) {
	for _, in := range r.Manifest.Inputs {
		l := &layer{painter: p, input: in, year: in.Year, state: tiles.Checking}
		l.bases = bases(r.Folder, p.options.Data)
		switch in.Role {
		case "before", "after":
			l.name, l.title = in.Role, fmt.Sprintf("%d 年地类", in.Year)
		case "between":
			l.name, l.title = fmt.Sprint(in.Year), fmt.Sprintf("%d 年地类", in.Year)
		case "image_before", "image_after":
			l.name, l.image = in.Role, true
			l.title = map[string]string{"image_before": "前期影像", "image_after": "后期影像"}[in.Role]
		default:
			continue
		}
		all = append(all, l)
	}
	names := make([]string, 0, len(p.options.Images))
	for name := range p.options.Images {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		in := record.Input{Role: name, Path: p.options.Images[name]}
		all = append(all, &layer{painter: p, input: in, name: name, title: name, image: true, free: true,
			bases: []string{""}, state: tiles.Checking})
	}
	slices.SortStableFunc(all, func(a, b *layer) int { return rank(a) - rank(b) })
	return all
}

// rank orders rasters: by year, images behind.
func rank(l *layer) int {
	switch {
	case l.name == "image_before":
		return 10001
	case l.image:
		return 10002
	}
	return l.year
}

// Rasters implements [tiles.Painter].
func (p *Painter) Rasters(ctx context.Context, run string) ([]tiles.Raster, error) {
	layers, err := p.layers(ctx, run)
	if err != nil {
		return nil, err
	}
	var all []tiles.Raster
	for _, l := range layers {
		l.watch()
		all = append(all, l.describe())
	}
	return all, nil
}

// Paint implements [tiles.Painter].
func (p *Painter) Paint(ctx context.Context, run, name string, t tiles.Tile) (*tiles.Picture, error) {
	layers, err := p.layers(ctx, run)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(layers, func(l *layer) bool { return l.name == name })
	if i < 0 {
		return nil, tiles.ErrNoRaster
	}
	l := layers[i]
	l.watch()
	o, err := l.drawable()
	if err != nil {
		return nil, err
	}
	defer o.done()
	if data, ok := p.disk.get(o.key, t); ok {
		return pictureOf(data, o.key), nil
	}
	select {
	case p.turns <- struct{}{}:
		defer func() { <-p.turns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	data, err := o.draw(ctx, t)
	if err != nil {
		return nil, err
	}
	// What was drawn while files were replaced may be of either.
	if l.watch(); !l.current(o) {
		return nil, &tiles.NotYet{After: time.Second}
	}
	p.disk.put(o.key, t, data)
	return pictureOf(data, o.key), nil
}

func pictureOf(data []byte, key string) *tiles.Picture {
	kind := "image/png"
	if len(data) > 1 && data[0] == 0xff && data[1] == 0xd8 {
		kind = "image/jpeg"
	}
	return &tiles.Picture{Type: kind, Data: data, Tag: key}
}
