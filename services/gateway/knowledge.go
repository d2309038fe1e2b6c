package gateway

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/gateway/internal/activity"
	"atlasstream/services/gateway/internal/catalog"
	"atlasstream/services/gateway/internal/outagewatch"
	"atlasstream/services/gateway/internal/session"
)

// knowledge is what the gateway knows of probes and measurements, read from the log.
type knowledge struct {
	*catalog.Catalog
	log      *eventlog.Log
	hub      *session.Hub
	metadata *session.Source
	logger   *zap.Logger
	activity *activity.Day
	caughtUp chan struct{} // closed once the measurements are known
	probes   chan struct{} // closed once the probes are
}

func newKnowledge(log *eventlog.Log, logger *zap.Logger, registerer prometheus.Registerer) *knowledge {
	k := &knowledge{log: log, logger: logger, caughtUp: make(chan struct{}), probes: make(chan struct{})}
	k.Catalog = catalog.New(k.changed, logger, registerer)
	return k
}

// changed lets the subscribers know what became of a measurement.
func (k *knowledge) changed(change catalog.Change) {
	if change.Now == nil { // whether an unknown one may be subscribed to is the hub's to say
		k.hub.MeasurementChanged(atlas.Measurement{ID: change.Before.ID})
		return
	}
	k.hub.MeasurementChanged(*change.Now)
	if len(change.Object.Value) == 0 {
		return
	}
	k.metadata.Deliver(0, []atlas.Record{{
		Event: atlas.Event{
			Stream: atlas.StreamMetadata, Measurement: change.Now.ID, Type: change.Now.Type, Time: time.Now(), Value: change.Object.Value,
		},
		Position: change.Object.Position,
	}})
	k.metadata.Flush(0)
}

// run reads until ctx ends.
func (k *knowledge) run(ctx context.Context, connections *eventlog.Tails) error {
	readers, reading := errgroup.WithContext(ctx)
	readers.Go(func() error {
		return k.log.ReadRegistry(reading, eventlog.MeasurementsTopic, k.ApplyMeasurements, func() { k.MarkMeasurementsCaughtUp(); close(k.caughtUp) })
	})
	readers.Go(func() error {
		return k.log.ReadRegistry(reading, eventlog.ProbesTopic, k.ApplyProbes, func() { k.MarkProbesCaughtUp(); close(k.probes) })
	})
	readers.Go(func() error { return k.readConnections(reading, connections) })
	if err := readers.Wait(); ctx.Err() == nil {
		return err
	}
	return nil
}

// readConnections follows the connection events, and then reads those of the last day; what comes in between comes twice.
func (k *knowledge) readConnections(ctx context.Context, tails *eventlog.Tails) error {
	var release func()
	if err := k.retry(ctx, func() (err error) {
		release, err = tails.Follow(ctx, atlas.ConnectionMeasurement, func(int, int64) {})
		return err
	}); err != nil {
		return err
	}
	defer release()
	if err := k.retry(ctx, func() error { return k.readConnectionsPast(ctx) }); err != nil {
		return err
	}
	k.MarkConnectionsCaughtUp()
	<-ctx.Done()
	return ctx.Err()
}

func (k *knowledge) readConnectionsPast(ctx context.Context) error {
	history := k.log.History()
	number, err := history.Partition(ctx, eventlog.ProbeStatusTopic, atlas.ConnectionMeasurement)
	if err != nil {
		return err
	}
	dayAgo := time.Now().Add(-catalog.EventMaxAge)
	from, err := history.OffsetAt(ctx, eventlog.ProbeStatusTopic, number, dayAgo)
	if err != nil {
		return err
	}
	first, end, err := history.Bounds(ctx, eventlog.ProbeStatusTopic, number)
	if err != nil {
		return err
	}
	since, err := k.takeConnections(from, end, func(from int64) iter.Seq2[atlas.Record, error] {
		return history.Range(ctx, eventlog.ProbeStatusTopic, number, from, end)
	})
	switch {
	case err != nil:
		return fmt.Errorf("connection events of the last day: %w", err)
	case !since.IsZero():
		k.activity.SetKnownSince(since)
	case from == first:
		k.activity.SetKnownWhole()
	default:
		k.activity.SetKnownSince(dayAgo)
	}
	return nil
}

// takeConnections takes those events between two offsets that can be read. If that is not all of them, it gives the time since when it is.
func (k *knowledge) takeConnections(
	from, to int64, read func(from int64) iter.Seq2[atlas.Record, error],
) (since time.Time, err error) {
	missing := false
	var newest time.Time
	leftOut := func(gone *eventlog.OffsetGoneError) {
		missing = true
		k.logger.Error("connection events of the last day are left out", zap.Error(gone))
	}
	for record, err := range readable(from, to, read, leftOut) {
		if err != nil {
			return since, err
		}
		if record.Time.After(newest) {
			newest = record.Time
		}
		if missing {
			since, missing = newest, false
		}
		k.ApplyConnections([]atlas.Record{record})
		k.activity.Add([]atlas.Record{record})
	}
	if missing {
		since = time.Now()
	}
	return since, nil
}

// retry tries again once a second until it succeeds or ctx ends. It logs why, once while that stays the same.
func (k *knowledge) retry(ctx context.Context, try func() error) error {
	var logged string
	for {
		err := try()
		if err == nil {
			return nil
		}
		if ctx.Err() == nil && err.Error() != logged {
			logged = err.Error()
			k.logger.Warn("reading the connection events failed, trying again", zap.Error(err))
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// informed is the consumer of connection events: what answers come from learns of them before any client does.
type informed struct {
	*session.Source
	registry *catalog.Catalog
	activity *activity.Day
	outages  *outagewatch.Watch
}

// Deliver implements eventlog.Consumer.
func (c informed) Deliver(partition int, records []atlas.Record) {
	c.registry.ApplyConnections(records)
	c.activity.Add(records)
	c.outages.Deliver(records)
	c.Source.Deliver(partition, records)
}
