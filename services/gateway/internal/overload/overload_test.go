package overload_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

const shortly, long = 100, 2000 // numbers, for results of about 800 bytes and of 16 kB

// charged is what the clients of an address cost for each result as they are now.
func charged(h *sessiontest.Hub, of *session.Session) int {
	return sessiontest.Charged(h.Results.Partition(0))[1001][of.Payer.Networks[0].Prefix].Total()
}

// When results become longer, subscriptions that then cost too much end, the newest first, and their clients are told. Those that cost the same for results of
// any length stay, and so do those of others.
func TestAbuseResultsBecomeLong(t *testing.T) {
	hub := sessiontest.NewDefaultHub()
	const clients = 70
	neighbours, plain := &sessiontest.RecordingClient{}, &sessiontest.RecordingClient{}
	sessiontest.MustSubscribe(t, hub.MustJoinFrom(t, sessiontest.Neighbour, neighbours), `{"msm":1001,"acceptedFields":["prb_id"]}`)
	subscribers, boxes := make([]*session.Session, clients), make([]*sessiontest.RecordingClient, clients)
	hub.DeliverOften(sessiontest.ResultOfLength(shortly))
	for n := range clients {
		boxes[n] = &sessiontest.RecordingClient{}
		subscribers[n] = hub.MustJoinFrom(t, sessiontest.Attacker, boxes[n])
		sessiontest.MustSubscribe(t, subscribers[n], fmt.Sprintf(`{"msm":1001,"acceptedFields":["result.a","b%d"]}`, n))
	}
	sessiontest.MustSubscribe(t, hub.MustJoinFrom(t, sessiontest.Attacker, plain), `{"msm":1001}`)
	hub.DeliverOften(sessiontest.ResultOfLength(long))
	if steps := charged(hub, subscribers[0]); steps > 10_000 || steps < 9_000 {
		t.Errorf("those that stay cost %d steps", steps)
	}
	stay := 0
	for n, subscriber := range subscribers {
		if sessiontest.Subscriptions(subscriber) == 1 {
			stay++
			continue
		}
		if n < stay || stay == 0 {
			t.Errorf("client %d has lost its subscription, which is older than some that stay", n)
		}
		got := boxes[n].Take(t)
		told, over := got[len(got)-2], got[len(got)-1]
		if !strings.HasPrefix(told, `atlas_error "[too_many_subscriptions] the records of measurement 1001 have become longer: those from this address would take `) {
			t.Errorf("client %d: got %q", n, told)
		}
		if want := fmt.Sprintf(`atlas_unsubscribed {"msm":1001,"acceptedFields":["result.a","b%d"]}`, n); over != want {
			t.Errorf("client %d: got %q, want %q", n, over, want)
		}
	}
	ended := float64(clients - stay)
	if got := hub.Metric(t, "atlas_gateway_overloads_ended_total"); ended == 0 || got != ended {
		t.Errorf("%g have ended by the metric, want %g", got, ended)
	}
	hub.ExpectFollowers(t, 2+stay)
	for _, box := range []*sessiontest.RecordingClient{neighbours, plain} {
		box.Take(t)
	}
	hub.DeliverResults(sessiontest.ResultOfLength(shortly))
	neighbours.Expect(t, `atlas_result {"prb_id":7}`)
	plain.Expect(t, "atlas_result "+string(sessiontest.ResultOfLength(shortly).Value))
	if err := sessiontest.Subscribe(t, hub.MustJoinFrom(t, sessiontest.Attacker, &sessiontest.DiscardingClient{}), `{"msm":1001,"acceptedFields":["result.a","c"]}`); err == nil {
		t.Error("a further subscription was accepted")
	}
}

// A subscription that cannot be confirmed, as its client is gone, costs its address nothing any more.
func TestAbuseSubscriptionsThatCannotBeConfirmed(t *testing.T) {
	hub := sessiontest.NewDefaultHub()
	gone := hub.MustJoinFrom(t, sessiontest.Attacker, &sessiontest.RecordingClient{Closed: true})
	if err := sessiontest.Subscribe(t, gone, `{"msm":1001}`); err == nil {
		t.Error("a subscription of a client that is gone has begun")
	}
	if charged := sessiontest.Charged(hub.Results.Partition(0))[1001]; len(charged) != 0 {
		t.Errorf("%v are charged", charged)
	}
}

