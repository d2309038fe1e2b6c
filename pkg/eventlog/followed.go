package eventlog

import (
	"context"
	"errors"
	"sync"
	"time"
)

// layoutInterval is how often the partitions of followed topics are counted.
const layoutInterval = time.Second

// followed are the Tails of a log.
type followed struct {
	mu    sync.Mutex
	tails map[*Tails]struct{}
}

func (f *followed) add(tails *Tails) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tails == nil {
		f.tails = map[*Tails]struct{}{}
	}
	f.tails[tails] = struct{}{}
}

func (f *followed) remove(tails *Tails) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.tails, tails)
}

func (f *followed) all() (all []*Tails) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for tails := range f.tails {
		all = append(all, tails)
	}
	return all
}

// watchLayouts has Tails know whether their topics have the partitions that they had, until ctx ends.
func (l *Log) watchLayouts(ctx context.Context) {
	ticker := time.NewTicker(layoutInterval)
	defer ticker.Stop()
	for {
		for _, tails := range l.followed.all() {
			tails.checkLayout(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// checkLayout is called by one goroutine at a time.
func (t *Tails) checkLayout(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	began := time.Now()
	partitions, err := t.log.topicPartitions(ctx, t.topic)
	if err == nil {
		err = t.log.checkLayout(ctx, t.topic, len(partitions))
	}
	changed, isChanged := errors.AsType[*PartitionsChangedError](err)
	switch {
	case err == nil:
		t.doubted = false
		t.each(func(tail *tail) { tail.trust(began) })
	case isChanged && !t.doubted:
		t.doubted = true
		t.each(func(tail *tail) { tail.doubt(changed) })
	}
}

// each does something for every tail that runs.
func (t *Tails) each(do func(*tail)) {
	t.mu.Lock()
	var running []*tail
	for _, tail := range t.tails {
		if tail.ctx.Err() == nil {
			running = append(running, tail)
		}
	}
	t.mu.Unlock()
	for _, tail := range running {
		do(tail)
	}
}

// trustMark is a place up to which a tail has delivered what the log has of its measurements, and when that was seen.
type trustMark struct {
	next int64
	at   time.Time
}

// trust notes that the topic had the right partitions when it was looked at. What Kafka's client knows is some time old; so what the tail had delivered by
// the time before is certain.
func (t *tail) trust(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.certain, t.seen = t.seen, trustMark{next: t.next, at: at}
}

// doubt tells that records may stand elsewhere from now on.
func (t *tail) doubt(changed *PartitionsChangedError) {
	select {
	case <-t.started:
	default: // nobody has been told that it follows anything
		return
	}
	t.mu.Lock()
	t.onChange(PartitionsChange{Partition: t.number, From: t.certain.next, Since: t.certain.at, Err: changed})
	t.mu.Unlock()
	t.consumer.Flush(t.number)
}
