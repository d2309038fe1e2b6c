package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/jsonpath"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/subscription"
)

func TestDeliversWhatMatches(t *testing.T) {
	house := newHouse()
	all, one := &inbox{}, &inbox{}
	subscribe(t, house.join(t, all), `{"msm":1001}`)
	subscribe(t, house.join(t, one), `{"prb":"7", "msm":1001}`)
	all.expect(t, `atlas_subscribed {"msm":1001}`)
	one.expect(t, `atlas_subscribed {"prb":"7", "msm":1001}`)
	house.deliver(result(1001, 7), result(1001, 8), result(1002, 7))
	seven := `atlas_result {"msm_id":1001,"prb_id":7,"type":"ping","timestamp":1}`
	eight := `atlas_result {"msm_id":1001,"prb_id":8,"type":"ping","timestamp":1}`
	all.expect(t, seven, eight)
	one.expect(t, seven)
	if all.flushes != 2 || one.flushes != 2 {
		t.Errorf("%d and %d flushes of a confirmation and a delivery, want 2 each", all.flushes, one.flushes)
	}
	if got := house.counted(t, "atlas_gateway_messages_delivered_total"); got != 3 {
		t.Errorf("%g deliveries are counted, want 3", got)
	}
}

func TestOneMessageForSeveralSubscriptions(t *testing.T) {
	house := newHouse()
	box := &inbox{}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"msm":1001,"prb":7,"acceptedFields":["prb_id"]}`)
	subscribe(t, subscriber, `{"msm":1001,"acceptedFields":["type","timestamp"]}`)
	box.take(t)
	house.deliver(result(1001, 7), result(1001, 8))
	box.expect(t, `atlas_result {"prb_id":7,"type":"ping","timestamp":1}`, `atlas_result {"type":"ping","timestamp":1}`)
	subscribe(t, subscriber, `{"msm":1001}`)
	box.take(t)
	house.deliver(result(1001, 7))
	box.expect(t, `atlas_result {"msm_id":1001,"prb_id":7,"type":"ping","timestamp":1}`)
}

// Whoever wants another form of a record gets that, whatever the others get.
func TestEachGetsItsForm(t *testing.T) {
	house := newHouse()
	forms := map[string]string{
		`{"stream_type":"probestatus"}`:                                                `atlas_probestatus {"prb_id":7,"event":"connect"}`,
		`{"stream_type":"probestatus","enrichProbes":true}`:                            `atlas_probestatus {"prb_id":7,"event":"connect","probe":{"id":7}}`,
		`{"stream_type":"probestatus","acceptedFields":["event"]}`:                     `atlas_probestatus {"event":"connect"}`,
		`{"stream_type":"probestatus","enrichProbes":true,"acceptedFields":["probe"]}`: `atlas_probestatus {"probe":{"id":7}}`,
		`{"msm":7000}`: `atlas_result {"prb_id":7,"event":"connect"}`,
	}
	boxes := make(map[string]*inbox)
	for range 2 {
		for parameters := range forms {
			box := &inbox{}
			subscribe(t, house.join(t, box), parameters)
			box.take(t)
			boxes[parameters] = box
		}
		for range 2 {
			deliver(house.statuses, record(atlas.StreamProbeStatus, 7000, 7, `{"prb_id":7,"event":"connect"}`))
			for parameters, box := range boxes {
				box.expect(t, forms[parameters])
			}
		}
	}
}

func TestEventNameIsTheSubscriptionsStream(t *testing.T) {
	house := newHouse()
	box := &inbox{}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"stream_type":"probestatus"}`)
	subscribe(t, subscriber, `{"msm":7000}`)
	box.take(t)
	deliver(house.statuses, record(atlas.StreamProbeStatus, 7000, 7, `{"prb_id":7}`))
	box.expect(t, `atlas_probestatus {"prb_id":7}`, `atlas_result {"prb_id":7}`)
}

