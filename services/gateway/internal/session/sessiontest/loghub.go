package sessiontest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/wsframe"
)

// LogHub is a hub whose results are a Log of one partition, and a client whose queue has room for 20 messages.
type LogHub struct {
	*Hub
	Log      *Log
	Client   *QueuedClient
	Session  *session.Session
	Received []string // messages, without the confirmations of subscriptions
}

// NewLogHub makes a hub of which the tail holds so many records. Close must be called.
func NewLogHub(t *testing.T, tailLength int) *LogHub {
	t.Helper()
	return NewLogHubWith(t, tailLength, session.Settings{})
}

// NewLogHubWith sets a backlog of a minute, and cursors and limits where there are none.
func NewLogHubWith(t *testing.T, tailLength int, settings session.Settings) *LogHub {
	t.Helper()
	settings.Backlog = time.Minute
	if settings.Cursors == nil {
		settings.Cursors = JSONCursors{}
	}
	settings.Limits.Clients = 2
	if settings.Limits.Subscriptions == 0 {
		settings.Limits.Subscriptions = 10
	}
	if settings.Behind.Time == 0 {
		settings.Behind.Time = time.Hour
	}
	if settings.Behind.Bytes == 0 {
		settings.Behind.Bytes = 1 << 40
	}
	settings.Behind.Readers, settings.Behind.ReadersOfAddress = 1, 1
	h := &LogHub{Hub: NewHubWithoutSources(settings), Log: NewLog(1, tailLength), Client: NewQueuedClient()}
	h.AddLog(atlas.StreamResult, h.Log)
	h.Session = h.MustJoin(t, h.Client)
	return h
}

// NewSessionCursorHub makes a hub of which the tail holds 100 records, and whose client has cursors of all its subscriptions.
func NewSessionCursorHub(t *testing.T) *LogHub {
	t.Helper()
	h := NewLogHub(t, 100)
	h.Client.SessionCursors = true
	return h
}

// AddLog adds the log as a stream. What the hub sees may be a type that wraps the log.
func (h *LogHub) AddLog(stream atlas.Stream, as session.Log) { h.Log.AddTo(h.Hub.Hub, stream, as) }

// Close ends the session.
func (h *LogHub) Close() {
	h.Session.Leave()
	h.Client.Close()
}

// Receive takes messages until none come any more.
func (h *LogHub) Receive() {
	for synctest.Wait(); h.ReceiveSome(1<<20) > 0; synctest.Wait() {
	}
}

// ReceiveSome takes so many messages if they are there, and gives how many there were.
func (h *LogHub) ReceiveSome(most int) int {
	messages, _ := h.Client.Take(most)
	h.add(messages)
	return len(messages)
}

func (h *LogHub) add(messages []*wsframe.Message) {
	for _, message := range messages {
		if text := string(message.Payload()); !strings.HasPrefix(text, protocol.EventSubscribed) {
			h.Received = append(h.Received, text)
		}
	}
}

// Expect receives messages, and expects these in all since the last time.
func (h *LogHub) Expect(t *testing.T, want ...string) {
	t.Helper()
	h.Receive()
	if !slices.Equal(h.Received, want) {
		t.Errorf("got  %d %.600q\nwant %d %.600q", len(h.Received), h.Received, len(want), want)
	}
	h.Received = nil
}

// ExpectResults expects the results of a measurement from one offset to before another, each as an event.
func (h *LogHub) ExpectResults(t *testing.T, measurement atlas.MeasurementID, from, to int) {
	t.Helper()
	var want []string
	for offset := from; offset < to; offset++ {
		want = append(want, fmt.Sprintf(`atlas_result {"msm_id":%d,"offset":%d}`, measurement, offset))
	}
	h.Expect(t, want...)
}

// ReceivedOffsets gives the offsets of the results that were received, by measurement.
func (h *LogHub) ReceivedOffsets() map[atlas.MeasurementID][]int64 {
	received := make(map[atlas.MeasurementID][]int64)
	for _, message := range h.Received {
		measurement, offsets := Offsets(strings.Fields(message)[1])
		received[measurement] = append(received[measurement], offsets...)
	}
	return received
}

// ExpectCheckpoints expects the cursor of a message that was received: parameters of a subscription to the offset up to which the client has everything.
func (h *LogHub) ExpectCheckpoints(t *testing.T, message int, want map[string]int64) {
	t.Helper()
	if got := Checkpoints(t, h.Received[message]); !maps.Equal(got, want) {
		t.Errorf("%s\ngot  %v\nwant %v", h.Received[message], got, want)
	}
}

// ExpectLag expects so many clients that catch up, and so many records that they have not got.
func (h *LogHub) ExpectLag(t *testing.T, clients, records float64) {
	t.Helper()
	if got := h.Metric(t, "atlas_gateway_behind_clients"); got != clients {
		t.Errorf("%g clients catch up, want %g", got, clients)
	}
	if got := h.Metric(t, "atlas_gateway_behind_records"); got != records {
		t.Errorf("clients lag by %g records, want %g", got, records)
	}
}
