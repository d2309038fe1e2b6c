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

// PartitionsChangedError says that a topic of events does not have the partitions that its records were written to: somebody has changed their number. The
// records of a measurement stand in two partitions then, and repeats, positions and the order of its records mean nothing across the two. Nobody follows
// that, as there is no clean cut: producers learn of it one after the other.
type PartitionsChangedError struct{ Topic, Words string }

func (e *PartitionsChangedError) Error() string { return e.Topic + " " + e.Words }

// layout is what is known of a topic's partitions. Topics keep the number that they had when this process met them first, for as long as it runs.
type layout struct {
	topic     string
	logger    *zap.Logger
	verifying *semaphore.Weighted // held by whoever looks at the partitions' first records

	mu         sync.Mutex
	partitions int                     // how many; 0 until their first records are known to belong there
	fault      *PartitionsChangedError // nil while all is well
	found      time.Time               // when the first records said so; zero if their number did
}

// faultTTL is how long a misplaced record is believed in before it is looked for again.
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

// checkLayout tells whether a topic that has so many partitions can be read and written to. The error is a *PartitionsChangedError where it never can, as
// it is. The first records of a topic that was not met before are read for that.
func (l *Log) checkLayout(ctx context.Context, topic string, partitions int) error {
	layout := l.layouts.of(topic)
	if known, err := layout.check(partitions); known {
		return err
	}
	if err := layout.verifying.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("%s: %w", topic, err)
	}
	defer layout.verifying.Release(1)
	if known, err := layout.check(partitions); known { // somebody else has looked meanwhile
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

// verified notes what the partitions' first records say.
func (l *layout) verified(partitions int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		if l.fault != nil {
			l.logger.Info("the partitions of a topic are right again", zap.String("topic", l.topic), zap.Int("partitions", partitions))
		}
		l.partitions, l.fault = partitions, nil
		return
	}
	if changed, ok := errors.AsType[*PartitionsChangedError](err); ok {
		l.fail(changed.Words, time.Now())
	}
}

// fail logs what is wrong, once while that lasts.
func (l *layout) fail(words string, found time.Time) {
	if l.fault == nil {
		l.logger.Error("the number of partitions of a topic was changed, and no service can follow that: the records of a measurement are in two partitions now. "+
			"Stop all that writes to the topic, delete it and make it again with the number that it is to have, write the records that are to be kept to it again, "+
			"with their keys, and restart collectors and gateways", zap.String("topic", l.topic), zap.String("seen", l.topic+" "+words))
	}
	l.fault, l.found = &PartitionsChangedError{Topic: l.topic, Words: words}, found
}

// state gives how many partitions a topic is known to have, 0 if it is not, and what is known to be wrong with them.
func (l *layouts) state(topic string) (partitions int, fault error) {
	found, ok := l.topics.Load(topic)
	if !ok {
		return 0, nil
	}
	layout := found.(*layout)
	layout.mu.Lock()
	defer layout.mu.Unlock()
	if layout.fault != nil { // a nil one would be an error that is not nil
		return layout.partitions, layout.fault
	}
	return layout.partitions, nil
}

// checkKnown refuses a number of partitions that is not the known one. Of a topic that was not met yet it expects nothing.
func (l *layouts) checkKnown(topic string, partitions int) error {
	if had, _ := l.state(topic); had == 0 || had == partitions {
		return nil
	}
	_, err := l.of(topic).check(partitions)
	return err
}

// verifiedConcurrently is how many partitions are asked for their first record at a time.
const verifiedConcurrently = 8

// verifyFirstRecords looks whether the first record of each partition belongs there, by its key.
func (l *Log) verifyFirstRecords(ctx context.Context, topic string, partitions int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(verifiedConcurrently)
	for number := range partitions {
		group.Go(func() error { return l.partition(topic, number).verifyFirstRecord(ctx, partitions) })
	}
	return group.Wait()
}

// firstResponse bounds what is fetched to see a partition's first record, in bytes as the broker holds it; one whole batch comes in any case.
const firstResponse = 16 << 10

// verifyFirstRecord looks whether the partition's first record is one that a producer who knows of so many partitions puts there. Foreign producers may write
// records whose key names no measurement; they may stand anywhere, and the first one whose key does counts, if it is among the first few.
func (p partition) verifyFirstRecord(ctx context.Context, partitions int) error {
	first, next, err := p.bounds(ctx)
	if err != nil || first == next {
		return err
	}
	fetcher := fetcher{partition: p, next: first, maxBytes: firstResponse}
	defer fetcher.close()
	answer, err := fetcher.fetch(ctx)
	if err != nil {
		return err
	}
	measurement, offset, err := firstMeasurement(answer.Records)
	if measurement == 0 && isUnreadable(err) { // those who read it tell
		return nil
	}
	if measurement == 0 {
		return err
	}
	if belongs := PartitionOf(measurement, partitions); belongs != p.number {
		return &PartitionsChangedError{Topic: p.topic, Words: fmt.Sprintf(
			"has %d partitions, and the record with key %s at offset %d of partition %d is not where it belongs then, which is partition %d",
			partitions, measurement.Key(), offset, p.number, belongs)}
	}
	return nil
}

// firstMeasurement gives the measurement, and the offset, of the first record whose key names one; 0 if there is none.
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
