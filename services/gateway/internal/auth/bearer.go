package auth

import (
	"fmt"

	"atlasstream/pkg/tokens"
)

// Bearer is the holder of a token.
type Bearer struct {
	Name  string // for logs
	Roles Roles
	token tokens.Digest // zero without a token
}

// TokenDigest implements tokens.Holder.
func (b Bearer) TokenDigest() tokens.Digest { return b.token }

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

// entry is a token in the file.
type entry struct {
	tokens.Entry
	Roles []string `json:"roles"`
}

var format = tokens.Format{
	Entry: "token", Want: fmt.Sprintf(`[{"name":"…","token":"…","roles":["%s","%s"]},…]`, roleHistory, roleNonPublic),
}

func parse(file []byte) ([]Bearer, error) { return tokens.Parse(file, format, entry.bearer) }

func (e entry) bearer() (Bearer, error) {
	read := Bearer{Name: e.Name, token: tokens.DigestOf(e.Token)}
	if err := e.CheckName(); err != nil {
		return read, err
	}
	if err := e.CheckToken(); err != nil {
		return read, err
	}
	if len(e.Roles) == 0 {
		return read, fmt.Errorf("roles: missing, want %s, %s or both", roleHistory, roleNonPublic)
	}
	for i, role := range e.Roles {
		if !read.Roles.add(role) {
			return read, fmt.Errorf("roles: role %d is unknown, want %s or %s", i+1, roleHistory, roleNonPublic)
		}
	}
	return read, nil
}
