package cost_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cost"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// workOf is what one record costs, in the steps that addresses pay for.
func workOf(t testing.TB, h *sessiontest.Hub, records ...atlas.Record) (steps float64) {
	t.Helper()
	before := h.MatchingWork(t)
	h.DeliverResults(records...)
	return float64(cost.StepsOf(h.MatchingWork(t).Sub(before)))
}

// Whatever the clients of an address ask for, a record costs no more than the limit, and a client of another address is served.
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
			return fmt.Sprintf(`{"msm":1001,"equalsTo":{"result.ttl":"%s%d-%d"}}`, sessiontest.Alternatives(200), client, number)
		},
		"buffering": func(client, number int) string {
			return fmt.Sprintf(`{"msm":1001,"buffering":true,"acceptedFields":["a%d"],"lessThan":{"lts":%d}}`, client, 1000+number)
		},
		"metadata": func(client, number int) string {
			return fmt.Sprintf(`{"stream_type":"metadata","msm":1001,"equalsTo":{"a%d":"%d"}}`, client, number)
		},
	} {
		t.Run(name, func(t *testing.T) {
			hub := sessiontest.NewDefaultHub()
			box := &sessiontest.RecordingClient{}
			sessiontest.MustSubscribe(t, hub.MustJoinFrom(t, sessiontest.Neighbour, box), `{"msm":1001,"acceptedFields":["prb_id"]}`)
			had := hub.SubscribeMany(t, sessiontest.Attacker, 300, 40, parameters)
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

// Work that is shared is charged once, except for writes, and nothing is charged for subscriptions that have ended.
func TestStepsAreSharedAndPaidBack(t *testing.T) {
	hub := sessiontest.NewHubWith(session.Settings{Limits: session.Limits{Clients: 20_000, Subscriptions: 1000, Steps: 1 << 30}})
	all := make([]*session.Session, 0, 3000)
	for _, parameters := range []string{`{"msm":1001}`, `{"msm":1001,"acceptedFields":["prb_id"]}`} {
		for range cap(all) / 2 {
			subscriber := hub.MustJoinFrom(t, sessiontest.Attacker, &sessiontest.DiscardingClient{})
			if err := sessiontest.Subscribe(t, subscriber, parameters); err != nil {
				t.Fatalf("%s: %v", parameters, err)
			}
			all = append(all, subscriber)
		}
	}
	partition := hub.Results.Partition(0)
	client, write, payload := cost.Steps{Each: 2}, cost.Steps{Each: 60, PerKiB: 3}, cost.Steps{Each: 10, PerKiB: 57}
	want := client.Times(3000).Plus(write.Times(3000)).Plus(payload).Plus(cost.Steps{PerKiB: 45})
	if charged := sessiontest.Charged(partition)[1001][all[0].Payer.Networks[0].Prefix]; charged.Steps != want {
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
	if left := len(sessiontest.Charged(partition)[1001]); left != 0 {
		t.Errorf("%d networks are still charged", left)
	}
}

// Subscriptions that end by themselves are looked at one by one, though they are to the same records.
func TestAbuseSubscriptionsThatEnd(t *testing.T) {
	hub := sessiontest.NewHubWith(session.Settings{Limits: session.Limits{Clients: 1, Subscriptions: 1000, Steps: 1 << 30}})
	client := hub.MustJoinFrom(t, sessiontest.Attacker, &sessiontest.DiscardingClient{})
	defer client.Leave()
	for i := range 100 {
		sessiontest.MustSubscribe(t, client, fmt.Sprintf(`{"msm":1001,"limit":%d}`, 1000+i))
		sessiontest.MustSubscribe(t, client, fmt.Sprintf(`{"msm":1001,"duration":%d}`, 1000+i))
	}
	each, write, ending := cost.Steps{Each: 2}, cost.Steps{Each: 60, PerKiB: 3}, cost.Steps{Each: 2}
	want := each.Plus(write).Plus(ending.Times(200))
	if got := sessiontest.Charged(hub.Results.Partition(0))[1001][client.Payer.Networks[0].Prefix].Steps; got != want {
		t.Errorf("got %+v steps, want %+v", got, want)
	}
}

func TestAbuseSessionCursors(t *testing.T) {
	hub, had := sessiontest.NewDefaultHub(), 0
	for range 500 {
		if sessiontest.Subscribe(t, hub.MustJoinFrom(t, sessiontest.Attacker, &sessiontest.DiscardingClient{SessionCursors: true}), `{"msm":1001,"cursor":""}`) == nil {
			had++
		}
	}
	const cursor = (len(`{"msm":1001,"cursor":""}`) + 80) * 4 / 3 / 12
	client, message, write := cost.Steps{Each: 2}, cost.Steps{Each: 40, PerKiB: 5}, cost.Steps{Each: 60, PerKiB: 3}
	if want := 10_000 / (client.Plus(message).Plus(write).Of(4<<10) + cursor); had != want {
		t.Errorf("%d clients have cursors of their own, want %d", had, want)
	}
}

// Writing is most of the cost of a record that all want: about a hundred clients of an address may have one of usual length.
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
			hub, had := sessiontest.NewDefaultHub(), 0
			sessiontest.MustSubscribe(t, hub.MustJoinFrom(t, sessiontest.Neighbour, &sessiontest.DiscardingClient{}), `{"msm":1001}`)
			hub.DeliverOften(sessiontest.ResultOfLength(test.numbers))
			for ; had <= test.most; had++ {
				parameters := strings.ReplaceAll(test.parameters, "%d", fmt.Sprint(1+had%2))
				if err := sessiontest.Subscribe(t, hub.MustJoinFrom(t, sessiontest.Attacker, &sessiontest.DiscardingClient{}), parameters); errors.Is(err, session.ErrTooMany) {
					break
				}
			}
			if had < test.least || had > test.most {
				t.Errorf("%d clients may have it, want %d to %d", had, test.least, test.most)
			}
		})
	}
}

// All of a /48 have four times what an address has.
func TestAbuseStepsOfASite(t *testing.T) {
	hub, had := sessiontest.NewDefaultHub(), 0
	for subnet := range 20 {
		had += hub.SubscribeMany(t, fmt.Sprintf("[2001:db8:0:%x::1]", subnet), 1, 1000, func(_, number int) string {
			return fmt.Sprintf(`{"msm":1001,"equalsTo":{"a":"%s%d"}}`, sessiontest.Alternatives(100), number)
		})
	}
	each := cost.OfConditions(sessiontest.MustParse(t, `{"msm":1001,"equalsTo":{"a":"`+sessiontest.Alternatives(100)+`"}}`)).Of(4 << 10)
	if most := 4 * 10_000 / each; had > most {
		t.Errorf("%d subscriptions, want at most %d", had, most)
	}
}

// Metadata are asked about whatever measurement they are of, so all subscriptions to them are paid for together.
func TestAbuseMetadataOfManyMeasurements(t *testing.T) {
	hub := sessiontest.NewDefaultHub()
	had := hub.SubscribeMany(t, sessiontest.Attacker, 20, 500, func(_, number int) string {
		return fmt.Sprintf(`{"stream_type":"metadata","msm":%d,"equalsTo":{"a":"%s"}}`, 1+number, sessiontest.Alternatives(50))
	})
	each := cost.OfConditions(sessiontest.MustParse(t, `{"stream_type":"metadata","msm":1,"equalsTo":{"a":"`+sessiontest.Alternatives(50)+`"}}`)).Of(4 << 10)
	if had == 0 || had > 10_000/each {
		t.Errorf("%d subscriptions of %d steps each", had, each)
	}
}
