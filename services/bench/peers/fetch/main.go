// Command fetch is what playbacks are measured by: the least code that reads a measurement's partition from its beginning to its end. It reads the key and the
// value of every record, and does nothing with them.
package main

import (
	"context"

	"atlasstream/pkg/footprint"
	"atlasstream/pkg/service"
	"atlasstream/services/bench/internal/feed"
	"atlasstream/services/bench/internal/ipc"
)

type settings struct {
	Kafka       []string `help:"Kafka brokers." required:""`
	Archive     string   `help:"The topic to read." required:""`
	Measurement string   `help:"The measurement whose partition to read." required:""`
}

// Run reads and tells the parent what that took.
func (s *settings) Run(ctx context.Context) error {
	topic, err := feed.Open(ctx, s.Kafka, s.Archive)
	if err != nil {
		return err
	}
	before := footprint.CPU()
	records, err := topic.Read(ctx, topic.PartitionOf(s.Measurement))
	if err != nil {
		return err
	}
	return ipc.Parent().Send(ipc.Played{Records: records, CPU: footprint.CPU() - before})
}

func main() {
	service.Main("fetch", "The bare loop that reads a partition.", &settings{})
}
