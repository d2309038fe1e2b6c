package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cost"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
	"atlasstream/services/gateway/internal/subscription"
)

const attacker, neighbour = "192.0.2.1", "198.51.100.1"

// newDefaultHub has the limits that a gateway has by default.
func newDefaultHub() *sessiontest.Hub {
	return sessiontest.NewHubWith(session.Settings{Limits: session.Limits{Clients: 20_000, Subscriptions: 1000, Steps: 10_000}, Cursors: sessiontest.JSONCursors{}})
}

// fill has clients of an address subscribe as often as they may, and gives how often that was.
func fill(t *testing.T, h *sessiontest.Hub, address string, clients, each int, parameters func(client, number int) string) (subscriptions int) {
	t.Helper()
	for client := range clients {
		subscriber := h.MustJoinFrom(t, address, &sessiontest.DiscardingClient{})
		for number := range each {
			err := sessiontest.Subscribe(t, subscriber, parameters(client, number))
			if errors.Is(err, session.ErrTooMany) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			subscriptions++
		}
	}
	return subscriptions
}

// workOf is what one record costs, in the steps that addresses pay for.
func workOf(t testing.TB, h *sessiontest.Hub, records ...atlas.Record) (steps float64) {
	t.Helper()
	before := h.MatchingWork(t)
	h.DeliverResults(records...)
	return float64(cost.StepsOf(h.MatchingWork(t).Sub(before)))
}

// Whatever the clients of an address ask for, a record costs no more than they may have it cost, and somebody beside them is served.
func TestAbuseStepsOfAnAddress(t *testing.T) {
	for name, parameters := range map[string]func(client, number int) string{
		"a set of fields for each client": func(client, _ int) string {
			return fmt.Sprintf(`{"msm":1001,"acceptedFields":["a%d","prb_id"]}`, client)
		},
		"several sets for each client": func(client, number int) string {
			return fmt.Sprintf(`{"msm":1001,"acceptedFields":["a%d","b%d"],"equalsTo":{"prb_id":7}}`, client, number)
		},
		"failing conditions": func(client, number int) string {
			return fmt.Sprintf(`{"msm":1001,"equalsTo":{"result.ttl":"x%d-%d"}}`, client, number)
		},
		"alternatives": func(client, number int) string {
			return fmt.Sprintf(`{"msm":1001,"equalsTo":{"result.ttl":"%s%d-%d"}}`, alternatives(200), client, number)
		},
		"buffering": func(client, number int) string {
			return fmt.Sprintf(`{"msm":1001,"buffering":true,"acceptedFields":["a%d"],"lessThan":{"lts":%d}}`, client, 1000+number)
		},
		"metadata": func(client, number int) string {
			return fmt.Sprintf(`{"stream_type":"metadata","msm":1001,"equalsTo":{"a%d":"%d"}}`, client, number)
		},
	} {
		t.Run(name, func(t *testing.T) {
			hub := newDefaultHub()
			box := &sessiontest.RecordingClient{}
			sessiontest.MustSubscribe(t, hub.MustJoinFrom(t, neighbour, box), `{"msm":1001,"acceptedFields":["prb_id"]}`)
			had := fill(t, hub, attacker, 300, 40, parameters)
			if had == 300*40 || hub.Metric(t, "atlas_gateway_overloads_refused_total") == 0 {
				t.Errorf("%d subscriptions, and nothing was refused", had)
			}
			box.Take(t)
			if steps := workOf(t, hub, sessiontest.Ping(21)); steps > 10_000+100 {
				t.Errorf("a record costs %g steps for %d subscriptions", steps, had)
			}
			box.Expect(t, `atlas_result {"prb_id":7}`)
		})
	}
}

func alternatives(count int) string {
	var text strings.Builder
	for i := range count {
		fmt.Fprintf(&text, "y%d ", i)
	}
	return text.String()
}

