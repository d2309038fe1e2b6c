package replay

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
)

// crowd has an hour of results, one a second of each of some measurements.
func crowd(measurements atlas.MeasurementID) *fakeLog {
	log := newFakeLog()
	for second := range int64(3600) {
		for measurement := range measurements {
			log.write(liveTopic, results(1+measurement, day0+second)...)
		}
	}
	return log
}

const (
	// hourAge is for how long a count is good to which records may have been added.
	hourAge = time.Minute
	// scansOfAddress is how many scans there are at once for one address.
	scansOfAddress = 2
)

func fast(measurement atlas.MeasurementID, second int64, account *readlimit.Account) Request {
	return Request{Stream: atlas.StreamResult, Measurement: measurement, Start: at(second), Speed: 2, Account: account}
}

func accountOf(messages *rate.Limiter) *readlimit.Account {
	return readlimit.NewAccount(messages, nil, readlimit.NewMetrics(prometheus.NewRegistry()))
}

// The results of a measurement in an hour are counted once for all clients and all starts in it.
//
//notices:estimate-not-cached
func TestAbuseSpeedsAreEstimatedOnce(t *testing.T) {
	simulate(t, func(t *testing.T) {
		log := crowd(2)
		planner := newPlanner(log, nil)
		mustStart(t, planner, Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(0), Speed: 1}) // so that where the log begins is known
		before := log.scanned
		var clients sync.WaitGroup
		for second := range int64(200) {
			clients.Go(func() { mustStart(t, planner, fast(1, second, &readlimit.Account{})) })
		}
		clients.Wait()
		if got := log.scanned - before; got != 2*3600 {
			t.Errorf("%d records were scanned for 200 replays, want 7,200", got)
		}
		before = log.scanned
		mustStart(t, planner, fast(2, 0, nil))
		if got := log.scanned - before; got != 2*3600 {
			t.Errorf("%d records were scanned for another measurement, want 7,200", got)
		}
	})
}

// A count is good for a minute where more may have come, and as long as nothing has.
func TestEstimatesAreRenewed(t *testing.T) {
	simulate(t, func(t *testing.T) {
		log := newFakeLog()
		now := time.Now().Truncate(time.Hour).Unix()
		log.write(liveTopic, results(1, now-10, now+1, now+2)...)
		planner := newPlanner(log, nil)
		request := Request{Stream: atlas.StreamResult, Measurement: 1, Start: time.Unix(now, 0), Speed: 2}
		scanned := func() int {
			before := log.scanned
			mustStart(t, planner, request)
			return log.scanned - before
		}
		scanned()
		for _, step := range []struct {
			grows bool
			after time.Duration
			want  int
		}{{false, 2 * hourAge, 0}, {true, 0, 3}, {true, hourAge / 2, 0}, {false, hourAge, 4}, {false, 2 * time.Hour, 0}} {
			time.Sleep(step.after)
			if step.grows {
				log.write(liveTopic, results(1, now+3)...)
			}
			if got := scanned(); got != step.want {
				t.Errorf("%+v: %d records were scanned", step, got)
			}
		}
	})
}

// Scanning costs messages of the address: a client without any left waits and is refused in the end, while one of another address is served.
func TestAbuseEstimatesAreCharged(t *testing.T) {
	simulate(t, func(t *testing.T) {
		log := crowd(10)
		planner := newPlanner(log, nil)
		mustStart(t, planner, fast(1, 0, nil)) // so that where the log begins is known
		began, before := time.Now(), log.scanned
		attacker := accountOf(rate.NewLimiter(10, 200))
		var refused error
		for measurement := atlas.MeasurementID(2); measurement <= 10 && refused == nil; measurement++ {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			_, refused = planner.Start(ctx, fast(measurement, 0, attacker))
			cancel()
		}
		if !errors.Is(refused, readlimit.ErrExceeded) {
			t.Errorf("got %v, want ErrExceeded", refused)
		}
		messages := 100 + 10*time.Since(began).Seconds()
		if got := log.scanned - before; float64(got) > messages*readlimit.RecordsPerMessage {
			t.Errorf("%d records were scanned for %g messages", got, messages)
		}
		began = time.Now()
		mustStart(t, planner, fast(10, 0, accountOf(rate.NewLimiter(10, 200))))
		if waited := time.Since(began); waited != 0 {
			t.Errorf("the client of another address has waited %s", waited)
		}
	})
}

// alongScans are a log in which so many records come with each that is wanted.
type alongScans struct {
	*fakeLog
	records int64
}

func (a *alongScans) ScanWithin(
	ctx context.Context, topic string, partition int, from, to, most int64, see func(atlas.MeasurementID, time.Time) bool, came func(records, bytes int64),
) (next, bytes int64, err error) {
	return a.fakeLog.ScanWithin(ctx, topic, partition, from, to, most, see, func(records, bytes int64) { came(a.records*records, a.records*bytes) })
}

// Records that come along with those that are scanned are read as well, and paid for.
func TestAbuseWhatComesAlongIsCharged(t *testing.T) {
	const along = 10
	messages := rate.NewLimiter(1e-9, 10_000)
	log := &alongScans{fakeLog: crowd(2), records: along}
	mustStart(t, newPlanner(log, nil), fast(1, 0, accountOf(messages)))
	want := float64(log.scanned) * along / readlimit.RecordsPerMessage
	if paid := 10_000 - messages.Tokens(); paid < want || paid > want+20 {
		t.Errorf("%g messages were paid, want %g and a few for look-ups and bytes", paid, want)
	}
}

// slowScans are a log that takes as long to look through for some as the test wants.
type slowScans struct {
	*fakeLog
	gate chan struct{}

	mu            sync.Mutex
	running, most int
}

func (s *slowScans) ScanWithin(
	ctx context.Context, topic string, partition int, from, to, most int64, see func(atlas.MeasurementID, time.Time) bool, came func(records, bytes int64),
) (next, bytes int64, err error) {
	s.mu.Lock()
	s.running++
	s.most = max(s.most, s.running)
	s.mu.Unlock()
	<-s.gate
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	return s.fakeLog.ScanWithin(ctx, topic, partition, from, to, most, see, came)
}

// One address has no more scans at once than its share, so that another address has its turn.
//
//notices:scans-of-one-address
func TestAbuseScansOfOneAddress(t *testing.T) {
	simulate(t, func(t *testing.T) {
		log := &slowScans{fakeLog: crowd(30), gate: make(chan struct{})}
		planner := newPlanner(log, nil)
		log.topics[liveTopic].records[0].Time = at(-1) // so that it is not scanned for where the log begins
		attacker, honest := &readlimit.Account{}, &readlimit.Account{}
		var clients sync.WaitGroup
		start := func(measurement atlas.MeasurementID, account *readlimit.Account) {
			replay, err := planner.Start(t.Context(), fast(measurement, 0, account))
			if err != nil {
				t.Error(err)
				return
			}
			replay.Close()
		}
		for measurement := range atlas.MeasurementID(20) {
			clients.Go(func() { start(2+measurement, attacker) })
		}
		synctest.Wait()
		if log.running != scansOfAddress {
			t.Errorf("one address has %d scans, want %d", log.running, scansOfAddress)
		}
		clients.Go(func() { start(30, honest) })
		synctest.Wait()
		if log.running != scansOfAddress+1 {
			t.Errorf("%d scans run, want that of the other address at once", log.running)
		}
		close(log.gate)
		clients.Wait()
	})
}
