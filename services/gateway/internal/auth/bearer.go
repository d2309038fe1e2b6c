package auth

import "crypto/sha256"

// Bearer is the holder of a token.
type Bearer struct {
	Name  string // for logs
	Roles Roles
	token Digest // zero without a token
}

// Roles are what a token grants beyond anonymous access.
type Roles struct {
	History   bool // may replay history
	NonPublic bool // may see measurements that are not public
}

// The roles as the file names them.
const (
	roleHistory   = "history"
	roleNonPublic = "non-public"
)

// add adds a role by its name. It returns false for an unknown name.
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

// Digest is the digest of a token. Tokens are compared and kept as digests, so that the time of a comparison reveals nothing.
type Digest [sha256.Size]byte

// DigestOf returns the digest of a token.
func DigestOf(token string) Digest { return sha256.Sum256([]byte(token)) }
