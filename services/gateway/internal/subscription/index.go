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
	for at, added := range placesOf(subscriber, subscriptions) {
		entry := x.places[at]
		if entry == nil {
			entry = x.enter(at)
		}
		entry.set(append(entry.subscriptions, added...))
	}
}

// placesOf sorts subscriptions by their places: to set an entry takes a while.
func placesOf[S comparable](subscriber S, subscriptions []*Subscription) map[place[S]][]*Subscription {
	places := make(map[place[S]][]*Subscription, 1)
	for _, subscription := range subscriptions {
		at := placeOf(subscriber, subscription)
		places[at] = append(places[at], subscription)
	}
	return places
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
	for at, removed := range placesOf(subscriber, subscriptions) {
		if entry := x.places[at]; entry != nil {
			x.reduce(at, entry, removed)
		}
	}
}

func (x *Index[S]) reduce(at place[S], entry *Entry[S], removed []*Subscription) {
	leaving := make(map[*Subscription]struct{}, len(removed))
	for _, subscription := range removed {
		leaving[subscription] = struct{}{}
	}
	left := slices.DeleteFunc(entry.subscriptions, func(s *Subscription) bool { _, leaves := leaving[s]; return leaves })
	if entry.set(left); len(left) == 0 {
		x.leave(at, entry)
	}
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
