package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/eventlog"
	"atlasstream/services/gateway/internal/playback"
)

const (
	// keyPause is how long a key that Kafka does not have yet is waited for before it is asked for again.
	keyPause = time.Second
	// keyInterval is how often Kafka is asked whether the key is still the same.
	keyInterval = 5 * time.Second
)

// cursorKey is the key that seals cursors: the operator's, or that of the log, which is followed.
type cursorKey struct {
	seal   *playback.Seal
	read   func(ctx context.Context) ([]byte, error) // from the log; nil for the operator's
	logger *zap.Logger
	known  chan struct{} // closed once there is one

	mu     sync.Mutex
	key    []byte
	absent error // why there was none when the log was asked last
}

// newCursorKey makes the operator's key of a secret, unless that is empty: then watch finds the log's.
func newCursorKey(seal *playback.Seal, secret string, read func(context.Context) ([]byte, error), logger *zap.Logger) *cursorKey {
	k := &cursorKey{seal: seal, read: read, logger: logger, known: make(chan struct{}), absent: errors.New("not asked for yet")}
	if secret != "" {
		k.read = nil
		key := sha256.Sum256([]byte("atlas-stream cursors: " + secret))
		k.note(key[:], nil)
	}
	return k
}

// ready tells why there is no key yet.
func (k *cursorKey) ready() error {
	if k.isKnown() {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return fmt.Errorf("the key that seals cursors, which a collector makes: %w", k.absent)
}

func (k *cursorKey) isKnown() bool {
	select {
	case <-k.known:
		return true
	default:
		return false
	}
}

// await returns once there is a key.
func (k *cursorKey) await(ctx context.Context) error {
	select {
	case <-k.known:
		return nil
	case <-ctx.Done():
		return errors.Join(ctx.Err(), k.ready())
	}
}

// watch asks the log for the key until ctx ends. A key that is there no more stays in force until there is another one.
func (k *cursorKey) watch(ctx context.Context) {
	for k.read != nil {
		k.note(k.read(ctx))
		pause := keyPause
		if k.isKnown() {
			pause = keyInterval
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// note takes in what the log says.
func (k *cursorKey) note(key []byte, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		k.absent = err
		k.tellUnreadable(err)
		return
	}
	if bytes.Equal(key, k.key) {
		return
	}
	if k.key != nil {
		k.logger.Warn("the key that seals cursors is another one now; cursors that were given out before are refused as [cursor_gone]")
	}
	k.seal.SetKey(key)
	if k.key == nil {
		close(k.known)
	}
	k.key = key
}

// tellUnreadable logs what does not pass by itself, as an absence at the start does. It is called under the lock.
func (k *cursorKey) tellUnreadable(err error) {
	if !errors.Is(err, eventlog.ErrCursorKeyUnreadable) {
		return
	}
	goesOn := "nobody can subscribe with a cursor until there is one"
	if k.key != nil {
		goesOn = "the one from before stays in force here; a gateway that starts does not get it"
	}
	k.logger.Warn("the key that seals cursors cannot be read, and "+goesOn, zap.Error(err))
}