func TestUnsubscribe(t *testing.T) {
	house := newHouse()
	box := &inbox{}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"msm":1001,"stream_type":"result"}`)
	box.take(t)
	if err := unsubscribe(t, subscriber, `{"msm":1001,"prb":1}`); !errors.Is(err, ErrNotSubscribed) {
		t.Errorf("got %v, want ErrNotSubscribed", err)
	}
	if err := unsubscribe(t, subscriber, `{"streamType":"result", "msm":"1001"}`); err != nil || subscriber.Subscriptions() != 0 {
		t.Fatalf("got %v, and %d subscriptions are left", err, subscriber.Subscriptions())
	}
	house.deliver(result(1001, 7))
	box.expect(t, `atlas_unsubscribed {"streamType":"result", "msm":"1001"}`)
	house.expectFollowers(t, 0)
	if house.results.partition(0).Targets() != 0 {
		t.Error("the partition still has its member")
	}
}

func TestSubscribeTwiceIsOneSubscription(t *testing.T) {
	house := newHouse()
	box := &inbox{}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"msm":1001}`)
	subscribe(t, subscriber, `{"msm":"1001"}`)
	house.deliver(result(1001, 7))
	box.expect(t, `atlas_subscribed {"msm":1001}`, `atlas_subscribed {"msm":"1001"}`,
		`atlas_result {"msm_id":1001,"prb_id":7,"type":"ping","timestamp":1}`)
	house.expectFollowers(t, 1)
}

func TestSubscriptionsAreLimited(t *testing.T) {
	house := newHouse()
	subscriber := house.join(t, &inbox{})
	for measurement := range 3 {
		subscribe(t, subscriber, fmt.Sprintf(`{"msm":%d}`, measurement+1))
	}
	if err := try(t, subscriber, `{"msm":4}`); !errors.Is(err, ErrTooMany) || subscriber.Subscriptions() != 3 {
		t.Errorf("got %v and %d subscriptions, want ErrTooMany and 3", err, subscriber.Subscriptions())
	}
}

func TestClientsAreLimited(t *testing.T) {
	house := newHouse()
	var joined *Session
	for range 2000 {
		joined = house.join(t, &inbox{})
	}
	if _, err := house.Join(&inbox{}, delivery.Rights{}); !errors.Is(err, ErrTooManyClients) {
		t.Errorf("got %v, want ErrTooManyClients", err)
	}
	joined.Leave()
	house.join(t, &inbox{})
}

func TestAcceptedFieldsAreLimitedOverAllSubscriptions(t *testing.T) {
	house := newHouse()
	subscriber := house.join(t, &inbox{})
	names := make([]string, 600)
	for i := range names {
		names[i] = fmt.Sprint(i)
	}
	wanted := func(msm int) *subscription.Subscription {
		wanted := parse(t, fmt.Sprintf(`{"msm":%d}`, msm))
		wanted.Fields = jsonpath.NewPathSet(names)
		return wanted
	}
	if err := subscriber.Subscribe(context.Background(), wanted(1), nil); err != nil {
		t.Fatal(err)
	}
	if err := subscriber.Subscribe(context.Background(), wanted(2), nil); !errors.Is(err, ErrTooMany) {
		t.Errorf("got %v, want ErrTooMany", err)
	}
	if err := subscriber.Unsubscribe(wanted(1), nil); err != nil {
		t.Fatal(err)
	}
	if err := subscriber.Subscribe(context.Background(), wanted(2), nil); err != nil {
		t.Errorf("after the first one's end: %v", err)
	}
}

func TestFiltersAreLimitedOverAllSubscriptions(t *testing.T) {
	house := newHouseWith(Settings{Limits: Limits{Clients: 1, Subscriptions: maxConditions}})
	subscriber := house.join(t, &inbox{})
	filtered := func(msm int) string {
		return fmt.Sprintf(`{"msm":%d,"equalsTo":{"a":1,"b":1},"lessThan":{"c":1,"d":1},"greaterTo":{"e":1}}`, msm)
	}
	for msm := range maxConditions / 5 {
		subscribe(t, subscriber, filtered(msm+1))
	}
	if err := try(t, subscriber, filtered(maxConditions)); !errors.Is(err, ErrTooMany) {
		t.Errorf("got %v, want ErrTooMany", err)
	}
	subscribe(t, subscriber, `{"msm":1}`)
	if err := unsubscribe(t, subscriber, filtered(1)); err != nil {
		t.Fatal(err)
	}
	subscribe(t, subscriber, filtered(maxConditions))
}

func TestParametersAreLimitedOverAllSubscriptions(t *testing.T) {
	house := newHouse()
	subscriber := house.join(t, &inbox{})
	long := func(msm int) string {
		return fmt.Sprintf(`{"msm":%d%s}`, msm, strings.Repeat(" ", maxParameterBytes/2))
	}
	subscribe(t, subscriber, long(1))
	if err := try(t, subscriber, long(2)); !errors.Is(err, ErrTooMany) {
		t.Errorf("got %v, want ErrTooMany", err)
	}
	if err := unsubscribe(t, subscriber, `{"msm":1}`); err != nil {
		t.Fatal(err)
	}
	subscribe(t, subscriber, long(2))
}

