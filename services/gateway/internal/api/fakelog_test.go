package api

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"atlasstream/pkg/atlas"
)

// Topics of the log.
const (
	liveResults     = "results"
	liveProbeStatus = "probestatus"
	archivePrefix   = "archive."
)

// fakeLog is a log in memory. Measurement m is in partition m modulo their number.
type fakeLog struct {
	length  int64 // of a record's value
	mu      sync.Mutex
	topics  map[string][]fakePartition
	objects map[int64]string // of measurements, by offset
	fails   error
	scans   int
	takes   time.Duration // a scan
	running int           // scans, and how many there were at once at most
	atOnce  int
}

// fakePartition has its records from an offset on.
type fakePartition struct {
	first   int64
	records []fakeRecord
}

type fakeRecord struct {
	measurement atlas.MeasurementID
	at          time.Time
}

// add appends a record of a measurement, in the partition that it has.
func (l *fakeLog) add(topic string, id atlas.MeasurementID, at ...time.Time) {
	number := int(id) % len(l.topics[topic])
	for _, one := range at {
		l.topics[topic][number].records = append(l.topics[topic][number].records, fakeRecord{id, one})
	}
}

func (l *fakeLog) Archives(context.Context) (archives []string, err error) {
	for topic := range l.topics {
		if strings.HasPrefix(topic, archivePrefix) {
			archives = append(archives, topic)
		}
	}
	slices.Sort(archives)
	return archives, l.fails
}

func (l *fakeLog) Partitions(_ context.Context, topic string) (int, error) {
	return len(l.topics[topic]), l.fails
}

func (l *fakeLog) Bounds(_ context.Context, topic string, number int) (first, next int64, err error) {
	of := l.topics[topic][number]
	return of.first, of.first + int64(len(of.records)), l.fails
}

func (l *fakeLog) Measurement(_ context.Context, position atlas.Position) ([]byte, error) {
	return []byte(l.objects[position.Offset]), l.fails
}

func (l *fakeLog) ScanWithin(
	ctx context.Context, topic string, number int, from, to, most int64, see func(atlas.MeasurementID, time.Time) bool, came func(records, bytes int64),
) (next, bytes int64, err error) {
	defer func() { came(next-from, bytes) }()
	l.mu.Lock()
	l.scans++
	l.running++
	l.atOnce = max(l.atOnce, l.running)
	l.mu.Unlock()
	select {
	case <-time.After(l.takes):
	case <-ctx.Done():
	}
	l.mu.Lock()
	l.running--
	l.mu.Unlock()
	if ctx.Err() != nil {
		return from, 0, ctx.Err()
	}
	of := l.topics[topic][number]
	for next = from; next < to && bytes < most && l.fails == nil; next++ {
		bytes += l.length
		if one := of.records[next-of.first]; !see(one.measurement, one.at) {
			return next + 1, bytes, nil
		}
	}
	return next, bytes, l.fails
}

func (l *fakeLog) Partition(_ context.Context, topic string, id atlas.MeasurementID) (int, error) {
	return int(id) % len(l.topics[topic]), l.fails
}

func (l *fakeLog) OffsetAt(_ context.Context, topic string, number int, at time.Time) (int64, error) {
	of := l.topics[topic][number]
	index := slices.IndexFunc(of.records, func(one fakeRecord) bool { return !one.at.Before(at) })
	if index < 0 {
		index = len(of.records)
	}
	return of.first + int64(index), l.fails
}
