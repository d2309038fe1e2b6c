package resume_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/catchup"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
	"atlasstream/services/gateway/internal/wsframe"
)

// offsetOf reads the offset of the last record of a message.
func offsetOf(t *testing.T, message string) int64 {
	t.Helper()
	_, offsets := sessiontest.Offsets(strings.Fields(message)[1])
	return offsets[len(offsets)-1]
}

// Records that wait in a batch do not move the cursor of a subscription that begins meanwhile, and that still has to get earlier ones.
//
//notices:begun-before-batch
func TestCursorOfASubscriptionThatBeginsBesideABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		const second = `{"msm":1,"prb":2,"cursor":""}`
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":1,"prb":1,"buffering":true,"cursor":""}`)
		for range 5 {
			hub.Log.Append(0, sessiontest.Records(1, 1, 1)...)
			hub.Log.Append(0, sessiontest.Records(1, 1, 2)...)
		}
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":1,"prb":2,"cursor":"`+sessiontest.CursorAfter(1, -1)+`"}`)
		hub.Receive()
		if len(hub.Received) != 6 {
			t.Fatalf("got %q, want an array and five records", hub.Received)
		}
		for _, message := range hub.Received[1:] {
			if at := sessiontest.Checkpoints(t, message)[second]; at > offsetOf(t, message) {
				t.Errorf("the cursor of record %d says that the client has everything up to %d", offsetOf(t, message), at)
			}
		}
	})
}

// A subscription that has got everything live keeps that when another one of the client starts in the past.
//
//notices:detached-goes-back
func TestCursorOfASubscriptionBesideWhichOneCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewSessionCursorHub(t)
		defer hub.Close()
		const idle = `{"msm":1,"cursor":""}`
		sessiontest.MustSubscribe(t, hub.Session, idle)
		hub.Log.Append(0, sessiontest.Records(10, 1, 1)...)
		hub.Log.Append(0, sessiontest.Records(30, 2, 1)...)
		hub.Receive()
		hub.Received = nil
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go hub.SendCursors(ctx)
		time.Sleep(21 * time.Second)
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":2,"cursor":"","sendBacklog":true}`)
		hub.Receive()
		if len(hub.Received) < 30 {
			t.Fatalf("got %q, want a backlog of 30 records", hub.Received)
		}
		for _, message := range hub.Received {
			if at := sessiontest.Checkpoints(t, message)[idle]; at != 39 {
				t.Errorf("%.40s… has a cursor at %d, want 39", message, at)
			}
		}
	})
}

// gatedLog is a fake log that is read up to an offset until its gate is closed.
type gatedLog struct {
	*sessiontest.Log
	offset int64
	gate   chan struct{}
}

func (l *gatedLog) Open(
	ctx context.Context, partition int, measurements []atlas.MeasurementID, from, to int64, pay func(context.Context, int64, int64) error,
) (catchup.LogReader, error) {
	reader, err := l.Log.Open(ctx, partition, measurements, from, to, pay)
	return &gatedReader{reader, l}, err
}

type gatedReader struct {
	catchup.LogReader
	log *gatedLog
}

func (r *gatedReader) Next(ctx context.Context) (*atlas.Record, error) {
	if r.Position() == r.log.offset {
		select {
		case <-r.log.gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return r.LogReader.Next(ctx)
}

// confirmingClient is a client that calls confirmed while the confirmation of a subscription is enqueued.
type confirmingClient struct {
	*sessiontest.QueuedClient
	confirmed func(event string)
}

func (c *confirmingClient) EnqueueControl(message *wsframe.Message) error {
	c.confirmed(string(message.Payload()))
	return c.QueuedClient.EnqueueControl(message)
}

// No record is delivered between the confirmation of a subscription that starts in the past and its start.
func TestCursorOfASubscriptionThatBeginsWhileOneCatchesUp(t *testing.T) {
	const second = `{"msm":1,"prb":2,"cursor":""}`
	hub := sessiontest.NewHubWithoutSources(session.Settings{
		Cursors: sessiontest.JSONCursors{}, Limits: session.Limits{Clients: 1, Subscriptions: 2},
		Behind: session.Behind{Time: time.Hour, Bytes: 1 << 40, Readers: 2, ReadersOfAddress: 2},
	})
	log := &gatedLog{Log: sessiontest.NewLog(1, 5), offset: 10, gate: make(chan struct{})}
	log.AddTo(hub.Hub, atlas.StreamResult, log)
	client := &confirmingClient{QueuedClient: sessiontest.NewQueuedClient()}
	client.SetLimits(sendqueue.Limits{Bytes: 1 << 24, Messages: 10_000})
	client.SessionCursors = true
	client.confirmed = func(event string) {
		if strings.HasPrefix(event, protocol.EventSubscribed) && strings.Contains(event, `"prb":2`) {
			close(log.gate)
			time.Sleep(time.Second / 10) // in which a reader that does not wait delivers
		}
	}
	joined := hub.MustJoin(t, client)
	defer joined.Leave()
	log.Append(0, sessiontest.Records(50, 1, 2)...)
	sessiontest.MustSubscribe(t, joined, `{"msm":1,"cursor":"`+sessiontest.CursorAfter(1, -1)+`"}`)
	var messages []*wsframe.Message
	receive := func(records int) {
		for len(messages) < records {
			some, _ := client.Take(1 << 24)
			messages = append(messages, some...)
			runtime.Gosched()
		}
	}
	receive(1 + 10)
	sessiontest.MustSubscribe(t, joined, `{"msm":1,"prb":2,"cursor":"`+sessiontest.CursorAfter(1, 3)+`"}`)
	receive(2 + 10 + 46)
	for _, message := range messages {
		text := string(message.Payload())
		if at, has := sessiontest.Checkpoints(t, text)[second]; has && strings.HasPrefix(text, protocol.EventResult) && at > offsetOf(t, text) {
			t.Errorf("the cursor of record %d says that the client has everything up to %d", offsetOf(t, text), at)
		}
	}
}
