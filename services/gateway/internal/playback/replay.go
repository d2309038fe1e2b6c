package playback

import (
	"context"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
)

// Sink is the client of a playback. Its methods are called by Run only, one after the other.
type Sink interface {
	// Room returns when the client can take more, and tells for how long it had to wait. Before it waits, it writes what was enqueued.
	Room(ctx context.Context) (waited time.Duration, err error)
	// Deliver enqueues a record for the subscriptions that match it. It waits for a client that cannot take it at once. Position gives the one behind
	// the record, for those that want one, and is valid during the call.
	Deliver(ctx context.Context, record *atlas.Record, position func() *cursor.Replay) error
	// Flush writes what was enqueued.
	Flush()
}

// Replay plays an interval of one measurement. It holds what the window allows of each topic, and what a source reads ahead.
type Replay struct {
	measurement atlas.MeasurementID
	interval    Interval
	topics      []cursor.TopicPosition // their names and ends; the progress is that of the records
	sources     []Source
	records     *merged
	schedule    schedule
	metrics     *metrics
}

// Interval is what is played.
func (r *Replay) Interval() Interval { return r.interval }

func (r *Replay) add(place cursor.TopicPosition, source Source, records *ordered) {
	r.topics = append(r.topics, place)
	r.sources = append(r.sources, source)
	r.records.topics = append(r.records.topics, records)
}

// Close ends the use of the log. It follows Run, if that was called.
func (r *Replay) Close() {
	for _, source := range r.sources {
		source.Close()
	}
}

// flushEvery is how many records are enqueued at most before they are written.
const flushEvery = 64

// Run delivers every record when it is due, and returns behind the last one or with the error that ended it. The schedule begins when the log has given the
// first record. From then on a client that takes its time stretches it, and a log that does so does not. What is enqueued is written before Run waits for
// anything.
func (r *Replay) Run(ctx context.Context, sink Sink) error {
	r.metrics.running.Inc()
	defer r.metrics.running.Dec()
	run := &run{Replay: r, sink: sink, timer: time.NewTimer(0)}
	run.position = run.reached
	defer run.timer.Stop()
	defer run.flush()
	r.records.beforeReading(run.flush)
	record, err := r.records.next(ctx)
	r.schedule.began = time.Now()
	for record != nil && err == nil {
		if err = run.deliver(ctx, record); err == nil {
			record, err = r.records.next(ctx)
		}
	}
	return err
}

// run is a Replay while it is played.
type run struct {
	*Replay
	sink     Sink
	timer    *time.Timer
	position func() *cursor.Replay // reached, kept, as making it anew would allocate for every record
	now      time.Time             // as it was not long ago
	enqueued int                   // since the last flush
	flushed  time.Time             // the last time
}

func (r *run) deliver(ctx context.Context, record *atlas.Record) error {
	due := r.schedule.due(record.Time)
	if err := r.await(ctx, due); err != nil {
		return err
	}
	waited, err := r.sink.Room(ctx)
	if err != nil {
		return err
	}
	if waited > 0 {
		//mutate:schedule-not-stretched
		r.schedule.stretch(waited)
		r.metrics.stretched.Add(waited.Seconds())
	}
	if r.enqueued == 0 {
		r.metrics.paceError.Observe(r.now.Sub(due).Seconds())
	}
	if err := r.sink.Deliver(ctx, record, r.position); err != nil {
		return err
	}
	if r.enqueued++; r.enqueued >= flushEvery {
		r.flush()
	}
	return nil
}

// coalesce is for how long records that come close together wait for one another, so that they are written together.
const coalesce = 2 * time.Millisecond

// await returns when a record is due, or a little later.
func (r *run) await(ctx context.Context, due time.Time) error {
	if !due.After(r.now) {
		return ctx.Err()
	}
	if r.now = time.Now(); !due.After(r.now) {
		return ctx.Err()
	}
	r.flush()
	if soonest := r.flushed.Add(coalesce); due.Before(soonest) {
		due = soonest
	}
	r.timer.Reset(due.Sub(r.now))
	select {
	case <-r.timer.C:
		r.now = time.Now()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *run) flush() {
	if r.enqueued == 0 {
		return
	}
	r.metrics.delivered.Add(float64(r.enqueued))
	r.metrics.late.Add(float64(r.records.takeLate()))
	r.now = time.Now()
	r.enqueued, r.flushed = 0, r.now
	r.sink.Flush()
}

// reached gives the position behind the last record.
func (r *run) reached() *cursor.Replay {
	topics := make([]cursor.TopicPosition, len(r.topics))
	for i, progress := range r.records.progress() {
		topics[i] = cursor.TopicPosition{Topic: r.topics[i].Topic, Progress: progress, End: r.topics[i].End}
	}
	return &cursor.Replay{Start: r.interval.Start, End: r.interval.End, Topics: topics}
}
