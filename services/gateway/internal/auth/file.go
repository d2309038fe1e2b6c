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

// line is one token as the file has it.
type line struct {
	Name  string   `json:"name"`
	Token string   `json:"token"`
	Roles []string `json:"roles"`
}

// table is what a file says.
type table []Bearer

// find looks at every token for the same time, whichever is the one.
func (t table) find(token Digest) (found Bearer, known bool) {
	for i := range t {
		if subtle.ConstantTimeCompare(token[:], t[i].token[:]) == 1 {
			found, known = t[i], true
		}
	}
	return found, known
}

// parse reads a tokens file: a JSON array of objects with name, token and roles. Its errors tell where something is wrong and what is wanted, but not
// what stands there: that could be a token.
func parse(file []byte) (table, error) {
	lines, err := decode(file)
	if err != nil {
		return nil, err
	}
	if len(lines) > maxTokens {
		return nil, fmt.Errorf("got %d tokens, want at most %d", len(lines), maxTokens)
	}
	read := make(table, 0, len(lines))
	var faults []error
	for i, line := range lines {
		bearer, err := line.bearer()
		if err == nil {
			err = read.refuseRepeated(line.Token)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("token %d of %d: %w", i+1, len(lines), err))
		}
		read = append(read, bearer)
	}
	return read, errors.Join(faults...)
}

// decode does not pass on the decoder's errors, which quote the file.
func decode(file []byte) (lines []line, err error) {
	decoder := json.NewDecoder(bytes.NewReader(file))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&lines); err != nil || lines == nil {
		return nil, fmt.Errorf(`%snot readable, want [{"name":"…","token":"…","roles":["%s","%s"]},…] and no other members`,
			place(file, err), roleHistory, roleNonPublic)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something stands after the array, want nothing")
	}
	return lines, nil
}

// place says in which line the decoder met an error, if it tells.
func place(file []byte, err error) string {
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

func (l *line) bearer() (Bearer, error) {
	read := Bearer{Name: l.Name, token: DigestOf(l.Token)}
	switch {
	case l.Name == "" || len(l.Name) > maxNameLength:
		return read, fmt.Errorf("name: got %d bytes, want 1 to %d", len(l.Name), maxNameLength)
	case len(l.Token) < minTokenLength || len(l.Token) > maxTokenLength:
		return read, fmt.Errorf("token: got %d characters, want %d to %d", len(l.Token), minTokenLength, maxTokenLength)
	case strings.ContainsFunc(l.Token, func(c rune) bool { return !isTokenCharacter(c) }):
		return read, errors.New("token: has a character that a header cannot carry, want letters, digits and any of -._~+/=")
	case len(l.Roles) == 0:
		return read, fmt.Errorf("roles: missing, want %s, %s or both", roleHistory, roleNonPublic)
	}
	for i, role := range l.Roles {
		if !read.Roles.add(role) {
			return read, fmt.Errorf("roles: there is no such role as the one in place %d, want %s or %s", i+1, roleHistory, roleNonPublic)
		}
	}
	return read, nil
}

// isTokenCharacter tells whether a bearer token may have the character (RFC 6750, section 2.1).
func isTokenCharacter(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-._~+/=", c)
}

func (t table) refuseRepeated(token string) error {
	if _, repeated := t.find(DigestOf(token)); repeated {
		return errors.New("token: the same as one before")
	}
	return nil
}
