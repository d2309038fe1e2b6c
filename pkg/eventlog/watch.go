package eventlog

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"
)

const (
	checkInterval = 2 * time.Second
	checkTimeout  = 5 * time.Second
	// outageThreshold is longer than the move of a leader, or the restart of a broker among others, takes.
	outageThreshold = 10 * time.Second
)

// Watch logs outages: once when Check has failed for 10 s, and when it succeeds again. Everything that waits for Kafka retries by itself, so that a
// wrong address would not show in the log otherwise. It also notifies Tails when the number of their topic's partitions changes. It returns when ctx
// ends.
func (l *Log) Watch(ctx context.Context) {
	var layouts sync.WaitGroup
	layouts.Go(func() { l.watchLayouts(ctx) })
	watch(ctx, l.Check, &l.availability, l.logger.With(zap.Strings("brokers", l.config.Brokers)))
	layouts.Wait()
}

// Availability reports whether Check succeeded the last time that Watch called it, and since when its result is the same. Before the first call it has
// not.
func (l *Log) Availability() (present bool, since time.Time) { return l.availability.get() }

// availability is whether Kafka can be used, and since when.
type availability struct {
	mu      sync.Mutex
	present bool
	since   time.Time
}

func (p *availability) get() (present bool, since time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.present, p.since
}

func (p *availability) note(present bool, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if present != p.present || p.since.IsZero() {
		p.present, p.since = present, now
	}
}

func watch(ctx context.Context, check func(context.Context) error, availability *availability, logger *zap.Logger) {
	outage := outageLog{logger: logger, since: time.Now()}
	ticker := time.NewTicker(checkInterval)
	defer ticker.Stop()
	for {
		err := checkInTime(ctx, check)
		if ctx.Err() != nil {
			return
		}
		now := time.Now()
		outage.note(err, now)
		availability.note(err == nil, now)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func checkInTime(ctx context.Context, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	return check(ctx)
}

// outageLog logs outages of Kafka.
type outageLog struct {
	logger *zap.Logger
	since  time.Time // when Kafka could be used last
	warned bool
}

func (l *outageLog) note(err error, now time.Time) {
	switch away := now.Sub(l.since); {
	case err == nil && l.warned:
		l.logger.Info("Kafka can be used again", zap.Duration("after", away))
		fallthrough
	case err == nil:
		l.since, l.warned = now, false
	case away >= outageThreshold && !l.warned:
		l.logger.Warn("Kafka, or a topic in it, cannot be used; retrying", zap.Duration("for", away), zap.Error(err))
		l.warned = true
	}
}
