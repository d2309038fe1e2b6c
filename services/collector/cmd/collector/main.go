// Command collector takes in measurement results, probe-status events and the registries of probes and measurements, and puts them into Kafka.
package main

import "atlasstream/pkg/service"

type commands struct {
	Serve    serve    `cmd:"" help:"Take in results and registries over HTTP and gRPC."`
	Import   importer `cmd:"" help:"Import results of the past, or a registry of probes or measurements, from files."`
	Simulate simulate `cmd:"" help:"Publish what a simulated network of probes says."`
}

func main() {
	service.Main("collector", "Takes in measurement results, probe-status events, and registries of probes and measurements; puts them into Kafka.", &commands{})
}
