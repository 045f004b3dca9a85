package gate

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
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
	token        [sha256.Size]byte // SHA-256 of the token that opened it; whoever has that is its user
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

// begin opens a session for the user of a token, by its SHA-256, and returns its secret.
func (s *sessions) begin(token [sha256.Size]byte) string {
	secret, now := NewToken(), s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var oldest [sha256.Size]byte
	count := 0
	for key, other := range s.open {
		switch {
		case other.over(now):
			delete(s.open, key)
		case other.token == token:
			if count++; count == 1 || other.begun.Before(s.open[oldest].begun) {
				oldest = key
			}
		}
	}
	if count >= sessionsPerUser {
		delete(s.open, oldest)
	}
	s.open[sha256.Sum256([]byte(secret))] = &session{token: token, begun: now, asked: now}
	return secret
}

// over tells whether a session has ended by itself.
func (s *session) over(now time.Time) bool {
	return now.Sub(s.asked) >= sessionIdle || now.Sub(s.begun) >= sessionAbsolute
}

// token returns the SHA-256 of the token that opened the session with a secret, nil when none has it or it is over.
func (s *sessions) token(secret string) *[sha256.Size]byte {
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
	return &one.token
}

// end closes the session with a secret.
func (s *sessions) end(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, sha256.Sum256([]byte(secret)))
}

// endOthers closes all sessions that none of the users has opened.
func (s *sessions) endOthers(users *Users) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, one := range s.open {
		if users.find(one.token, subtle.ConstantTimeCompare) == nil {
			delete(s.open, key)
		}
	}
}

// count returns how many are open, those among them that are over and were not asked for since.
func (s *sessions) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}
