package eventlog

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"atlasstream/pkg/atlas"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// tail follows one partition.
type tail struct {
	partition
	log      *Log
	consumer Consumer
	onBegin  func(last atlas.Position, id atlas.EventID)
	onGap    func(Gap)
	onChange func(PartitionsChange)
	flushed  func(partition int, responded time.Time)
	running  prometheus.Gauge
	ctx      context.Context
	stop     context.CancelFunc
	started  chan struct{} // closed once next is known
	ended    chan struct{}

	followers int         // guarded by Tails.mu
	idle      *time.Timer // guarded by Tails.mu

	mu        sync.Mutex // the tail's lock
	next      int64      // the records before it have been delivered
	ring      ring
	advanced  chan struct{} // closed when next rises; nil if nothing waits for that
	lastCheck layoutMark    // of the last check of the topic's partitions that succeeded
	confirmed layoutMark    // of the check before that
}

func (t *Tails) newTail(number int) *tail {
	ctx, stop := context.WithCancel(t.ctx)
	return &tail{
		partition: t.open(number),
		log:       t.log,
		consumer:  t.consumer,
		onBegin:   t.config.Begin,
		onGap:     t.config.Gap,
		onChange:  t.config.PartitionsChange,
		flushed:   t.config.Flushed,
		running:   t.running,
		ctx:       ctx,
		stop:      stop,
		started:   make(chan struct{}),
		ended:     make(chan struct{}),
		ring:      ring{maxRecords: t.config.RingRecords, maxBytes: t.config.RingBytes, budget: &t.rings},
	}
}

// run follows the partition until the tail is stopped, through outages of Kafka.
func (t *tail) run() {
	defer close(t.ended)
	defer t.stop()
	t.running.Inc()
	defer t.running.Dec()
	t.openRing()
	defer t.closeRing()
	reader, err := t.begin()
	if err != nil {
		return
	}
	defer reader.close()
	labels := []string{t.topic, strconv.Itoa(t.number)}
	defer t.log.metrics.tailLag.DeleteLabelValues(labels...)
	defer t.log.metrics.tailHeld.DeleteLabelValues(labels...)
	lag, held := t.log.metrics.tailLag.WithLabelValues(labels...), t.log.metrics.tailHeld.WithLabelValues(labels...)
	transactions := openTransactionLog{logger: t.log.logger.With(zap.Stringer("partition", t.partition))}
	var pause backoff
	for t.ctx.Err() == nil {
		records, err := reader.read(t.ctx)
		if err != nil {
			t.recover(reader, &pause, err)
			continue
		}
		pause.reset()
		lag.Set(float64(max(0, reader.end-reader.next)))
		held.Set(float64(reader.held))
		transactions.note(reader.end, reader.held, time.Now())
		t.deliver(reader.next, records, reader.responded)
	}
}

