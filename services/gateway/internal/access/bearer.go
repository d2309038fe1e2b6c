package access

import "crypto/sha256"

// Bearer is who holds a token.
type Bearer struct {
	Name  string // for logs
	Roles Roles
	token digest // of nothing where there is no bearer
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

// digest stands for a token: two are compared by their digests, so that the time it takes tells nothing of them.
type digest [sha256.Size]byte

func digestOf(token string) digest { return sha256.Sum256([]byte(token)) }
