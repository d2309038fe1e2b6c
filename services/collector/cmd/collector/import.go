package main

import (
	"context"
	"os"

	"atlasstream/pkg/service"
	"atlasstream/services/collector"
)

type importer struct {
	service.Logging
	kafka

	Into         string   `help:"Results, into the archive of that name: 1 to 100 letters, digits, underscores or hyphens. Its topic is atlas.archive.NAME." xor:"into" placeholder:"NAME"`
	Probes       bool     `help:"Probes, into their registry: answers of RIPE's API (/api/v2/probes/), or its daily archive files." xor:"into" env:"ATLAS_IMPORT_PROBES"`
	Measurements bool     `help:"Measurements, into their registry: answers of RIPE's API (/api/v2/measurements/)." xor:"into" env:"ATLAS_IMPORT_MEASUREMENTS"`
	MaxRecord    int      `help:"Longest record, in bytes."`
	AllowRejects int      `help:"Most records that may be rejected for the exit status to be 0. All others are imported in any case." placeholder:"N"`
	Files        []string `arg:"" name:"file" help:"Records line by line, as JSON arrays, as an object with an array by probe or, for a registry, as pages with \"results\" or \"objects\"; plain or compressed by gzip, zstd or bzip2; - is the standard input."`
}

// Help is printed below the flags.
func (*importer) Help() string {
	return "One of --into, --probes and --measurements says what the files have. The exit status is 0 if every file was read to its end and Kafka has " +
		"every record; how many were rejected, and why, is printed. An import of nothing fails too, unless --allow-rejects is more than 0. A registry keeps " +
		"the last object of each ID, so the same file may be " +
		"imported again at any time."
}

// Defaults are the import's own.
func (*importer) Defaults() any { return collector.ImportDefaults() }

// Run imports the files; ctx stops it.
func (i *importer) Run(ctx context.Context) error {
	logger, err := i.Logger("import")
	if err != nil {
		return err
	}
	cfg := i.config()
	cfg.Logger = logger
	return collector.Import(ctx, cfg)
}

func (i *importer) config() collector.ImportConfig {
	return collector.ImportConfig{
		Kafka:          i.Kafka,
		Security:       i.Security(),
		ExistingTopics: !i.CreateTopics,
		Into:           i.Into,
		Probes:         i.Probes,
		Measurements:   i.Measurements,
		Files:          i.Files,
		MaxRecord:      i.MaxRecord,
		AllowRejects:   i.AllowRejects,
		Progress:       os.Stderr,
		Summary:        os.Stdout,
	}
}
