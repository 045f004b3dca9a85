package gate

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/netip"
)

// Users are those who may come in, and how the server knows them.
type Users struct {
	// Anonymous is what somebody may do who gives no name: Reader, or "" for nothing.
	Anonymous Role
	Proxy     Proxy

	all     []*User
	tokens  [][sha256.Size]byte // SHA-256 of the token of each user, in the order of all
	byLogin map[string]*User
}

// Proxy is a server in front of this one that lets people in itself and names them in a header.
type Proxy struct {
	Header string         // that holds the login, "" when there is no such proxy
	From   []netip.Prefix // the addresses whose header is believed
}

// trusts tells whether the proxy asks from an address.
func (p *Proxy) trusts(address netip.Addr) bool {
	for _, from := range p.From {
		if from.Contains(address) {
			return true
		}
	}
	return false
}

// add adds a user. sum is the SHA-256 of his token; nil: he has none, only the proxy lets him in.
func (u *Users) add(user *User, sum *[sha256.Size]byte) {
	if u.byLogin == nil {
		u.byLogin = map[string]*User{}
	}
	u.byLogin[user.Login] = user
	if sum != nil {
		u.all, u.tokens = append(u.all, user), append(u.tokens, *sum)
	}
}

// byToken returns whose token it is, nil when it is nobody's. It takes the same time whosever it is.
func (u *Users) byToken(token string) *User {
	return u.find(sha256.Sum256([]byte(token)), subtle.ConstantTimeCompare)
}

// find returns the user with a sum. It compares it with those of all users, also after it has met the one.
func (u *Users) find(sum [sha256.Size]byte, equal func(x, y []byte) int) *User {
	found := 0 // index from 1
	for i := range u.tokens {
		found = subtle.ConstantTimeSelect(equal(sum[:], u.tokens[i][:]), i+1, found)
	}
	if found == 0 {
		return nil
	}
	return u.all[found-1]
}

// TokenSum returns the SHA-256 of a token as users files have it.
func TokenSum(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
