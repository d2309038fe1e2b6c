package outagewatch

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outage"
	"atlasstream/services/gateway/internal/readlimit"
)

// Gateways that have read the log up to the same event, with the same registry, have byte-equal lists: whenever they started, however events arrive, after
// restarts, and while the registry changes.
func TestReplicasHaveEqualLists(t *testing.T) {
	n := simulate(t, 60, 36)
	others := maps.Clone(n.probes)
	for id, p := range others {
		if id%3 == 0 {
			others[id] = outage.ProbeInfo{Country: "XX", ASN: 1, Cell: p.Cell, Connected: !p.Connected}
		}
	}
	type state struct {
		offset   int64
		registry string
	}
	told := map[state]string{}
	compared, outages, registries := 0, 0, map[string]bool{}
	for replica := range uint64(3) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(7, replica))
			log := &fakeLog{records: n.records, end: n.at(35 + random.Float64()/4), tailLength: 20}
			w, registry := newWatch(log)
			registry.set(n.probes)
			defer run(t, w)()
			for log.end < len(n.records) {
				log.deliver(w, 1+random.IntN(6))
				time.Sleep(answerAge)
				switch random.IntN(20) {
				case 0:
					w.ReadAgain()
					synctest.Wait()
				case 1:
					registry.set(map[bool]map[atlas.ProbeID]outage.ProbeInfo{false: n.probes, true: others}[random.IntN(2) == 0])
					time.Sleep(rereadEvery + checkEvery)
					synctest.Wait()
				}
				answer := mustNow(t, w)
				at, now := state{answer.Offset, answer.Registry}, inJSON(t, answer.JSON())
				if former, known := told[at]; known && former != now {
					t.Fatalf("replica %d has at %v\n%s\nwant\n%s", replica, at, now, former)
				} else if known {
					compared++
				}
				told[at] = now
				outages += len(answer.Outages)
				registries[answer.Registry] = true
			}
		})
	}
	if compared < 15 || outages < 100 || len(registries) != 2 {
		t.Errorf("%d lists were compared, with %d outages in all, of %d registries", compared, outages, len(registries))
	}
}

// Changes of the registry count soon the first time, and from then on once a minute.
func TestRegistryIsNotFollowedTooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simulate(t, 60, 1)
		w, registry := newWatch(&fakeLog{records: n.records, end: len(n.records)})
		defer run(t, w)()
		registries := map[string]bool{}
		for i := range 120 { // two minutes
			registry.set(map[atlas.ProbeID]outage.ProbeInfo{1: {ASN: int64(i)}})
			time.Sleep(time.Second)
			synctest.Wait()
			registries[mustNow(t, w).Registry] = true
		}
		if len(registries) != 3 {
			t.Errorf("the log was read with %d registries, want that of the beginning and two others", len(registries))
		}
	})
}

// Until the log has been read, and after it was recreated, it is not known whether there are outages.
func TestNothingIsKnownUntilTheLogIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simulate(t, 60, 3)
		log := &fakeLog{err: errors.New("Kafka is away")}
		w, registry := newWatch(log)
		registry.set(n.probes)
		defer run(t, w)()
		if _, err := w.Current(); !errors.Is(err, ErrNotReady) {
			t.Errorf("got %v, want ErrNotReady", err)
		}
		log.replace(n.records[:n.at(1)], nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := mustNow(t, w).Offset; got != int64(log.end-1) {
			t.Errorf("the list is of offset %d, want %d", got, log.end-1)
		}
		former := mustNow(t, w)
		log.replace(n.records[:n.at(0.5)], errors.New("Kafka is away")) // the topic was recreated
		w.ReadAgain()
		if _, err := w.Current(); !errors.Is(err, ErrNotReady) {
			t.Errorf("once the log was recreated: got %v, want ErrNotReady", err)
		}
		log.replace(n.records[:n.at(0.5)], nil)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if mustNow(t, w).Continues(former) {
			t.Error("the list of another log is said to continue that of the former one")
		}
		if got := mustNow(t, w).Offset; got != int64(log.end-1) {
			t.Errorf("the list is of offset %d, want %d", got, log.end-1)
		}
	})
}

// The number of events that wait is limited; beyond it the reading is broken off, so that none is lost.
func TestAbuseWaitingEventsAreBounded(t *testing.T) {
	r := newReading(outage.NewRegistry(nil), 0)
	events := disconnects(1, 1000, time.Unix(1767225600, 0))
	for range maxPending/len(events) + 1 {
		r.enqueue(events)
	}
	select {
	case <-r.outdated:
	default:
		t.Error("the reading is not broken off")
	}
	if len(r.pending) > 0 {
		t.Errorf("%d events wait", len(r.pending))
	}
}

// A log without new events differs from a network without outages.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simulate(t, 60, 3)
		log := &fakeLog{records: n.records, end: len(n.records)}
		w, registry := newWatch(log)
		registry.set(n.probes)
		defer run(t, w)()
		answer := mustNow(t, w)
		if since := answer.SilentSince(answer.To.Add(9 * time.Minute)); !since.IsZero() {
			t.Errorf("silent since %s after 9 minutes", since)
		}
		if since := answer.SilentSince(answer.To.Add(24 * time.Hour)); !since.Equal(answer.To) {
			t.Errorf("silent since %s after a day, want %s", since, answer.To)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		w, _ := newWatch(&fakeLog{})
		defer run(t, w)()
		began := time.Now()
		time.Sleep(11 * time.Minute)
		if since := mustNow(t, w).SilentSince(time.Now()); !since.Equal(began) {
			t.Errorf("without any event: silent since %s, want %s", since, began)
		}
	})
}

