package subscription

import (
	"slices"

	"atlasstream/pkg/atlas"
)

// Index finds the subscriptions that a record may concern. It is not safe for concurrent use.
type Index[S comparable] struct {
	measurements map[atlas.MeasurementID][]*Entry[S]
}

// Entry is what one subscriber wants of one measurement in one stream.
type Entry[S comparable] struct {
	Subscriber    S
	Stream        atlas.Stream
	Subscriptions []*Subscription
}

// Candidates gives the entries of a measurement; they are valid until the index changes.
func (x *Index[S]) Candidates(measurement atlas.MeasurementID) []*Entry[S] {
	return x.measurements[measurement]
}

// Add puts a subscription into the index.
func (x *Index[S]) Add(subscriber S, subscription *Subscription) {
	if x.measurements == nil {
		x.measurements = make(map[atlas.MeasurementID][]*Entry[S])
	}
	entries := x.measurements[subscription.Measurement]
	if i := find(entries, subscriber, subscription.Stream); i >= 0 {
		entries[i].Subscriptions = append(entries[i].Subscriptions, subscription)
		return
	}
	entry := &Entry[S]{Subscriber: subscriber, Stream: subscription.Stream, Subscriptions: []*Subscription{subscription}}
	x.measurements[subscription.Measurement] = append(entries, entry)
}

// Remove takes a subscription out of the index, if it is there.
func (x *Index[S]) Remove(subscriber S, subscription *Subscription) {
	entries := x.measurements[subscription.Measurement]
	i := find(entries, subscriber, subscription.Stream)
	if i < 0 {
		return
	}
	entry := entries[i]
	entry.Subscriptions = slices.DeleteFunc(entry.Subscriptions, func(s *Subscription) bool { return s == subscription })
	if len(entry.Subscriptions) > 0 {
		return
	}
	if len(entries) == 1 {
		delete(x.measurements, subscription.Measurement)
		return
	}
	x.measurements[subscription.Measurement] = slices.Delete(entries, i, i+1)
}

func find[S comparable](entries []*Entry[S], subscriber S, stream atlas.Stream) int {
	return slices.IndexFunc(entries, func(e *Entry[S]) bool { return e.Subscriber == subscriber && e.Stream == stream })
}

// Match tells whether the subscriber wants a record, and with which members: all that any of its matching subscriptions wants.
func (e *Entry[S]) Match(record *atlas.Record) (fields Fields, matches bool) {
	for _, subscription := range e.Subscriptions {
		if !subscription.Matches(record) {
			continue
		}
		if !matches {
			fields, matches = subscription.Fields, true
			continue
		}
		fields = fields.Union(subscription.Fields)
	}
	return fields, matches
}
