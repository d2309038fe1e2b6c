// Package publish validates records, appends them to Kafka, and reports the outcome of each.
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

// Log is where records go; *eventlog.Writer is one. An append returns nil, or an *eventlog.AppendError if the log took only some of the records, or another
// error if it took none. It may return no places, where they are not known.
type Log interface {
	AppendPlaced(ctx context.Context, topic string, events []atlas.Event) ([]eventlog.Place, error)
	AppendObjects(ctx context.Context, topic string, objects []atlas.Object) error
}

// Publisher is safe for concurrent use.
type Publisher struct {
	log            Log
	maxRecordBytes int
	metrics        *metrics
	lateness       time.Duration  // 0: late ones are not counted
	repeats        *RepeatCounter // nil: repeats are not counted
}

// New returns a Publisher that refuses records of more than maxRecordBytes. Its metrics have the name of the source as a label, which must be
// unique for the registerer; the registerer may be nil.
func New(log Log, maxRecordBytes int, source string, registerer prometheus.Registerer) *Publisher {
	return &Publisher{log: log, maxRecordBytes: maxRecordBytes, metrics: newMetrics(source, registerer)}
}

// Publish returns once Kafka has every valid value; an invalid one does not affect the others. If Kafka did not take some, the error is a *FailedError, and
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
		objects := parseValues(p, to, to.Object, values, outcome)
		return p.append(to, len(objects), outcome, func() error { return p.log.AppendObjects(ctx, to.Topic, objects) })
	}
	now := time.Now()
	events := parseValues(p, to, to.Event, values, outcome)
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

// CountRepeats enables the count of accepted events that are known to be repeats. It is called before the first Publish.
func (p *Publisher) CountRepeats(repeats *RepeatCounter) { p.repeats = repeats }

func (p *Publisher) countRepeats(to Destination, events []atlas.Event, places []eventlog.Place) int {
	if p.repeats == nil || !to.Live {
		return 0
	}
	count := p.repeats.add(to.Topic, events, places)
	p.metrics.repeated(to, count)
	return count
}

func parseValues[T any](p *Publisher, to Destination, parseOne func(raw []byte) (T, error), values []split.Value, outcome *Outcome) []T {
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
		if !isAppended(err, i) {
			failed++
		}
	}
	return failed
}

// isAppended tells whether Kafka has one record of an append, by the error of the append.
func isAppended(err error, index int) bool {
	if err == nil {
		return true
	}
	partly, ok := errors.AsType[*eventlog.AppendError](err)
	return ok && partly.Outcomes[index] == nil
}

// Destination is a topic, and how the records for it are parsed: as events or, for a registry, as objects.
type Destination struct {
	Topic   string
	Event   func(raw []byte) (atlas.Event, error)
	Object  func(raw []byte) (atlas.Object, error)
	Live    bool     // a replay reads it in the order of arrival, with an allowance for late records
	Members []string // names of the arrays in a page whose elements are the records; none if pages are not accepted
}

// Results and ProbeStatus are the live topics.
var (
	Results     = Destination{Topic: eventlog.ResultsTopic, Event: atlas.ParseResult, Live: true}
	ProbeStatus = Destination{Topic: eventlog.ProbeStatusTopic, Event: atlas.ParseProbeStatus, Live: true}
)

// Probes and Measurements are the registries.
var (
	Probes       = Destination{Topic: eventlog.ProbesTopic, Object: atlas.ProbeObject, Members: pageMembers}
	Measurements = Destination{Topic: eventlog.MeasurementsTopic, Object: atlas.MeasurementObject, Members: pageMembers}
)

// pageMembers are the arrays in answers of RIPE's API (results), and in the daily files of its probe archive (objects).
var pageMembers = []string{"results", "objects"}

// Archive is a topic of imported results and connection events.
func Archive(topic string) Destination { return Destination{Topic: topic, Event: atlas.ParseArchived} }

// CountLate enables the count of late events: those that Kafka took into a live topic and whose time was more than the lateness before the clock's when they
// arrived. A replay may miss them, as it reads a live topic only up to the first record that is the lateness younger than the replay's end.
//
// The clock is an estimate. A replay misses exactly the events behind a younger record of their partition, which a collector does not know, as other collectors
// write to the partition too. But the youngest record of a live topic is about as old as the clock says, and at most ten minutes ahead of it (atlas.EventTime).
// So the count has a few events too many where a partition has had nothing new for long, and misses a few that are up to ten minutes less late, behind a probe
// whose clock is fast. Archives are read to their end, and registries have no time: nothing is late there.
//
// It is called before the first Publish. Sources that publish their past in order, such as the simulator, do not call it.
func (p *Publisher) CountLate(lateness time.Duration) {
	p.lateness = lateness
	for _, live := range []Destination{Results, ProbeStatus} {
		p.metrics.countedLate(live, 0) // so that the first late event shows as an increase
	}
}
