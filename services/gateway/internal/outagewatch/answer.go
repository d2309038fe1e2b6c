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
	From, To   time.Time // the interval; zero if the log has too few events to tell
	Offset     int64     // of the last event; -1 for none
	Registry   string    // digest of what is known of probes
	Outages    []outage.Outage
	reading    chan struct{} // identifies the reading without keeping it in memory
	maxSilence time.Duration // the longest time without events
	since      time.Time     // when the first reading of the log began, as far as it matters

	encode  sync.Once
	encoded []json.RawMessage
	index   sync.Once
	hit     map[string][]int // the indexes of outages by the names of the countries and networks that they hit
}

// JSON returns the encoding of each outage; all clients share it.
func (a *Answer) JSON() []json.RawMessage {
	a.encode.Do(func() {
		a.encoded = make([]json.RawMessage, len(a.Outages))
		for i := range a.Outages {
			text, err := json.Marshal(a.Outages[i])
			if err != nil {
				panic(err) // JSON can encode every outage
			}
			a.encoded[i] = text
		}
	})
	return a.encoded
}

// Hitting returns the indexes of the outages that hit probes of any of the countries and networks, in ascending order. All clients share the index.
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

// Continues reports whether both are of one reading of the log, so that only the new revisions differ.
func (a *Answer) Continues(former *Answer) bool { return a.reading == former.reading }

// SilentSince is the time of the last event if the source of events has been silent for too long since; otherwise zero.
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
