package publish

import (
	"maps"
	"sync"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
)

// Repeats remembers what was written to live topics, to tell which records are repeats. It knows the truth of what it tells, as it goes by offsets: a record
// is a repeat if the same bytes stand among the horizon records before it in its partition. It does not know what others wrote, or what was written before
// it was made. It holds about 50 bytes a record of horizon and partition, and is safe for concurrent use.
type Repeats struct {
	horizon    int64
	mu         sync.Mutex
	partitions map[partition]*written
}

type partition struct {
	topic  string
	number int
}

// written is where the records of a partition stand, by what they say: each ID's last one.
type written struct {
	last   map[atlas.EventID]int64
	latest int64
}

// NewRepeats makes a Repeats that looks back that many records.
func NewRepeats(horizon int) *Repeats {
	return &Repeats{horizon: int64(horizon), partitions: map[partition]*written{}}
}

// add takes what an append has put to the places, and gives the number of repeats. Appends to the same partition may be told in any order.
func (r *Repeats) add(topic string, events []atlas.Event, places []eventlog.Place) (repeats int) {
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

func (r *Repeats) partition(topic string, place eventlog.Place) *written {
	key := partition{topic, place.Partition}
	there := r.partitions[key]
	if there == nil || place.Offset < there.latest-r.horizon { // the topic was made anew
		there = &written{last: map[atlas.EventID]int64{}}
		r.partitions[key] = there
	}
	return there
}

func (w *written) add(id atlas.EventID, offset, horizon int64) (repeat bool) {
	before, known := w.last[id]
	w.last[id], w.latest = max(before, offset), max(w.latest, offset)
	if int64(len(w.last)) > horizon+horizon/4 { // now and then, as it looks at all of them
		maps.DeleteFunc(w.last, func(_ atlas.EventID, at int64) bool { return at < w.latest-horizon })
	}
	return known && max(before, offset)-min(before, offset) <= horizon
}
