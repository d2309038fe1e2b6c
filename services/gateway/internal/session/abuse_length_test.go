package session

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"atlasstream/pkg/atlas"
)

// ofLength is a result with so many numbers in one of its members, of eight bytes each.
func ofLength(numbers int) atlas.Record {
	return record(atlas.StreamResult, 1001, 7, `{"prb_id":7,"result":[`+strings.TrimSuffix(strings.Repeat(`{"a":1},`, numbers), ",")+`]}`)
}

const shortly, long = 100, 2000 // numbers, for results of about 800 bytes and of 16 kB

// deliverMany has the partition learn how long results are.
func (h *house) deliverMany(of atlas.Record) {
	for range 3 * 256 / 2 {
		h.deliver(of)
	}
}

// charged is what the clients of an address cost for each result as they are now.
func (h *house) charged(of *Session) int {
	return h.results.partition(0).Charged()[1001][of.Payer.Networks[0].Prefix].Total()
}

// Who has subscribed to short results loses what costs too much when they become long, the newest first, and is told so. What costs the same for results of
// any length stays, and so do the subscriptions of others.
func TestAbuseResultsBecomeLong(t *testing.T) {
	house := crowded()
	const clients = 70
	neighbours, plain := &inbox{}, &inbox{}
	subscribe(t, house.from(t, neighbour, neighbours), `{"msm":1001,"acceptedFields":["prb_id"]}`)
	subscribers, boxes := make([]*Session, clients), make([]*inbox, clients)
	house.deliverMany(ofLength(shortly))
	for n := range clients {
		boxes[n] = &inbox{}
		subscribers[n] = house.from(t, attacker, boxes[n])
		subscribe(t, subscribers[n], fmt.Sprintf(`{"msm":1001,"acceptedFields":["result.a","b%d"]}`, n))
	}
	subscribe(t, house.from(t, attacker, plain), `{"msm":1001}`)
	house.deliverMany(ofLength(long))
	if steps := house.charged(subscribers[0]); steps > 10_000 || steps < 9_000 {
		t.Errorf("those who stay cost %d steps", steps)
	}
	stay := 0
	for n, subscriber := range subscribers {
		if subscriber.Subscriptions() == 1 {
			stay++
			continue
		}
		if n < stay || stay == 0 {
			t.Errorf("client %d has lost its subscription, which is older than some that stay", n)
		}
		got := boxes[n].take(t)
		told, over := got[len(got)-2], got[len(got)-1]
		if !strings.HasPrefix(told, `atlas_error "[too_many_subscriptions] the records of measurement 1001 have become longer: those from this address would take `) {
			t.Errorf("client %d: got %q", n, told)
		}
		if want := fmt.Sprintf(`atlas_unsubscribed {"msm":1001,"acceptedFields":["result.a","b%d"]}`, n); over != want {
			t.Errorf("client %d: got %q, want %q", n, over, want)
		}
	}
	ended := float64(clients - stay)
	if got := house.counted(t, "atlas_gateway_overloads_ended_total"); ended == 0 || got != ended {
		t.Errorf("%g have ended by the metric, want %g", got, ended)
	}
	house.expectFollowers(t, 2+stay)
	for _, box := range []*inbox{neighbours, plain} {
		box.take(t)
	}
	house.deliver(ofLength(shortly))
	neighbours.expect(t, `atlas_result {"prb_id":7}`)
	plain.expect(t, "atlas_result "+string(ofLength(shortly).Value))
	if err := try(t, house.from(t, attacker, &sink{}), `{"msm":1001,"acceptedFields":["result.a","c"]}`); err == nil {
		t.Error("a newcomer was let in")
	}
}

