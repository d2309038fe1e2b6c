// Package catalogsync keeps the catalog and the activity of probes as the log has them, and tells the hub what has changed.
package catalogsync

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/catalog"
	"atlasstream/services/gateway/internal/probeactivity"
	"atlasstream/services/gateway/internal/session"
)

// Log is where probes, measurements and connection events come from. Its methods wait for Kafka as long as the context lasts.
type Log interface {
	// Measurements has objects applied until ctx ends. It calls caughtUp once, when those are applied that were there at the beginning.
	Measurements(ctx context.Context, apply func([]atlas.Object), caughtUp func()) error
	// Probes is Measurements for probes.
	Probes(ctx context.Context, apply func([]atlas.Object), caughtUp func()) error
	// FollowConnections has new connection events applied, by whatever takes them, until release is called.
	FollowConnections(ctx context.Context) (release func(), err error)
	// Bounds gives the offset of the first connection event, and the offset that the next one will have.
	Bounds(ctx context.Context) (first, next int64, err error)
	// OffsetAt gives the offset of the first connection event that is not older than a time, or what the next one will have.
	OffsetAt(ctx context.Context, at time.Time) (int64, error)
	// ReadableEvents are the connection events from an offset to before another, without those that cannot be read. It calls leftOut for those.
	ReadableEvents(ctx context.Context, from, to int64, leftOut func(why error)) iter.Seq2[atlas.Record, error]
}

// Sync keeps a catalog.
type Sync struct {
	*catalog.Catalog
	log      Log
	hub      *session.Hub
	metadata *session.Stream
	logger   *zap.Logger
	activity *probeactivity.Day
	caughtUp chan struct{} // closed once the measurements are known
	probes   chan struct{} // closed once the probes are
}

// New makes a Sync. Inform must be called before the log is read.
func New(log Log, activity *probeactivity.Day, logger *zap.Logger, registerer prometheus.Registerer) *Sync {
	s := &Sync{log: log, activity: activity, logger: logger, caughtUp: make(chan struct{}), probes: make(chan struct{})}
	s.Catalog = catalog.New(s.changed, logger, registerer)
	return s
}

// Inform names the hub that is told of changed measurements, and the stream of metadata, which brings them.
func (s *Sync) Inform(hub *session.Hub, metadata *session.Stream) { s.hub, s.metadata = hub, metadata }

// MeasurementsKnown is closed once the measurements are known that were there at the beginning.
func (s *Sync) MeasurementsKnown() <-chan struct{} { return s.caughtUp }

// ProbesKnown is closed once the probes are known that were there at the beginning.
func (s *Sync) ProbesKnown() <-chan struct{} { return s.probes }

// changed tells the clients that are subscribed to a measurement how it has changed.
func (s *Sync) changed(change catalog.Change) {
	if change.Now == nil { // whether an unknown one may be subscribed to is the hub's to say
		s.hub.MeasurementChanged(atlas.Measurement{ID: change.Before.ID})
		return
	}
	s.hub.MeasurementChanged(*change.Now)
	if len(change.Object.Value) == 0 {
		return
	}
	s.metadata.Deliver(0, []atlas.Record{{
		Event: atlas.Event{
			Stream: atlas.StreamMetadata, Measurement: change.Now.ID, Type: change.Now.Type, Time: time.Now(), Value: change.Object.Value,
		},
		Position: change.Object.Position,
	}})
	s.metadata.Flush(0)
}

// Run reads until ctx ends.
func (s *Sync) Run(ctx context.Context) error {
	readers, reading := errgroup.WithContext(ctx)
	readers.Go(func() error {
		return s.log.Measurements(reading, s.ApplyMeasurements, func() { s.MarkMeasurementsCaughtUp(); close(s.caughtUp) })
	})
	readers.Go(func() error {
		return s.log.Probes(reading, s.ApplyProbes, func() { s.MarkProbesCaughtUp(); close(s.probes) })
	})
	readers.Go(func() error { return s.readConnections(reading) })
	if err := readers.Wait(); ctx.Err() == nil {
		return err
	}
	return nil
}

// readConnections follows the connection events, and then reads those of the last day; what comes in between comes twice.
func (s *Sync) readConnections(ctx context.Context) error {
	var release func()
	if err := s.retry(ctx, func() (err error) {
		release, err = s.log.FollowConnections(ctx)
		return err
	}); err != nil {
		return err
	}
	defer release()
	if err := s.retry(ctx, func() error { return s.readConnectionsPast(ctx) }); err != nil {
		return err
	}
	s.MarkConnectionsCaughtUp()
	<-ctx.Done()
	return ctx.Err()
}

func (s *Sync) readConnectionsPast(ctx context.Context) error {
	dayAgo := time.Now().Add(-catalog.EventMaxAge)
	from, err := s.log.OffsetAt(ctx, dayAgo)
	if err != nil {
		return err
	}
	first, end, err := s.log.Bounds(ctx)
	if err != nil {
		return err
	}
	since, err := s.applyConnections(ctx, from, end)
	switch {
	case err != nil:
		return fmt.Errorf("connection events of the last day: %w", err)
	case !since.IsZero():
		s.activity.SetKnownSince(since)
	case from == first:
		s.activity.SetKnownWhole()
	default:
		s.activity.SetKnownSince(dayAgo)
	}
	return nil
}

// applyConnections applies the events between two offsets that can be read. If those are not all of them, it gives the time since when they are.
func (s *Sync) applyConnections(ctx context.Context, from, to int64) (since time.Time, err error) {
	missing := false
	var newest time.Time
	leftOut := func(why error) {
		missing = true
		s.logger.Error("connection events of the last day are left out", zap.Error(why))
	}
	for record, err := range s.log.ReadableEvents(ctx, from, to, leftOut) {
		if err != nil {
			return since, err
		}
		if record.Time.After(newest) {
			newest = record.Time
		}
		if missing {
			since, missing = newest, false
		}
		s.ApplyConnections([]atlas.Record{record})
		s.activity.Add([]atlas.Record{record})
	}
	if missing {
		since = time.Now()
	}
	return since, nil
}

// retry tries again once a second until it succeeds or ctx ends. It logs why, once while that stays the same.
func (s *Sync) retry(ctx context.Context, try func() error) error {
	var logged string
	for {
		err := try()
		if err == nil {
			return nil
		}
		if ctx.Err() == nil && err.Error() != logged {
			logged = err.Error()
			s.logger.Warn("reading the connection events failed, trying again", zap.Error(err))
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
