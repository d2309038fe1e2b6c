// Command fetch is what playbacks are measured by: the least code that reads a measurement's partition from its beginning to its end. It reads the key and the
// value of every record, and does nothing with them.
package main

import (
	"context"
	"syscall"
	"time"

	"atlasstream/pkg/service"
	"atlasstream/services/bench/internal/feed"
	"atlasstream/services/bench/internal/talk"
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
	before := processorTime()
	records, err := topic.Read(ctx, topic.PartitionOf(s.Measurement))
	if err != nil {
		return err
	}
	return talk.WithParent().Tell(talk.Played{Records: records, CPU: processorTime() - before})
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage) // it has no way to fail
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func main() {
	service.Main("fetch", "The bare loop that reads a partition.", &settings{})
}
