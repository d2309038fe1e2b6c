package eventlog

import (
	"math/rand/v2"
	"testing"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

// Of one measurement's records, recentIDs finds the repeats that Repeats finds among all.
//
//notices:recent-ids-forget
func TestRecentIDsAreThoseOfRepeats(t *testing.T) {
	for seed := range uint64(200) {
		dice := rand.New(rand.NewPCG(seed, 3))
		horizon := 1 + dice.IntN(300)
		repeats, recent := NewRepeats(horizon), newRecentIDs(int64(horizon))
		for offset := range int64(2000) {
			id := numberedID(dice.Uint64N(400))
			want := repeats.Add(offset, id)
			if id[0]%3 != 0 {
				continue
			}
			if got := recent.add(offset, id); got != want {
				t.Fatalf("seed %d, horizon %d, offset %d: got %v, want %v", seed, horizon, offset, got, want)
			}
		}
	}
}

func TestRecentIDsHoldTheHorizonOnly(t *testing.T) {
	recent := newRecentIDs(1000)
	for number := range int64(100_000) {
		recent.add(number*20, numberedID(uint64(number)))
	}
	full := newRecentIDs(DefaultRepeatHorizon)
	for number := range int64(50_000) {
		full.add(number, numberedID(uint64(number)))
	}
	if len(full.records) != DefaultRepeatHorizon {
		t.Errorf("has room for %d IDs, want %d for the whole horizon", len(full.records), DefaultRepeatHorizon)
	}
	if len(recent.records) > leastRecent {
		t.Errorf("has room for %d IDs, want %d for the 50 within the horizon", len(recent.records), leastRecent)
	}
}

func TestKeys(t *testing.T) {
	var keys keyReader
	for key, want := range map[string]atlas.MeasurementID{
		"1001": 1001, "9007199254740991": atlas.MaxID, "9007199254740992": 0, "": 0, "01001": 0, "+1": 0, "-1": 0, "0": 0, "1001 ": 0, "msm": 0, "12345678901234567": 0,
	} {
		if got, err := keys.measurement(kafka.NewBytes([]byte(key))); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", key, got, err, want)
		}
	}
	if got, err := keys.measurement(nil); err != nil || got != 0 {
		t.Errorf("no key: got %d, %v, want 0", got, err)
	}
}
