package replay

import (
	"context"
	"math"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/topicrange"
)

// Sink is the client to which a Pacer delivers. Its methods are called by Run only, one after the other.
type Sink interface {
	// Room returns when the client can take more, and tells for how long it had to wait. Before it waits, it writes what was enqueued.
	Room(ctx context.Context) (waited time.Duration, err error)
	// Deliver enqueues a record for the subscriptions that match it. It waits for a client that cannot take it at once. Position gives the one
	// behind the record, and is valid during the call.
	Deliver(ctx context.Context, record *atlas.Record, position func() *cursor.Replay) error
	// Flush writes what was enqueued.
	Flush()
}

// Pacer reads an interval of one measurement in the order of event time, and delivers each record when it is due. It holds what the window allows of each
// topic, and what is read ahead.
type Pacer struct {
	interval topicrange.Interval
	topics   []cursor.TopicPosition // their names and ends; the progress is that of the records
	records  *merged
	schedule schedule
	metrics  *metrics

	// These belong to Run.
	sink     Sink
	timer    *time.Timer
	position func() *cursor.Replay // reached, kept, as taking it again would allocate for every record
	now      time.Time             // as it was not long ago
	enqueued int                   // since the last flush
	flushed  time.Time             // the last time
}

// Interval is what is replayed.
func (p *Pacer) Interval() topicrange.Interval { return p.interval }

// Close closes the readers of the log.
func (p *Pacer) Close() {
	for _, topic := range p.records.topics {
		topic.reader.Close()
	}
}

const (
	// flushEvery is how many records are enqueued at most before they are written.
	flushEvery = 64
	// coalesce is for how long records that come close together wait for one another, so that they are written together.
	coalesce = 2 * time.Millisecond
)

// Run delivers every record when it is due, and returns behind the last one or with the error that ended it. The schedule begins when the log has given the
// first record. From then on a client that takes its time stretches it, and a log that does so does not. What is enqueued is written before Run waits for
// anything. Run is called once.
func (p *Pacer) Run(ctx context.Context, sink Sink) error {
	p.metrics.running.Inc()
	defer p.metrics.running.Dec()
	p.sink, p.timer, p.position = sink, time.NewTimer(0), p.reached
	defer p.timer.Stop()
	defer p.flush()
	p.records.beforeReading(p.flush)
	record, err := p.records.next(ctx)
	p.schedule.began = time.Now()
	for record != nil && err == nil {
		if err = p.deliver(ctx, record); err == nil {
			record, err = p.records.next(ctx)
		}
	}
	return err
}

func (p *Pacer) deliver(ctx context.Context, record *atlas.Record) error {
	due := p.schedule.due(record.Time)
	if err := p.await(ctx, due); err != nil {
		return err
	}
	waited, err := p.sink.Room(ctx)
	if err != nil {
		return err
	}
	if waited > 0 {
		//mutate:schedule-not-stretched
		p.schedule.stretch(waited)
		p.metrics.stretched.Add(waited.Seconds())
	}
	if p.enqueued == 0 {
		p.metrics.paceError.Observe(p.now.Sub(due).Seconds())
	}
	if err := p.sink.Deliver(ctx, record, p.position); err != nil {
		return err
	}
	if p.enqueued++; p.enqueued >= flushEvery {
		p.flush()
	}
	return nil
}

// await returns when a record is due, or a little later.
func (p *Pacer) await(ctx context.Context, due time.Time) error {
	if !due.After(p.now) {
		return ctx.Err()
	}
	if p.now = time.Now(); !due.After(p.now) {
		return ctx.Err()
	}
	p.flush()
	if soonest := p.flushed.Add(coalesce); due.Before(soonest) {
		due = soonest
	}
	p.timer.Reset(due.Sub(p.now))
	select {
	case <-p.timer.C:
		p.now = time.Now()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Pacer) flush() {
	if p.enqueued == 0 {
		return
	}
	p.metrics.delivered.Add(float64(p.enqueued))
	p.metrics.late.Add(float64(p.records.takeLate()))
	p.now = time.Now()
	p.enqueued, p.flushed = 0, p.now
	p.sink.Flush()
}

// reached gives the position behind the last record.
func (p *Pacer) reached() *cursor.Replay {
	topics := make([]cursor.TopicPosition, len(p.topics))
	for i, progress := range p.records.progress() {
		topics[i] = cursor.TopicPosition{Topic: p.topics[i].Topic, Progress: progress, End: p.topics[i].End}
	}
	return &cursor.Replay{Start: p.interval.Start, End: p.interval.End, Topics: topics}
}

// schedule tells when a record is due: as long after the replay's beginning as its event time is after the interval's, divided by the speed. It is
// absolute, so that no drift builds up.
type schedule struct {
	began time.Time
	start time.Time // the event time that is due at the beginning
	speed float64
}

// longest is a wait that nobody sees the end of; the least of speeds would give more than a Duration holds.
const longest = time.Duration(math.MaxInt64 / 4)

func (s *schedule) due(at time.Time) time.Time {
	//mutate:schedule-drifts
	return s.began.Add(time.Duration(min(float64(at.Sub(s.start))/s.speed, float64(longest))))
}

// stretch puts off all that comes by the time in which the client took nothing.
func (s *schedule) stretch(waited time.Duration) { s.began = s.began.Add(waited) }
