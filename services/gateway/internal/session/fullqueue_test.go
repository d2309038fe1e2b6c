package session_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// Who has missed more than is delivered at a time gets all of it from what the feed holds, each record once, and the feed behind that.
//
//notices:missed-delivered-again,rejoin-with-rest
func TestMuchIsMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 2*maxHeld + 100
		hub := sessiontest.NewLogHub(t, many)
		hub.Client.SetLimits(sendqueue.Limits{Bytes: 1 << 20, Messages: 4 * many})
		defer hub.Close()
		hub.Log.Append(0, sessiontest.Records(many, 1, 1)...)
		after := sessiontest.CursorAfter(1, -1)
		sessiontest.MustSubscribe(t, hub.Session, fmt.Sprintf(`{"msm":1,"cursor":%q}`, after))
		hub.Receive()
		hub.ExpectLag(t, 0, 0)
		hub.Log.Append(0, sessiontest.Records(3, 1, 1)...)
		hub.Receive()
		for i, message := range hub.Received {
			if _, offsets := sessiontest.Offsets(strings.Fields(message)[1]); offsets[0] != int64(i) {
				t.Fatalf("message %d: got record %d", i, offsets[0])
			}
		}
		if len(hub.Received) != many+3 {
			t.Errorf("got %d records, want %d", len(hub.Received), many+3)
		}
	})
}

// A record that does not fit is not overtaken by what does because it is shorter: of each stream, the records keep their order and come once.
//
//notices:fallen-gets-more
func TestShorterMessageOvertakesNothing(t *testing.T) {
	const shorter = `"acceptedFields":["offset"]`
	for name, parameters := range map[string][]string{
		"of results":     {`{"msm":7000,` + shorter + `}`, `{"stream_type":"probestatus"}`},
		"of connections": {`{"msm":7000}`, `{"stream_type":"probestatus",` + shorter + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			for size := 1000; size < 1100; size++ {
				synctest.Test(t, func(t *testing.T) {
					hub := sessiontest.NewLogHub(t, 5)
					defer hub.Close()
					hub.AddLog(atlas.StreamProbeStatus, hub.Log)
					hub.Client.SetLimits(sendqueue.Limits{Bytes: size, Messages: 1000})
					for _, words := range parameters {
						sessiontest.MustSubscribe(t, hub.Session, words)
					}
					hub.Receive()
					hub.Log.Append(0, sessiontest.Records(60, 7000, 1)...)
					hub.Receive()
					expectBothStreams(t, hub.Received, 60)
				})
			}
		})
	}
}

// expectBothStreams expects so many records as results and as connections, each in their order.
func expectBothStreams(t *testing.T, heard []string, count int) {
	t.Helper()
	got := map[string]int{}
	for _, message := range heard {
		event := strings.Fields(message)[0]
		if !strings.HasSuffix(message, fmt.Sprintf(`"offset":%d}`, got[event])) {
			t.Fatalf("got %s, want offset %d", message, got[event])
		}
		got[event]++
	}
	if len(got) != 2 || got["atlas_result"] != count || got["atlas_probestatus"] != count {
		t.Errorf("got %v, want %d of each", got, count)
	}
}

// In a replay too, a record in two streams of which one fits comes once in each.
//
//notices:partly-given-forgotten
func TestReplayedRecordInTwoStreamsOfWhichOneFits(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{}, func(t *testing.T, h *sessiontest.ReplayHub) {
		for i := range h.Playback.Records {
			h.Playback.Records[i] = sessiontest.Record(atlas.StreamProbeStatus, atlas.ConnectionMeasurement, 1, fmt.Sprintf(`{"offset":%d}`, i))
		}
		hub := &sessiontest.LogHub{Hub: h.Hub, Client: sessiontest.NewQueuedClient()}
		hub.Client.SetLimits(sendqueue.Limits{Bytes: 1 << 20, Messages: 2})
		hub.Session = h.MustJoin(t, hub.Client)
		defer hub.Close()
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":7000,"startTime":100}`)
		sessiontest.MustSubscribe(t, hub.Session, `{"stream_type":"probestatus","startTime":100}`)
		hub.Receive()
		time.Sleep(1500 * time.Millisecond)
		hub.ReceiveSome(1) // so that there is room for one more
		time.Sleep(time.Second)
		hub.Receive()
		expectBothStreams(t, hub.Received, 2)
	})
}

// An array that does not fit into the queue waits for room, and so does what comes after it.
//
//notices:array-lost
func TestArrayThatDoesNotFitWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 5)
		defer hub.Close()
		for range 20 {
			sessiontest.MustSubscribe(t, hub.Session, `{"msm":1,"buffering":true}`)
		}
		hub.Log.Append(0, sessiontest.Records(3, 1, 1)...)
		time.Sleep(10 * batchDelay)
		hub.Log.Append(0, sessiontest.Records(2, 1, 1)...)
		time.Sleep(10 * batchDelay)
		hub.Receive()
		time.Sleep(batchDelay)
		hub.Receive()
		var got []int64
		for _, message := range hub.Received {
			_, offsets := sessiontest.Offsets(strings.Fields(message)[1])
			got = append(got, offsets...)
		}
		if want := []int64{0, 1, 2, 3, 4}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		hub.ExpectOverflows(t, 0)
	})
}

// An array that is full and does not fit takes nothing more: who has it is behind, and loses nothing by that.
//
//notices:full-array-grows
func TestFullArrayThatDoesNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const more = 50
		hub := sessiontest.NewLogHub(t, 5)
		defer hub.Close()
		for range 20 {
			sessiontest.MustSubscribe(t, hub.Session, `{"msm":1,"buffering":true}`)
		}
		hub.Log.Append(0, sessiontest.Records(maxBatchRecords+more, 1, 1)...)
		synctest.Wait()
		hub.ExpectLag(t, 1, more)
		hub.Receive()
		time.Sleep(10 * batchDelay)
		hub.Receive()
		var got []int64
		for _, message := range hub.Received {
			_, offsets := sessiontest.Offsets(strings.Fields(message)[1])
			got = append(got, offsets...)
		}
		if len(got) != maxBatchRecords+more || !slices.IsSorted(got) || got[len(got)-1] != maxBatchRecords+more-1 {
			t.Errorf("got %d records, want %d in order", len(got), maxBatchRecords+more)
		}
	})
}
