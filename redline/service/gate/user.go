// Package gate lets people in: who asks, what he may do, and what no request may do.
package gate

import (
	"context"
	"strings"

	"greenshield/redline/ledger"
)

// Role is what a user may do.
type Role string

// The roles, each of which may do what those before it may.
const (
	Reader   Role = "reader"   // 查阅: reads all
	Reviewer Role = "reviewer" // 核查: judges cases of his counties, and says what is known of them
	Acceptor Role = "acceptor" // 验收: moves and accepts cases of his counties, at his level
	Keeper   Role = "keeper"   // 管理: everything, everywhere; jobs
)

// Roles lists the roles, that which may do least first.
func Roles() []Role { return []Role{Reader, Reviewer, Acceptor, Keeper} }

// User is who asks.
type User struct {
	Login string       // "" for somebody who gave no name, a Reader
	Name  string       // as in events of the ledger
	Role  Role         //
	Level ledger.Level // at which he speaks
	// Counties are codes of counties, or beginnings of them such as 3417 for a city, of whose cases he may speak; nil for
	// all.
	Counties []string
}

// Covers tells whether the user may speak of cases of a county. Only who may speak of all counties may speak of cases
// of which the county is not known.
func (u *User) Covers(county string) bool {
	if len(u.Counties) == 0 {
		return true
	}
	for _, c := range u.Counties {
		if c != "" && strings.HasPrefix(county, c) {
			return true
		}
	}
	return false
}

type userKey struct{}

// WithUser returns a context in which UserOf is that user.
func WithUser(ctx context.Context, u *User) context.Context {
	return context.WithValue(ctx, userKey{}, u)
}

// UserOf returns who asks; a reader without a name where nobody let anyone in.
func UserOf(ctx context.Context) *User {
	if u, ok := ctx.Value(userKey{}).(*User); ok {
		return u
	}
	return &User{Role: Reader}
}
