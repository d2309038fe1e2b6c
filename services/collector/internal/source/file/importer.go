// Package file imports results and registries from files: NDJSON, JSON arrays or pages, plain or compressed by gzip, zstd or bzip2.
package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"atlasstream/services/collector/internal/importprogress"
	"atlasstream/services/collector/internal/publish"
	"atlasstream/services/collector/internal/split"

	"github.com/dustin/go-humanize"
)

// batchBytes is how much is read before it is published: more than from a client, as only one import runs at a time and each batch waits for Kafka once.
const batchBytes = 4 << 20

// maxShown is how many rejections a Summary shows.
const maxShown = 10

// Publisher is what an import needs of *publish.Publisher.
type Publisher interface {
	Publish(ctx context.Context, to publish.Destination, values []split.Value) (publish.Outcome, error)
}

// Importer publishes files.
type Importer struct {
	Publisher      Publisher
	To             publish.Destination
	MaxRecordBytes int
	Display        importprogress.Display
	Opened         func(ctx context.Context) error // called when all files have been opened, before the first is read; may be nil
}

// Summary is the result of an import.
type Summary struct {
	importprogress.Progress
	Shown []string // the first rejections, each as "file:line: reason"
}

// String formats it in several lines.
func (s Summary) String() string {
	lines := []string{fmt.Sprintf("%s imported, %s rejected", humanize.Comma(int64(s.Accepted)), humanize.Comma(int64(s.Rejected)))}
	lines = append(lines, s.Shown...)
	if more := s.Rejected - len(s.Shown); more > 0 {
		lines = append(lines, fmt.Sprintf("and %s more", humanize.Comma(int64(more))))
	}
	return strings.Join(lines, "\n  ")
}

// Import publishes the files one after another; "-" is the standard input. All are opened first, and nothing is imported if one is missing or has an unknown
// format. A file that cannot be read to its end does not stop the others; if Kafka fails or ctx ends, the import stops. The summary is valid in any case.
func (i *Importer) Import(ctx context.Context, names []string) (Summary, error) {
	run := &importRun{Importer: i}
	found, err := inputs(names, &run.summary.Bytes)
	if err != nil {
		return Summary{}, err
	}
	run.summary.TotalBytes = totalSize(found)
	if i.Opened != nil {
		if err := i.Opened(ctx); err != nil {
			return Summary{}, errors.Join(err, closeKept(found))
		}
	}
	defer i.Display.Finish()
	var faults []error
	for n, in := range found {
		err := run.file(ctx, in)
		if _, stopped := errors.AsType[*stoppedError](err); stopped {
			return run.summary, errors.Join(append(faults, err, closeKept(found[n+1:]))...)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", in.name, err))
		}
	}
	return run.summary, errors.Join(faults...)
}

// errBroken says that the rest of a file could not be read; its last rejected record says from where on.
var errBroken = errors.New("the array is broken, so the rest of the file was not read")

// importRun is one import.
type importRun struct {
	*Importer
	summary Summary
}

func (r *importRun) file(ctx context.Context, in input) error {
	content, err := in.open(&r.summary.Bytes)
	if err != nil {
		return err
	}
	return errors.Join(r.values(ctx, in, content), content.Close())
}

func (r *importRun) values(ctx context.Context, in input, content io.Reader) error {
	values := split.New(content, split.Limits{Value: r.MaxRecordBytes, Batch: batchBytes, Members: r.To.Members})
	for {
		batch, err := values.Next()
		switch {
		case errors.Is(err, io.EOF) && values.Broken():
			return errBroken
		case errors.Is(err, io.EOF):
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.publish(ctx, in, batch); err != nil {
			return err
		}
	}
}

func (r *importRun) publish(ctx context.Context, in input, batch []split.Value) error {
	stopped := &stoppedError{name: in.name, line: batch[0].Line, cause: errInterrupted}
	if ctx.Err() != nil {
		return stopped
	}
	outcome, err := r.Publisher.Publish(ctx, r.To, batch)
	r.count(in, outcome)
	r.Display.Show(r.summary.Progress)
	switch {
	case err == nil:
		return nil
	case ctx.Err() == nil:
		stopped.cause = err
	}
	return stopped
}

func (r *importRun) count(in input, outcome publish.Outcome) {
	r.summary.Accepted += outcome.Accepted
	r.summary.Rejected += outcome.RejectedTotal
	for _, rejection := range outcome.Rejected {
		if len(r.summary.Shown) == maxShown {
			return
		}
		r.summary.Shown = append(r.summary.Shown, fmt.Sprintf("%s:%d: %s", in.name, rejection.Line, rejection.Reason))
	}
}

var errInterrupted = errors.New("interrupted")

// stoppedError says where an import stopped early.
type stoppedError struct {
	name  string
	line  int
	cause error
}

func (e *stoppedError) Error() string {
	return fmt.Sprintf("stopped at %s:%d: all records before it are imported, some after it may be: %v", e.name, e.line, e.cause)
}

func (e *stoppedError) Unwrap() error { return e.cause }
