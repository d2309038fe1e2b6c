package collector

import (
	"context"
	"errors"
	"sync/atomic"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/collector/internal/publish"
)

var errNotReady = errors.New("kafka is not reached yet, or has not made the topics yet")

// gate keeps records from a log whose topics are not there yet, for which they would wait for as long as an append may take, or cannot be used.
type gate struct {
	log   publish.Log
	state atomic.Pointer[gateState] // nil: never opened
}

// gateState has why the gate is closed; nil if it is open.
type gateState struct{ reason error }

// set opens the gate, or closes it for a reason.
func (g *gate) set(reason error) { g.state.Store(&gateState{reason}) }

// closed says why the gate is closed; nil if it is open.
func (g *gate) closed() error {
	if state := g.state.Load(); state != nil {
		return state.reason
	}
	return errNotReady
}

// AppendPlaced appends while the gate is open.
func (g *gate) AppendPlaced(ctx context.Context, topic string, events []atlas.Event) ([]eventlog.Place, error) {
	if err := g.closed(); err != nil {
		return nil, err
	}
	return g.log.AppendPlaced(ctx, topic, events)
}

// AppendObjects does the same with objects.
func (g *gate) AppendObjects(ctx context.Context, topic string, objects []atlas.Object) error {
	if err := g.closed(); err != nil {
		return err
	}
	return g.log.AppendObjects(ctx, topic, objects)
}
