package jitter_test

import (
	"net/http"
	"testing"
	"time"

	"atlasstream/pkg/jitter"
)

const draws = 10_000

//notices:jitter-fixed
func TestAroundIsSpreadOverTheMean(t *testing.T) {
	const mean = time.Minute
	var sum time.Duration
	quarters := make(map[time.Duration]int) // of the minute over which the durations spread
	for range draws {
		got := jitter.Around(mean)
		if got < mean/2 || got >= mean*3/2 {
			t.Fatalf("got %s, want 30 s to 90 s", got)
		}
		sum += got
		quarters[(got-mean/2)/(mean/4)]++
	}
	if average := sum / draws; average < 58*time.Second || average > 62*time.Second {
		t.Errorf("the mean is %s", average)
	}
	for quarter, count := range quarters {
		if count < draws/5 || count > draws*3/10 {
			t.Errorf("%d of %d are in quarter %d", count, draws, quarter)
		}
	}
}

func TestRetryAfterIsInWholeSecondsAboveZero(t *testing.T) {
	for mean, want := range map[time.Duration][]string{
		0:                      {"1"},
		200 * time.Millisecond: {"1"},
		5 * time.Second:        {"3", "4", "5", "6", "7", "8"},
	} {
		seen := make(map[string]bool)
		for range draws {
			header := http.Header{}
			jitter.SetRetryAfter(header, mean)
			seen[header.Get("Retry-After")] = true
		}
		for _, seconds := range want {
			if !seen[seconds] {
				t.Errorf("%s: never %q", mean, seconds)
			}
			delete(seen, seconds)
		}
		if len(seen) > 0 {
			t.Errorf("%s: got %v as well", mean, seen)
		}
	}
}
