package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/gateway/internal/activity"
	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/outagewatch"
	"atlasstream/services/gateway/internal/registry"
)

// connectionsPast is how far back connection events bring a probe's status up to date.
const connectionsPast = 24 * time.Hour

// knowledge is what the gateway knows of probes and measurements, read from the log.
type knowledge struct {
	*registry.Registry
	log      *eventlog.Log
	hub      *fanout.Hub
	metadata *fanout.Source
	logger   *zap.Logger
	activity *activity.Day
	caughtUp chan struct{} // closed once the measurements are known
	probes   chan struct{} // closed once the probes are
}

func newKnowledge(log *eventlog.Log, logger *zap.Logger, registerer prometheus.Registerer) *knowledge {
	k := &knowledge{log: log, logger: logger, caughtUp: make(chan struct{}), probes: make(chan struct{})}
	k.Registry = registry.New(k.changed, logger, registerer)
	return k
}

// changed lets the subscribers know what became of a measurement.
func (k *knowledge) changed(change registry.Change) {
	if change.Now == nil { // whether an unknown one may be subscribed to is the hub's to say
		k.hub.MeasurementChanged(atlas.Measurement{ID: change.Before.ID})
		return
	}
	k.hub.MeasurementChanged(*change.Now)
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
		return k.log.ReadRegistry(reading, eventlog.MeasurementsTopic, k.ApplyMeasurements, func() { k.MeasurementsCaughtUp(); close(k.caughtUp) })
	})
	readers.Go(func() error {
		return k.log.ReadRegistry(reading, eventlog.ProbesTopic, k.ApplyProbes, func() { k.ProbesCaughtUp(); close(k.probes) })
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
	k.ConnectionsCaughtUp()
	<-ctx.Done()
	return ctx.Err()
}

func (k *knowledge) readConnectionsPast(ctx context.Context) error {
	history := k.log.History()
	number, err := history.Partition(ctx, eventlog.ProbeStatusTopic, atlas.ConnectionMeasurement)
	if err != nil {
		return err
	}
	since := time.Now().Add(-connectionsPast)
	from, err := history.OffsetAt(ctx, eventlog.ProbeStatusTopic, number, since)
	if err != nil {
		return err
	}
	first, end, err := history.Bounds(ctx, eventlog.ProbeStatusTopic, number)
	if err != nil {
		return err
	}
	isWhole := from == first
	for from < end {
		from, err = k.readConnectionsFrom(ctx, number, from, end)
		if err != nil {
			return fmt.Errorf("connection events of the last day: %w", err)
		}
	}
	if isWhole {
		k.activity.KnownWhole()
	} else {
		k.activity.KnownSince(since)
	}
	return nil
}

// readConnectionsFrom reads up to where the log cannot be read, and gives the offset behind that, at which it goes on.
func (k *knowledge) readConnectionsFrom(ctx context.Context, number int, from, end int64) (next int64, err error) {
	for record, err := range k.log.History().Range(ctx, eventlog.ProbeStatusTopic, number, from, end) {
		if gone, ok := errors.AsType[*eventlog.OffsetGoneError](err); ok && gone.Unreadable != nil {
			k.logger.Error("connection events of the last day are left out", zap.Error(err))
			return gone.First, nil
		}
		if err != nil {
			return from, err
		}
		k.ApplyConnections([]atlas.Record{record})
		k.activity.Take([]atlas.Record{record})
	}
	return end, nil
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
	*fanout.Source
	registry *registry.Registry
	activity *activity.Day
	outages  *outagewatch.Watch
}

// Deliver implements eventlog.Consumer.
func (c informed) Deliver(partition int, records []atlas.Record) {
	c.registry.ApplyConnections(records)
	c.activity.Take(records)
	c.outages.Deliver(records)
	c.Source.Deliver(partition, records)
}
