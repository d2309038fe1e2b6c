// Command broker is the embedded broker in a process of its own, for where Apache Kafka is not installed.
package main

import (
	"context"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/pkg/service"
	"atlasstream/services/bench/internal/ipc"
)

type settings struct{}

// Run tells the parent the broker's addresses and serves until ctx ends.
func (*settings) Run(ctx context.Context) error {
	broker, err := embedded.Start(embedded.Config{})
	if err != nil {
		return err
	}
	if err := ipc.Parent().Send(broker.Addrs()); err != nil {
		return err
	}
	<-ctx.Done()
	return broker.Close()
}

func main() {
	service.Main("broker", "The embedded broker.", &settings{})
}
