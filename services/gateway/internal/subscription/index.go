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
	subscriptions []*Subscription
	everyProbe    bool                     // some subscription wants every probe
	fields        Fields                   // of those subscriptions together
	byProbe       map[atlas.ProbeID]Fields // of the probes that some subscription names: what is wanted of them in all
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
		entries[i].set(append(entries[i].subscriptions, subscription))
		return
	}
	entry := &Entry[S]{Subscriber: subscriber, Stream: subscription.Stream}
	entry.set([]*Subscription{subscription})
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
	entry.set(slices.DeleteFunc(entry.subscriptions, func(s *Subscription) bool { return s == subscription }))
	if len(entry.subscriptions) > 0 {
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
	if fields, named := e.byProbe[record.Probe]; named {
		return fields, true
	}
	return e.fields, e.everyProbe
}

// set works out beforehand what Match answers: subscriptions change seldom, and records are many.
func (e *Entry[S]) set(subscriptions []*Subscription) {
	wanted := make(map[atlas.ProbeID]Fields) // by probe, with every probe under 0
	for _, subscription := range subscriptions {
		fields, named := wanted[subscription.Probe]
		if named {
			wanted[subscription.Probe] = fields.Union(subscription.Fields)
			continue
		}
		wanted[subscription.Probe] = subscription.Fields
	}
	e.subscriptions = subscriptions
	fields, everyProbe := wanted[0]
	e.fields, e.everyProbe = fields, everyProbe
	delete(wanted, 0)
	if e.everyProbe {
		for probe, fields := range wanted {
			wanted[probe] = fields.Union(e.fields)
		}
	}
	e.byProbe = nil
	if len(wanted) > 0 {
		e.byProbe = wanted
	}
}
