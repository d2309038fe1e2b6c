package outagewatch

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/outage"
	"atlasstream/services/gateway/internal/readlimit"
)

// ErrNotReady says that the log has not been read to its end yet.
var ErrNotReady = errors.New("this gateway has not read the connection events yet")

// TooManyEventsError says that an answer would need more than MaxEvents.
type TooManyEventsError struct{ Events int64 }

func (e *TooManyEventsError) Error() string {
	return fmt.Sprintf("%d connection events would have to be read, and %d are read at most", e.Events, MaxEvents)
}

// Log is the topic of connection events. Its methods wait for Kafka until the context ends.
type Log interface {
	// Bounds returns the offset of the first event, and the offset that the next one will have.
	Bounds(ctx context.Context) (first, next int64, err error)
	// OffsetAt returns the offset of the first event at or after a time, or the offset that the next one will have.
	OffsetAt(ctx context.Context, at time.Time) (int64, error)
	// Events returns those from an offset to before another, without repeats.
	Events(ctx context.Context, from, to int64) iter.Seq2[atlas.Record, error]
	// Follow has the events from an offset on delivered to Watch.Deliver. Before, it calls attach, under the lock of deliveries, with the events that were
	// delivered already. If those are not in memory any more, found is false; otherwise release must be called once.
	Follow(ctx context.Context, offset int64, attach func(missed []atlas.Record)) (release func(), found bool, err error)
}

// Settings are the settings of a Watch.
type Settings struct {
	Log     Log
	Probes  func() map[atlas.ProbeID]outage.ProbeInfo // of the catalog; the Watch owns the map
	Changes func() uint64                             // changes when probes may have changed
	Horizon int64                                     // how many records before the wanted ones are read, to find repeats
	Scans   *answerscan.Scans
	Logger  *zap.Logger
}

// Watch has the current outages. It is for any number of goroutines.
type Watch struct {
	settings    Settings
	historyPool *readlimit.Pool

	mu       sync.Mutex
	now      *reading // nil until the log has been read to its end
	restarts int
}

// New makes a watch, which is empty until Run.
func New(settings Settings) *Watch {
	return &Watch{settings: settings, historyPool: readlimit.NewPool(1, 1)}
}

// Deliver takes events as clients get them, in the order of the log.
func (w *Watch) Deliver(records []atlas.Record) {
	if now := w.reading(); now != nil {
		now.enqueue(records)
	}
}

// ReadAgain makes the watch read the log again: it has lost undelivered events, or is another one.
func (w *Watch) ReadAgain() {
	w.mu.Lock()
	now := w.now
	w.now = nil
	w.restarts++
	w.mu.Unlock()
	if now != nil {
		now.invalidate()
	}
}

// Current returns the outages of the last 24 hours, or ErrNotReady.
func (w *Watch) Current() (*Answer, error) {
	if now := w.reading(); now != nil {
		return now.now(), nil
	}
	return nil, ErrNotReady
}

func (w *Watch) reading() *reading {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *Watch) restarted() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.restarts
}

// begin makes a reading the current one, unless the log has become another one meanwhile.
func (w *Watch) begin(fresh *reading, restarts int) (begun bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if begun = w.restarts == restarts; begun {
		w.now = fresh
	}
	return begun
}

// Run follows the log until the context ends. When the probes have changed, it reads the log again; until that reading has reached the log's end, the former
// one answers. It must be called when the probes are known.
func (w *Watch) Run(ctx context.Context) error {
	stop := func() {}
	defer func() { stop() }()
	for reread := time.Duration(0); ; reread = rereadEvery {
		earliest := time.Now().Add(reread)
		changes := w.settings.Changes()
		fresh, release, err := w.catchUp(ctx)
		if err != nil {
			return err
		}
		stop()
		stop = live(ctx, fresh, release)
		if err := w.await(ctx, fresh, changes, earliest); err != nil {
			return err
		}
	}
}

// live has a reading take what is delivered, until stop is called.
func live(ctx context.Context, r *reading, release func()) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var taking sync.WaitGroup
	taking.Go(func() { r.take(ctx) })
	return func() { cancel(); taking.Wait(); release() }
}