// begin finds the log's end, which is where the tail starts.
func (t *tail) begin() (*tailReader, error) {
	var first, next int64
	err := retry(t.ctx, func() (err error) {
		first, next, err = t.bounds(t.ctx)
		if err != nil {
			t.report(err)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	t.startAt(next)
	t.mu.Unlock()
	reader := t.log.newTailReader(t.partition, first, next)
	t.findLast(reader, first, next-1)
	close(t.started)
	return reader, nil
}

// findLast has the event before the first one that is delivered identify the log. Where it cannot be read, the tail begins without.
func (t *tail) findLast(reader *tailReader, first, offset int64) {
	if offset < first {
		return
	}
	id, found, err := t.eventAt(t.ctx, offset)
	if err != nil || !found {
		return
	}
	reader.last = lastEvent{offset, id.Identity()}
	t.onBegin(atlas.Position{Topic: t.topic, Partition: t.number, Offset: offset}, id)
}

func (t *tail) openRing() { t.ring.budget.rings.Add(1) }

func (t *tail) closeRing() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ring.begin(t.next)
	t.ring.budget.rings.Add(-1)
}

// startAt makes the tail continue at an offset as if nothing had preceded it.
func (t *tail) startAt(next int64) {
	t.next = next
	t.ring.begin(next)
	t.lastCheck = layoutMark{next: next, at: time.Now()}
	t.confirmed = t.lastCheck
}

// deliver delivers the records before next, none while the horizon is read, and tells when they had come from Kafka.
func (t *tail) deliver(next int64, records []atlas.Record, responded time.Time) {
	for len(records) > 0 {
		count := deliverableCount(records)
		t.deliverSome(records[:count])
		t.flushed(t.number, responded)
		records = records[count:]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.advance(next)
}

func (t *tail) deliverSome(records []atlas.Record) {
	t.mu.Lock()
	t.advance(records[len(records)-1].Position.Offset + 1)
	t.ring.add(records)
	t.consumer.Deliver(t.number, records)
	t.mu.Unlock()
	t.consumer.Flush(t.number)
}

// deliverableCount is how many records are delivered before a flush. A fetch that catches up returns thousands, more than a client's queue may hold.
func deliverableCount(records []atlas.Record) int {
	const maxRecords, maxBytes = 256, 256 << 10
	bytes := 0
	for i := range records[:min(len(records), maxRecords)] {
		if bytes += len(records[i].Value); bytes > maxBytes {
			return max(i, 1)
		}
	}
	return min(len(records), maxRecords)
}

func (t *tail) advance(next int64) {
	t.next = max(t.next, next)
	if t.advanced != nil {
		close(t.advanced)
		t.advanced = nil
	}
}

// recover continues after a read that failed: after a gap at once, otherwise after a pause.
func (t *tail) recover(reader *tailReader, pause *backoff, err error) {
	if t.ctx.Err() != nil {
		return
	}
	if gone, ok := errors.AsType[*OffsetGoneError](err); ok {
		t.skipGap(reader, gone)
		return
	}
	t.report(err)
	_ = pause.wait(t.ctx)
}

func (t *tail) report(err error) {
	if t.ctx.Err() != nil {
		return
	}
	t.log.metrics.fetchErrors.WithLabelValues(t.topic, "tail").Inc()
	t.log.logger.Warn("reading from Kafka failed, retrying", zap.Stringer("partition", t.partition), zap.Error(err))
}

// skipGap reports a gap and continues after it.
func (t *tail) skipGap(reader *tailReader, gone *OffsetGoneError) {
	to := gone.Resumption()
	if to < gone.Offset {
		//mutate:recreated-log-repeats
		reader.forgetLog()
	}
	reader.next, reader.wanted = to, to
	gap := Gap{Topic: t.topic, Partition: t.number, From: gone.Offset, To: to}
	t.log.metrics.gaps.WithLabelValues(t.topic).Inc()
	t.log.logger.Error("the log has lost records that were not delivered",
		zap.Stringer("partition", t.partition), zap.Int64("from", gap.From), zap.Int64("to", gap.To))
	t.mu.Lock()
	t.startAt(to)
	t.onGap(gap)
	t.advance(to) // wakes those who wait for an offset that may never come
	t.mu.Unlock()
	t.consumer.Flush(t.number)
}

func (t *tail) attach(attach func(partition int, next int64)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	attach(t.number, t.next)
}

// attachFrom waits until the tail has reached an offset: the caller may have read records that the tail has not read yet.
func (t *tail) attachFrom(ctx context.Context, offset int64, attach func(missed []atlas.Record)) error {
	for {
		advanced, err := t.tryAttach(offset, attach)
		if advanced == nil {
			return err
		}
		select {
		case <-advanced:
		case <-t.ctx.Done():
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tryAttach returns a channel to wait for if the tail has not reached the offset.
func (t *tail) tryAttach(offset int64, attach func(missed []atlas.Record)) (advanced <-chan struct{}, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	//mutate:attach-before-tail
	if offset > t.next {
		if t.advanced == nil {
			t.advanced = make(chan struct{})
		}
		return t.advanced, nil
	}
	missed, complete := t.ring.since(offset)
	if !complete {
		return nil, ErrNotInRing
	}
	attach(missed)
	return nil, nil
}
