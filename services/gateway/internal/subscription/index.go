package subscription

import (
	"slices"

	"atlasstream/pkg/atlas"
)

// Index finds the subscriptions that a record may concern. It is not safe for concurrent use.
type Index[S comparable] struct {
	places  map[place[S]]*Entry[S]
	entries map[atlas.MeasurementID][]*Entry[S]
}

// place is where the index has what a subscriber wants.
type place[S comparable] struct {
	subscriber  S
	stream      atlas.Stream
	measurement atlas.MeasurementID
}

// everyMeasurement has the metadata stream: a subscriber's subscriptions to one measurement and to every one must meet, so that it gets a message once.
// Measurements change seldom.
const everyMeasurement atlas.MeasurementID = 0

func placeOf[S comparable](subscriber S, subscription *Subscription) place[S] {
	at := place[S]{subscriber, subscription.Stream, subscription.Measurement}
	if subscription.Stream == atlas.StreamMetadata {
		at.measurement = everyMeasurement
	}
	return at
}

// Candidates gives the entries that a record of a measurement may match; they are valid until the index changes.
func (x *Index[S]) Candidates(measurement atlas.MeasurementID) []*Entry[S] {
	named, every := x.entries[measurement], x.entries[everyMeasurement]
	if len(every) == 0 {
		return named
	}
	return slices.Concat(every, named)
}

// Add puts subscriptions of a subscriber into the index.
func (x *Index[S]) Add(subscriber S, subscriptions ...*Subscription) {
	for _, subscription := range subscriptions {
		at := placeOf(subscriber, subscription)
		entry := x.places[at]
		if entry == nil {
			entry = x.enter(at)
		}
		entry.add(subscription)
	}
}

func (x *Index[S]) enter(at place[S]) *Entry[S] {
	if x.places == nil {
		x.places, x.entries = make(map[place[S]]*Entry[S]), make(map[atlas.MeasurementID][]*Entry[S])
	}
	entries := x.entries[at.measurement]
	entry := &Entry[S]{Subscriber: at.subscriber, Stream: at.stream, number: len(entries)}
	x.places[at], x.entries[at.measurement] = entry, append(entries, entry)
	return entry
}

// Remove takes those subscriptions of a subscriber out of the index that are there.
func (x *Index[S]) Remove(subscriber S, subscriptions ...*Subscription) {
	for at, leaving := range groupsOf(subscriber, subscriptions) {
		entry := x.places[at.place]
		if entry == nil {
			continue
		}
		if entry.remove(at.probe, leaving); entry.isEmpty() {
			x.leave(at.place, entry)
		}
	}
}

// group is where an entry has subscriptions.
type group[S comparable] struct {
	place place[S]
	probe atlas.ProbeID
}

// groupsOf sorts subscriptions by where entries have them, so that many are removed as quickly as one.
func groupsOf[S comparable](subscriber S, subscriptions []*Subscription) map[group[S]]map[*Subscription]struct{} {
	groups := make(map[group[S]]map[*Subscription]struct{}, 1)
	for _, subscription := range subscriptions {
		at := group[S]{placeOf(subscriber, subscription), subscription.Probe}
		if groups[at] == nil {
			groups[at] = make(map[*Subscription]struct{}, 1)
		}
		groups[at][subscription] = struct{}{}
	}
	return groups
}

// leave puts the last entry of the measurement where the leaving one was.
func (x *Index[S]) leave(at place[S], leaving *Entry[S]) {
	delete(x.places, at)
	entries := x.entries[at.measurement]
	last := len(entries) - 1
	if last == 0 {
		delete(x.entries, at.measurement)
		return
	}
	entries[leaving.number] = entries[last]
	entries[leaving.number].number = leaving.number
	entries[last] = nil
	x.entries[at.measurement] = entries[:last]
}
