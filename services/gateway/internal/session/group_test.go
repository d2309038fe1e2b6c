package session_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

func ping(measurement, probe int) string {
	return fmt.Sprintf(`atlas_result {"msm_id":%d,"prb_id":%d,"type":"ping","timestamp":1}`, measurement, probe)
}

// forGroups makes a hub whose clients may have eight subscriptions.
func forGroups() *sessiontest.Hub {
	return sessiontest.NewHubWith(session.Settings{Limits: session.Limits{Clients: 10, Subscriptions: 8}, Cursors: sessiontest.JSONCursors{}})
}

func TestListsAreOneSubscriptionToTheClient(t *testing.T) {
	hub, client := forGroups(), &sessiontest.RecordingClient{}
	subscriber := hub.MustJoin(t, client)
	defer subscriber.Leave()
	const both = `{"msm":[1002,1001],"prb":[1,2]}`
	sessiontest.MustSubscribe(t, subscriber, both)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"prb":1}`) // is another one
	hub.DeliverResults(sessiontest.Result(1001, 1), sessiontest.Result(1001, 3), sessiontest.Result(1002, 2), sessiontest.Result(1003, 1))
	client.Expect(t, `atlas_subscribed `+both, `atlas_subscribed {"msm":1001,"prb":1}`, ping(1001, 1), ping(1002, 2))
	hub.ExpectFollowers(t, 5)
	if got := sessiontest.Subscriptions(subscriber); got != 5 {
		t.Errorf("they count as %d subscriptions, want 5", got)
	}
	sessiontest.MustSubscribe(t, subscriber, `{"prb":"1,2","msm":"1001,1002"}`)
	sessiontest.MustUnsubscribe(t, subscriber, `{"msm":[1001,1002],"prb":["2",1]}`)
	hub.DeliverResults(sessiontest.Result(1001, 1), sessiontest.Result(1001, 2))
	client.Expect(t, `atlas_subscribed {"prb":"1,2","msm":"1001,1002"}`, `atlas_unsubscribed {"msm":[1001,1002],"prb":["2",1]}`, ping(1001, 1))
	if err := sessiontest.Unsubscribe(t, subscriber, both); !errors.Is(err, session.ErrNotSubscribed) {
		t.Errorf("got %v, want ErrNotSubscribed", err)
	}
	hub.ExpectFollowers(t, 1)
}

func TestListsEndWithTheirLastPart(t *testing.T) {
	hub, client := forGroups(), &sessiontest.RecordingClient{}
	hub.Measurements.Put(atlas.Measurement{ID: 1003, Public: true, Stopped: true})
	subscriber := hub.MustJoin(t, client)
	defer subscriber.Leave()
	const three = `{"msm":[1001,1002,1003]}`
	sessiontest.MustSubscribe(t, subscriber, three)
	hub.ChangeMeasurement(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
	hub.DeliverResults(sessiontest.Result(1001, 1), sessiontest.Result(1002, 1))
	client.Expect(t, `atlas_subscribed `+three, ping(1002, 1))
	hub.ChangeMeasurement(atlas.Measurement{ID: 1002})
	client.Expect(t, `atlas_error "[unknown_measurement] msm: got 1002, want a measurement that this service knows"`, `atlas_unsubscribed `+three)
	hub.Measurements.Put(atlas.Measurement{ID: 1002, Public: true, Stopped: true})
	sessiontest.MustSubscribe(t, subscriber, three)
	client.Expect(t, `atlas_subscribed `+three, `atlas_unsubscribed `+three)
	hub.ExpectFollowers(t, 0)
}

func TestListsBeginAltogetherOrNot(t *testing.T) {
	hub, client := forGroups(), &sessiontest.RecordingClient{}
	hub.Measurements.Put(atlas.Measurement{ID: 1003})
	subscriber := hub.MustJoin(t, client)
	defer subscriber.Leave()
	sessiontest.ExpectRefusal(t, sessiontest.Subscribe(t, subscriber, `{"msm":[1001,1002,1003],"prb":[1,2]}`),
		`[unknown_measurement] msm: got 1003, want a measurement that this service knows; this is for measurement 1003 and probe 1, and nothing has begun`)
	hub.DeliverResults(sessiontest.Result(1001, 1))
	client.Expect(t)
	hub.ExpectFollowers(t, 0)
	if err := sessiontest.Subscribe(t, subscriber, `{"msm":[1,2,3],"prb":[1,2,3]}`); !errors.Is(err, session.ErrTooMany) ||
		!strings.HasSuffix(err.Error(), "there are 0, these would be 9 more, and no more than 8 are allowed") {
		t.Errorf("got %v, want ErrTooMany", err)
	}
	hub.Tail.Err = errors.New("Kafka is gone")
	if err := sessiontest.Subscribe(t, subscriber, `{"msm":[1,2]}`); !errors.Is(err, hub.Tail.Err) {
		t.Errorf("got %v, want that Kafka is gone", err)
	}
	hub.Tail.Err = nil
	client.Expect(t)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":[1,2,3,4],"prb":[1,2]}`)
	client.Take(t)
}