// An interval of the past has the outages that were told at the time, and the account pays for what is read.
func TestPast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simulate(t, 60, 36)
		log := &fakeLog{records: n.records, end: n.at(34.9)}
		w, registry := newWatch(log)
		registry.set(n.probes)
		defer run(t, w)()
		before := mustNow(t, w)
		past, read, err := w.History(t.Context(), nil, before.From, before.To)
		if err != nil || inJSON(t, past.JSON()) != inJSON(t, before.JSON()) || len(before.Outages) == 0 {
			t.Errorf("got %s, %v, want what was told: %s", inJSON(t, past.JSON()), err, inJSON(t, before.JSON()))
		}
		if read.Records < int64(log.end/2) || read.Records > int64(log.end) || read.Bytes < 50*read.Records {
			t.Errorf("read %+v of %d events", read, log.end)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := w.History(ctx, smallAccount(), before.From, before.To); !errors.Is(err, readlimit.ErrExceeded) {
			t.Errorf("without means: got %v, want ErrExceeded", err)
		}
	})
}

// A request that waits until its account can pay holds up no other.
func TestAbuseAccountThatCannotPayHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simulate(t, 60, 3)
		w, registry := newWatch(&fakeLog{records: n.records, end: len(n.records)})
		registry.set(n.probes)
		defer run(t, w)()
		from := n.from.AddDate(0, 0, 2)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		waited := make(chan error)
		go func() {
			_, _, err := w.History(ctx, smallAccount(), from, from)
			waited <- err
		}()
		synctest.Wait()
		began := time.Now()
		if _, _, err := w.History(t.Context(), nil, from, from); err != nil || time.Since(began) > 0 {
			t.Errorf("the other request waited for %s: %v", time.Since(began), err)
		}
		if err := <-waited; !errors.Is(err, readlimit.ErrExceeded) {
			t.Errorf("without means: got %v, want ErrExceeded", err)
		}
	})
}

// Nor does one whose account is in debt for events that were longer than estimated.
func TestAbuseAccountInDebtHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simulateLong(t)
		w, registry := newWatch(&fakeLog{records: n.records, end: len(n.records)})
		registry.set(n.probes)
		defer run(t, w)()
		from := n.from.AddDate(0, 0, 2)
		account := readlimit.NewAccount(rate.NewLimiter(1, 60), nil, readlimit.NewMetrics(prometheus.NewRegistry()))
		waited := make(chan time.Duration)
		began := time.Now()
		go func() {
			if _, _, err := w.History(t.Context(), account, from, from); err != nil {
				t.Error(err)
			}
			waited <- time.Since(began)
		}()
		synctest.Wait()
		if _, read, err := w.History(t.Context(), nil, from, from); err != nil || read.Bytes < 10<<20 || time.Since(began) > 0 {
			t.Errorf("the other request waited for %s to read %d bytes: %v", time.Since(began), read.Bytes, err)
		}
		if took := <-waited; took < 30*time.Second {
			t.Errorf("the debt was paid within %s", took)
		}
	})
}

// A request that cannot pay in time for events that were longer than estimated gets its answer nevertheless.
func TestPastThatIsNotPaidInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simulateLong(t)
		w, registry := newWatch(&fakeLog{records: n.records, end: len(n.records)})
		registry.set(n.probes)
		defer run(t, w)()
		account := readlimit.NewAccount(rate.NewLimiter(1, 60), nil, readlimit.NewMetrics(prometheus.NewRegistry()))
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		from, began := n.from.AddDate(0, 0, 2), time.Now()
		answer, read, err := w.History(ctx, account, from, from)
		if waited := time.Since(began); err != nil || answer == nil || read.Bytes < 10<<20 || waited < 20*time.Second || waited > 25*time.Second {
			t.Errorf("got %v after %s, for which %+v was read", err, waited, read)
		}
	})
}

func TestAbuseTooMuchPast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := newWatch(&longLog{})
		w.begin(newReading(outage.NewRegistry(nil), 0), 0)
		_, _, err := w.History(t.Context(), nil, time.Now(), time.Now())
		if tooMuch, is := errors.AsType[*TooManyEventsError](err); !is || tooMuch.Events != 35*50_000 {
			t.Errorf("got %v", err)
		}
	})
}

// However often Now is called while events arrive, it makes an answer at most once a second.
func TestAbuseAnswersAreMadeOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simulate(t, 60, 3)
		log := &fakeLog{records: n.records, end: n.at(2)}
		w, registry := newWatch(log)
		registry.set(n.probes)
		defer run(t, w)()
		first := mustNow(t, w)
		time.Sleep(answerAge)
		if mustNow(t, w) != first {
			t.Error("without an event there is another answer")
		}
		log.deliver(w, 1)
		second := mustNow(t, w)
		for range 10 {
			log.deliver(w, 1)
			if mustNow(t, w) != second || second == first {
				t.Error("there is another answer within a second")
			}
			time.Sleep(answerAge / 20)
		}
		time.Sleep(answerAge)
		if got := mustNow(t, w).Offset; got != second.Offset+10 {
			t.Errorf("after a second the answer is of offset %d, want %d", got, second.Offset+10)
		}
	})
}
