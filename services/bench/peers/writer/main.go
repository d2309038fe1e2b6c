// Command writer is what the collector is measured by: a kafka-go Writer with the settings of pkg/eventlog, and batches that are in memory already.
package main

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/service"
	"atlasstream/services/bench/internal/batches"
	"atlasstream/services/bench/internal/ipc"
)

type settings struct {
	batches.Settings
	Kafka []string `help:"Kafka brokers." required:""`
}

// Run writes until the parent's window is over.
func (s *settings) Run(ctx context.Context) error {
	made, err := s.Make()
	if err != nil {
		return err
	}
	writer := &kafka.Writer{
		Addr:         kafka.TCP(s.Kafka...),
		Topic:        eventlog.ResultsTopic,
		Balancer:     kafka.Murmur2Balancer{Consistent: true},
		RequiredAcks: kafka.RequireAll,
		Compression:  kafka.Zstd,
		BatchSize:    100,
		BatchBytes:   1_000_000,
		BatchTimeout: 5 * time.Millisecond,
	}
	defer writer.Close() //nolint:errcheck // every batch was waited for
	messages := make([][]kafka.Message, len(made))
	for n, batch := range made {
		for _, result := range batch {
			messages[n] = append(messages[n], kafka.Message{Key: []byte(result.Measurement.Key()), Value: result.Value})
		}
	}
	return s.Settings.Run(ctx, ipc.Parent(), func(ctx context.Context, n int) error { return writer.WriteMessages(ctx, messages[n]...) })
}

func main() {
	service.Main("writer", "The bare Writer into Kafka.", &settings{})
}
