package publish

import (
	"maps"
	"sync"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
)

// RepeatCounter remembers what this process wrote to live topics, to count repeats: a record is one if the same bytes are among the horizon records before it
// in its partition. It does not know what other processes wrote, or this one before it started, so there may be more repeats than it counts. It takes about 50
// bytes for each record of the horizon and partition, and is safe for concurrent use.
type RepeatCounter struct {
	horizon    int64
	mu         sync.Mutex
	partitions map[partitionKey]*partitionRecords
}

type partitionKey struct {
	topic  string
	number int
}

// partitionRecords has the offset of the last record of each ID in a partition.
type partitionRecords struct {
	last   map[atlas.EventID]int64
	latest int64
}

// NewRepeatCounter returns a RepeatCounter that looks back that many records.
func NewRepeatCounter(horizon int) *RepeatCounter {
	return &RepeatCounter{horizon: int64(horizon), partitions: map[partitionKey]*partitionRecords{}}
}

// add records the places of an append's events, and returns how many of them are repeats. Appends to the same partition may be added in any order.
func (r *RepeatCounter) add(topic string, events []atlas.Event, places []eventlog.Place) (repeats int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, place := range places {
		if place.Offset < 0 {
			continue
		}
		if r.partition(topic, place).add(events[i].ID, place.Offset, r.horizon) {
			repeats++
		}
	}
	return repeats
}

func (r *RepeatCounter) partition(topic string, place eventlog.Place) *partitionRecords {
	key := partitionKey{topic, place.Partition}
	there := r.partitions[key]
	if there == nil || place.Offset < there.latest-r.horizon { // the topic was recreated
		there = &partitionRecords{last: map[atlas.EventID]int64{}}
		r.partitions[key] = there
	}
	return there
}

func (w *partitionRecords) add(id atlas.EventID, offset, horizon int64) (repeat bool) {
	before, known := w.last[id]
	w.last[id], w.latest = max(before, offset), max(w.latest, offset)
	if int64(len(w.last)) > horizon+horizon/4 { // not each time, as it visits all of them
		maps.DeleteFunc(w.last, func(_ atlas.EventID, at int64) bool { return at < w.latest-horizon })
	}
	return known && max(before, offset)-min(before, offset) <= horizon
}
