package catchup_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/catchup"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// The measurements of clients that ask for too much, and of another client.
const (
	attacked = 1
	wanted   = 2
)

// slowLog is a log that takes as long to read for the attacked measurement as the test wants.
type slowLog struct {
	*sessiontest.Log
	proceed chan struct{} // lets one reading of the attacked measurement proceed
	bytes   int64         // that have to be paid for it then

	mu             sync.Mutex
	running, began int // readings of the attacked measurement
	ofOthers       int
}

func (s *slowLog) Open(
	ctx context.Context, number int, measurements []atlas.MeasurementID, from, to int64, pay func(ctx context.Context, records, bytes int64) error,
) (catchup.LogReader, error) {
	if measurements[0] != attacked {
		s.mu.Lock()
		s.ofOthers++
		s.mu.Unlock()
		return s.Log.Open(ctx, number, measurements, from, to, pay)
	}
	s.count(1, 1)
	if err := s.await(ctx, pay); err != nil {
		s.count(-1, 0)
		return nil, err
	}
	reader, err := s.Log.Open(ctx, number, measurements, from, to, pay)
	return slowReader{reader, s}, err
}

func (s *slowLog) await(ctx context.Context, pay func(ctx context.Context, records, bytes int64) error) error {
	select {
	case <-s.proceed:
		return pay(ctx, 0, s.bytes)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *slowLog) count(running, began int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running += running
	s.began += began
}

func (s *slowLog) counts() (running, began, ofOthers int) {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running, s.began, s.ofOthers
}

// slowReader is a reading of the attacked measurement.
type slowReader struct {
	catchup.LogReader
	log *slowLog
}

func (r slowReader) Close() { r.log.count(-1, 0) }

// slowLogHub is a hub whose log is slow, with records that the tail does not hold any more.
type slowLogHub struct {
	*sessiontest.Hub
	log      *slowLog
	sessions []*session.Session
	clients  []*sessiontest.QueuedClient
}

// fill gives the log some records of each, and so many others that the tail holds none of them.
func (h *slowLogHub) fill() {
	const neither = 3
	h.log.Append(0, slices.Concat(sessiontest.Records(8, wanted, 1), sessiontest.Records(8, attacked, 1), sessiontest.Records(8, neither, 1))...)
}

// ask has a new client ask for the backlog of a measurement.
func (h *slowLogHub) ask(t *testing.T, account *readlimit.Account, measurement int) *sessiontest.QueuedClient {
	t.Helper()
	client := sessiontest.NewQueuedClient()
	subscriber := h.MustJoin(t, client)
	subscriber.ChargeTo(nil, account)
	sessiontest.MustSubscribe(t, subscriber, fmt.Sprintf(`{"msm":%d,"sendBacklog":true}`, measurement))
	h.sessions, h.clients = append(h.sessions, subscriber), append(h.clients, client)
	return client
}

func (h *slowLogHub) close() {
	for i, subscriber := range h.sessions {
		h.clients[i].Close()
		subscriber.Leave()
	}
}

func newSlowLogHub(behind session.Behind) *slowLogHub {
	behind.Time, behind.Bytes = time.Hour, 1<<40
	settings := session.Settings{
		Limits: session.Limits{Clients: 1000, Subscriptions: 10}, Cursors: sessiontest.JSONCursors{}, Behind: behind, Backlog: time.Minute,
	}
	h := &slowLogHub{Hub: sessiontest.NewHubWithoutSources(settings), log: &slowLog{Log: sessiontest.NewLog(1, 5), proceed: make(chan struct{})}}
	h.log.AddTo(h.Hub.Hub, atlas.StreamResult, h.log)
	h.fill()
	return h
}

// Clients of one address that ask for backlogs have a limit of readers in common, so that a client of another address gets one at once.
//
//notices:readers-of-one-address
func TestAbuseBacklogsOfOneAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newSlowLogHub(session.Behind{Readers: 8, ReadersOfAddress: 4})
		defer hub.close()
		attacker := &readlimit.Account{}
		for range 100 {
			hub.ask(t, attacker, attacked)
		}
		if running, _, _ := hub.log.counts(); running != 4 {
			t.Errorf("one address holds %d readers, want 4", running)
		}
		if got := hub.Metric(t, "atlas_gateway_behind_readers_waiting"); got != 96 {
			t.Errorf("%g wait by the metric, want 96", got)
		}
		honest := hub.ask(t, &readlimit.Account{}, wanted)
		expectBacklog(t, honest, 8)
		if _, began, _ := hub.log.counts(); began != 4 {
			t.Errorf("the attacker has had %d readings before that, want the 4 that run", began)
		}
	})
}

