// Package tokens has what files of bearer tokens have in common: their format, how tokens are kept and found, and their errors, which never quote a token.
package tokens

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
)

// Limits of a file.
const (
	MaxEntries     = 1000
	minTokenLength = 16 // shorter ones could be guessed
	maxTokenLength = 512
	maxNameLength  = 64
)

// Digest is the digest of a token. Tokens are compared and kept as digests, so that the time of a comparison reveals nothing. The zero value is that of none.
type Digest [sha256.Size]byte

// DigestOf returns the digest of a token.
func DigestOf(token string) Digest { return sha256.Sum256([]byte(token)) }

// InHeader returns the token in the value of a header Authorization (RFC 6750, section 2.1), if there is one.
func InHeader(authorization string) (token string, given bool) {
	scheme, token, _ := strings.Cut(authorization, " ")
	return strings.TrimSpace(token), strings.EqualFold(scheme, "Bearer")
}

// Holder is who has a token, or the zero digest.
type Holder interface{ TokenDigest() Digest }

// Find returns the holder of a token. It compares every one, so that its time does not depend on which it finds.
func Find[H Holder](holders []H, token Digest) (found H, known bool) {
	for _, holder := range holders {
		if digest := holder.TokenDigest(); subtle.ConstantTimeCompare(token[:], digest[:]) == 1 {
			found, known = holder, true
		}
	}
	return found, known
}

// Entry is what an entry of every file has; one of a certain file embeds it.
type Entry struct {
	Name  string `json:"name"`
	Token string `json:"token"`
}

// CheckName refuses a name that is too long, or none.
func (e *Entry) CheckName() error {
	if e.Name == "" || len(e.Name) > maxNameLength {
		return fmt.Errorf("name: got %d bytes, want 1 to %d", len(e.Name), maxNameLength)
	}
	return nil
}

// CheckToken refuses a token that can be guessed, or that a header cannot carry.
func (e *Entry) CheckToken() error {
	switch {
	case len(e.Token) < minTokenLength || len(e.Token) > maxTokenLength:
		return fmt.Errorf("token: got %d characters, want %d to %d", len(e.Token), minTokenLength, maxTokenLength)
	case strings.ContainsFunc(e.Token, func(c rune) bool { return !isTokenCharacter(c) }):
		return errors.New("token: has a character that a header cannot carry, want letters, digits and any of -._~+/=")
	}
	return nil
}

// isTokenCharacter reports whether a bearer token may have the character (RFC 6750, section 2.1).
func isTokenCharacter(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-._~+/=", c)
}
