package gate

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"
)

// How long sessions last and how many there are.
const (
	sessionIdle     = 2 * time.Hour  // without a request
	sessionAbsolute = 12 * time.Hour // after the login
	sessionsPerUser = 16             // further ones end the oldest
)

// session is that of one login.
type session struct {
	user         *User
	begun, asked time.Time
}

// sessions are those that are open, in memory alone: a restart ends all.
type sessions struct {
	now func() time.Time

	mu   sync.Mutex
	open map[[sha256.Size]byte]*session // by the SHA-256 of the secret that the cookie holds
}

// NewToken returns 256 random bits as text.
func NewToken() string {
	var secret [32]byte
	rand.Read(secret[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(secret[:])
}

// begin opens a session and returns its secret.
func (s *sessions) begin(u *User) string {
	secret, now := NewToken(), s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var oldest [sha256.Size]byte
	count := 0
	for key, other := range s.open {
		switch {
		case other.over(now):
			delete(s.open, key)
		case other.user == u:
			if count++; count == 1 || other.begun.Before(s.open[oldest].begun) {
				oldest = key
			}
		}
	}
	if count >= sessionsPerUser {
		delete(s.open, oldest)
	}
	s.open[sha256.Sum256([]byte(secret))] = &session{user: u, begun: now, asked: now}
	return secret
}

// over tells whether a session has ended by itself.
func (s *session) over(now time.Time) bool {
	return now.Sub(s.asked) >= sessionIdle || now.Sub(s.begun) >= sessionAbsolute
}

// user returns whose session has a secret, nil when none has or it is over.
func (s *sessions) user(secret string) *User {
	key, now := sha256.Sum256([]byte(secret)), s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.open[key]
	if one == nil {
		return nil
	}
	if one.over(now) {
		delete(s.open, key)
		return nil
	}
	one.asked = now
	return one.user
}

// end closes the session with a secret.
func (s *sessions) end(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, sha256.Sum256([]byte(secret)))
}

// count returns how many are open, those among them that are over and were not asked for since.
func (s *sessions) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}
