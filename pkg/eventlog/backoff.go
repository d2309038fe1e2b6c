package eventlog

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	minPause = 50 * time.Millisecond
	maxPause = 2 * time.Second
)

// backoff pauses between attempts, each time for longer. The zero value is ready.
type backoff struct{ last time.Duration }

// wait pauses; it returns the context's error if that ends first.
func (b *backoff) wait(ctx context.Context) error {
	b.last = min(max(2*b.last, minPause), maxPause)
	timer := time.NewTimer(b.last)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reset makes the next pause short again after an attempt that succeeded.
func (b *backoff) reset() { b.last = 0 }

// retry repeats an attempt until it succeeds, fails with an *OffsetGoneError or the context ends.
func retry(ctx context.Context, attempt func() error) error {
	var pause backoff
	for {
		err := attempt()
		if _, gone := errors.AsType[*OffsetGoneError](err); err == nil || gone {
			return err
		}
		if pause.wait(ctx) != nil {
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
}
