// Command collector takes in measurement results, probe-status events and the registries of probes and measurements, and puts them into Kafka.
package main

import (
	"context"
	"os"

	"atlasstream/pkg/kafkasettings"
	"atlasstream/pkg/service"
	"atlasstream/services/collector"
)

type commands struct {
	Serve    serveCommand    `cmd:"" help:"Take in results and registries over HTTP and gRPC."`
	Import   importCommand   `cmd:"" help:"Import results of the past, or a registry of probes or measurements, from files."`
	Simulate simulateCommand `cmd:"" help:"Publish the events of a simulated network of probes."`
}

// sharedFlags are those that every command has.
type sharedFlags struct {
	service.Logging
	kafkasettings.Flags

	CreateTopics bool `help:"Create the topics that are missing; otherwise, wait for them." default:"true" negatable:""`
}

type serveCommand struct {
	sharedFlags
	Config collector.Config `embed:""`
}

// Run serves until ctx ends.
func (c *serveCommand) Run(ctx context.Context) error {
	logger, err := c.Logger("collector")
	if err != nil {
		return err
	}
	cfg := c.Config
	cfg.Kafka, cfg.Security, cfg.ExistingTopics, cfg.Logger = c.Kafka, c.Security(), !c.CreateTopics, logger
	return collector.Run(ctx, cfg)
}

type importCommand struct {
	sharedFlags
	Config collector.ImportConfig `embed:""`
}

// Help is printed below the flags.
func (*importCommand) Help() string {
	return "One of --into, --probes and --measurements is required and says what the files have. The exit status is 0 if every file was read to its end and " +
		"Kafka has every record. The number of rejected records and the first reasons are printed. An import of nothing fails, unless --allow-rejects is " +
		"more than 0. A registry keeps the last object of each ID, so a file can be imported again at any time."
}

// Run imports the files; ctx stops it.
func (c *importCommand) Run(ctx context.Context) error {
	logger, err := c.Logger("import")
	if err != nil {
		return err
	}
	cfg := c.Config
	cfg.Kafka, cfg.Security, cfg.ExistingTopics, cfg.Logger = c.Kafka, c.Security(), !c.CreateTopics, logger
	cfg.Progress, cfg.Summary = os.Stderr, os.Stdout
	return collector.Import(ctx, cfg)
}

type simulateCommand struct {
	sharedFlags
	Config collector.SimulateConfig `embed:""`
}

// Run simulates until ctx ends.
func (c *simulateCommand) Run(ctx context.Context) error {
	logger, err := c.Logger("simulate")
	if err != nil {
		return err
	}
	cfg := c.Config
	cfg.Kafka, cfg.Security, cfg.ExistingTopics, cfg.Logger = c.Kafka, c.Security(), !c.CreateTopics, logger
	return collector.Simulate(ctx, cfg)
}

func main() {
	const description = "Takes in measurement results, probe-status events and the registries of probes and measurements, and writes them to Kafka."
	service.Main("collector", description, &commands{})
}
