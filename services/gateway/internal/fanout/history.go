package fanout

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/subscription"
)

// Replays are what a hub goes by when clients want the past.
type Replays struct {
	History   History
	Enricher  subscription.Enricher // of records of the past
	NeedRight bool                  // only clients with the right may have the past
	OfClient  int                   // most of one client at once
	OfAddress int                   // most of the clients of one address at once
	OfHub     int                   // most at once
}

// History makes playbacks of the log.
type History interface {
	// Start makes a playback of a subscription's measurement and past, from a token if there is one, for which an account pays. A *protocol.Error tells the
	// client what it cannot have.
	Start(ctx context.Context, wanted *subscription.Subscription, from *cursor.Token, account *readlimit.Account) (Playback, error)
}

// Playback plays a stretch of the past of one measurement. Close must be called, after Run if that was called.
type Playback interface {
	// Run delivers every record when it is due, and returns behind the last one, with the error that ended it, or when the context ends. A
	// *protocol.Error is for the client.
	Run(ctx context.Context, sink Sink) error
	Close()
}

// Sink takes what a playback delivers. Its methods are called one after the other.
type Sink interface {
	// Room returns when the client can take more, and tells for how long it had to wait. Before it waits, it writes what was enqueued.
	Room(ctx context.Context) (waited time.Duration, err error)
	// Deliver enqueues a record for the subscriptions that match it. It waits for a client that cannot take it at once. Position gives the one behind the
	// record, in a replay, and is valid during the call.
	Deliver(ctx context.Context, record *atlas.Record, position func() *cursor.Replay) error
	// Flush writes what was enqueued.
	Flush()
}

// What can be wrong with a subscription to the past.

// mayReplay refuses the past to those who may not have it.
func (h *Hub) mayReplay(rights Rights) error {
	switch replays := h.settings.Replays; {
	case replays == nil:
		return protocol.Refuse(protocol.CodeUnservedParameter,
			"startTime: this gateway does not replay the past; its operator can have it do so with --history token or --history open")
	//mutate:right-to-history
	case replays.NeedRight && !rights.History:
		return protocol.Refuse(protocol.CodeNotAllowed,
			"startTime: only clients with a token of the role history may replay the past here, unless its operator sets --history open")
	}
	return nil
}

// replays are those of all clients, from before their first membership is judged until they have ended.
type replays struct {
	mu      sync.Mutex
	running map[*replay]struct{}
}

// enter refuses a replay if there are as many as there may be, here or of its address.
func (r *replays) enter(entering *replay, settings *Replays) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.running) >= settings.OfHub {
		return protocol.Refuse(protocol.CodeTooManyReplays,
			"startTime: this gateway has %d replays, and no more are allowed; try again later, another gateway may have room", settings.OfHub)
	}
	if r.count(entering.subscriber.account) >= settings.OfAddress {
		return protocol.Refuse(protocol.CodeTooManyReplays, "startTime: this address has %d replays, and no more are allowed; end one first", settings.OfAddress)
	}
	if r.running == nil {
		r.running = make(map[*replay]struct{})
	}
	r.running[entering] = struct{}{}
	return nil
}

// count tells how many an account pays for. It is called under the lock.
func (r *replays) count(account *readlimit.Account) (count int) {
	for replay := range r.running {
		if replay.subscriber.account.Site() == account.Site() {
			count++
		}
	}
	return count
}

func (r *replays) leave(leaving *replay) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, leaving)
}

func (r *replays) all() []*replay {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.running))
}

// of gives the replays of a measurement.
func (r *replays) of(measurement atlas.MeasurementID) (found []*replay) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for replay := range r.running {
		if replay.measurement == measurement {
			found = append(found, replay)
		}
	}
	return found
}

// judge ends the memberships to replays of a measurement which it leaves without a standing.
func (r *replays) judge(measurement atlas.MeasurementID) {
	for _, replay := range r.of(measurement) {
		release(replay.partition.judge(measurement))
	}
}

// release lets go of what memberships that have ended by themselves used, and writes their last messages.
func release(ended []*membership) {
	for _, over := range ended {
		over.release()
		if over.subscriber.onEnd != nil {
			over.subscriber.onEnd() // before its client learns of it, and acts on that
		}
		over.subscriber.flush()
	}
	recounted := make(map[*Subscriber]struct{})
	for _, over := range ended {
		if _, again := recounted[over.subscriber]; !again {
			recounted[over.subscriber] = struct{}{}
			over.subscriber.recountCursors()
		}
	}
}