// A single long record among short ones ends nothing, and where results are short again there is room again.
func TestOneLongRecord(t *testing.T) {
	house := crowded()
	house.deliverMany(ofLength(shortly)) // to nobody
	fields := func(_, number int) string {
		return fmt.Sprintf(`{"msm":1001,"acceptedFields":["result.a","b%d"]}`, number)
	}
	first := house.from(t, attacker, &sink{})
	subscribe(t, first, fields(0, 0))
	house.deliverMany(ofLength(long))
	few := house.fill(t, attacker, 1, 1, func(_, _ int) string { return fields(0, 1) })
	for n := 2; try(t, house.from(t, attacker, &sink{}), fields(0, n)) == nil; n++ {
		few++
	}
	house.deliverMany(ofLength(shortly))
	many := few
	for n := 1000; try(t, house.from(t, attacker, &sink{}), fields(0, n)) == nil; n++ {
		many++
	}
	if many < 2*few {
		t.Errorf("%d subscriptions to long results are allowed, and %d to short ones", few, many)
	}
	house.deliver(ofLength(1000 * shortly))
	if ended := house.counted(t, "atlas_gateway_overloads_ended_total"); ended != 0 {
		t.Errorf("a single long result ended %g subscriptions", ended)
	}
}

// A subscription that is the only one of its address is served, however long the results are.
func TestOnlySubscriptionIsServed(t *testing.T) {
	house := crowded()
	box := &inbox{}
	subscriber := house.from(t, attacker, box)
	const only = `{"msm":1001,"acceptedFields":["prb_id"],"greaterTo":{"result.a":0}}`
	subscribe(t, subscriber, only)
	for range 2 * 16 {
		house.deliver(ofLength(10 * long))
	}
	if err := unsubscribe(t, subscriber, only); err != nil {
		t.Fatal(err)
	}
	subscribe(t, subscriber, only)
	if err := try(t, subscriber, `{"msm":1001,"acceptedFields":["result"]}`); err == nil {
		t.Error("so is another one")
	}
	if ended := house.counted(t, "atlas_gateway_overloads_ended_total"); ended != 0 {
		t.Errorf("%g have ended", ended)
	}
}

// The cursor of a client that comes back with nothing else stands for all its subscriptions: whatever it subscribes to makes its other messages cost more, for
// which its own subscriptions end, and not those of others who share its address.
func TestAbuseCursorsForAll(t *testing.T) {
	house, clients := crowded(), make([]*Session, 50)
	elsewhere := func(client, other int) string { return fmt.Sprintf(`{"msm":%d,"cursor":""}`, 2000+100*client+other) }
	for n := range clients {
		clients[n] = house.from(t, attacker, &remembering{})
		subscribe(t, clients[n], `{"msm":1001,"cursor":""}`)
	}
	growing := clients[:len(clients)/2]
	for other := range 25 {
		for n, client := range growing {
			subscribe(t, client, elsewhere(n, other))
		}
	}
	if steps := house.charged(clients[0]); steps > 10_000 || steps < 9_000 {
		t.Errorf("they cost %d steps for a result of the measurement that they began with", steps)
	}
	if house.counted(t, "atlas_gateway_overloads_ended_total") == 0 {
		t.Error("none has ended")
	}
	for n, client := range clients[len(growing):] {
		if client.Subscriptions() != 1 {
			t.Errorf("client %d has lost its subscription, as others have subscribed to something else", len(growing)+n)
		}
	}
	stays := slices.IndexFunc(growing, func(s *Session) bool { return s.Subscriptions() == 26 })
	before := house.charged(clients[0])
	for other := range 25 {
		if err := unsubscribe(t, growing[stays], elsewhere(stays, other)); err != nil {
			t.Fatal(err)
		}
	}
	if after := house.charged(clients[0]); after >= before {
		t.Errorf("they cost %d steps, and %d when a client has ended most of its subscriptions", before, after)
	}
}

// Metadata are asked about whatever measurement they are of, so all subscriptions to them are paid for together.
func TestAbuseMetadataOfManyMeasurements(t *testing.T) {
	house := crowded()
	had := house.fill(t, attacker, 20, 500, func(_, number int) string {
		return fmt.Sprintf(`{"stream_type":"metadata","msm":%d,"equalsTo":{"a":"%s"}}`, 1+number, alternatives(50))
	})
	each := parse(t, `{"stream_type":"metadata","msm":1,"equalsTo":{"a":"`+alternatives(50)+`"}}`).Cost().Of(4 << 10)
	if had == 0 || had > 10_000/each {
		t.Errorf("%d subscriptions of %d steps each", had, each)
	}
}
