package simulator

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// published is what publish was given, and when.
type published struct {
	Event
	at    time.Time
	batch int
}

// record runs a network against a fake clock until ctx ends; publish, if not nil, is called with the number of the batch.
func record(ctx context.Context, t *testing.T, cfg Config, history time.Duration, publish func(batch int) error) ([]published, error) {
	t.Helper()
	var all []published
	batches := 0
	err := newNetwork(t, cfg).Run(ctx, time.Now().Add(-history), func(batch []Event) error {
		if len(batch) == 0 || len(batch) > maxBatch {
			t.Fatalf("a batch of %d", len(batch))
		}
		batches++
		for _, event := range batch {
			all = append(all, published{event, time.Now(), batches})
		}
		if publish != nil {
			return publish(batches)
		}
		return nil
	})
	return all, err
}

// The published events are the network's, each once and in order, whatever the batches were.
func checkComplete(t *testing.T, cfg Config, from time.Time, all []published) {
	t.Helper()
	for i, want := range first(newNetwork(t, cfg), from.Add(-DeliveryDelay), len(all)) {
		if string(all[i].JSON) != string(want.JSON) {
			t.Fatalf("event %d: got %s, want %s", i, all[i].JSON, want.JSON)
		}
	}
}

func TestRunCatchesUpWithHistoryThenKeepsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := Config{Seed: 1, Rate: 10}
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		all, err := record(ctx, t, cfg, 20*time.Minute, nil)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v", err)
		}
		checkComplete(t, cfg, begin.Add(-20*time.Minute), all)
		history := 0
		for _, event := range all {
			delivered := event.Time.Add(DeliveryDelay)
			switch late := event.at.Sub(delivered); {
			case !delivered.After(begin):
				history++
				if !event.at.Equal(begin) {
					t.Fatalf("history of %s was published at %s", delivered, event.at)
				}
			case late < 0 || late > tick:
				t.Fatalf("an event of %s was published at %s", delivered, event.at)
			}
		}
		if live := len(all) - history; live < 580 || live > 620 || history < 11_800 {
			t.Errorf("got %d events of the 20 minutes before, and %d of the minute", history, live)
		}
	})
}

func TestRunPublishesLiveEventsInSmallBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		all, _ := record(ctx, t, Config{Seed: 1, Rate: 15_000}, 0, nil)
		batches := all[len(all)-1].batch
		if want := int(4 * time.Second / tick); batches < want-2 || batches > want+2 {
			t.Errorf("got %d batches in 4 s, want one every %s", batches, tick)
		}
		if len(all) < 59_000 || len(all) > 61_000 {
			t.Errorf("got %d events in 4 s", len(all))
		}
	})
}

func TestRunCatchesUpAfterAStallInBoundedBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := Config{Seed: 1, Rate: 2000}
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		all, _ := record(ctx, t, cfg, 0, func(batch int) error {
			if batch == 10 {
				time.Sleep(3 * time.Second) // a publisher that stalls, on the fake clock
			}
			return nil
		})
		checkComplete(t, cfg, begin, all)
		behind := 0
		for _, event := range all {
			if late := event.at.Sub(event.Time.Add(DeliveryDelay)); late > tick {
				behind++
			} else if behind > 0 && event.at.Sub(begin) < 3*time.Second {
				t.Fatalf("on time at %s, in the stall", event.at)
			}
		}
		if behind < 5_900 || behind > 6_100 || len(all) < 19_500 {
			t.Errorf("%d of %d events came late, want those of 3 s", behind, len(all))
		}
		if last := all[len(all)-1]; last.at.Sub(last.Time.Add(DeliveryDelay)) > tick {
			t.Error("never caught up")
		}
	})
}

func TestRunWaitsLongForRareEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Hour)
		defer cancel()
		all, _ := record(ctx, t, Config{Seed: 1, Rate: 0.1, Probes: 10}, 0, nil)
		for _, event := range all {
			if late := event.at.Sub(event.Time.Add(DeliveryDelay)); late < 0 || late > tick {
				t.Fatalf("an event of %s was published at %s", event.Time, event.at)
			}
		}
		if len(all) < 10_500 {
			t.Errorf("got %d events in 30 hours", len(all))
		}
	})
}

func TestRunEndsWithItsContext(t *testing.T) {
	for _, test := range []struct {
		name    string
		history time.Duration
	}{
		{"in history", 1000 * time.Hour},
		{"live", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stopped := errors.New("stopped")
				ctx, cancel := context.WithCancelCause(t.Context())
				all, err := record(ctx, t, Config{Rate: 50}, test.history, func(batch int) error {
					if batch == 3 {
						cancel(stopped)
					}
					return nil
				})
				if !errors.Is(err, stopped) || all[len(all)-1].batch != 3 {
					t.Errorf("got error %v after batch %d", err, all[len(all)-1].batch)
				}
			})
		})
	}
}

func TestRunEndsWhenPublishFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failure := errors.New("no broker")
		_, err := record(t.Context(), t, Config{Rate: 50}, time.Hour, func(int) error { return failure })
		if !errors.Is(err, failure) || !strings.Contains(err.Error(), "publish 1000 simulated events") {
			t.Errorf("got error %v", err)
		}
	})
}