// What comes while parts begin is for none of them: the confirmation comes first.
//
//notices:list-before-confirmation
func TestNothingOfListsComesBeforeTheConfirmation(t *testing.T) {
	hub, client := forGroups(), &sessiontest.RecordingClient{}
	subscriber := hub.MustJoin(t, client)
	defer subscriber.Leave()
	hub.Tail.Attached = func() { hub.DeliverResults(sessiontest.Result(1001, 1)) }
	sessiontest.MustSubscribe(t, subscriber, `{"msm":[1001,1002]}`)
	hub.DeliverResults(sessiontest.Result(1001, 2))
	client.Expect(t, `atlas_subscribed {"msm":[1001,1002]}`, ping(1001, 2))
}

// The limit is that of all parts together, also where they are in several streams of the log, and so is the duration.
func TestLimitAndDurationOfLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, client := forGroups(), &sessiontest.RecordingClient{}
		subscriber := hub.MustJoin(t, client)
		defer subscriber.Leave()
		const limited = `{"msm":[1001,7000],"limit":3,"duration":60}`
		sessiontest.MustSubscribe(t, subscriber, limited)
		status := sessiontest.Record(atlas.StreamProbeStatus, 7000, 1, `{}`)
		sessiontest.Deliver(hub.Statuses, status)
		hub.DeliverResults(sessiontest.Result(1001, 1), sessiontest.Result(1001, 2), sessiontest.Result(1001, 3))
		sessiontest.Deliver(hub.Statuses, status)
		client.Expect(t, `atlas_subscribed `+limited, `atlas_result {}`, ping(1001, 1), ping(1001, 2), `atlas_unsubscribed `+limited)
		hub.ExpectFollowers(t, 0)
		sessiontest.MustSubscribe(t, subscriber, limited)
		time.Sleep(2 * time.Minute)
		client.Expect(t, `atlas_subscribed `+limited, `atlas_unsubscribed `+limited)
		hub.ExpectFollowers(t, 0)
	})
}

func TestListsDoNotJoinAReplay(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{}, func(t *testing.T, h *sessiontest.ReplayHub) {
		subscriber := h.MustJoin(t, &sessiontest.RecordingClient{})
		defer subscriber.Leave()
		sessiontest.MustSubscribe(t, subscriber, sessiontest.ReplayParameters)
		sessiontest.ExpectRefusal(t, sessiontest.Subscribe(t, subscriber, `{"msm":[1001,1002]}`), `[already_playing] msm: measurement 1001 is being replayed`)
		sessiontest.MustUnsubscribe(t, subscriber, sessiontest.ReplayParameters)
		sessiontest.MustSubscribe(t, subscriber, `{"msm":[1001,1002]}`)
		sessiontest.ExpectRefusal(t, sessiontest.Subscribe(t, subscriber, sessiontest.ReplayParameters), `[already_live] startTime: this client has measurement 1001 live`)
	})
}

