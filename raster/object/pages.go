package object

import "sync"

const (
	pageBytes = 64 << 10
	maxPages  = 256 // that are kept, of all objects
)

// place is where a page lies: the number of the page in the object.
type place struct {
	o  *object
	no int64
}

// page is a piece of an object.
type page struct {
	once  sync.Once
	bytes []byte
	err   error
}

// pages are those that are kept; the one that was kept for longest is the first to go.
type pages struct {
	mu    sync.Mutex
	kept  map[place]*page
	order []place
}

// at returns the page of a place, which may not be fetched yet.
func (p *pages) at(l place) *page {
	p.mu.Lock()
	defer p.mu.Unlock()
	if found := p.kept[l]; found != nil {
		return found
	}
	if p.kept == nil {
		p.kept = map[place]*page{}
	}
	if len(p.order) >= maxPages {
		delete(p.kept, p.order[0])
		p.order = p.order[1:]
	}
	made := new(page)
	p.kept[l] = made
	p.order = append(p.order, l)
	return made
}

// readPages fills p with the bytes from at on, all of which the object has, by way of pages.
func (o *object) readPages(p []byte, at int64) error {
	for len(p) > 0 {
		no := at / pageBytes
		g := o.store.pages.at(place{o, no})
		g.once.Do(func() {
			g.bytes = make([]byte, min(pageBytes, o.info.bytes-no*pageBytes))
			g.err = o.fetch(g.bytes, no*pageBytes)
		})
		if g.err != nil {
			return g.err
		}
		n := copy(p, g.bytes[at-no*pageBytes:])
		p, at = p[n:], at+int64(n)
	}
	return nil
}
