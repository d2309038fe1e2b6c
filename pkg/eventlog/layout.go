package eventlog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// PartitionsChangedError says that the number of a topic's partitions has changed since its records were written. The records of a measurement are in
// two partitions then, so repeats, positions and their order mean nothing. Readers cannot follow such a change, as producers learn of it one after the
// other.
type PartitionsChangedError struct{ Topic, Words string }

func (e *PartitionsChangedError) Error() string { return e.Topic + " " + e.Words }

// layout is what is known about a topic's partitions. A process expects a topic to keep the number of partitions that it had when the process met it
// first.
type layout struct {
	topic     string
	logger    *zap.Logger
	verifying *semaphore.Weighted // held while the partitions' first records are read

	mu         sync.Mutex
	partitions int                     // how many; 0 until their first records are verified
	fault      *PartitionsChangedError // nil if there is none
	found      time.Time               // when the first records showed it; zero if the number of partitions did
}

// faultTTL is after how long a misplaced record is looked for again.
const faultTTL = 2 * time.Second

// layouts are those of all topics of events that this process has met, by name.
type layouts struct {
	logger *zap.Logger
	topics sync.Map
}

func (l *layouts) of(topic string) *layout {
	found, ok := l.topics.Load(topic)
	if !ok {
		found, _ = l.topics.LoadOrStore(topic, &layout{topic: topic, logger: l.logger, verifying: semaphore.NewWeighted(1)})
	}
	return found.(*layout)
}

// checkLayout reports whether a topic with that many partitions can be read and written to. The error is a *PartitionsChangedError if it cannot until an
// operator acts. For a topic that was not met before, it reads the first records of the partitions.
func (l *Log) checkLayout(ctx context.Context, topic string, partitions int) error {
	layout := l.layouts.of(topic)
	if known, err := layout.check(partitions); known {
		return err
	}
	if err := layout.verifying.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("%s: %w", topic, err)
	}
	defer layout.verifying.Release(1)
	if known, err := layout.check(partitions); known { // another goroutine has verified it meanwhile
		return err
	}
	err := l.verifyFirstRecords(ctx, topic, partitions)
	layout.verified(partitions, err)
	return err
}

// checkEventLayout is checkLayout for topics of events.
func (l *Log) checkEventLayout(ctx context.Context, topic string, partitions int) error {
	if isRegistry(topic) {
		return nil
	}
	return l.checkLayout(ctx, topic, partitions)
}

// check compares the number of partitions with what is known, if that is enough.
func (l *layout) check(partitions int) (known bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.partitions > 0 && partitions != l.partitions:
		l.fail(fmt.Sprintf("has %d partitions, and had %d when this process started", partitions, l.partitions), time.Time{})
		return true, l.fault
	case l.fault != nil && time.Since(l.found) < faultTTL:
		return true, l.fault
	}
	return l.partitions > 0 && l.fault == nil, nil
}

// verified notes the result of verifyFirstRecords.
func (l *layout) verified(partitions int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		if l.fault != nil {
			l.logger.Info("the partitions of a topic are valid again", zap.String("topic", l.topic), zap.Int("partitions", partitions))
		}
		l.partitions, l.fault = partitions, nil
		return
	}
	if changed, ok := errors.AsType[*PartitionsChangedError](err); ok {
		l.fail(changed.Words, time.Now())
	}
}

// fail logs a new fault.
func (l *layout) fail(words string, found time.Time) {
	if l.fault == nil {
		l.logger.Error("the number of partitions of a topic was changed, which no service can follow: the records of a measurement are in two partitions now. "+
			"Stop all producers of the topic, recreate it with the number that it is to have, write the records to keep to it again, "+
			"with their keys, and restart collectors and gateways", zap.String("topic", l.topic), zap.String("seen", l.topic+" "+words))
	}
	l.fault, l.found = &PartitionsChangedError{Topic: l.topic, Words: words}, found
}

// state returns how many partitions a topic is known to have, 0 if that is unknown, and the fault that is known.
func (l *layouts) state(topic string) (partitions int, fault error) {
	found, ok := l.topics.Load(topic)
	if !ok {
		return 0, nil
	}
	layout := found.(*layout)
	layout.mu.Lock()
	defer layout.mu.Unlock()
	if layout.fault != nil { // a nil pointer would be an error that is not nil
		return layout.partitions, layout.fault
	}
	return layout.partitions, nil
}

// checkKnown refuses a number of partitions other than the known one, if one is known.
func (l *layouts) checkKnown(topic string, partitions int) error {
	if had, _ := l.state(topic); had == 0 || had == partitions {
		return nil
	}
	_, err := l.of(topic).check(partitions)
	return err
}

// verifiedConcurrently is of how many partitions the first records are read at a time.
const verifiedConcurrently = 8

// verifyFirstRecords checks that the first record of each partition belongs there, by its key.
func (l *Log) verifyFirstRecords(ctx context.Context, topic string, partitions int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(verifiedConcurrently)
	for number := range partitions {
		group.Go(func() error { return l.partition(topic, number).verifyFirstRecord(ctx, partitions) })
	}
	return group.Wait()
}

// firstResponse limits a response of which the first record is wanted, as the broker holds it; it has one complete batch in any case.
const firstResponse = 16 << 10

// verifyFirstRecord checks that the partition's first record is one that a producer puts there in a topic with that many partitions. Records of foreign
// producers whose key names no measurement may be anywhere, so the first one counts that names one, if it is among the first few.
func (p partition) verifyFirstRecord(ctx context.Context, partitions int) error {
	first, next, err := p.bounds(ctx)
	if err != nil || first == next {
		return err
	}
	fetcher := fetcher{partition: p, next: first, maxBytes: firstResponse}
	defer fetcher.close()
	response, err := fetcher.fetch(ctx)
	if err != nil {
		return err
	}
	measurement, offset, err := firstMeasurement(response.Records)
	if measurement == 0 && isUnreadable(err) { // its readers report it
		return nil
	}
	if measurement == 0 {
		return err
	}
	if belongs := PartitionOf(measurement, partitions); belongs != p.number {
		return &PartitionsChangedError{Topic: p.topic, Words: fmt.Sprintf(
			"has %d partitions, and the record with key %s at offset %d of partition %d belongs to partition %d then",
			partitions, measurement.Key(), offset, p.number, belongs)}
	}
	return nil
}

// firstMeasurement returns the measurement and the offset of the first record whose key names one; 0 if there is none.
func firstMeasurement(records kafka.RecordReader) (measurement atlas.MeasurementID, offset int64, err error) {
	var keys keyReader
	err = eachRecord(records, func(record *kafka.Record) (err error) {
		if measurement != 0 {
			return errStop
		}
		offset = record.Offset
		measurement, err = keys.measurement(record.Key)
		return err
	})
	return measurement, offset, err
}
