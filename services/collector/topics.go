package collector

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/service"
	"atlasstream/services/collector/internal/publish"
)

// TopicSettings say how the topics of a running collector are created.
type TopicSettings struct {
	ExistingTopics bool `kong:"-"` // another program creates topics; the collector waits for those that are missing
	Partitions     int  `help:"Partitions of the topic of results, when it is created. They cannot be changed later." default:"64"`
	Replication    int  `help:"Replicas of topics, when they are created. 0 means three, or one on each broker of a smaller cluster." default:"0"`
}

// maxPartitions is more than a cluster handles well in one topic.
const maxPartitions = 10_000

func (t TopicSettings) checkPartitions() error {
	if t.Partitions > maxPartitions {
		return service.Setting("partitions", fmt.Errorf("got %d, want at most %d", t.Partitions, maxPartitions))
	}
	return nil
}

// topics are those that a running collector writes to.
func (t TopicSettings) topics() []eventlog.TopicSpec {
	specs := []eventlog.TopicSpec{eventlog.ResultsSpec(t.Partitions), eventlog.ProbeStatusSpec(), eventlog.ProbesSpec(), eventlog.MeasurementsSpec()}
	for i := range specs {
		specs[i].Replication = t.Replication
	}
	return specs
}

// keepTopics creates the topics that are missing, and opens the gate while all topics are as they must be.
func (c *collector) keepTopics(ctx context.Context) error {
	report := func(reason error) {
		c.gate.set(reason)
		c.grpc.SetReady(reason == nil)
	}
	if err := c.log.KeepTopics(ctx, report, c.cfg.topics()...); err != nil {
		return fmt.Errorf("creating the topics: %w", err)
	}
	return nil
}

// keepKeys creates the key that seals the cursors of gateways if there is none, and does so until ctx ends. Requests do not wait for it.
func (c *collector) keepKeys(ctx context.Context) error {
	c.log.KeepCursorKey(ctx, keysTopic(c.cfg.Replication))
	return nil
}

func keysTopic(replication int) eventlog.TopicSpec {
	spec := eventlog.KeysSpec()
	spec.Replication = replication
	return spec
}

var errNotReady = errors.New("kafka is not connected yet, or its topics are not created yet")

// topicGate refuses records while the topics are missing or cannot be used. An append would wait for them until its timeout.
type topicGate struct {
	log   publish.Log
	state atomic.Pointer[gateState] // nil: never opened
}

// gateState says why the gate is closed; the reason is nil if it is open.
type gateState struct{ reason error }

// set opens the gate, or closes it for a reason.
func (g *topicGate) set(reason error) { g.state.Store(&gateState{reason}) }

// closed returns why the gate is closed; nil if it is open.
func (g *topicGate) closed() error {
	if state := g.state.Load(); state != nil {
		return state.reason
	}
	return errNotReady
}

// AppendPlaced appends while the gate is open.
func (g *topicGate) AppendPlaced(ctx context.Context, topic string, events []atlas.Event) ([]eventlog.Place, error) {
	if err := g.closed(); err != nil {
		return nil, err
	}
	return g.log.AppendPlaced(ctx, topic, events)
}

// AppendObjects appends while the gate is open.
func (g *topicGate) AppendObjects(ctx context.Context, topic string, objects []atlas.Object) error {
	if err := g.closed(); err != nil {
		return err
	}
	return g.log.AppendObjects(ctx, topic, objects)
}
