package delivery_test

import (
	"context"
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

// A record of two streams is delivered once in each, though the queue has room for the first only.
//
//notices:partial-delivery-repeated
func TestRecordDeliveredInPart(t *testing.T) {
	for _, odd := range []int{0, 1} { // messages before
		synctest.Test(t, func(t *testing.T) {
			hub := sessiontest.NewLogHub(t, 5)
			defer hub.Close()
			hub.AddLog(atlas.StreamProbeStatus, hub.Log)
			sessiontest.MustSubscribe(t, hub.Session, `{"msm":7000}`)
			sessiontest.MustSubscribe(t, hub.Session, `{"stream_type":"probestatus"}`)
			for range odd {
				sessiontest.MustSubscribe(t, hub.Session, `{"msm":7000}`)
			}
			hub.Log.Append(0, sessiontest.Records(30, 7000, 1)...)
			hub.Receive()
			if len(hub.Received) != 60 {
				t.Errorf("got %d messages, want 60", len(hub.Received))
			}
			slices.Sort(hub.Received)
			if len(slices.Compact(hub.Received)) != 60 {
				t.Error("some were delivered twice")
			}
		})
	}
}

// That holds too if another subscription rewinds meanwhile and finds no room either.
func TestRewindBehindARecordDeliveredInPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 1000)
		defer hub.Close()
		hub.AddLog(atlas.StreamProbeStatus, hub.Log)
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":7000,"prb":1}`)
		sessiontest.MustSubscribe(t, hub.Session, `{"stream_type":"probestatus","prb":1}`)
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":7000,"prb":1}`) // once more, so that an odd number of messages is left
		hub.Log.Append(0, append(sessiontest.Records(40, 7000, 2), sessiontest.Records(30, 7000, 1)...)...)
		synctest.Wait()
		after := sessiontest.CursorAfter(7000, -1)
		if err := hub.Session.Subscribe(context.Background(), sessiontest.MustParse(t, fmt.Sprintf(`{"msm":7000,"prb":2,"cursor":%q}`, after)), []byte(`{"msm":7000,"prb":2,"cursor":""}`)); err != nil {
			t.Fatal(err)
		}
		hub.Receive()
		expectEachOnce(t, hub.Received, 40+2*30)
	})
}

// A record that did not fit in one stream, and was not wanted in the other, comes to a subscription that goes back behind it and wants it there. What earlier
// records have taken from a limit is nothing to it.
//
//notices:earlier-records-counted
func TestRewindBehindARecordThatDidNotFitBesideALimit(t *testing.T) {
	const pairs = 15
	for confirmations := range 3 { // until the first message without room is that of a connection which is no result that is wanted
		synctest.Test(t, func(t *testing.T) {
			hub := sessiontest.NewLogHub(t, 1000)
			defer hub.Close()
			hub.AddLog(atlas.StreamProbeStatus, hub.Log)
			sessiontest.MustSubscribe(t, hub.Session, `{"msm":7000,"prb":1,"limit":1000}`)
			for range 1 + confirmations {
				sessiontest.MustSubscribe(t, hub.Session, `{"stream_type":"probestatus"}`)
			}
			for range pairs {
				hub.Log.Append(0, append(sessiontest.Records(1, 7000, 1), sessiontest.Records(1, 7000, 2)...)...)
			}
			synctest.Wait()
			wanted := fmt.Sprintf(`{"msm":7000,"prb":2,"cursor":%q}`, sessiontest.CursorAfter(7000, -1))
			if err := hub.Session.Subscribe(context.Background(), sessiontest.MustParse(t, wanted), []byte(wanted)); err != nil {
				t.Fatal(err)
			}
			hub.Receive()
			expectEachOnce(t, hub.Received, 2*2*pairs)
		})
	}
}

// expectEachOnce expects so many messages, each with another record or of another stream.
func expectEachOnce(t *testing.T, received []string, count int) {
	t.Helper()
	came := map[string]int{}
	for _, message := range received {
		words := strings.Fields(message)
		_, offsets := sessiontest.Offsets(words[1])
		came[fmt.Sprintf("%s %d", words[0], offsets[0])]++
	}
	for message, times := range came {
		if times != 1 {
			t.Errorf("%s was delivered %d times", message, times)
		}
	}
	if len(came) != count {
		t.Errorf("got %d messages, want %d", len(came), count)
	}
}

// A shorter message does not overtake one that does not fit: the records of each stream keep their order and are delivered once.
//
//notices:shorter-record-overtakes
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

// In a replay too, a record of two streams is delivered once in each, though only one fits.
//
//notices:partial-delivery-repeated
func TestReplayedRecordDeliveredInPart(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{}, func(t *testing.T, h *sessiontest.ReplayHub) {
		for i := range h.Log.Records {
			h.Log.Records[i] = sessiontest.Record(atlas.StreamProbeStatus, atlas.ConnectionMeasurement, 1, fmt.Sprintf(`{"offset":%d}`, i))
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