const (
	// rereadEvery is the least time between readings, but for the first: in a new log, probes follow soon.
	rereadEvery = time.Minute
	checkEvery  = 5 * time.Second
)

// await returns when the log must be read again; because of changed probes, not before earliest.
func (w *Watch) await(ctx context.Context, now *reading, changes uint64, earliest time.Time) error {
	pause := time.NewTicker(checkEvery)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-now.outdated:
			return nil
		case <-pause.C:
		}
		if seen := w.settings.Changes(); seen != changes && !time.Now().Before(earliest) {
			if changes = seen; outage.NewRegistry(w.settings.Probes()).Digest() != now.registry.Digest() {
				return nil
			}
		}
	}
}

// catchUp reads the log to its end, tries again until it succeeds or ctx ends, and has what comes delivered.
func (w *Watch) catchUp(ctx context.Context) (fresh *reading, release func(), err error) {
	var logged string
	for {
		if fresh, release, err = w.read(ctx); err == nil {
			return fresh, release, nil
		}
		if ctx.Err() == nil && err.Error() != logged {
			logged = err.Error()
			w.settings.Logger.Warn("reading the connection events for outages failed, trying again", zap.Error(err))
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

func (w *Watch) read(ctx context.Context) (fresh *reading, release func(), err error) {
	restarts := w.restarted()
	first, err := w.firstDay(ctx)
	if err != nil {
		return nil, nil, err
	}
	next, err := w.settings.Log.OffsetAt(ctx, first.ReadFrom())
	if err != nil {
		return nil, nil, err
	}
	fresh = newReading(outage.NewRegistry(w.settings.Probes()), first)
	for release == nil {
		if next, err = w.readOn(ctx, fresh.days, next); err != nil {
			return nil, nil, err
		}
		if release, err = w.follow(ctx, fresh, next, restarts); err != nil {
			return nil, nil, err
		}
	}
	return fresh, release, nil
}

// followTimeout bounds the wait until delivery reaches the offset to which the log was read.
const followTimeout = 10 * time.Second

var errRestarted = errors.New("the log became another one")

// follow returns nil if more of the log must be read first.
func (w *Watch) follow(ctx context.Context, fresh *reading, next int64, restarts int) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, followTimeout)
	defer cancel()
	begun := false
	release, found, err := w.settings.Log.Follow(ctx, next, func(missed []atlas.Record) {
		fresh.enqueue(missed)
		begun = w.begin(fresh, restarts)
	})
	switch {
	case err != nil || !found:
		return nil, err
	case !begun:
		release()
		return nil, errRestarted
	}
	return release, nil
}

// readOn reads to the log's end and returns it.
func (w *Watch) readOn(ctx context.Context, days *outage.Days, from int64) (end int64, err error) {
	first, end, err := w.settings.Log.Bounds(ctx)
	if err != nil {
		return 0, err
	}
	for record, err := range w.settings.Log.Events(ctx, max(first, min(from, end)), end) {
		if err != nil {
			return 0, fmt.Errorf("connection events: %w", err)
		}
		if event, err := outage.EventOf(&record); err == nil {
			days.Take(event)
		}
	}
	return end, nil
}

// lastEvents is how many events tell the watermark.
const lastEvents = 2000

// firstDay is yesterday by the events' time, not by the clock, so that a gateway that has just started has what others have.
func (w *Watch) firstDay(ctx context.Context) (day outage.Day, err error) {
	first, end, err := w.settings.Log.Bounds(ctx)
	if err != nil {
		return 0, err
	}
	var last []outage.ConnectionEvent
	for record, err := range w.settings.Log.Events(ctx, max(first, end-lastEvents), end) {
		if err != nil {
			return 0, fmt.Errorf("the last connection events: %w", err)
		}
		if event, err := outage.EventOf(&record); err == nil {
			last = append(last, event)
		}
	}
	reached := outage.Reached(last)
	if reached.IsZero() {
		reached = time.Now()
	}
	return outage.DayOf(reached) - 1, nil
}
