// Package keyring has secret keys as they are now, be they an operator's or of another source. Of several keys the first one protects what is new, and all are
// accepted, so that a key can be replaced in one gateway after the other.
//
//   - keys.go: the keys, which are asked for again and again.
//   - source.go: where they come from.
package keyring

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
)

const (
	// retryInterval is how often a source without a key is asked again.
	retryInterval = time.Second
	// checkInterval is how often a source is asked whether the keys are still the same.
	checkInterval = 5 * time.Second
)

// Use is what keys are used for.
type Use struct {
	Set func(first []byte, further ...[]byte) // takes the keys, whenever they have changed

	// In messages to the operator:
	Key      string // what the first key does, such as "key that seals cursors"
	Keys     string // such as "keys of cursors"
	Without  string // what fails as long as there is no key
	Replaced string // what fails once the first key is not among the keys any more
}

// Keys have their user told the keys of a source.
type Keys struct {
	use    Use
	read   Source
	logger *zap.Logger
	known  chan struct{} // closed once there is one

	mu     sync.Mutex
	keys   [][]byte
	absent error  // why there was none when the source was asked last
	warned string // of what, until there is a key again
}

// New makes keys that are used once Watch has them.
func New(use Use, read Source, logger *zap.Logger) *Keys {
	return &Keys{use: use, read: read, logger: logger, known: make(chan struct{}), absent: errors.New("not asked for yet")}
}

// Ready tells why there is no key yet.
func (k *Keys) Ready() error {
	if k.isKnown() {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return fmt.Errorf("there is no %s: %w", k.use.Key, k.absent)
}

func (k *Keys) isKnown() bool {
	select {
	case <-k.known:
		return true
	default:
		return false
	}
}

// AwaitKey returns once there is a key.
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
		k.Read(ctx)
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

// Read asks for the keys once.
func (k *Keys) Read(ctx context.Context) {
	keys, err := k.read(ctx)
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
	k.use.Set(keys[0], keys[1:]...)
	if k.keys == nil {
		close(k.known)
	}
	k.keys = keys
}

// logChange is called under the lock.
func (k *Keys) logChange(keys [][]byte) {
	if slices.ContainsFunc(keys, func(key []byte) bool { return bytes.Equal(key, k.keys[0]) }) {
		k.logger.Info("the "+k.use.Keys+" have changed", zap.Int("keys", len(keys)))
		return
	}
	k.logger.Warn("the " + k.use.Key + " is another one now; " + k.use.Replaced)
}

// logUnreadable logs once that keys are unreadable; absent ones are waited for. It is called under the lock.
func (k *Keys) logUnreadable(err error) {
	if _, unreadable := errors.AsType[*UnreadableError](err); !unreadable || err.Error() == k.warned {
		return
	}
	k.warned = err.Error()
	goesOn := k.use.Without + " until there is one"
	if k.keys != nil {
		goesOn = "the one from before stays in force here; a gateway that starts does not get it"
	}
	k.logger.Warn("the "+k.use.Key+" cannot be read, and "+goesOn, zap.Error(err))
}
