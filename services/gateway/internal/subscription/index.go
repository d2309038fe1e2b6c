package subscription

import (
	"slices"

	"atlasstream/pkg/atlas"
)

// Index finds the subscriptions that a record may match. The zero value is empty. It is not safe for concurrent use.
type Index[S comparable] struct {
	entries       map[entryKey[S]]*Entry[S]
	byMeasurement map[atlas.MeasurementID][]*Entry[S]
}

type entryKey[S comparable] struct {
	subscriber  S
	stream      atlas.Stream
	measurement atlas.MeasurementID
}

// allMeasurements has the metadata stream: a subscriber's subscriptions to one measurement and to all must be in one entry, so that it gets a message once.
// Measurements change seldom.
const allMeasurements atlas.MeasurementID = 0

func keyOf[S comparable](subscriber S, subscription *Subscription) entryKey[S] {
	key := entryKey[S]{subscriber, subscription.Stream, subscription.Measurement}
	if subscription.Stream == atlas.StreamMetadata {
		key.measurement = allMeasurements
	}
	return key
}

// Candidates gives the entries that a record of a measurement may match; they are valid until the index changes.
func (x *Index[S]) Candidates(measurement atlas.MeasurementID) []*Entry[S] {
	one, all := x.byMeasurement[measurement], x.byMeasurement[allMeasurements]
	if len(all) == 0 {
		return one
	}
	return slices.Concat(all, one)
}

// Add adds subscriptions of a subscriber.
func (x *Index[S]) Add(subscriber S, subscriptions ...*Subscription) {
	for _, subscription := range subscriptions {
		key := keyOf(subscriber, subscription)
		entry := x.entries[key]
		if entry == nil {
			entry = x.addEntry(key)
		}
		entry.add(subscription)
	}
}

func (x *Index[S]) addEntry(key entryKey[S]) *Entry[S] {
	if x.entries == nil {
		x.entries, x.byMeasurement = make(map[entryKey[S]]*Entry[S]), make(map[atlas.MeasurementID][]*Entry[S])
	}
	entries := x.byMeasurement[key.measurement]
	entry := &Entry[S]{Subscriber: key.subscriber, Stream: key.stream, index: len(entries)}
	x.entries[key], x.byMeasurement[key.measurement] = entry, append(entries, entry)
	return entry
}

// Remove removes those subscriptions of a subscriber that the index has: many as fast as one.
func (x *Index[S]) Remove(subscriber S, subscriptions ...*Subscription) {
	type list struct {
		key   entryKey[S]
		probe atlas.ProbeID
	}
	byList := make(map[list]map[*Subscription]struct{}, 1)
	for _, subscription := range subscriptions {
		of := list{keyOf(subscriber, subscription), subscription.Probe}
		if byList[of] == nil {
			byList[of] = make(map[*Subscription]struct{}, 1)
		}
		byList[of][subscription] = struct{}{}
	}
	for of, removed := range byList {
		if entry := x.entries[of.key]; entry != nil {
			if entry.remove(of.probe, removed); entry.isEmpty() {
				x.removeEntry(of.key, entry)
			}
		}
	}
}

// removeEntry puts the last entry of the measurement in the place of the removed one.
func (x *Index[S]) removeEntry(key entryKey[S], removed *Entry[S]) {
	delete(x.entries, key)
	entries := x.byMeasurement[key.measurement]
	last := len(entries) - 1
	if last == 0 {
		delete(x.byMeasurement, key.measurement)
		return
	}
	entries[removed.index] = entries[last]
	entries[removed.index].index = removed.index
	entries[last] = nil
	x.byMeasurement[key.measurement] = entries[:last]
}
