package collector

import (
	"context"
	"errors"
	"sync/atomic"

	"atlasstream/pkg/atlas"
	"atlasstream/services/collector/internal/publish"
)

var errNotReady = errors.New("not reached yet, or it has not made the topics yet")

// gate keeps records from a log whose topics are not there yet: they would wait for Kafka for as long as an append may take.
type gate struct {
	log    publish.Log
	opened atomic.Bool
}

func (g *gate) open() { g.opened.Store(true) }

func (g *gate) isOpen() bool { return g.opened.Load() }

// Append appends once the gate is open, and fails before.
func (g *gate) Append(ctx context.Context, topic string, events []atlas.Event) error {
	if !g.isOpen() {
		return errNotReady
	}
	return g.log.Append(ctx, topic, events)
}

// AppendObjects does the same with objects.
func (g *gate) AppendObjects(ctx context.Context, topic string, objects []atlas.Object) error {
	if !g.isOpen() {
		return errNotReady
	}
	return g.log.AppendObjects(ctx, topic, objects)
}
