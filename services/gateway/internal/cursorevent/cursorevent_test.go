package cursorevent_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursorevent"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// sendCursors runs the hub's sending of cursors for the time of a test.
func sendCursors(t *testing.T, hub *session.Hub) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	sending.Go(func() { hub.SendCursors(ctx) })
	t.Cleanup(func() { cancel(); sending.Wait() })
}

// atlasCursor is the event that says that a client with a subscription to a measurement has everything up to an offset.
func atlasCursor(measurement atlas.MeasurementID, offset int64) string {
	return "atlas_cursor " + sessiontest.CursorAfter(measurement, offset)
}

// A client with a cursor that receives nothing for longer than cursors last is told where it is, so that it can resume.
func TestCursorOfAnIdleSubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 5)
		defer hub.Close()
		other := &sessiontest.RecordingClient{}
		sessiontest.MustSubscribe(t, hub.MustJoin(t, other), `{"msm":1}`)
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":1,"prb":1,"cursor":""}`)
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":1,"prb":2,"cursor":""}`)
		sendCursors(t, hub.Hub.Hub)
		time.Sleep(21 * time.Second)
		hub.Expect(t, atlasCursor(1, -1))
		hub.Log.Append(0, sessiontest.Records(10, 2, 1)...)
		time.Sleep(21 * time.Second)
		hub.Expect(t, atlasCursor(1, 9))
		for range 10 {
			hub.Log.Append(0, sessiontest.Records(1, 1, 1)...)
			time.Sleep(10 * time.Second)
		}
		hub.Receive()
		if slices.ContainsFunc(hub.Received, func(message string) bool { return strings.HasPrefix(message, "atlas_cursor") }) || len(hub.Received) != 10 {
			t.Errorf("got %q, want records only", hub.Received)
		}
		if got, _ := other.Messages(); slices.ContainsFunc(got, func(message string) bool { return strings.HasPrefix(message, "atlas_cursor") }) {
			t.Errorf("a client without cursors got %q", got)
		}
	})
}

// A cursor of all subscriptions is sent once, with the checkpoint of each.
func TestCursorOfAnIdleClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		const one, two = `{"msm":1,"cursor":""}`, `{"msm":2,"cursor":""}`
		sessiontest.MustSubscribe(t, hub.Session, one)
		sessiontest.MustSubscribe(t, hub.Session, two)
		hub.Log.Append(0, sessiontest.Records(10, 3, 1)...)
		hub.Receive()
		hub.Received = nil
		sendCursors(t, hub.Hub.Hub)
		time.Sleep(21 * time.Second)
		hub.Receive()
		if len(hub.Received) != 1 || !strings.HasPrefix(hub.Received[0], "atlas_cursor ") {
			t.Fatalf("got %q, want one atlas_cursor", hub.Received)
		}
		hub.ExpectCheckpoints(t, 0, map[string]int64{one: 9, two: 9})
	})
}

// Where a cursor for all subscriptions would be too long, each measurement has its own.
func TestCursorsOfAnIdleClientWithLongParameters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		const subscriptions = 10
		fields := strings.Repeat(`"`+strings.Repeat("x", 90)+`",`, 5)
		for measurement := range subscriptions {
			sessiontest.MustSubscribe(t, hub.Session, fmt.Sprintf(`{"msm":%d,"cursor":"","acceptedFields":[%s"x"]}`, measurement+1, fields))
		}
		hub.Receive()
		hub.Received = nil
		sendCursors(t, hub.Hub.Hub)
		time.Sleep(36 * time.Second) // as the first confirmations had one for all
		hub.Receive()
		slices.Sort(hub.Received)
		if got := slices.Compact(hub.Received); len(got) != subscriptions || !strings.HasPrefix(got[0], "atlas_cursor ") {
			t.Errorf("received %d different messages, such as %.1q, want %d of atlas_cursor", len(got), got, subscriptions)
		}
	})
}

