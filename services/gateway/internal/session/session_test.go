package session_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/jsonpath"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/subscriptionlimit"
)

func TestDeliversWhatMatches(t *testing.T) {
	hub := sessiontest.NewHub()
	all, one := &sessiontest.RecordingClient{}, &sessiontest.RecordingClient{}
	sessiontest.MustSubscribe(t, hub.MustJoin(t, all), `{"msm":1001}`)
	sessiontest.MustSubscribe(t, hub.MustJoin(t, one), `{"prb":"7", "msm":1001}`)
	all.Expect(t, `atlas_subscribed {"msm":1001}`)
	one.Expect(t, `atlas_subscribed {"prb":"7", "msm":1001}`)
	hub.DeliverResults(sessiontest.Result(1001, 7), sessiontest.Result(1001, 8), sessiontest.Result(1002, 7))
	seven := `atlas_result {"msm_id":1001,"prb_id":7,"type":"ping","timestamp":1}`
	eight := `atlas_result {"msm_id":1001,"prb_id":8,"type":"ping","timestamp":1}`
	all.Expect(t, seven, eight)
	one.Expect(t, seven)
	if all.Flushes() != 2 || one.Flushes() != 2 {
		t.Errorf("%d and %d flushes of a confirmation and a delivery, want 2 each", all.Flushes(), one.Flushes())
	}
	if got := hub.Metric(t, "atlas_gateway_messages_delivered_total"); got != 3 {
		t.Errorf("%g deliveries are counted, want 3", got)
	}
}

func TestUnsubscribe(t *testing.T) {
	hub := sessiontest.NewHub()
	client := &sessiontest.RecordingClient{}
	subscriber := hub.MustJoin(t, client)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"stream_type":"result"}`)
	client.Take(t)
	if err := sessiontest.Unsubscribe(t, subscriber, `{"msm":1001,"prb":1}`); !errors.Is(err, session.ErrNotSubscribed) {
		t.Errorf("got %v, want session.ErrNotSubscribed", err)
	}
	if err := sessiontest.Unsubscribe(t, subscriber, `{"streamType":"result", "msm":"1001"}`); err != nil || sessiontest.Subscriptions(subscriber) != 0 {
		t.Fatalf("got %v, and %d subscriptions are left", err, sessiontest.Subscriptions(subscriber))
	}
	hub.DeliverResults(sessiontest.Result(1001, 7))
	client.Expect(t, `atlas_unsubscribed {"streamType":"result", "msm":"1001"}`)
	hub.ExpectFollowers(t, 0)
	if left, _ := sessiontest.Targets(hub.Results.Partition(0)); left != 0 {
		t.Error("the partition still has its target")
	}
}

func TestSubscribeTwiceIsOneSubscription(t *testing.T) {
	hub := sessiontest.NewHub()
	client := &sessiontest.RecordingClient{}
	subscriber := hub.MustJoin(t, client)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001}`)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":"1001"}`)
	hub.DeliverResults(sessiontest.Result(1001, 7))
	client.Expect(t, `atlas_subscribed {"msm":1001}`, `atlas_subscribed {"msm":"1001"}`,
		`atlas_result {"msm_id":1001,"prb_id":7,"type":"ping","timestamp":1}`)
	hub.ExpectFollowers(t, 1)
}

func TestSubscriptionsAreLimited(t *testing.T) {
	hub := sessiontest.NewHub()
	subscriber := hub.MustJoin(t, &sessiontest.RecordingClient{})
	for measurement := range 3 {
		sessiontest.MustSubscribe(t, subscriber, fmt.Sprintf(`{"msm":%d}`, measurement+1))
	}
	if err := sessiontest.Subscribe(t, subscriber, `{"msm":4}`); !errors.Is(err, session.ErrTooMany) || sessiontest.Subscriptions(subscriber) != 3 {
		t.Errorf("got %v and %d subscriptions, want ErrTooMany and 3", err, sessiontest.Subscriptions(subscriber))
	}
}

func TestClientsAreLimited(t *testing.T) {
	hub := sessiontest.NewHub()
	var joined *session.Session
	for range 2000 {
		joined = hub.MustJoin(t, &sessiontest.RecordingClient{})
	}
	if _, err := hub.Join(&sessiontest.RecordingClient{}, access.Rights{}); !errors.Is(err, session.ErrTooManyClients) {
		t.Errorf("got %v, want session.ErrTooManyClients", err)
	}
	joined.Leave()
	hub.MustJoin(t, &sessiontest.RecordingClient{})
}

func TestAcceptedFieldsAreLimitedOverAllSubscriptions(t *testing.T) {
	hub := sessiontest.NewHub()
	subscriber := hub.MustJoin(t, &sessiontest.RecordingClient{})
	names := make([]string, 600)
	for i := range names {
		names[i] = fmt.Sprint(i)
	}
	wanted := func(msm int) *subscription.Subscription {
		wanted := sessiontest.MustParse(t, fmt.Sprintf(`{"msm":%d}`, msm))
		wanted.Fields = jsonpath.NewPathSet(names)
		return wanted
	}
	if err := subscriber.Subscribe(context.Background(), wanted(1), nil); err != nil {
		t.Fatal(err)
	}
	if err := subscriber.Subscribe(context.Background(), wanted(2), nil); !errors.Is(err, session.ErrTooMany) {
		t.Errorf("got %v, want session.ErrTooMany", err)
	}
	if err := subscriber.Unsubscribe(wanted(1), nil); err != nil {
		t.Fatal(err)
	}
	if err := subscriber.Subscribe(context.Background(), wanted(2), nil); err != nil {
		t.Errorf("after the first one's end: %v", err)
	}
}

