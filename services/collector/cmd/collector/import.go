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
	MaxRecord    int      `help:"Longest record, in bytes." default:"524288"`
	Strict       bool     `help:"Fail if any line was rejected. All others are imported all the same."`
	Files        []string `arg:"" name:"file" help:"Records line by line, as a JSON array or, for a registry, as pages with \"results\" or \"objects\"; plain or compressed by gzip, zstd or bzip2; - is the standard input."`
}

// Help is printed below the flags.
func (*importer) Help() string {
	return "One of --into, --probes and --measurements says what the files have. The exit status is 0 if every file was read to its end and Kafka has " +
		"every valid record; how many lines were rejected, and why, is printed. A registry keeps the last object of each ID, so the same file may be " +
		"imported again at any time."
}

// Run imports the files; ctx stops it.
func (i *importer) Run(ctx context.Context) error {
	logger, err := i.Logger("import")
	if err != nil {
		return err
	}
	return collector.Import(ctx, collector.ImportConfig{
		Kafka:        i.Kafka,
		Into:         i.Into,
		Probes:       i.Probes,
		Measurements: i.Measurements,
		Files:        i.Files,
		MaxRecord:    i.MaxRecord,
		Strict:       i.Strict,
		Progress:     os.Stderr,
		Summary:      os.Stdout,
		Logger:       logger,
	})
}
