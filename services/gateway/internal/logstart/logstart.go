// Package logstart finds the earliest event times of the log's partitions, which Kafka does not tell, and refuses a start before them.
package logstart

import (
	"context"
	"fmt"
	"sync"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/topicrange"
)

// Finder finds the earliest records of one log, and remembers them.
type Finder struct {
	ranges   *topicrange.Finder
	earliest earliestTimes
}

// New makes a Finder that scans what another one locates.
func New(ranges *topicrange.Finder) *Finder { return &Finder{ranges: ranges} }

// CheckStart refuses a start before all that the log has in the measurement's partitions, of which the ranges are covered from there on. One record that is
// older than the start settles it, and Kafka's offset for the start tells whether there is one before that; only where there is none are the records behind it
// scanned.
func (f *Finder) CheckStart(ctx context.Context, query topicrange.Query, ranges []topicrange.Range, start time.Time) error {
	known := earliest{complete: true}
	emptied := false
	for _, covered := range ranges {
		if covered.From > covered.First {
			return nil
		}
		emptied = emptied || covered.First > 0
		if covered.First == covered.Next {
			continue
		}
		found, err := f.earliestOf(ctx, query.Account, covered.Partition, query.Measurement)
		if err != nil {
			return err
		}
		if !found.ofAll.After(start) {
			return nil
		}
		known = known.with(found)
	}
	switch {
	case !known.ofAll.IsZero():
		return protocol.Errorf(protocol.CodeBeforeLog, "startTime: got %s, want no earlier than %s, when the log begins%s; "+
			"older results can be replayed once `collector import --into NAME` has brought them into an archive",
			topicrange.FormatTime(start), topicrange.FormatTime(known.ofAll), known.words(query.Measurement))
	case emptied:
		return protocol.Errorf(protocol.CodeBeforeLog, "startTime: got %s, but the log has no records of this measurement's partition any more",
			topicrange.FormatTime(start))
	}
	return nil
}

// earliest are the least event times in one partition, or in several.
type earliest struct {
	ofAll    time.Time
	own      time.Time // of the measurement; zero if it was not met where it was looked for
	complete bool      // own is known: the measurement was met, or all was looked at
}

func (e earliest) with(other earliest) earliest {
	return earliest{ofAll: earlier(e.ofAll, other.ofAll), own: earlier(e.own, other.own), complete: e.complete && other.complete}
}

// earlier gives the earlier of two times, of which a zero one is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// words say what is known of the measurement, and no more than that.
func (e earliest) words(measurement atlas.MeasurementID) string {
	switch {
	case e.own.Equal(e.ofAll):
		return ""
	case !e.complete:
		return fmt.Sprintf(" with other measurements; measurement %d begins later in it", measurement)
	case e.own.IsZero():
		return fmt.Sprintf(" with other measurements; it has no record of measurement %d", measurement)
	}
	return fmt.Sprintf(" with other measurements; its first record of measurement %d is of %s", measurement, topicrange.FormatTime(e.own))
}

// EarliestTime gives the least event time in a partition that has records.
func (f *Finder) EarliestTime(ctx context.Context, account *readlimit.Account, of topicrange.Partition) (time.Time, error) {
	found, err := f.earliestOf(ctx, account, of, 0)
	return found.ofAll, err
}

// earliestTimes remember the least event times of partitions. Kafka does not tell them: the records at the beginning of a live topic are scanned, as far as
// late ones reach, and all of an archive. So each is exact, but for results that came later than the lateness allows, and beyond the first maxScanned records.
// What was scanned once is not scanned again until retention removes it.
type earliestTimes struct {
	mu         sync.Mutex
	partitions map[string]*partitionTimes
}

const (
	// maxScanned bounds how many records of a partition are scanned for its earliest; it takes a second or two.
	maxScanned = 1_000_000
	// maxRemembered bounds of how many measurements of a partition the least time is remembered.
	maxRemembered = 10_000
)

// partitionTimes are those of one partition. Only the holder of the token reads and changes them.
type partitionTimes struct {
	token    chan struct{}
	first    int64 // the partition's first offset
	scanned  int64 // the offset before which the partition was scanned
	complete bool
	least    time.Time
	opening  time.Time                         // of the record at first
	own      map[atlas.MeasurementID]time.Time // the least of each measurement, of the first maxRemembered that were met
}

func (t *earliestTimes) of(partition topicrange.Partition) *partitionTimes {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := fmt.Sprintf("%s/%d", partition.Topic, partition.Number)
	if t.partitions == nil {
		t.partitions = make(map[string]*partitionTimes)
	}
	if t.partitions[key] == nil {
		t.partitions[key] = &partitionTimes{token: make(chan struct{}, 1), first: -1}
	}
	return t.partitions[key]
}

// earliestOf gives the least event times of a partition that has records.
func (f *Finder) earliestOf(ctx context.Context, account *readlimit.Account, of topicrange.Partition, measurement atlas.MeasurementID) (earliest, error) {
	times := f.earliest.of(of)
	select {
	case times.token <- struct{}{}:
	case <-ctx.Done():
		return earliest{}, ctx.Err()
	}
	defer func() { <-times.token }()
	if times.first != of.First || times.scanned > of.Next { // retention has moved on, or the topic is another one
		*times = partitionTimes{token: times.token, first: of.First, scanned: of.First, own: make(map[atlas.MeasurementID]time.Time)}
	}
	err := times.scan(ctx, f, account, of)
	own, met := times.own[measurement]
	whole := times.scanned >= of.Next && !times.complete && len(times.own) < maxRemembered
	return earliest{ofAll: times.least, own: own, complete: met || whole}, err
}

func (t *partitionTimes) scan(ctx context.Context, finder *Finder, account *readlimit.Account, of topicrange.Partition) (err error) {
	to := min(of.Next, of.First+maxScanned)
	if t.complete || t.scanned >= to {
		return nil
	}
	rest := topicrange.Range{Partition: of, From: t.scanned, To: to}
	t.scanned, err = finder.ranges.Scan(ctx, account, rest, func(measurement atlas.MeasurementID, at time.Time) bool {
		if t.least.IsZero() {
			t.opening = at
		}
		t.least = earlier(t.least, at)
		t.remember(measurement, at)
		t.complete = of.Live && at.Sub(t.opening) >= finder.ranges.Lateness()
		return !t.complete
	})
	return err
}

func (t *partitionTimes) remember(measurement atlas.MeasurementID, at time.Time) {
	if known, met := t.own[measurement]; met || len(t.own) < maxRemembered {
		t.own[measurement] = earlier(known, at)
	}
}