// The backlog of lists comes after their confirmation, and is reported once.
func TestBacklogOfLists(t *testing.T) {
	for name, held := range map[string]int{"tail": 1000, "log": 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := sessiontest.NewLogHub(t, held)
				defer hub.Close()
				hub.Log.Append(0, sessiontest.Records(2, 1, 1)...)
				hub.Log.Append(0, sessiontest.Records(2, 2, 1)...)
				hub.Log.Append(0, sessiontest.Records(2, 3, 1)...)
				const both = `{"msm":[1,2],"prb":[1,2],"sendBacklog":true}`
				sessiontest.MustSubscribe(t, hub.Session, both)
				synctest.Wait()
				hub.Log.Append(0, sessiontest.Records(1, 2, 2)...)
				hub.Expect(t, `atlas_result {"msm_id":1,"offset":0}`, `atlas_result {"msm_id":1,"offset":1}`, `atlas_result {"msm_id":2,"offset":2}`,
					`atlas_result {"msm_id":2,"offset":3}`, `atlas_backlog_sent `+both, `atlas_result {"msm_id":2,"offset":6}`)
				sessiontest.MustUnsubscribe(t, hub.Session, both)
				hub.Log.Append(0, sessiontest.Records(1, 2, 2)...)
				hub.Expect(t, `atlas_unsubscribed `+both)
			})
		})
	}
}

// Each record has the cursor of its own measurement, and a client whose cursors stand for all of its subscriptions gets lists back as they were.
func TestListsResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHubWith(t, 1000, session.Settings{})
		defer hub.Close()
		client := sessiontest.NewQueuedClient()
		client.SessionCursors = true
		lost, err := hub.Join(client, access.Rights{})
		if err != nil {
			t.Fatal(err)
		}
		const lists = `{"msm":[1,2],"prb":[1,2],"cursor":""}`
		sessiontest.MustSubscribe(t, lost, `{"msm":9}`)
		sessiontest.MustSubscribe(t, lost, lists)
		hub.Log.Append(0, sessiontest.Records(1, 1, 1)...)
		hub.Log.Append(0, sessiontest.Records(1, 2, 1)...)
		messages, _ := client.Take(1 << 20)
		last := strings.Fields(string(messages[len(messages)-1].Payload()))
		if len(messages) != 4 || last[1] != `{"msm_id":2,"offset":1}` {
			t.Fatalf("got %d messages, at last %s", len(messages), last)
		}
		lost.Leave()
		hub.Log.Append(0, sessiontest.Records(2, 2, 2)...)
		hub.Log.Append(0, sessiontest.Records(1, 1, 7)...)
		hub.Client.SessionCursors = true
		resumptions, err := hub.Session.Recall(t.Context(), last[2])
		if err != nil || len(resumptions) != 2 {
			t.Fatalf("%d subscriptions are recalled, %v; want two", len(resumptions), err)
		}
		for _, resumed := range resumptions {
			if !resumed.StartsOver() {
				if err := hub.Session.CanResume(t.Context(), resumed); err != nil {
					t.Error(err)
				}
			}
			hub.Session.SetPending(resumptions)
			if err := hub.Session.Resume(t.Context(), resumed); err != nil {
				t.Fatal(err)
			}
			hub.Session.Client.Flush()
		}
		hub.Session.SetPending(nil)
		hub.Log.Append(0, sessiontest.Records(1, 9, 1)...)
		synctest.Wait()
		messages, _ = hub.Client.Take(1 << 20)
		var got []string
		for _, message := range messages {
			got = append(got, strings.Join(strings.Fields(string(message.Payload()))[:2], " "))
		}
		want := []string{
			`atlas_subscribed ` + lists, `atlas_subscribed {"msm":9}`, `atlas_result {"msm_id":2,"offset":2}`, `atlas_result {"msm_id":2,"offset":3}`,
			`atlas_result {"msm_id":9,"offset":5}`,
		}
		if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		sessiontest.MustUnsubscribe(t, hub.Session, lists)
	})
}

