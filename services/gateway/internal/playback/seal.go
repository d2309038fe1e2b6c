package playback

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"sync"
	"sync/atomic"
)

var (
	// ErrDamaged is returned for what is no cursor.
	ErrDamaged = errors.New("the cursor is damaged")
	// ErrOtherKey is returned for what has the form of a cursor, but was sealed with a key that is not the one now.
	ErrOtherKey = errors.New("the cursor was sealed with another key than gateways have now: it is of another service, or of a time before the key was made anew")
)

// MaxCursor bounds what is read as a cursor, in bytes.
const MaxCursor = 8192

// The parts of what base64 has, in bytes: the key's ID, the seal, and a cursor.v1.Cursor.
const (
	keyIDSize = 4
	sealSize  = 8 // of the HMAC
	// oldSealSize is what stands before the cursor in those that were given out before keys had IDs: a seal alone.
	oldSealSize = 8
)

// Seal writes and reads cursors as clients keep them: URL-safe base64 of a cursor.v1.Cursor and, before it, the ID of a key and the beginning of the cursor's
// HMAC-SHA256 with that key, so that nobody makes up a cursor to see what is not for everybody. All gateways of a log have the same keys. Without a key, it
// reads none.
type Seal struct{ keys atomic.Pointer[[]*sealKey] }

type sealKey struct {
	id   [keyIDSize]byte
	macs sync.Pool // of hash.Hash, with the secret
}

// SetKey replaces the keys: with the first one cursors are sealed, and those that were sealed with any of them are read.
func (s *Seal) SetKey(first []byte, others ...[]byte) {
	keys := []*sealKey{newSealKey(first)}
	for _, secret := range others {
		keys = append(keys, newSealKey(secret))
	}
	s.keys.Store(&keys)
}

func newSealKey(secret []byte) *sealKey {
	key := &sealKey{macs: sync.Pool{New: func() any { return hmac.New(sha256.New, secret) }}}
	digest := sha256.Sum256(append([]byte("atlas-stream cursor key ID: "), secret...))
	copy(key.id[:], digest[:])
	return key
}

// keyOf gives the key by its ID; nil where it is none of those that there are.
func (s *Seal) keyOf(id [keyIDSize]byte) *sealKey {
	if keys := s.keys.Load(); keys != nil {
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

// Write gives the text of a bookmark. There must be a key.
func (s *Seal) Write(bookmark *Bookmark) string {
	key := (*s.keys.Load())[0]
	sealed := bookmark.appendTo(make([]byte, keyIDSize+sealSize, 256))
	seal := key.seal(sealed[keyIDSize+sealSize:])
	copy(sealed, key.id[:])
	copy(sealed[keyIDSize:], seal[:])
	return base64.RawURLEncoding.EncodeToString(sealed)
}

// Read reads what Write gives. Errors: ErrDamaged, ErrOtherKey.
func (s *Seal) Read(text string) (*Bookmark, error) {
	if len(text) > MaxCursor {
		return nil, fmt.Errorf("%w: it has %d bytes, and no cursor has more than %d", ErrDamaged, len(text), MaxCursor)
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(sealed) < keyIDSize+sealSize {
		return nil, ErrDamaged
	}
	key := s.keyOf([keyIDSize]byte(sealed))
	if key == nil {
		return nil, refuseOtherKey(sealed)
	}
	body := sealed[keyIDSize+sealSize:]
	//mutate:cursor-unsealed
	if seal := key.seal(body); !hmac.Equal(sealed[keyIDSize:keyIDSize+sealSize], seal[:]) {
		return nil, ErrDamaged
	}
	return decodeBookmark(body)
}

// refuseOtherKey tells a cursor whose key is unknown from what is no cursor.
func refuseOtherKey(sealed []byte) error {
	for _, before := range []int{keyIDSize + sealSize, oldSealSize} {
		//mutate:cursor-of-another-key
		if _, err := decodeBookmark(sealed[before:]); err == nil {
			return ErrOtherKey
		}
	}
	return ErrDamaged
}