// A single long record among short ones ends no subscription. Once results are short again, more subscriptions are accepted.
func TestOneLongRecord(t *testing.T) {
	hub := sessiontest.NewDefaultHub()
	hub.DeliverOften(sessiontest.ResultOfLength(shortly)) // to nobody
	fields := func(_, number int) string {
		return fmt.Sprintf(`{"msm":1001,"acceptedFields":["result.a","b%d"]}`, number)
	}
	first := hub.MustJoinFrom(t, sessiontest.Attacker, &sessiontest.DiscardingClient{})
	sessiontest.MustSubscribe(t, first, fields(0, 0))
	hub.DeliverOften(sessiontest.ResultOfLength(long))
	few := hub.SubscribeMany(t, sessiontest.Attacker, 1, 1, func(_, _ int) string { return fields(0, 1) })
	for n := 2; sessiontest.Subscribe(t, hub.MustJoinFrom(t, sessiontest.Attacker, &sessiontest.DiscardingClient{}), fields(0, n)) == nil; n++ {
		few++
	}
	hub.DeliverOften(sessiontest.ResultOfLength(shortly))
	many := few
	for n := 1000; sessiontest.Subscribe(t, hub.MustJoinFrom(t, sessiontest.Attacker, &sessiontest.DiscardingClient{}), fields(0, n)) == nil; n++ {
		many++
	}
	if many < 2*few {
		t.Errorf("%d subscriptions to long results are allowed, and %d to short ones", few, many)
	}
	hub.DeliverResults(sessiontest.ResultOfLength(1000 * shortly))
	if ended := hub.Metric(t, "atlas_gateway_overloads_ended_total"); ended != 0 {
		t.Errorf("a single long result ended %g subscriptions", ended)
	}
}

// A subscription that is the only one of its address is served, however long the results are.
func TestOnlySubscriptionOfAnAddressIsServed(t *testing.T) {
	hub := sessiontest.NewDefaultHub()
	client := &sessiontest.RecordingClient{}
	subscriber := hub.MustJoinFrom(t, sessiontest.Attacker, client)
	const only = `{"msm":1001,"acceptedFields":["prb_id"],"greaterTo":{"result.a":0}}`
	sessiontest.MustSubscribe(t, subscriber, only)
	for range 2 * 16 {
		hub.DeliverResults(sessiontest.ResultOfLength(10 * long))
	}
	sessiontest.MustUnsubscribe(t, subscriber, only)
	sessiontest.MustSubscribe(t, subscriber, only)
	if err := sessiontest.Subscribe(t, subscriber, `{"msm":1001,"acceptedFields":["result"]}`); err == nil {
		t.Error("so is another one")
	}
	if ended := hub.Metric(t, "atlas_gateway_overloads_ended_total"); ended != 0 {
		t.Errorf("%g have ended", ended)
	}
}

// The cursors of a session name all its subscriptions: further ones make its other messages cost more. For that its own subscriptions end, and not those of
// other clients of the same address.
func TestAbuseSessionCursorsThatGrow(t *testing.T) {
	hub, clients := sessiontest.NewDefaultHub(), make([]*session.Session, 50)
	elsewhere := func(client, other int) string { return fmt.Sprintf(`{"msm":%d,"cursor":""}`, 2000+100*client+other) }
	for n := range clients {
		clients[n] = hub.MustJoinFrom(t, sessiontest.Attacker, &sessiontest.DiscardingClient{SessionCursors: true})
		sessiontest.MustSubscribe(t, clients[n], `{"msm":1001,"cursor":""}`)
	}
	growing := clients[:len(clients)/2]
	for other := range 25 {
		for n, client := range growing {
			sessiontest.MustSubscribe(t, client, elsewhere(n, other))
		}
	}
	if steps := charged(hub, clients[0]); steps > 10_000 || steps < 9_000 {
		t.Errorf("they cost %d steps for a result of the measurement that they began with", steps)
	}
	if hub.Metric(t, "atlas_gateway_overloads_ended_total") == 0 {
		t.Error("none has ended")
	}
	for n, client := range clients[len(growing):] {
		if sessiontest.Subscriptions(client) != 1 {
			t.Errorf("client %d has lost its subscription, as others have subscribed to something else", len(growing)+n)
		}
	}
	stays := slices.IndexFunc(growing, func(s *session.Session) bool { return sessiontest.Subscriptions(s) == 26 })
	before := charged(hub, clients[0])
	for other := range 25 {
		sessiontest.MustUnsubscribe(t, growing[stays], elsewhere(stays, other))
	}
	if after := charged(hub, clients[0]); after >= before {
		t.Errorf("they cost %d steps, and %d when a client has ended most of its subscriptions", before, after)
	}
}
