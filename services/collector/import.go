package collector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/security"
	"atlasstream/pkg/kafkasettings"
	"atlasstream/pkg/service"
	"atlasstream/services/collector/internal/importprogress"
	"atlasstream/services/collector/internal/publish"
	"atlasstream/services/collector/internal/source/file"
)

// reachTimeout is how long a command waits for Kafka before it fails; a service waits forever.
const reachTimeout = 30 * time.Second

// importTimeout is how long an import waits for Kafka to take a batch; a broker may restart in that time.
const importTimeout = 2 * time.Minute

// ImportConfig says what to import and where to. The tags of settings that are flags of a command say what they mean and which default a zero value stands
// for.
type ImportConfig struct {
	Kafka          []string        `kong:"-"` // host:port of brokers
	Security       security.Config `kong:"-"` // of the connections to Kafka
	ExistingTopics bool            `kong:"-"` // another program creates topics; an import waits for one that is missing
	Progress       io.Writer       `kong:"-"` // may be nil
	Summary        io.Writer       `kong:"-"` // may be nil
	Logger         *zap.Logger     `kong:"-"` // may be nil

	Into         string   `help:"Import results into the archive of this name: 1 to 100 letters, digits, underscores or hyphens. Its topic is atlas.archive.NAME." xor:"into" placeholder:"NAME"`
	Probes       bool     `help:"Import probes into their registry, from answers of RIPE's API (/api/v2/probes/) or its daily archive files." xor:"into" env:"ATLAS_IMPORT_PROBES"`
	Measurements bool     `help:"Import measurements into their registry, from answers of RIPE's API (/api/v2/measurements/)." xor:"into" env:"ATLAS_IMPORT_MEASUREMENTS"`
	MaxRecord    int      `help:"Bytes that a record may have." default:"524288"`
	AllowRejects int      `help:"Records that may be rejected for the exit status to be 0. All others are imported in any case." placeholder:"N"`
	Files        []string `arg:"" name:"file" help:"Files with a record a line, JSON arrays, an object with an array for each probe or, for a registry, pages with \"results\" or \"objects\"; plain or compressed by gzip, zstd or bzip2. - is the standard input."`
}

// Check joins every fault of the settings.
func (c ImportConfig) Check() error {
	var faults []error
	if len(c.Files) == 0 {
		faults = append(faults, errors.New("files: none given, want at least one, or - for the standard input"))
	}
	if c.AllowRejects < 0 {
		faults = append(faults, fmt.Errorf("allow-rejects: got %d, want at least 0", c.AllowRejects))
	}
	_, _, err := c.destination()
	if c.Into != "" {
		err = service.Setting("into", err)
	}
	return errors.Join(append(faults, err, kafkasettings.Check(c.log()), service.CheckNumbers(c), checkMaxRecord(c.withDefaults().MaxRecord))...)
}

var errImportInto = errors.New("want exactly one of --into, --probes and --measurements")

// destination is the topic of the files.
func (c ImportConfig) destination() (publish.Destination, eventlog.TopicSpec, error) {
	switch {
	case c.Probes && !c.Measurements && c.Into == "":
		return publish.Probes, eventlog.ProbesSpec(), nil
	case c.Measurements && !c.Probes && c.Into == "":
		return publish.Measurements, eventlog.MeasurementsSpec(), nil
	case c.Probes || c.Measurements || c.Into == "":
		return publish.Destination{}, eventlog.TopicSpec{}, errImportInto
	}
	spec, err := eventlog.ArchiveSpec(c.Into)
	return publish.Archive(spec.Name), spec, err
}

func (c ImportConfig) withDefaults() ImportConfig {
	service.SetDefaults(&c)
	c.Progress = cmp.Or(c.Progress, io.Discard)
	c.Summary = cmp.Or(c.Summary, io.Discard)
	c.Logger = cmp.Or(c.Logger, zap.NewNop())
	return c
}

func (c ImportConfig) log() eventlog.Config {
	return eventlog.Config{Brokers: c.Kafka, ClientID: clientID, Security: c.Security, ExistingTopics: c.ExistingTopics}
}

func (c ImportConfig) writer() eventlog.WriterConfig {
	return eventlog.WriterConfig{MaxRecordBytes: c.MaxRecord, Timeout: importTimeout}
}

// Import writes the results of files to an archive topic, or objects to the topic of their registry. Once all files are opened, it creates the topic if it is
// missing. Import fails if a file could not be read, a record could not be written, or more records were rejected than AllowRejects; the summary says how many.
// It stops when ctx ends.
func Import(ctx context.Context, cfg ImportConfig) error {
	if err := cfg.Check(); err != nil {
		return service.Settings("import", err)
	}
	cfg = cfg.withDefaults()
	log, err := eventlog.Open(cfg.log(), cfg.Logger, prometheus.NewRegistry())
	if err != nil {
		return err
	}
	writer := log.Writer(cfg.writer())
	err = cfg.run(ctx, log, writer)
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), reachTimeout)
	defer cancel()
	return errors.Join(err, writer.Close(stopping), log.Close())
}

func (c ImportConfig) run(ctx context.Context, log *eventlog.Log, writer *eventlog.Writer) error {
	to, spec, err := c.destination()
	if err != nil {
		return err
	}
	// Gateways take a while to find a new archive: the import ends when they have, so that a replay that begins then reads it.
	found := time.NewTimer(eventlog.ArchiveDelay)
	defer found.Stop()
	importer := file.Importer{
		Publisher:      publish.New(writer, c.MaxRecord, "import", nil),
		To:             to,
		MaxRecordBytes: c.MaxRecord,
		Display:        importprogress.NewDisplay(c.Progress),
		Opened: func(ctx context.Context) error {
			defer found.Reset(eventlog.ArchiveDelay)
			return ensureTopics(ctx, log, spec)
		},
	}
	summary, err := importer.Import(ctx, c.Files)
	if err == nil {
		err = waitFor(ctx, found)
	}
	fmt.Fprintf(c.Summary, "%s: %s\n", spec.Name, summary)
	return errors.Join(err, c.checkSummary(summary, err == nil))
}

func waitFor(ctx context.Context, due *time.Timer) error {
	select {
	case <-due.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// checkSummary returns an error if too many records were rejected, or if a complete import had none.
func (c ImportConfig) checkSummary(summary file.Summary, complete bool) error {
	switch {
	case summary.Rejected > c.AllowRejects:
		return fmt.Errorf("%d records were rejected, want at most %d (--allow-rejects)", summary.Rejected, c.AllowRejects)
	case complete && summary.Accepted == 0 && c.AllowRejects == 0:
		return errors.New("nothing was imported: the files have no record")
	}
	return nil
}

// ensureTopics creates topics if they are missing. It fails if Kafka is not reached in time.
func ensureTopics(ctx context.Context, log *eventlog.Log, specs ...eventlog.TopicSpec) error {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	if err := log.EnsureTopics(ctx, specs...); err != nil {
		return fmt.Errorf("connecting to Kafka: %w", err)
	}
	return nil
}
