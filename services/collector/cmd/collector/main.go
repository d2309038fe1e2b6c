// Command collector takes in measurement results and probe-status events and puts them into Kafka.
package main

import "atlasstream/pkg/service"

type commands struct {
	Serve    serve    `cmd:"" help:"Open the doors: HTTP and gRPC."`
	Import   importer `cmd:"" help:"Import results of the past from files."`
	Simulate simulate `cmd:"" help:"Publish what a simulated network of probes says."`
}

func main() {
	service.Main("collector", "Takes in measurement results and probe-status events and puts them into Kafka.", &commands{})
}