// What everybody gets is charged once, beside the writing of it, and what has ended is not paid for any more.
func TestStepsAreSharedAndPaidBack(t *testing.T) {
	hub := sessiontest.NewHubWith(session.Settings{Limits: session.Limits{Clients: 20_000, Subscriptions: 1000, Steps: 1 << 30}})
	all := make([]*session.Session, 0, 3000)
	for _, parameters := range []string{`{"msm":1001}`, `{"msm":1001,"acceptedFields":["prb_id"]}`} {
		for range cap(all) / 2 {
			subscriber := hub.MustJoinFrom(t, attacker, &sessiontest.DiscardingClient{})
			if err := sessiontest.Subscribe(t, subscriber, parameters); err != nil {
				t.Fatalf("%s: %v", parameters, err)
			}
			all = append(all, subscriber)
		}
	}
	partition := hub.Results.Partition(0)
	client, write, payload := subscription.Cost{Each: 2}, subscription.Cost{Each: 60, PerKiB: 3}, subscription.Cost{Each: 10, PerKiB: 57}
	want := client.Times(3000).Plus(write.Times(3000)).Plus(payload).Plus(sessiontest.MustParse(t, `{"msm":1001,"acceptedFields":["prb_id"]}`).Scans()[0].Cost())
	if charged := partition.Charged()[1001][all[0].Payer.Networks[0].Prefix]; charged.Steps != want {
		t.Errorf("got %+v steps, want %+v", charged.Steps, want)
	}
	subscriber := hub.MustJoinFrom(t, "2001:db8::1", &sessiontest.DiscardingClient{})
	for i := range 30 {
		parameters := fmt.Sprintf(`{"msm":1001,"prb":%d,"acceptedFields":["a%d","b"],"buffering":true,"type":"ping"}`, 1+i/3, i)
		sessiontest.MustSubscribe(t, subscriber, parameters)
		if i%2 == 0 {
			sessiontest.MustUnsubscribe(t, subscriber, parameters)
		}
	}
	for _, subscriber := range append(all, subscriber) {
		subscriber.Leave()
	}
	if left := len(partition.Charged()[1001]); left != 0 {
		t.Errorf("%d networks are still charged", left)
	}
}

func TestAbuseCursorsOfTheirOwn(t *testing.T) {
	hub, had := newDefaultHub(), 0
	for range 500 {
		if sessiontest.Subscribe(t, hub.MustJoinFrom(t, attacker, &sessiontest.DiscardingClient{SessionCursors: true}), `{"msm":1001,"cursor":""}`) == nil {
			had++
		}
	}
	const cursor = (len(`{"msm":1001,"cursor":""}`) + 80) * 4 / 3 / 12
	client, message, write := subscription.Cost{Each: 2}, subscription.Cost{Each: 40, PerKiB: 5}, subscription.Cost{Each: 60, PerKiB: 3}
	if want := 10_000 / (client.Plus(message).Plus(write).Of(4<<10) + cursor); had != want {
		t.Errorf("%d clients have cursors of their own, want %d", had, want)
	}
}

// Writing is most of what a record costs that all want: a hundred clients of an address may have it, if it is no longer than most are.
func TestAbuseWrites(t *testing.T) {
	for name, test := range map[string]struct {
		parameters  string
		numbers     int // of the results
		least, most int // clients
	}{
		"short":         {`{"msm":1001}`, 100, 140, 160},
		"long":          {`{"msm":1001}`, 1600, 95, 105}, // 13 kB, as traceroutes of 60 hops
		"one probe":     {`{"msm":1001,"prb":7}`, 100, 140, 160},
		"two probes":    {`{"msm":1001,"prb":%d}`, 100, 290, 310},
		"with a cursor": {`{"msm":1001,"cursor":""}`, 100, 140, 160},
	} {
		t.Run(name, func(t *testing.T) {
			hub, had := newDefaultHub(), 0
			sessiontest.MustSubscribe(t, hub.MustJoinFrom(t, neighbour, &sessiontest.DiscardingClient{}), `{"msm":1001}`)
			deliverMany(hub, sessiontest.ResultOfLength(test.numbers))
			for ; had <= test.most; had++ {
				parameters := strings.ReplaceAll(test.parameters, "%d", fmt.Sprint(1+had%2))
				if err := sessiontest.Subscribe(t, hub.MustJoinFrom(t, attacker, &sessiontest.DiscardingClient{}), parameters); errors.Is(err, session.ErrTooMany) {
					break
				}
			}
			if had < test.least || had > test.most {
				t.Errorf("%d clients may have it, want %d to %d", had, test.least, test.most)
			}
		})
	}
}

// measuredLog records the most steps for which a client that attaches to the tail holds it up.
type measuredLog struct {
	*sessiontest.Log
	t    *testing.T
	hub  *sessiontest.Hub
	most int
}

func (l *measuredLog) Rejoin(ctx context.Context, number int, offset int64, missed func([]atlas.Record)) (bool, error) {
	return l.Log.Rejoin(ctx, number, offset, func(records []atlas.Record) {
		begun := l.hub.MatchingWork(l.t)
		missed(records)
		l.most = max(l.most, cost.StepsOf(l.hub.MatchingWork(l.t).Sub(begun)))
	})
}

