package session

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/replay"
	"atlasstream/services/gateway/internal/subscription"
)

// tape is a history with a second between two records, and a playback of itself.
type tape struct {
	records []atlas.Record
	err     error // at its end
	refusal error
	closing time.Duration // takes so long
	pairs   bool          // records come in pairs, without time between the two

	mu             sync.Mutex
	started        []string
	running, waits int
}

func (h *tape) Start(_ context.Context, wanted *subscription.Subscription, _ *cursor.Token, _ *readlimit.Account) (replay.Playback, error) {
	if h.refusal != nil {
		return nil, h.refusal
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running++
	h.started = append(h.started, fmt.Sprintf("%s %d from %d at %g", wanted.Source(), wanted.Measurement, wanted.Replay.Start.Unix(), wanted.Replay.Speed))
	return h, nil
}

func (h *tape) Run(ctx context.Context, sink delivery.Sink) error {
	defer sink.Flush()
	for i := range h.records {
		if !h.pairs || i%2 == 0 {
			sink.Flush()
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		waited, err := sink.Room(ctx)
		if err != nil {
			return err
		}
		if waited > 0 {
			h.waits++
		}
		if err := sink.Deliver(ctx, &h.records[i], nil); err != nil {
			return err
		}
	}
	return h.err
}

func (h *tape) Close() {
	time.Sleep(h.closing)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running--
}

func (h *tape) expectRunning(t *testing.T, want int) {
	t.Helper()
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running != want {
		t.Errorf("%d playbacks run, want %d", h.running, want)
	}
}

// theatre is a house with a history.
type theatre struct {
	*house
	tape *tape
}

// inTheatre gives a test a theatre, and fails it if a playback stays open.
func inTheatre(t *testing.T, replays Replays, test func(t *testing.T, h *theatre)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		tape := &tape{}
		for second := range 5 {
			tape.records = append(tape.records, past(1001, atlas.ProbeID(second%2+1), second))
		}
		replays.History, replays.Enricher = tape, pastStamp{}
		if replays.OfClient == 0 {
			replays.OfClient, replays.OfAddress, replays.OfHub = 2, 3, 3
		}
		test(t, &theatre{newHouseWith(Settings{Replays: &replays, Limits: Limits{Clients: 10, Subscriptions: 5}}), tape})
		tape.expectRunning(t, 0)
	})
}

func past(measurement atlas.MeasurementID, probe atlas.ProbeID, second int) atlas.Record {
	return record(atlas.StreamResult, measurement, probe, fmt.Sprintf(`{"n":%d}`, second))
}

type pastStamp struct{}

func (pastStamp) Enrich(record *atlas.Record) []byte {
	return append(record.Value[:len(record.Value)-1:len(record.Value)-1], `,"probe":"then"}`...)
}

// narrow is a client whose queue has room for some records, and for more when the test says so.
type narrow struct {
	inbox
	some atomic.Int64
	room chan struct{}
}

func (n *narrow) Writable() (<-chan struct{}, error) {
	if n.some.Add(-1) >= 0 {
		return nil, nil
	}
	select {
	case <-n.room:
		return nil, nil
	default:
		return n.room, nil
	}
}
