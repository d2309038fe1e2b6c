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

// Log is where records go; *eventlog.Writer is one. An append returns nil, or an *eventlog.AppendError if it has only some of the records, or another error
// if it has none. There may be no places, where they are not known.
type Log interface {
	AppendPlaced(ctx context.Context, topic string, events []atlas.Event) ([]eventlog.Place, error)
	AppendObjects(ctx context.Context, topic string, objects []atlas.Object) error
}

// Publisher is safe for concurrent use.
type Publisher struct {
	log            Log
	maxRecordBytes int
	metrics        *metrics
	lateness       time.Duration // 0: late ones are not counted
	repeats        *Repeats      // nil: repeats are not counted
}

// New makes a Publisher that refuses records of more than maxRecordBytes. Its metrics carry the name of the source, one Publisher a name and registerer; the
// registerer may be nil.
func New(log Log, maxRecordBytes int, source string, registerer prometheus.Registerer) *Publisher {
	return &Publisher{log: log, maxRecordBytes: maxRecordBytes, metrics: newMetrics(source, registerer)}
}

// Publish returns once Kafka has every valid one of the values; a bad one costs no other. If it did not take some, the error is a *FailedError, and
// nothing after the failure was sent. The values must not change afterwards.
func (p *Publisher) Publish(ctx context.Context, to Destination, values []split.Value) (Outcome, error) {
	var outcome Outcome
	for some := range slices.Chunk(values, split.BatchValues) {
		if err := p.publish(ctx, to, some, &outcome); err != nil {
			err.Line = some[0].Line
			return outcome, err
		}
	}
	return outcome, nil
}

func (p *Publisher) publish(ctx context.Context, to Destination, values []split.Value, outcome *Outcome) *FailedError {
	if to.Object != nil {
		objects := parse(p, to, to.Object, values, outcome)
		return p.append(to, len(objects), outcome, func() error { return p.log.AppendObjects(ctx, to.Topic, objects) })
	}
	now := time.Now()
	events := parse(p, to, to.Event, values, outcome)
	for i := range events {
		events[i].Time = atlas.EventTime(events[i].Time, now)
	}
	return p.append(to, len(events), outcome, func() error {
		places, err := p.log.AppendPlaced(ctx, to.Topic, events)
		outcome.late(p.countLate(to, events, now, err))
		outcome.Repeated += p.countRepeats(to, events, places)
		return err
	})
}

// CountRepeats has those counted of the accepted events that are known to be repeats. It is called before the first Publish.
func (p *Publisher) CountRepeats(repeats *Repeats) { p.repeats = repeats }

func (p *Publisher) countRepeats(to Destination, events []atlas.Event, places []eventlog.Place) int {
	if p.repeats == nil || !to.Live {
		return 0
	}
	count := p.repeats.add(to.Topic, events, places)
	p.metrics.repeated(to, count)
	return count
}

func parse[T any](p *Publisher, to Destination, parseOne func(raw []byte) (T, error), values []split.Value, outcome *Outcome) []T {
	parsed := make([]T, 0, len(values))
	for _, value := range values {
		err := p.check(value)
		if err == nil {
			var one T
			if one, err = parseOne(value.Raw); err == nil {
				parsed = append(parsed, one)
				continue
			}
		}
		outcome.reject(value.Line, err)
	}
	p.metrics.rejected(to, len(values)-len(parsed))
	return parsed
}

func (p *Publisher) check(value split.Value) error {
	if value.Err == nil && len(value.Raw) > p.maxRecordBytes {
		return split.TooLong(p.maxRecordBytes)
	}
	return value.Err
}

func (p *Publisher) append(to Destination, records int, outcome *Outcome, send func() error) *FailedError {
	if records == 0 {
		return nil
	}
	began := time.Now()
	err := send()
	failed := countFailed(err, records)
	p.metrics.appended(to, records-failed, failed, time.Since(began))
	outcome.Accepted += records - failed
	if err != nil {
		return &FailedError{Failed: failed, Cause: err}
	}
	return nil
}

// FailedError says that Kafka did not take some records.
type FailedError struct {
	Failed int // at least so many
	Line   int // of the first value that may not be in Kafka; every valid one before it is
	Cause  error
}

func (e *FailedError) Error() string {
	return fmt.Sprintf("kafka did not take %d valid records from line %d on: %v", e.Failed, e.Line, e.Cause)
}

func (e *FailedError) Unwrap() error { return e.Cause }

func countFailed(err error, records int) int {
	failed := 0
	for i := range records {
		if !taken(err, i) {
			failed++
		}
	}
	return failed
}

// taken tells of one record of an append, by what that returned, whether Kafka has it.
func taken(err error, index int) bool {
	if err == nil {
		return true
	}
	partly, ok := errors.AsType[*eventlog.AppendError](err)
	return ok && partly.Outcomes[index] == nil
}
