package outage

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Rates are those of the last 24 whole hours, by a plain count of everything.
func TestHourlyCountsTheLast24WholeHours(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	h := newHourly(labStart)
	type stretch struct {
		from, until instant
		up          int
	}
	var connected []stretch
	var lost []instant
	at, up := labStart, 10
	for range 3000 {
		next := at + instant(random.Int64N(int64(20*minute)))
		if random.IntN(400) == 0 {
			next += instant(random.Int64N(int64(40 * hour)))
		}
		connected = append(connected, stretch{at, next, up})
		h.advance(next, up)
		at = next
		switch random.IntN(3) {
		case 0:
			h.add(at, 1)
			lost = append(lost, at)
		case 1:
			if last := len(lost) - 1; last >= 0 { // explained
				h.add(lost[last], -1)
				lost = lost[:last]
			}
		default:
			up = random.IntN(100)
		}
		begin, end := max(0, instant(hourOf(at)-wholeHours)*hour), instant(hourOf(at))*hour
		disconnects, hours := 0, 0.0
		for _, l := range lost {
			if begin <= l && l < end {
				disconnects++
			}
		}
		for _, s := range connected {
			if from, until := max(s.from, begin), min(s.until, end); from < until {
				hours += float64(until-from) / float64(hour) * float64(s.up)
			}
		}
		if h.allDisconnects != int64(disconnects) || math.Abs(h.hours()-hours) > 1e-6*(1+hours) {
			t.Fatalf("got %d disconnects in %v hours, want %d in %v", h.allDisconnects, h.hours(), disconnects, hours)
		}
	}
}

func TestRatesShrinkToTheWorlds(t *testing.T) {
	var h hourly
	if got := h.worldRate(); got != 0.02 {
		t.Errorf("of a world without a past: got %v, want 0.02", got)
	}
	if got := h.probeRate(0.03); got != 0.03 {
		t.Errorf("of a unit without a past: got %v, want the world's 0.03", got)
	}
	h.allDisconnects, h.allConnected = 100, 800*int64(hour)
	if got, want := h.probeRate(0.05), 110.0/1000; math.Abs(got-want) > 1e-12 {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Whatever was counted, a rate is none below what the unit shrinks to, as there is no surprise over less than nothing.
func TestRateIsNeverNegative(t *testing.T) {
	h := hourly{allDisconnects: -3}
	if got := h.probeRate(0.001); got != 0.001 {
		t.Errorf("got %v, want the world's 0.001", got)
	}
}
