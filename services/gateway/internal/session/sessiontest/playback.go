package sessiontest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/replay"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/subscription"
)

// ReplayParameters are those of a subscription to the replay of a ReplayHub.
const ReplayParameters = `{"msm":1001,"startTime":100,"speed":1}`

// ReplayHub is a hub with a history of five results of measurement 1001, of probes 1 and 2 in turn.
type ReplayHub struct {
	*Hub
	Playback *Playback
}

// TestWithReplays runs a test with a ReplayHub and a fake clock, and fails it if a playback is not closed. It sets limits where there are none.
func TestWithReplays(t *testing.T, replays session.Replays, test func(t *testing.T, h *ReplayHub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		playback := &Playback{}
		for second := range 5 {
			playback.Records = append(playback.Records, Record(atlas.StreamResult, 1001, atlas.ProbeID(second%2+1), fmt.Sprintf(`{"n":%d}`, second)))
		}
		replays.History, replays.Enricher = playback, probeEnricher(`"then"`)
		if replays.OfClient == 0 {
			replays.OfClient, replays.OfAddress, replays.OfHub = 2, 3, 3
		}
		settings := session.Settings{Replays: &replays, Limits: session.Limits{Clients: 10, Subscriptions: 5}, Cursors: JSONCursors{}}
		test(t, &ReplayHub{NewHubWith(settings), playback})
		playback.ExpectRunning(t, 0)
	})
}

// Playback is a history with a second between two records, and every playback of it: session.History and replay.Playback.
type Playback struct {
	Records    []atlas.Record
	Pairs      bool          // records come in pairs, without time between the two
	Err        error         // of Run
	StartErr   error         // of Start
	CloseDelay time.Duration // Close takes so long

	mu      sync.Mutex
	started []string
	running int
	waits   int
}

// Start implements session.History.
func (p *Playback) Start(_ context.Context, wanted *subscription.Subscription, _ *cursor.Token, _ *readlimit.Account) (replay.Playback, error) {
	if p.StartErr != nil {
		return nil, p.StartErr
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running++
	p.started = append(p.started, fmt.Sprintf("%s %d from %d at %g", wanted.Source(), wanted.Measurement, wanted.Replay.Start.Unix(), wanted.Replay.Speed))
	return p, nil
}

// Run implements replay.Playback.
func (p *Playback) Run(ctx context.Context, sink delivery.Sink) error {
	defer sink.Flush()
	for i := range p.Records {
		if !p.Pairs || i%2 == 0 {
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
		p.count(waited)
		if err := sink.Deliver(ctx, &p.Records[i], nil); err != nil {
			return err
		}
	}
	return p.Err
}

func (p *Playback) count(waited time.Duration) {
	if waited > 0 {
		p.mu.Lock()
		p.waits++
		p.mu.Unlock()
	}
}

// Close implements replay.Playback.
func (p *Playback) Close() {
	<-time.After(p.CloseDelay)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running--
}

// Started tells which playbacks were started: stream, measurement, start and speed.
func (p *Playback) Started() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.started
}

// Running is how many playbacks are not closed.
func (p *Playback) Running() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running
}

// Waits is how many records had to wait for room.
func (p *Playback) Waits() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waits
}

// ExpectRunning expects so many playbacks not to be closed.
func (p *Playback) ExpectRunning(t *testing.T, want int) {
	t.Helper()
	synctest.Wait()
	if got := p.Running(); got != want {
		t.Errorf("%d playbacks run, want %d", got, want)
	}
}
