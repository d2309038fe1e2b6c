package outagewatch

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"atlasstream/services/gateway/internal/outage"
)

// Answer is a list of outages. It does not change.
type Answer struct {
	From, To   time.Time // of which time they are; zero where the log has too few events to tell
	Offset     int64     // of the last event that it knows; -1 for none
	Registry   string    // digest of what is known of probes
	Outages    []outage.Outage
	reading    chan struct{} // tells by which reading it was found, and does not keep that in memory
	maxSilence time.Duration // how long no event may come
	since      time.Time     // when the first reading of the log began, as far as it matters

	encode  sync.Once
	encoded []json.RawMessage
	index   sync.Once
	hit     map[string][]int // by the names of countries and networks: the outages that hit probes of it, by their places
}

// JSON gives each outage as it is told; it is written once for all who ask.
func (a *Answer) JSON() []json.RawMessage {
	a.encode.Do(func() {
		a.encoded = make([]json.RawMessage, len(a.Outages))
		for i := range a.Outages {
			text, err := json.Marshal(a.Outages[i])
			if err != nil {
				panic(err) // outages are made of what JSON has
			}
			a.encoded[i] = text
		}
	})
	return a.encoded
}

// Hitting gives the places of the outages that hit probes of one of some countries and networks, in their order. What an outage hit is looked through once
// for all who ask.
func (a *Answer) Hitting(names []string) (indexes []int) {
	a.index.Do(a.noteHits)
	for _, name := range names {
		indexes = append(indexes, a.hit[name]...)
	}
	slices.Sort(indexes)
	return slices.Compact(indexes)
}

func (a *Answer) noteHits() {
	a.hit = make(map[string][]int)
	for index := range a.Outages {
		for _, shares := range [][]outage.Share{a.Outages[index].Countries, a.Outages[index].Networks} {
			for _, share := range shares {
				a.hit[share.Name] = append(a.hit[share.Name], index)
			}
		}
	}
}

// Continues tells whether both are of one reading of the log, so that what is new are the revisions that the former does not have.
func (a *Answer) Continues(former *Answer) bool { return a.reading == former.reading }

// SilentSince is the time since which there was no event at all, where that is longer than it ever takes while the events come as they should; else zero.
func (a *Answer) SilentSince(now time.Time) (since time.Time) {
	last := a.To
	if last.IsZero() {
		last = a.since
	}
	if now.Sub(last) <= a.maxSilence {
		return since
	}
	return last
}
