package eventlog

import (
	"context"
	"errors"
	"sync"
	"time"
)

// layoutInterval is how often the partitions of followed topics are counted.
const layoutInterval = time.Second

// tailSet holds the Tails of a log.
type tailSet struct {
	mu    sync.Mutex
	tails map[*Tails]struct{}
}

func (s *tailSet) add(tails *Tails) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tails == nil {
		s.tails = map[*Tails]struct{}{}
	}
	s.tails[tails] = struct{}{}
}

func (s *tailSet) remove(tails *Tails) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tails, tails)
}

func (s *tailSet) all() (all []*Tails) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for tails := range s.tails {
		all = append(all, tails)
	}
	return all
}

// watchLayouts notifies Tails whose topics' partitions have changed, until ctx ends.
func (l *Log) watchLayouts(ctx context.Context) {
	ticker := time.NewTicker(layoutInterval)
	defer ticker.Stop()
	for {
		for _, tails := range l.tails.all() {
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
		t.changeReported = false
		t.each(func(tail *tail) { tail.layoutConfirmed(began) })
	case isChanged && !t.changeReported:
		t.changeReported = true
		t.each(func(tail *tail) { tail.layoutChanged(changed) })
	}
}

// each calls do for every tail that runs.
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

// layoutMark is the offset up to which a tail had delivered all records of its measurements at a time.
type layoutMark struct {
	next int64
	at   time.Time
}

// layoutConfirmed notes that the topic had the right partitions at a time. The metadata of Kafka's client is some time old, so only what the tail had
// delivered by the check before is certain.
func (t *tail) layoutConfirmed(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.confirmed, t.lastCheck = t.lastCheck, layoutMark{next: t.next, at: at}
}

// layoutChanged reports that records may be in other partitions from now on.
func (t *tail) layoutChanged(changed *PartitionsChangedError) {
	select {
	case <-t.started:
	default: // it has no followers yet
		return
	}
	t.mu.Lock()
	t.onChange(PartitionsChange{Partition: t.number, From: t.confirmed.next, Since: t.confirmed.at, Err: changed})
	t.mu.Unlock()
	t.consumer.Flush(t.number)
}
