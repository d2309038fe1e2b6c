package auth

import "crypto/sha256"

// Bearer is who holds a token.
type Bearer struct {
	Name  string // for logs
	Roles Roles
	token Digest // zero where there is no bearer
}

// Roles are what a bearer may beyond what everybody may. The zero value is everybody.
type Roles struct {
	History   bool // replay the past
	NonPublic bool // see measurements that are not public
}

// The roles as the file names them.
const (
	roleHistory   = "history"
	roleNonPublic = "non-public"
)

// add takes a role by its name, or returns false if there is none of that name.
func (r *Roles) add(name string) bool {
	switch name {
	case roleHistory:
		r.History = true
	case roleNonPublic:
		r.NonPublic = true
	default:
		return false
	}
	return true
}

// Digest stands for a token: two are compared by their digests, so that the time it takes tells nothing of them, and it is what is kept of one.
type Digest [sha256.Size]byte

// DigestOf gives the digest of whatever came for a token.
func DigestOf(token string) Digest { return sha256.Sum256([]byte(token)) }
