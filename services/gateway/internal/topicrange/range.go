package topicrange

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
)

// Finder finds ranges in one log.
type Finder struct {
	settings Settings
	scans    *readlimit.Pool
	scanned  prometheus.Counter
}

// Settings are what a Finder goes by.
type Settings struct {
	Log      Log
	Topics   map[atlas.Stream]string // the live topic of each stream that has records
	Lateness time.Duration           // how much later than results of the same time a result still comes into a live topic
}

// NewFinder makes a Finder and registers what it counts.
func NewFinder(settings Settings, registerer prometheus.Registerer) *Finder {
	scanned := prometheus.NewCounter(prometheus.CounterOpts{
		Namespace: "atlas", Subsystem: "gateway_playback", Name: "scanned_records_total",
		Help: "Records that were read to find where the log begins, or how many results a measurement has.",
	})
	registerer.MustRegister(scanned)
	//mutate:scans-of-one-address
	return &Finder{settings: settings, scans: readlimit.NewPool(scansAtOnce, scansOfAddress), scanned: scanned}
}

// Partition is the partition of a topic that a measurement is in.
type Partition struct {
	Topic       string
	Number      int
	Live        bool  // records come in by time, but for some lateness; an archive has any order
	First, Next int64 // there are records from First to before Next
}

// Range is the part of a partition from one offset to before another.
type Range struct {
	Partition
	From, To int64
}

// IsEmpty tells that there is nothing to read.
func (r *Range) IsEmpty() bool { return r.From >= r.To }

// Cover finds the ranges that have all of a measurement's records in an interval, in the order in which records of the same time come: by the topic's name.
func (f *Finder) Cover(ctx context.Context, query Query, interval Interval) ([]Range, error) {
	topics, err := f.Topics(ctx, query.Stream)
	if err != nil {
		return nil, err
	}
	ranges := make([]Range, 0, len(topics))
	for _, topic := range topics {
		located, err := f.Locate(ctx, topic, query)
		if err != nil {
			return nil, err
		}
		covering, err := f.cover(ctx, located, interval)
		if err != nil {
			return nil, err
		}
		ranges = append(ranges, covering)
	}
	return ranges, nil
}

// Partitions locates a measurement in every topic, by the topics' names.
func (f *Finder) Partitions(ctx context.Context, query Query) ([]Partition, error) {
	topics, err := f.Topics(ctx, query.Stream)
	if err != nil {
		return nil, err
	}
	partitions := make([]Partition, len(topics))
	for i, topic := range topics {
		if partitions[i], err = f.Locate(ctx, topic, query); err != nil {
			return nil, err
		}
	}
	return partitions, nil
}

// Topics lists where a stream's records are. An archive has measurements' results and, from a download of measurement 7000, connection events.
func (f *Finder) Topics(ctx context.Context, stream atlas.Stream) ([]string, error) {
	topics, err := f.settings.Log.Archives(ctx)
	if err != nil {
		return nil, err
	}
	topics = append(topics, f.settings.Topics[stream])
	slices.Sort(topics)
	return topics, nil
}

// Locate finds the partition of a measurement. The account pays for this and for all that is looked up there.
func (f *Finder) Locate(ctx context.Context, topic string, query Query) (located Partition, err error) {
	if err := query.Account.Pay(ctx, readlimit.LookUpCost); err != nil {
		return Partition{}, err
	}
	located = Partition{Topic: topic, Live: topic == f.settings.Topics[query.Stream]}
	if located.Number, err = f.settings.Log.Partition(ctx, topic, query.Measurement); err != nil {
		return Partition{}, err
	}
	located.First, located.Next, err = f.settings.Log.Bounds(ctx, topic, located.Number)
	return located, err
}