func TestFiltersAreLimitedOverAllSubscriptions(t *testing.T) {
	hub := sessiontest.NewHubWith(session.Settings{Limits: session.Limits{Clients: 1, Subscriptions: subscriptionlimit.MaxConditions}})
	subscriber := hub.MustJoin(t, &sessiontest.RecordingClient{})
	filtered := func(msm int) string {
		return fmt.Sprintf(`{"msm":%d,"equalsTo":{"a":1,"b":1},"lessThan":{"c":1,"d":1},"greaterTo":{"e":1}}`, msm)
	}
	for msm := range subscriptionlimit.MaxConditions / 5 {
		sessiontest.MustSubscribe(t, subscriber, filtered(msm+1))
	}
	if err := sessiontest.Subscribe(t, subscriber, filtered(subscriptionlimit.MaxConditions)); !errors.Is(err, session.ErrTooMany) {
		t.Errorf("got %v, want session.ErrTooMany", err)
	}
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1}`)
	sessiontest.MustUnsubscribe(t, subscriber, filtered(1))
	sessiontest.MustSubscribe(t, subscriber, filtered(subscriptionlimit.MaxConditions))
}

func TestParametersAreLimitedOverAllSubscriptions(t *testing.T) {
	hub := sessiontest.NewHub()
	subscriber := hub.MustJoin(t, &sessiontest.RecordingClient{})
	long := func(msm int) string {
		return fmt.Sprintf(`{"msm":%d%s}`, msm, strings.Repeat(" ", subscriptionlimit.MaxParameterBytes/2))
	}
	sessiontest.MustSubscribe(t, subscriber, long(1))
	if err := sessiontest.Subscribe(t, subscriber, long(2)); !errors.Is(err, session.ErrTooMany) {
		t.Errorf("got %v, want session.ErrTooMany", err)
	}
	sessiontest.MustUnsubscribe(t, subscriber, `{"msm":1}`)
	sessiontest.MustSubscribe(t, subscriber, long(2))
}

func TestLeaveEndsEverything(t *testing.T) {
	hub := sessiontest.NewHub()
	box := &sessiontest.RecordingClient{}
	subscriber := hub.MustJoin(t, box)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001}`)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1002}`)
	box.Take(t)
	subscriber.Leave()
	hub.DeliverResults(sessiontest.Result(1001, 7))
	box.Expect(t)
	hub.ExpectFollowers(t, 0)
	if clients := hub.Metric(t, "atlas_gateway_clients"); clients != 0 {
		t.Errorf("%g clients are left", clients)
	}
}

func TestUnreachableLog(t *testing.T) {
	hub := sessiontest.NewHub()
	hub.Tail.Err = errors.New("no broker answers")
	if err := sessiontest.Subscribe(t, hub.MustJoin(t, &sessiontest.RecordingClient{}), `{"msm":1001}`); !errors.Is(err, hub.Tail.Err) {
		t.Errorf("got %v, want the tail's error", err)
	}
}

// A client that is closed gets no subscription that nobody would end.
func TestClosedClientDoesNotSubscribe(t *testing.T) {
	hub := sessiontest.NewHub()
	client := &sessiontest.RecordingClient{Closed: true}
	if err := sessiontest.Subscribe(t, hub.MustJoin(t, client), `{"msm":1001}`); !errors.Is(err, sendqueue.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
	hub.ExpectFollowers(t, 0)
}

func TestSubscriptionsWaitUntilMeasurementsAreKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caughtUp := make(chan struct{})
		hub := sessiontest.NewHubWith(session.Settings{CaughtUp: caughtUp})
		client := &sessiontest.RecordingClient{}
		subscriber := hub.MustJoin(t, client)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := subscriber.Subscribe(ctx, sessiontest.MustParse(t, `{"msm":1001}`), nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
		go func() {
			if err := sessiontest.Subscribe(t, subscriber, `{"msm":1001}`); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		client.Expect(t)
		close(caughtUp)
		synctest.Wait()
		client.Expect(t, `atlas_subscribed {"msm":1001}`)
	})
}

func TestOnEnd(t *testing.T) {
	hub := sessiontest.NewHub()
	subscriber := hub.MustJoin(t, &sessiontest.RecordingClient{})
	defer subscriber.Leave()
	var left []int
	subscriber.OnEnd(func() { left = append(left, sessiontest.Subscriptions(subscriber)) })
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001}`)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1002}`)
	hub.ChangeMeasurement(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
	if len(left) != 1 || left[0] != 1 {
		t.Errorf("told of %v, want once, with one subscription left", left)
	}
}