// No cursor is behind records that wait to be sent, or that the client still has to catch up with.
//
//notices:cursor-past-batch
func TestNoCursorOvertakesRecords(t *testing.T) {
	for name, parameters := range map[string]string{"that wait": `{"msm":1,"cursor":"","buffering":true}`, "that were missed": `{"msm":1,"cursor":""}`} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := sessiontest.NewLogHub(t, 5)
				hub.Client.SetLimits(sendqueue.Limits{Bytes: 2000, Messages: 1000})
				defer hub.Close()
				sessiontest.MustSubscribe(t, hub.Session, `{"msm":2}`)
				sessiontest.MustSubscribe(t, hub.Session, parameters)
				sendCursors(t, hub.Hub.Hub)
				hub.Log.Append(0, sessiontest.Records(25, 2, 1)...) // more than half of the queue
				hub.Log.Append(0, sessiontest.Records(60, 1, 1)...) // for which there is no room
				time.Sleep(time.Minute)
				for range 30 {
					hub.Receive()
					time.Sleep(time.Second)
				}
				last := slices.IndexFunc(hub.Received, func(message string) bool { return strings.Contains(message, `"offset":84}`) })
				first := slices.IndexFunc(hub.Received, func(message string) bool { return strings.HasPrefix(message, "atlas_cursor") })
				if last < 0 || first < last || hub.Received[first] != atlasCursor(1, 84) {
					t.Errorf("got %q, the last record at %d, want %s behind it", hub.Received[max(0, len(hub.Received)-3):], last, atlasCursor(1, 84))
				}
			})
		})
	}
}

// Once the log was truncated, cursors of all subscriptions go back with it.
//
//notices:restart-keeps-offset
func TestCursorsGoBackWithATruncatedLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		const one, two = `{"msm":1,"cursor":""}`, `{"msm":2,"cursor":""}`
		sessiontest.MustSubscribe(t, hub.Session, one)
		sessiontest.MustSubscribe(t, hub.Session, two)
		hub.Log.Append(0, append(sessiontest.Records(5, 1, 1), sessiontest.Records(5, 2, 1)...)...)
		hub.Receive()
		hub.Received = nil
		hub.Log.Partitions[0].Records, hub.Log.Partitions[0].Next = nil, 3
		hub.Log.Stream.Gap(0, 10, 3)
		hub.Log.Append(0, sessiontest.Records(1, 1, 1)...)
		hub.Receive()
		hub.ExpectCheckpoints(t, 1, map[string]int64{one: 2, two: 2}) // the atlas_cursor behind the atlas_error
		hub.ExpectCheckpoints(t, 2, map[string]int64{one: 3, two: 2})
	})
}

// Once the log was truncated, a client receives a cursor from there for each measurement: the one that it has means other records now.
//
//notices:restart-without-cursor
func TestCursorsFollowATruncatedLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 5)
		defer hub.Close()
		hub.Log.Append(0, append(sessiontest.Records(5, 1, 1), sessiontest.Records(5, 2, 1)...)...)
		for _, parameters := range []string{`{"msm":1,"cursor":""}`, `{"msm":1,"prb":2,"cursor":""}`, `{"msm":2,"cursor":""}`, `{"msm":3}`} {
			sessiontest.MustSubscribe(t, hub.Session, parameters)
		}
		hub.Receive()
		hub.Received = nil
		hub.Log.Partitions[0].Records, hub.Log.Partitions[0].Next = nil, 3
		hub.Log.Stream.Gap(0, 10, 3)
		hub.Log.Stream.Flush(0)
		hub.Receive()
		if len(hub.Received) != 3 || !strings.HasPrefix(hub.Received[0], "atlas_error ") || hub.Received[1] != atlasCursor(1, 2) || hub.Received[2] != atlasCursor(2, 2) {
			t.Errorf("received %q, want an atlas_error and the cursors of measurements 1 and 2", hub.Received)
		}
	})
}

// Cursors do not go beyond the end of a log that was truncated while nobody followed it.
func TestCursorOfALogThatWasTruncatedWhileNotFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 5)
		defer hub.Close()
		const parameters = `{"msm":1,"cursor":""}`
		sessiontest.MustSubscribe(t, hub.Session, parameters)
		hub.Log.Append(0, sessiontest.Records(10, 1, 1)...)
		sessiontest.MustUnsubscribe(t, hub.Session, parameters)
		hub.Receive()
		hub.Received = nil
		hub.Log.Partitions[0].Records, hub.Log.Partitions[0].Next = nil, 3
		sessiontest.MustSubscribe(t, hub.Session, parameters)
		sendCursors(t, hub.Hub.Hub)
		time.Sleep(21 * time.Second)
		hub.Expect(t, atlasCursor(1, 2))
	})
}

// What is sealed and encoded for idle clients is so once for a measurement, however many clients there are.
func BenchmarkIdleCursors(b *testing.B) {
	hub := sessiontest.NewHubWith(session.Settings{Limits: session.Limits{Clients: 20_000, Subscriptions: 1}, Cursors: sessiontest.NewSealedCursors("the secret of a test")})
	for client := range 15_000 {
		sessiontest.MustSubscribe(b, hub.MustJoin(b, &sessiontest.DiscardingClient{}), fmt.Sprintf(`{"msm":%d,"cursor":""}`, 1+client%100))
	}
	for b.Loop() {
		cursorevent.SendIdle(hub.Results.Partition(0), 15*time.Second)
	}
}
