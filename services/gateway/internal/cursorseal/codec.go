// Package cursorseal turns tokens to the texts that clients keep, which are called cursors, and back. A Codec seals them, so that nobody can forge a cursor;
// nothing else knows that text.
package cursorseal

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"sync"
	"sync/atomic"

	"atlasstream/services/gateway/internal/cursor"
)

var (
	// ErrDamaged is returned for a text that is no cursor.
	ErrDamaged = errors.New("the cursor is damaged")
	// ErrOtherKey is returned for a text that has the form of a cursor, but was sealed with a key that is not in force now.
	ErrOtherKey = errors.New("the cursor was sealed with another key than gateways have now: it is from another service, or from before the key was replaced")
)

// The parts of what base64 has, in bytes: the key's ID, the seal, and a cursor.v1.Token.
const (
	keyIDSize = 4
	sealSize  = 8 // of the HMAC
	// oldSealSize is what precedes the token in cursors that were issued before keys had IDs: a seal alone.
	oldSealSize = 8
)

// Codec seals and opens cursors as clients keep them: URL-safe base64 of a cursor.v1.Token and, before it, the ID of a key and the beginning of the token's
// HMAC-SHA256 with that key, so that nobody can forge a cursor to see what is not for everybody. All gateways of a log have the same keys. Without a key, it
// opens none.
type Codec struct{ keys atomic.Pointer[[]*sealKey] }

type sealKey struct {
	id   [keyIDSize]byte
	macs sync.Pool // of hash.Hash, with the secret
}

// SetKeys replaces the keys: the first one seals cursors, and all of them open cursors.
func (c *Codec) SetKeys(first []byte, others ...[]byte) {
	keys := []*sealKey{newSealKey(first)}
	for _, secret := range others {
		keys = append(keys, newSealKey(secret))
	}
	c.keys.Store(&keys)
}

func newSealKey(secret []byte) *sealKey {
	key := &sealKey{macs: sync.Pool{New: func() any { return hmac.New(sha256.New, secret) }}}
	digest := sha256.Sum256(append([]byte("atlas-stream cursor key ID: "), secret...))
	copy(key.id[:], digest[:])
	return key
}

// keyOf gives the key that has an ID; nil if there is none.
func (c *Codec) keyOf(id [keyIDSize]byte) *sealKey {
	if keys := c.keys.Load(); keys != nil {
		for _, key := range *keys {
			if key.id == id {
				return key
			}
		}
	}
	return nil
}

func (k *sealKey) seal(body []byte) (seal [sealSize]byte) {
	mac := k.macs.Get().(hash.Hash)
	defer k.macs.Put(mac)
	mac.Reset()
	mac.Write(body)
	var whole [sha256.Size]byte
	copy(seal[:], mac.Sum(whole[:0]))
	return seal
}

// Seal gives the cursor of a token, which has nothing that JSON would escape. There must be a key.
func (c *Codec) Seal(token cursor.Token) string {
	key := (*c.keys.Load())[0]
	sealed := appendToken(make([]byte, keyIDSize+sealSize, 256), &token)
	seal := key.seal(sealed[keyIDSize+sealSize:])
	copy(sealed, key.id[:])
	copy(sealed[keyIDSize:], seal[:])
	return base64.RawURLEncoding.EncodeToString(sealed)
}

// Last keeps the last cursor: clients that have the same subscriptions, and have received as much, get the same one. It is not safe for concurrent use.
type Last struct {
	body, spare []byte // of the token, and memory for the next one's
	text        string
}

// Seal gives what seal gives for the token.
func (l *Last) Seal(token cursor.Token, seal func(cursor.Token) string) string {
	body := appendToken(l.spare[:0], &token)
	//mutate:last-cursor-of-others
	if l.text != "" && bytes.Equal(body, l.body) {
		l.spare = body
		return l.text
	}
	l.body, l.spare = body, l.body
	l.text = seal(token)
	return l.text
}

// Open gives the token of a cursor. Errors: ErrDamaged, ErrOtherKey.
func (c *Codec) Open(text string) (cursor.Token, error) {
	if len(text) > cursor.MaxLength {
		return cursor.Token{}, fmt.Errorf("%w: it has %d bytes, and no cursor has more than %d", ErrDamaged, len(text), cursor.MaxLength)
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(sealed) < keyIDSize+sealSize {
		return cursor.Token{}, ErrDamaged
	}
	key := c.keyOf([keyIDSize]byte(sealed))
	if key == nil {
		return cursor.Token{}, refuseOtherKey(sealed)
	}
	body := sealed[keyIDSize+sealSize:]
	//mutate:cursor-seal-unchecked
	if seal := key.seal(body); !hmac.Equal(sealed[keyIDSize:keyIDSize+sealSize], seal[:]) {
		return cursor.Token{}, ErrDamaged
	}
	return decodeToken(body)
}

// refuseOtherKey tells a cursor whose key is unknown from a text that is no cursor.
func refuseOtherKey(sealed []byte) error {
	for _, before := range []int{keyIDSize + sealSize, oldSealSize} {
		//mutate:cursor-of-another-key
		if _, err := decodeToken(sealed[before:]); err == nil {
			return ErrOtherKey
		}
	}
	return ErrDamaged
}
