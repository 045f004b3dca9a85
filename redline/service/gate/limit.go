package gate

import (
	"container/list"
	"math"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how often something may be done: Burst times at once, and PerSecond later on.
type Rate struct {
	PerSecond float64
	Burst     int
}

// keptLimiters is how many limiters there are at most: the one that was not asked for the longest makes room.
const keptLimiters = 10_000

// limiters hold a rate for each key.
type limiters struct {
	rate Rate
	now  func() time.Time

	mu     sync.Mutex
	byKey  map[string]*list.Element
	recent *list.List // of keyed, the one asked for last at the front
}

type keyed struct {
	key string
	*rate.Limiter
}

func newLimiters(r Rate, now func() time.Time) *limiters {
	return &limiters{rate: r, now: now, byKey: map[string]*list.Element{}, recent: list.New()}
}

// of returns the limiter of a key.
func (l *limiters) of(key string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.byKey[key]
	if e == nil {
		if l.recent.Len() >= keptLimiters {
			delete(l.byKey, l.recent.Remove(l.recent.Back()).(keyed).key)
		}
		e = l.recent.PushFront(keyed{key, rate.NewLimiter(rate.Limit(l.rate.PerSecond), l.rate.Burst)})
		l.byKey[key] = e
	}
	l.recent.MoveToFront(e)
	return e.Value.(keyed).Limiter
}

// take counts one more of a key. When it is too many, it returns how many seconds to wait, at least 1, and else 0.
func (l *limiters) take(key string) (wait int) {
	if limiter := l.of(key); !limiter.AllowN(l.now(), 1) {
		return l.seconds(limiter)
	}
	return 0
}

// spent returns as take does, and counts nothing.
func (l *limiters) spent(key string) (wait int) {
	if limiter := l.of(key); limiter.TokensAt(l.now()) < 1 {
		return l.seconds(limiter)
	}
	return 0
}

func (l *limiters) seconds(limiter *rate.Limiter) int {
	return max(1, int(math.Ceil((1-limiter.TokensAt(l.now()))/l.rate.PerSecond)))
}

// addressKey returns the key of an address: for IPv6 that of its /64, which one computer has to itself.
func addressKey(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
