package auth

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits of a tokens file.
const (
	maxFileBytes   = 1 << 20
	maxTokens      = 1000
	minTokenLength = 16 // shorter ones could be guessed
	maxTokenLength = 512
	maxNameLength  = 64
)

// entry is a token in the file.
type entry struct {
	Name  string   `json:"name"`
	Token string   `json:"token"`
	Roles []string `json:"roles"`
}

// table is the content of a file.
type table []Bearer

// find compares every token, so that its time does not depend on which one it finds.
func (t table) find(token Digest) (found Bearer, known bool) {
	for i := range t {
		if subtle.ConstantTimeCompare(token[:], t[i].token[:]) == 1 {
			found, known = t[i], true
		}
	}
	return found, known
}

// parse parses a tokens file: a JSON array of objects with name, token and roles. Its errors say where a fault is and what is wanted, but do not
// quote the file: that could be a token.
func parse(file []byte) (table, error) {
	entries, err := decode(file)
	if err != nil {
		return nil, err
	}
	if len(entries) > maxTokens {
		return nil, fmt.Errorf("got %d tokens, want at most %d", len(entries), maxTokens)
	}
	read := make(table, 0, len(entries))
	var faults []error
	for i, entry := range entries {
		bearer, err := entry.bearer()
		if err == nil {
			err = read.checkUnique(entry.Token)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("token %d of %d: %w", i+1, len(entries), err))
		}
		read = append(read, bearer)
	}
	return read, errors.Join(faults...)
}

// decode does not return the decoder's errors, which quote the file.
func decode(file []byte) (entries []entry, err error) {
	decoder := json.NewDecoder(bytes.NewReader(file))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&entries); err != nil || entries == nil {
		return nil, fmt.Errorf(`%snot readable, want [{"name":"…","token":"…","roles":["%s","%s"]},…] and no other members`,
			linePrefix(file, err), roleHistory, roleNonPublic)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("got something after the array, want nothing")
	}
	return entries, nil
}

// linePrefix names the line of a decoder's error, if that is known.
func linePrefix(file []byte, err error) string {
	var offset int64
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = wrong.Offset
	} else if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = wrong.Offset
	} else {
		return ""
	}
	return fmt.Sprintf("line %d: ", 1+bytes.Count(file[:min(int(offset), len(file))], []byte{'\n'}))
}

func (e *entry) bearer() (Bearer, error) {
	read := Bearer{Name: e.Name, token: DigestOf(e.Token)}
	switch {
	case e.Name == "" || len(e.Name) > maxNameLength:
		return read, fmt.Errorf("name: got %d bytes, want 1 to %d", len(e.Name), maxNameLength)
	case len(e.Token) < minTokenLength || len(e.Token) > maxTokenLength:
		return read, fmt.Errorf("token: got %d characters, want %d to %d", len(e.Token), minTokenLength, maxTokenLength)
	case strings.ContainsFunc(e.Token, func(c rune) bool { return !isTokenCharacter(c) }):
		return read, errors.New("token: has a character that a header cannot carry, want letters, digits and any of -._~+/=")
	case len(e.Roles) == 0:
		return read, fmt.Errorf("roles: missing, want %s, %s or both", roleHistory, roleNonPublic)
	}
	for i, role := range e.Roles {
		if !read.Roles.add(role) {
			return read, fmt.Errorf("roles: role %d is unknown, want %s or %s", i+1, roleHistory, roleNonPublic)
		}
	}
	return read, nil
}

// isTokenCharacter reports whether a bearer token may have the character (RFC 6750, section 2.1).
func isTokenCharacter(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-._~+/=", c)
}

func (t table) checkUnique(token string) error {
	if _, repeated := t.find(DigestOf(token)); repeated {
		return errors.New("token: the same as one before")
	}
	return nil
}
