package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/eventlog"
	"atlasstream/services/gateway/internal/cursor"
)

const (
	// keyPause is how long a key that Kafka does not have yet is waited for before it is asked for again.
	keyPause = time.Second
	// keyInterval is how often Kafka is asked whether the key is still the same.
	keyInterval = 5 * time.Second
)

// cursorKey are the keys of cursors: the first one seals them, and all open them. It implements session.Cursors.
type cursorKey struct {
	*cursor.Codec
	read   keySource
	logger *zap.Logger
	known  chan struct{} // closed once there is one

	mu     sync.Mutex
	keys   [][]byte
	absent error  // why there was none when the source was asked last
	warned string // of what, until there is a key again
}

func newCursorKey(codec *cursor.Codec, read keySource, logger *zap.Logger) *cursorKey {
	return &cursorKey{Codec: codec, read: read, logger: logger, known: make(chan struct{}), absent: errors.New("not asked for yet")}
}

// ready tells why there is no key yet.
func (k *cursorKey) ready() error {
	if k.isKnown() {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return fmt.Errorf("there is no key that seals cursors: %w", k.absent)
}

func (k *cursorKey) isKnown() bool {
	select {
	case <-k.known:
		return true
	default:
		return false
	}
}

// AwaitKey implements session.Cursors. It returns once there is a key.
func (k *cursorKey) AwaitKey(ctx context.Context) error {
	select {
	case <-k.known:
		return nil
	case <-ctx.Done():
		return errors.Join(ctx.Err(), k.ready())
	}
}

// watch asks for the keys until ctx ends. What cannot be had any more stays in force until there is another one.
func (k *cursorKey) watch(ctx context.Context) {
	for {
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

// note takes in what the source says.
func (k *cursorKey) note(keys [][]byte, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		k.absent = err
		k.tellUnreadable(err)
		return
	}
	k.warned = ""
	if slices.EqualFunc(keys, k.keys, bytes.Equal) {
		return
	}
	if k.keys != nil {
		k.tellChange(keys)
	}
	k.SetKeys(keys[0], keys[1:]...)
	if k.keys == nil {
		close(k.known)
	}
	k.keys = keys
}

// tellChange is called under the lock.
func (k *cursorKey) tellChange(keys [][]byte) {
	if slices.ContainsFunc(keys, func(key []byte) bool { return bytes.Equal(key, k.keys[0]) }) {
		k.logger.Info("the keys of cursors have changed", zap.Int("keys", len(keys)))
		return
	}
	k.logger.Warn("the key that seals cursors is another one now; cursors that were given out before are refused as [cursor_gone]")
}

// tellUnreadable logs once what does not pass by itself, as an absence at the start does. It is called under the lock.
func (k *cursorKey) tellUnreadable(err error) {
	passes := !errors.Is(err, errKeysFile) && !errors.Is(err, eventlog.ErrCursorKeyUnreadable)
	if passes || err.Error() == k.warned {
		return
	}
	k.warned = err.Error()
	goesOn := "nobody can subscribe with a cursor until there is one"
	if k.keys != nil {
		goesOn = "the one from before stays in force here; a gateway that starts does not get it"
	}
	k.logger.Warn("the key that seals cursors cannot be read, and "+goesOn, zap.Error(err))
}