// Where several addresses hold all readers, a client of another one waits for one reading of each to end, and not for all clients that wait.
func TestAbuseBacklogsOfSeveralAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newSlowLogHub(session.Behind{Readers: 8, ReadersOfAddress: 4})
		defer hub.close()
		const addresses = 3
		for range addresses {
			attacker := &readlimit.Account{}
			for range 30 {
				hub.ask(t, attacker, attacked)
			}
		}
		if running, _, _ := hub.log.counts(); running != 8 {
			t.Errorf("%d readers are held, want all 8", running)
		}
		honest := hub.ask(t, &readlimit.Account{}, wanted)
		readings := 0
		for _, _, ofOthers := hub.log.counts(); ofOthers == 0; _, _, ofOthers = hub.log.counts() {
			hub.log.proceed <- struct{}{}
			readings++
		}
		if readings > addresses+1 {
			t.Errorf("got a reader after %d readings of the attackers, want no more than one for each address", readings)
		}
		expectBacklog(t, honest, 8)
	})
}

// A client that has read longer values than it paid for in advance has no turn while its address pays, so that it holds up nobody. It continues once that is
// paid.
func TestAbuseBacklogsOfLongValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const addresses, clients, debt = 2, 4, 100 // in messages
		hub := newSlowLogHub(session.Behind{Readers: addresses * clients, ReadersOfAddress: clients})
		defer hub.close()
		hub.log.bytes = debt * readlimit.BytesPerMessage
		var attackers []*sessiontest.QueuedClient
		for range addresses {
			attacker := readlimit.NewAccount(rate.NewLimiter(1, 2*clients*(toBegin+1)), nil, readlimit.NewMetrics(prometheus.NewRegistry()))
			for range clients {
				attackers = append(attackers, hub.ask(t, attacker, attacked))
			}
		}
		if running, _, _ := hub.log.counts(); running != addresses*clients {
			t.Fatalf("%d readers are held, want all", running)
		}
		close(hub.log.proceed)
		time.Sleep(2 * readlimit.KeptWhilePaying)
		expectBacklog(t, hub.ask(t, &readlimit.Account{}, wanted), 8)
		if running, began, _ := hub.log.counts(); running != addresses*clients || began != running {
			t.Errorf("%d of %d readings run, want all", running, began)
		}
		time.Sleep(2 * clients * debt * time.Second)
		for _, attacker := range attackers {
			expectBacklog(t, attacker, 8)
		}
		if _, began, _ := hub.log.counts(); began != addresses*clients {
			t.Errorf("%d readings were begun, want one for each", began)
		}
	})
}

// The number of readers is limited, however many addresses have to pay.
func TestAbuseReadersThatWaitToPay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newSlowLogHub(session.Behind{Readers: 2, ReadersOfAddress: 1})
		defer hub.close()
		hub.log.bytes = readlimit.BytesPerMessage
		close(hub.log.proceed)
		for range 20 {
			messages := rate.NewLimiter(1e-9, 2*(toBegin+1))
			hub.ask(t, readlimit.NewAccount(messages, nil, readlimit.NewMetrics(prometheus.NewRegistry())), attacked)
		}
		time.Sleep(20 * readlimit.KeptWhilePaying)
		if running, _, _ := hub.log.counts(); running != 2*2 {
			t.Errorf("there are %d readers, want %d", running, 2*2)
		}
		if got := hub.Metric(t, "atlas_gateway_behind_readers_waiting"); got != 20-2*2 {
			t.Errorf("%g wait by the metric, want %d", got, 20-2*2)
		}
	})
}

// expectBacklog expects so many records.
func expectBacklog(t *testing.T, client *sessiontest.QueuedClient, records int) {
	t.Helper()
	got := 0
	for {
		synctest.Wait()
		messages, _ := client.Take(1 << 20)
		if len(messages) == 0 {
			break
		}
		got += len(messages)
	}
	if got != records+2 { // with atlas_subscribed and atlas_backlog_sent
		t.Errorf("got %d messages, want the backlog of %d records", got, records)
	}
}