func TestGapIsTold(t *testing.T) {
	house := newHouse()
	box := &inbox{}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"msm":1001}`)
	subscribe(t, subscriber, `{"msm":1002}`)
	box.take(t)
	house.results.Gap(0, 10, 100)
	house.results.Flush(0)
	box.expect(t, `atlas_error "[gap] the log has lost the records from 10 to before 100 of partition 0; some may have been yours"`)
	house.results.Gap(0, 100, 10)
	house.results.Flush(0)
	box.expect(t, `atlas_error "[gap] partition 0 of the log was cut, from 100 back to 10; some records may be lost"`)
}

func TestOverflowHarmsNobodyElse(t *testing.T) {
	house := newHouse()
	slow, quick := &inbox{limit: 3}, &inbox{}
	subscribe(t, house.join(t, slow), `{"msm":1001}`)
	subscribe(t, house.join(t, quick), `{"msm":1001}`)
	house.deliver(result(1001, 1), result(1001, 2), result(1001, 3), result(1001, 4)) // the last two do not fit
	slow.expectOverflows(t, 1)
	quick.expectOverflows(t, 0)
	if len(slow.messages) != 3 || len(quick.messages) != 5 {
		t.Errorf("messages: %d and %d, want 3 and 5", len(slow.messages), len(quick.messages))
	}
	house.expectOverflows(t, 1)
}

// After a message that did not fit none slips in, from whichever partition, even if the client has room meanwhile.
func TestNothingComesAfterWhatDidNotFit(t *testing.T) {
	house := newHouse()
	box := &inbox{limit: 2}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"msm":1001}`)
	subscribe(t, subscriber, `{"stream_type":"probestatus"}`)
	house.results.Deliver(0, []atlas.Record{result(1001, 7)})
	box.take(t)
	house.results.Deliver(0, []atlas.Record{result(1001, 8)})
	deliver(house.statuses, record(atlas.StreamProbeStatus, 7000, 7, `{"prb_id":7}`))
	house.results.Flush(0)
	box.expect(t)
	box.expectOverflows(t, 1)
	house.expectOverflows(t, 1)
}

// A session that is told so while it answers calls Overflow itself.
func TestOverflowIsCountedOnceHoweverFound(t *testing.T) {
	house := newHouse()
	box := &inbox{limit: 1}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"msm":1001}`)
	if err := try(t, subscriber, `{"msm":1002}`); !errors.Is(err, sendqueue.ErrFull) {
		t.Fatalf("got %v, want ErrFull", err)
	}
	subscriber.Overflow()
	house.deliver(result(1001, 7))
	subscriber.Overflow()
	box.expectOverflows(t, 1)
	house.expectOverflows(t, 1)
	house.expectFollowers(t, 1)
}

func TestLeaveEndsEverything(t *testing.T) {
	house := newHouse()
	box := &inbox{}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"msm":1001}`)
	subscribe(t, subscriber, `{"msm":1002}`)
	box.take(t)
	subscriber.Leave()
	house.deliver(result(1001, 7))
	box.expect(t)
	house.expectFollowers(t, 0)
	if clients := house.counted(t, "atlas_gateway_clients"); clients != 0 {
		t.Errorf("%g clients are left", clients)
	}
}

func TestUnreachableLog(t *testing.T) {
	house := newHouse()
	house.feed.err = errors.New("no broker answers")
	if err := try(t, house.join(t, &inbox{}), `{"msm":1001}`); !errors.Is(err, house.feed.err) {
		t.Errorf("got %v, want the feed's error", err)
	}
}

// A client that is gone gets no membership that nobody would end.
func TestNobodySubscribesWhoIsGone(t *testing.T) {
	house := newHouse()
	box := &inbox{gone: true}
	if err := try(t, house.join(t, box), `{"msm":1001}`); !errors.Is(err, sendqueue.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
	house.expectFollowers(t, 0)
}

func TestSubscriptionsWaitUntilMeasurementsAreKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caughtUp := make(chan struct{})
		house := newHouseWith(Settings{CaughtUp: caughtUp})
		box := &inbox{}
		subscriber := house.join(t, box)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := subscriber.Subscribe(ctx, parse(t, `{"msm":1001}`), nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
		go func() {
			if err := try(t, subscriber, `{"msm":1001}`); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		box.expect(t)
		close(caughtUp)
		synctest.Wait()
		box.expect(t, `atlas_subscribed {"msm":1001}`)
	})
}
