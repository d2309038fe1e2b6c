package e2e

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"atlasstream/pkg/eventlog"
)

// Clients of every door that read slowly, leave, and come back elsewhere with their cursors receive exactly what the log has for them, once and in order.
// ATLAS_SEEDS names other scenarios to go through: numbers with commas between them.
func TestEveryClientReceivesWhatTheLogHas(t *testing.T) {
	for broker, start := range brokers {
		for _, seed := range seeds(t) {
			t.Run(fmt.Sprintf("%s, seed %d", broker, seed), func(t *testing.T) { playScenario(t, openScene(t, start(t)), seed) })
		}
	}
}

func seeds(t *testing.T) (seeds []uint64) {
	t.Helper()
	given := os.Getenv("ATLAS_SEEDS")
	if given == "" {
		return []uint64{1}
	}
	for text := range strings.SplitSeq(given, ",") {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, seed)
	}
	return seeds
}

func playScenario(t *testing.T, s *scene, seed uint64) {
	const perEntrance = 5
	var travellers []*traveller
	for range perEntrance {
		for _, entrance := range entrances {
			travellers = append(travellers, s.newTraveller(seed, uint64(len(travellers)+1), entrance))
		}
	}
	for _, traveller := range travellers[:len(entrances)] { // who hears the brink
		traveller.journeys[0].wish = wish{measurement: sceneMeasurements[0], cursors: true}
		traveller.journeys = traveller.journeys[:1]
	}
	behind, starved := s.watchBehind(t), watchStarvation(t)
	s.play(t, seed, travellers)
	lag := tailLag + starved()
	if most := behind(); most == 0 {
		t.Error("no client was ever behind")
	}
	ledger := readLedger(t, s.kafka, eventlog.ResultsTopic, s.archive)
	tally := tally{}
	for number, traveller := range travellers {
		for _, journey := range traveller.journeys {
			tally.count(journey)
			if err := journey.check(ledger, lag); err != nil {
				t.Errorf("client %d, %s: %v", number, traveller.name, err)
			}
		}
	}
	t.Logf("seed %d: %+v; the live feed may have lagged by %s", seed, tally, lag)
}

// check compares every stretch with the log, in the order in which each goes on behind those before it.
func (j *journey) check(l ledger, tailLag time.Duration) error {
	for i, stretch := range j.stretches {
		if err := stretch.check(l, tailLag); err != nil {
			return fmt.Errorf("stretch %d of %d: %w", i, len(j.stretches), err)
		}
	}
	return nil
}

// tally tells how much a scenario tried.
type tally struct{ results, stretches, goingOn, wholeStretches int }

func (y *tally) count(j *journey) {
	for _, stretch := range j.stretches {
		y.stretches++
		y.results += len(stretch.heard)
		if stretch.behind != nil {
			y.goingOn++
		}
		if stretch.whole {
			y.wholeStretches++
		}
	}
}

// watchBehind looks at how many clients are behind until it is asked for the most.
func (s *scene) watchBehind(t *testing.T) (most func() int64) {
	t.Helper()
	var greatest atomic.Int64
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for {
			for _, gateway := range s.gateways {
				if behind, err := gauge(gateway.admins[0], "atlas_gateway_behind_clients"); err == nil && int64(behind) > greatest.Load() {
					greatest.Store(int64(behind))
				}
			}
			select {
			case <-ticker.C:
			case <-over:
				return
			}
		}
	}()
	return func() int64 {
		close(over)
		<-ended
		return greatest.Load()
	}
}
