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

	Into      string   `help:"Name of the archive: 1 to 100 letters, digits, underscores or hyphens. Its topic is atlas.archive.NAME." required:"" placeholder:"NAME"`
	MaxRecord int      `help:"Longest record, in bytes." default:"524288"`
	Strict    bool     `help:"Fail if any line was rejected. All others are imported all the same."`
	Files     []string `arg:"" name:"file" help:"Results line by line or as a JSON array, plain or compressed by gzip or zstd; - is the standard input."`
}

// Help is printed below the flags.
func (*importer) Help() string {
	return "The exit status is 0 if every file was read to its end and Kafka has every valid result; how many lines were rejected, and why, is printed."
}

// Run imports the files; ctx stops it.
func (i *importer) Run(ctx context.Context) error {
	logger, err := i.Logger("import")
	if err != nil {
		return err
	}
	return collector.Import(ctx, collector.ImportConfig{
		Kafka:     i.Kafka,
		Into:      i.Into,
		Files:     i.Files,
		MaxRecord: i.MaxRecord,
		Strict:    i.Strict,
		Progress:  os.Stderr,
		Summary:   os.Stdout,
		Logger:    logger,
	})
}
