// Package cursorkey has the keys of cursors: the operator's, or the one that the log has, as they are now.
package cursorkey

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"atlasstream/services/gateway/internal/cursorseal"

	"go.uber.org/zap"
)

const (
	// retryInterval is how often a source without a key is asked again.
	retryInterval = time.Second
	// checkInterval is how often a source is asked whether the keys are still the same.
	checkInterval = 5 * time.Second
)

// Keys are the keys of cursors: the first one seals them, and all open them. It implements session.Cursors.
type Keys struct {
	*cursorseal.Codec
	read   Source
	logger *zap.Logger
	known  chan struct{} // closed once there is one

	mu     sync.Mutex
	keys   [][]byte
	absent error  // why there was none when the source was asked last
	warned string // of what, until there is a key again
}

// New makes keys that set those of a codec once Watch has them.
func New(codec *cursorseal.Codec, read Source, logger *zap.Logger) *Keys {
	return &Keys{Codec: codec, read: read, logger: logger, known: make(chan struct{}), absent: errors.New("not asked for yet")}
}

// Ready tells why there is no key yet.
func (k *Keys) Ready() error {
	if k.isKnown() {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return fmt.Errorf("there is no key that seals cursors: %w", k.absent)
}

func (k *Keys) isKnown() bool {
	select {
	case <-k.known:
		return true
	default:
		return false
	}
}

// AwaitKey implements session.Cursors. It returns once there is a key.
func (k *Keys) AwaitKey(ctx context.Context) error {
	select {
	case <-k.known:
		return nil
	case <-ctx.Done():
		return errors.Join(ctx.Err(), k.Ready())
	}
}

// Watch asks for the keys until ctx ends. Keys that are not available any more stay in force until there are others.
func (k *Keys) Watch(ctx context.Context) {
	for {
		k.update(k.read(ctx))
		pause := retryInterval
		if k.isKnown() {
			pause = checkInterval
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// update takes what the source says.
func (k *Keys) update(keys [][]byte, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		k.absent = err
		k.logUnreadable(err)
		return
	}
	k.warned = ""
	if slices.EqualFunc(keys, k.keys, bytes.Equal) {
		return
	}
	if k.keys != nil {
		k.logChange(keys)
	}
	k.SetKeys(keys[0], keys[1:]...)
	if k.keys == nil {
		close(k.known)
	}
	k.keys = keys
}

// logChange is called under the lock.
func (k *Keys) logChange(keys [][]byte) {
	if slices.ContainsFunc(keys, func(key []byte) bool { return bytes.Equal(key, k.keys[0]) }) {
		k.logger.Info("the keys of cursors have changed", zap.Int("keys", len(keys)))
		return
	}
	k.logger.Warn("the key that seals cursors is another one now; cursors that were given out before are refused as [cursor_gone]")
}

// logUnreadable logs once that keys are unreadable; absent ones are waited for. It is called under the lock.
func (k *Keys) logUnreadable(err error) {
	if _, unreadable := errors.AsType[*UnreadableError](err); !unreadable || err.Error() == k.warned {
		return
	}
	k.warned = err.Error()
	goesOn := "nobody can subscribe with a cursor until there is one"
	if k.keys != nil {
		goesOn = "the one from before stays in force here; a gateway that starts does not get it"
	}
	k.logger.Warn("the key that seals cursors cannot be read, and "+goesOn, zap.Error(err))
}