// The limit is exact however many partitions deliver at once, and nothing comes after the end.
func TestLimitOfListsInSeveralPartitions(t *testing.T) {
	for range 20 {
		hub := sessiontest.NewHubWithoutSources(session.Settings{
			Limits: session.Limits{Clients: 10, Subscriptions: 8},
			Behind: session.Behind{Time: time.Hour, Bytes: 1 << 40, Readers: 1, ReadersOfAddress: 1},
		})
		log, client := sessiontest.NewLog(4, 1000), &sessiontest.RecordingClient{}
		log.AddTo(hub.Hub, atlas.StreamResult, log)
		subscriber := hub.MustJoin(t, client)
		const limited = `{"msm":[1,2,3,4],"limit":50}`
		sessiontest.MustSubscribe(t, subscriber, limited)
		var appending sync.WaitGroup
		for measurement := range atlas.MeasurementID(4) {
			number, _ := log.PartitionOf(measurement + 1)
			appending.Go(func() {
				for range 10 {
					log.Append(number, sessiontest.Records(5, measurement+1, 1)...)
				}
			})
		}
		appending.Wait()
		subscriber.Leave()
		messages, _ := client.Messages()
		if len(messages) != 52 || messages[51] != `atlas_unsubscribed `+limited || sessiontest.Subscriptions(subscriber) != 0 {
			t.Fatalf("got %d messages, at last %s, want 50 results and the end", len(messages), messages[len(messages)-1])
		}
	}
}

// A list whose measurements have all stopped ends at once, whether the client takes its end or not.
func TestListOfStoppedMeasurementsForAClientThatTakesNothing(t *testing.T) {
	hub, client := forGroups(), &sessiontest.RecordingClient{Limit: 1}
	for _, id := range []atlas.MeasurementID{1, 2} {
		hub.Measurements.Put(atlas.Measurement{ID: id, Public: true, Stopped: true})
	}
	subscriber := hub.MustJoin(t, client)
	defer subscriber.Leave()
	sessiontest.MustSubscribe(t, subscriber, `{"msm":[1,2]}`)
	if got, _ := client.Messages(); len(got) != 1 || got[0] != `atlas_subscribed {"msm":[1,2]}` {
		t.Errorf("got %q, want the confirmation, for which there was room", got)
	}
}

// The end of an empty backlog comes after the confirmation, once.
func TestEmptyBacklogOfAList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 1000)
		defer hub.Close()
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":[1,2],"sendBacklog":true}`)
		synctest.Wait()
		messages, _ := hub.Client.Take(1 << 20)
		var got []string
		for _, message := range messages {
			got = append(got, strings.Fields(string(message.Payload()))[0])
		}
		if want := []string{protocol.EventSubscribed, protocol.EventBacklogSent}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// What is wrong with a measurement of a list is told once, however many probes there are.
func TestListIsToldOnceOfAMeasurementThatIsNotPublic(t *testing.T) {
	hub, client := forGroups(), &sessiontest.RecordingClient{}
	subscriber := hub.MustJoin(t, client)
	defer subscriber.Leave()
	sessiontest.MustSubscribe(t, subscriber, `{"msm":[1001,1002],"prb":[1,2,3]}`)
	hub.ChangeMeasurement(atlas.Measurement{ID: 1002})
	if got, _ := client.Messages(); len(got) != 2 || !strings.HasPrefix(got[1], `atlas_error "[unknown_measurement]`) {
		t.Errorf("got %q, want one error behind the confirmation", got)
	}
}