// toBegin is what a backlog costs whatever is read for it, in messages.
const toBegin = (readlimit.FindStartCost + readlimit.StartReadingCost) / readlimit.RecordsPerMessage

// Backlogs are charged to the address by what is read for them, including the horizon of repeats: many are delivered no faster than its rate allows.
//
//notices:reading-is-free
func TestAbuseBacklogsAreCharged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const (
			horizon = 20 // in messages
			each    = toBegin + horizon + 1
			clients = 20
		)
		hub := newSlowLogHub(session.Behind{Readers: 100, ReadersOfAddress: 100, Horizon: horizon * readlimit.RecordsPerMessage})
		defer hub.close()
		hub.log.Append(0, sessiontest.Records(2*horizon*readlimit.RecordsPerMessage, wanted, 1)...)
		time.Sleep(2 * time.Minute)
		hub.fill()
		messages, start := rate.NewLimiter(1, 200), time.Now()
		attacker := readlimit.NewAccount(messages, nil, readlimit.NewMetrics(prometheus.NewRegistry()))
		for range clients {
			hub.ask(t, attacker, attacked)
			hub.fill() // the backlog is of the last minute
			passed := int(time.Since(start).Seconds())
			if _, began, _ := hub.log.counts(); began*(each-1) > 100+passed {
				t.Errorf("%d backlogs have been read after %d s, each for %d messages, of which 100 were there", began, passed, each)
			}
			if got := messages.Tokens(); got < 99 {
				t.Errorf("reading has left %g messages, want half of a burst", got)
			}
		}
		const toFind = readlimit.FindStartCost / readlimit.RecordsPerMessage // what a client waits for before its backlog is read
		if passed := time.Since(start); passed < (clients*toFind-100)*time.Second {
			t.Errorf("all has been asked for after %s", passed)
		}
		time.Sleep(2 * time.Minute)
		hub.fill()
		honest := readlimit.NewAccount(rate.NewLimiter(1, 600), nil, readlimit.NewMetrics(prometheus.NewRegistry()))
		expectBacklog(t, hub.ask(t, honest, wanted), 8) // what was filled in the last minute
	})
}

// A backlog costs what it makes the gateway read, the whole horizon of repeats included however short the log is, though it is ended as soon as it has begun.
func TestAbuseBacklogsThatAreEndedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const horizon, records, all = 20, 100_000, 1000 // in messages, but for the records
		hub := newSlowLogHub(session.Behind{Readers: 1, ReadersOfAddress: 1, Horizon: horizon * readlimit.RecordsPerMessage})
		defer hub.close()
		cost := func() int {
			messages := rate.NewLimiter(1e-9, 2*all)
			account := readlimit.NewAccount(messages, nil, readlimit.NewMetrics(prometheus.NewRegistry()))
			hub.ask(t, account, attacked)
			hub.log.proceed <- struct{}{}
			synctest.Wait()
			return int(2*all - messages.Tokens())
		}
		if got := cost(); got != toBegin+horizon+1 {
			t.Errorf("a backlog of a short log cost %d messages, want %d", got, toBegin+horizon+1)
		}
		hub.log.Append(0, sessiontest.Records(records, attacked, 1)...)
		hub.fill()
		bytes := int64(records * len(`{"msm_id":1,"offset":12345}`))
		if got, want := cost(), toBegin+horizon+int(readlimit.Cost(records, bytes)/readlimit.RecordsPerMessage); got < want || got > want+2 {
			t.Errorf("a backlog of a long log cost %d messages, want some %d", got, want)
		}
	})
}

// A long catching up is read in slices, each of which is paid for and ends so that it can be the turn of others.
func TestCatchingUpInSlices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newSlowLogHub(session.Behind{Readers: 1, ReadersOfAddress: 1})
		defer hub.close()
		hub.log.Append(0, sessiontest.Records(2*catchup.MaxReadSlice, attacked, 1)...)
		hub.log.Append(0, sessiontest.Records(10, wanted, 1)...)
		hub.log.Append(0, sessiontest.Records(10, attacked, 1)...)
		expectBacklog(t, hub.ask(t, &readlimit.Account{}, wanted), 8+10)
		if _, _, ofOthers := hub.log.counts(); ofOthers != 3 {
			t.Errorf("read the log %d times, want 3: in slices of %d", ofOthers, catchup.MaxReadSlice)
		}
	})
}