// Who rejoins the feed holds it up for the work of a millisecond at a time, whatever its subscriptions cost.
func TestAbuseRejoining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, maxHeld)
		hub.Client.SetLimits(sendqueue.Limits{Bytes: 1 << 20, Messages: 4 * maxHeld})
		defer hub.Close()
		measured := &measuredLog{Log: hub.Log, t: t, hub: hub.Hub}
		hub.AddLog(atlas.StreamResult, measured)
		hub.Log.Append(0, sessiontest.Records(maxHeld, 1, 1)...)
		after := sessiontest.CursorAfter(1, -1)
		sessiontest.MustSubscribe(t, hub.Session, fmt.Sprintf(`{"msm":1,"acceptedFields":["offset"],"cursor":%q}`, after))
		const others = 4 // which each ask five conditions in vain
		for number := range others {
			sessiontest.MustSubscribe(t, hub.Session, fmt.Sprintf(
				`{"msm":1,"type":"ping","greaterTo":{"msm_id":0,"offset":-1},"lessThan":{"msm_id":2,"offset":-%d},"cursor":%q}`, 1+number, after))
		}
		hub.Receive()
		hub.ExpectLag(t, 0, 0)
		const least, most = 5 * others * stepsOfCondition, 2 * 5 * others * stepsOfCondition // for a record
		if measured.most == 0 || measured.most > maxHeldSteps+most || maxHeld*least <= maxHeldSteps+most {
			t.Errorf("the feed was held up for %d steps", measured.most)
		}
		if len(hub.Received) != maxHeld {
			t.Errorf("got %d records, want %d", len(hub.Received), maxHeld)
		}
	})
}

// All of a /48 have four times what an address has.
func TestAbuseStepsOfASite(t *testing.T) {
	hub, had := newDefaultHub(), 0
	for subnet := range 20 {
		had += fill(t, hub, fmt.Sprintf("[2001:db8:0:%x::1]", subnet), 1, 1000, func(_, number int) string {
			return fmt.Sprintf(`{"msm":1001,"equalsTo":{"a":"%s%d"}}`, alternatives(100), number)
		})
	}
	each := sessiontest.MustParse(t, `{"msm":1001,"equalsTo":{"a":"`+alternatives(100)+`"}}`).Cost().Of(4 << 10)
	if most := 4 * 10_000 / each; had > most {
		t.Errorf("%d subscriptions, want at most %d", had, most)
	}
}

// keptBytes is how many bytes a function's result takes.
func keptBytes(produce func() any) int {
	var before, after runtime.MemStats
	for range 2 {
		runtime.GC()
	}
	runtime.ReadMemStats(&before)
	produced := produce()
	for range 2 {
		runtime.GC()
	}
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(produced)
	return int(after.HeapAlloc) - int(before.HeapAlloc)
}

// A client that subscribes and unsubscribes at length keeps no more than what it is counted for.
func TestAbuseKeptBytesOfASubscriber(t *testing.T) {
	fields := func(from int) string {
		names := make([]string, 10)
		for i := range names {
			names[i] = fmt.Sprintf("%s%d", strings.Repeat("m", 90), from+i)
		}
		list, _ := json.Marshal(names)
		return string(list)
	}
	for name, parameters := range map[string]func(i int) string{
		"plain":      func(i int) string { return fmt.Sprintf(`{"msm":%d}`, 1+i%64) },
		"probes":     func(i int) string { return fmt.Sprintf(`{"msm":1001,"prb":%d}`, 1+i) },
		"conditions": func(i int) string { return fmt.Sprintf(`{"msm":1001,"equalsTo":{"a":"%s%d"}}`, alternatives(20), i) },
		"fields of probes": func(i int) string {
			return fmt.Sprintf(`{"msm":1001,"prb":%d,"acceptedFields":%s}`, 1+i, fields(10*i))
		},
		"fields of all and of one": func(i int) string {
			return fmt.Sprintf(`{"msm":1001,"prb":%d,"acceptedFields":%s}`, 1+max(i, 50)-50, fields(10*i))
		},
		"arrays and cursors": func(i int) string { return fmt.Sprintf(`{"msm":%d,"buffering":true,"cursor":""}`, 1+i) },
	} {
		t.Run(name, func(t *testing.T) {
			hub := sessiontest.NewHubWith(session.Settings{Limits: session.Limits{Clients: 1, Subscriptions: 1000}, Cursors: sessiontest.JSONCursors{}})
			subscriber := hub.MustJoin(t, &sessiontest.DiscardingClient{})
			var told int
			bytes := keptBytes(func() any {
				had := 0
				for i := range 3000 {
					err := sessiontest.Subscribe(t, subscriber, parameters(i))
					if errors.Is(err, session.ErrTooMany) {
						for ; had < i; had++ {
							_ = sessiontest.Unsubscribe(t, subscriber, parameters(had))
						}
					}
				}
				_, told = subscriber.Usage()
				return hub
			})
			if bytes > told+told/2+200_000 {
				t.Errorf("%d bytes are kept, and %d are told", bytes, told)
			}
		})
	}
}
