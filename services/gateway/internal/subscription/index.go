package subscription

import (
	"slices"

	"atlasstream/pkg/atlas"
)

// Index finds the subscriptions that a record may match. The zero value is empty. It is not safe for concurrent use.
type Index[S comparable] struct {
	candidates    map[candidateKey[S]]*Candidate[S]
	byMeasurement map[atlas.MeasurementID][]*Candidate[S]
}

type candidateKey[S comparable] struct {
	subscriber  S
	stream      atlas.Stream
	measurement atlas.MeasurementID
}

// allMeasurements has the metadata stream: a subscriber's subscriptions to one measurement and to all must be in one candidate, so that it gets a message once.
// Measurements change seldom.
const allMeasurements atlas.MeasurementID = 0

func keyOf[S comparable](subscriber S, subscription *Subscription) candidateKey[S] {
	key := candidateKey[S]{subscriber, subscription.Stream, subscription.Measurement}
	if subscription.Stream == atlas.StreamMetadata {
		key.measurement = allMeasurements
	}
	return key
}

// Candidates gives the candidates that a record of a measurement may match; they are valid until the index changes.
func (x *Index[S]) Candidates(measurement atlas.MeasurementID) []*Candidate[S] {
	one, all := x.byMeasurement[measurement], x.byMeasurement[allMeasurements]
	if len(all) == 0 {
		return one
	}
	return slices.Concat(all, one)
}

// Find gives the candidate that a subscription of a subscriber is in; nil if there is none.
func (x *Index[S]) Find(subscriber S, subscription *Subscription) *Candidate[S] {
	return x.candidates[keyOf(subscriber, subscription)]
}

// Add adds subscriptions of a subscriber.
func (x *Index[S]) Add(subscriber S, subscriptions ...*Subscription) {
	for _, subscription := range subscriptions {
		key := keyOf(subscriber, subscription)
		candidate := x.candidates[key]
		if candidate == nil {
			candidate = x.addCandidate(key)
		}
		candidate.add(subscription)
	}
}

func (x *Index[S]) addCandidate(key candidateKey[S]) *Candidate[S] {
	if x.candidates == nil {
		x.candidates, x.byMeasurement = make(map[candidateKey[S]]*Candidate[S]), make(map[atlas.MeasurementID][]*Candidate[S])
	}
	candidates := x.byMeasurement[key.measurement]
	candidate := &Candidate[S]{Subscriber: key.subscriber, Stream: key.stream, index: len(candidates)}
	x.candidates[key], x.byMeasurement[key.measurement] = candidate, append(candidates, candidate)
	return candidate
}

// Remove removes those subscriptions of a subscriber that the index has: many as fast as one.
func (x *Index[S]) Remove(subscriber S, subscriptions ...*Subscription) {
	type list struct {
		key   candidateKey[S]
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
		if candidate := x.candidates[of.key]; candidate != nil {
			if candidate.remove(of.probe, removed); candidate.isEmpty() {
				x.removeCandidate(of.key, candidate)
			}
		}
	}
}

// removeCandidate puts the last candidate of the measurement in the place of the removed one.
func (x *Index[S]) removeCandidate(key candidateKey[S], removed *Candidate[S]) {
	delete(x.candidates, key)
	candidates := x.byMeasurement[key.measurement]
	last := len(candidates) - 1
	if last == 0 {
		delete(x.byMeasurement, key.measurement)
		return
	}
	candidates[removed.index] = candidates[last]
	candidates[removed.index].index = removed.index
	candidates[last] = nil
	x.byMeasurement[key.measurement] = candidates[:last]
}
