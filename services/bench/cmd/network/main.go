// Command network is a network of probes for the gateway's pages: it writes a registry, and then connection events at a steady rate.
package main

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/service"
	"atlasstream/services/bench/internal/ipc"
	"atlasstream/services/bench/internal/pace"
)

type settings struct {
	Kafka   []string `help:"Kafka brokers." required:""`
	Probes  int      `help:"How many probes there are." required:""`
	Changes int      `help:"Connections that are lost or made a second." required:""`
}

// Run tells the parent when the registry is written, and goes on until it ends.
func (s *settings) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	log, err := eventlog.Open(eventlog.Config{Brokers: s.Kafka}, zap.NewNop(), nil)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the writer has told what was written
	writer := log.Writer(eventlog.WriterConfig{})
	parent := ipc.Parent()
	err = s.write(ctx, writer, parent, cancel)
	return errors.Join(err, writer.Close(context.WithoutCancel(ctx)))
}

func (s *settings) write(ctx context.Context, writer *eventlog.Writer, parent *ipc.Channel, stop context.CancelFunc) error {
	network := newNetwork(s.Probes)
	if err := network.register(ctx, writer); err != nil {
		return err
	}
	if err := parent.Send(ipc.Ready{Count: s.Probes}); err != nil {
		return err
	}
	go func() {
		parent.AwaitEnd()
		stop()
	}()
	return pace.New(s.Changes).Run(ctx, func(due int) error {
		events, err := network.change(due, time.Now())
		if err != nil {
			return err
		}
		return writer.Append(context.WithoutCancel(ctx), eventlog.ProbeStatusTopic, events)
	})
}

func main() {
	service.Main("network", "Writes a registry of probes, and connection events.", &settings{})
}
