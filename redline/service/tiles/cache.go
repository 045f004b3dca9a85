package tiles

import (
	"container/list"
	"sync"
)

// cache keeps values by key up to a number of bytes; those that were not asked for the longest leave first. It may be
// used by several goroutines.
type cache[V any] struct {
	mu     sync.Mutex
	most   int64 // bytes
	bytes  int64
	order  *list.List // of *entry[V], last used first
	places map[string]*list.Element
}

type entry[V any] struct {
	key   string
	value V
	bytes int64
}

func newCache[V any](most int64) *cache[V] {
	return &cache[V]{most: most, order: list.New(), places: map[string]*list.Element{}}
}

func (c *cache[V]) get(key string) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	place, ok := c.places[key]
	if !ok {
		return value, false
	}
	c.order.MoveToFront(place)
	return place.Value.(*entry[V]).value, true
}

// put keeps a value, which takes that many bytes together with its key. What is larger than the whole cache is not
// kept.
func (c *cache[V]) put(key string, value V, bytes int64) {
	const overhead = 200 // of an entry, roughly
	e := &entry[V]{key, value, bytes + int64(len(key)) + overhead}
	c.mu.Lock()
	defer c.mu.Unlock()
	if place, ok := c.places[key]; ok {
		c.drop(place)
	}
	if e.bytes > c.most {
		return
	}
	c.places[key] = c.order.PushFront(e)
	for c.bytes += e.bytes; c.bytes > c.most; {
		c.drop(c.order.Back())
	}
}

func (c *cache[V]) drop(place *list.Element) {
	e := c.order.Remove(place).(*entry[V])
	delete(c.places, e.key)
	c.bytes -= e.bytes
}
