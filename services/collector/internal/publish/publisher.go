// Package publish puts what the doors and sources bring into Kafka: it validates, appends, and says what became of each value.
package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/collector/internal/split"

	"github.com/prometheus/client_golang/prometheus"
)

// mostAtOnce bounds an append, in events: what tiny events need beside their values would fill the log's memory.
const mostAtOnce = 4096

// Log is where events go; *eventlog.Writer is one. Append returns nil, or an *eventlog.AppendError if it has only some of the events, or another error if it
// has none.
type Log interface {
	Append(ctx context.Context, topic string, events []atlas.Event) error
}

// Publisher is safe for concurrent use.
type Publisher struct {
	log            Log
	maxRecordBytes int
	metrics        *metrics
}

// New makes a Publisher that refuses records of more than maxRecordBytes. Its metrics carry the name of the source, one Publisher a name and registerer; the
// registerer may be nil.
func New(log Log, maxRecordBytes int, source string, registerer prometheus.Registerer) *Publisher {
	return &Publisher{log: log, maxRecordBytes: maxRecordBytes, metrics: newMetrics(source, registerer)}
}

// Publish returns once Kafka has every valid one of the values; a bad one costs no other. If it could not be had for some, the error is a *FailedError, and
// nothing after the failure was sent. The values must not change afterwards.
func (p *Publisher) Publish(ctx context.Context, to Destination, values []split.Value) (Outcome, error) {
	var outcome Outcome
	for some := range slices.Chunk(values, mostAtOnce) {
		events := p.parse(to, some, &outcome)
		if err := p.append(ctx, to, events, &outcome); err != nil {
			err.Line = some[0].Line
			return outcome, err
		}
	}
	return outcome, nil
}

func (p *Publisher) parse(to Destination, values []split.Value, outcome *Outcome) []atlas.Event {
	events := make([]atlas.Event, 0, len(values))
	now := time.Now()
	for _, value := range values {
		event, err := p.parseOne(to, value)
		if err != nil {
			outcome.reject(value.Line, err)
			continue
		}
		event.Time = atlas.EventTime(event.Time, now)
		events = append(events, event)
	}
	p.metrics.rejected(to, len(values)-len(events))
	return events
}

func (p *Publisher) parseOne(to Destination, value split.Value) (atlas.Event, error) {
	if value.Err != nil {
		return atlas.Event{}, value.Err
	}
	if len(value.Raw) > p.maxRecordBytes {
		return atlas.Event{}, split.TooLong(p.maxRecordBytes)
	}
	return to.Parse(value.Raw)
}

func (p *Publisher) append(ctx context.Context, to Destination, events []atlas.Event, outcome *Outcome) *FailedError {
	if len(events) == 0 {
		return nil
	}
	began := time.Now()
	err := p.log.Append(ctx, to.Topic, events)
	failed := countFailed(err, len(events))
	p.metrics.appended(to, len(events)-failed, failed, time.Since(began))
	outcome.Accepted += len(events) - failed
	if err != nil {
		return &FailedError{Failed: failed, Cause: err}
	}
	return nil
}

// FailedError says that Kafka could not be had for some events.
type FailedError struct {
	Failed int // at least so many
	Line   int // of the first value that may not be in Kafka; every valid one before it is
	Cause  error
}

func (e *FailedError) Error() string {
	return fmt.Sprintf("kafka could not be had for %d valid records from line %d on: %v", e.Failed, e.Line, e.Cause)
}

func (e *FailedError) Unwrap() error { return e.Cause }

func countFailed(err error, events int) int {
	if err == nil {
		return 0
	}
	var partly *eventlog.AppendError
	if !errors.As(err, &partly) {
		return events
	}
	failed := 0
	for _, outcome := range partly.Outcomes {
		if outcome != nil {
			failed++
		}
	}
	return failed
}
