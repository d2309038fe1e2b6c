// Package sessionid makes and reads IDs of sessions that say, to those who have a key, which replica holds the session. It is pure.
//
// An ID is the base64url form, without padding, of
//
//	version (1 byte) | tag of the replica (8) | random (16) | signature (8)
//
// which are 44 characters. The tag is an HMAC of the replica's address: who has the key and knows the replica finds it, and nobody reads an address in it. The
// signature is an HMAC of all that is before it, so that an ID that was made up is told from one that a replica gave out. The random bits are what authorises a
// request: a client that has the ID has the session.
package sessionid

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
)

const (
	version       = 1
	tagSize       = 8
	randomSize    = 16
	signatureSize = 8

	signedSize = 1 + tagSize + randomSize
	size       = signedSize + signatureSize
)

// Length is the number of characters of an ID.
const Length = (size*8 + 5) / 6

// encoding has one form of each ID.
var encoding = base64.RawURLEncoding.Strict()

// New makes the ID of a session that the replica at an address holds.
func New(key []byte, replica netip.AddrPort) string {
	id := make([]byte, 0, size)
	id = append(id, version)
	id = append(id, tagOf(key, replica)...)
	id = id[:signedSize]
	_, _ = rand.Read(id[1+tagSize:]) // it never fails
	id = append(id, signatureOf(key, id)...)
	return encoding.EncodeToString(id)
}

// ID is an ID that was made with a key.
type ID struct {
	key []byte
	tag string
}

// Parse reads an ID that was made with one of the keys. It returns false for all others.
func Parse(keys [][]byte, text string) (id ID, ok bool) {
	if len(text) != Length {
		return ID{}, false
	}
	decoded, err := encoding.DecodeString(text)
	if err != nil || decoded[0] != version {
		return ID{}, false
	}
	for _, key := range keys {
		//mutate:session-id-unsigned
		if hmac.Equal(decoded[signedSize:], signatureOf(key, decoded[:signedSize])) {
			return ID{key: key, tag: string(decoded[1 : 1+tagSize])}, true
		}
	}
	return ID{}, false
}

// IsOf reports whether the replica at an address made the ID.
func (id ID) IsOf(replica netip.AddrPort) bool {
	//mutate:session-of-any-replica
	return id.tag == string(tagOf(id.key, replica))
}

func tagOf(key []byte, replica netip.AddrPort) []byte {
	return sum(key, "replica", []byte(replica.String()))[:tagSize]
}

func signatureOf(key, id []byte) []byte { return sum(key, "session ID", id)[:signatureSize] }

// sum is an HMAC whose purpose keeps it apart from those of the same key for other things.
func sum(key []byte, purpose string, data []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(purpose))
	mac.Write([]byte{0})
	mac.Write(data)
	return mac.Sum(nil)
}
