package fanout

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"golang.org/x/sync/semaphore"

	"atlasstream/pkg/clientip"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/subscription"
)

var (
	// ErrTooMany refuses a subscription beyond the limits of a subscriber.
	ErrTooMany = errors.New("too many subscriptions")
	// ErrNotSubscribed refuses to end a subscription that there is not.
	ErrNotSubscribed = errors.New("not subscribed")
)

// Subscriber is a client with its subscriptions. Subscribe, Unsubscribe and Leave are called one after the other, Leave last and once.
type Subscriber struct {
	hub        *Hub
	client     Client
	encoding   Encoding
	rights     Rights
	networks   []clientip.Network // as ChargeTo has them
	roll       roll
	buffers    buffers                            // of the records that some subscription has buffered; for Subscribe and Leave
	replays    []*replay                          // those that may be running; for Subscribe and Leave
	holding    bool                               // replays begin with Release
	held       []func()                           // begin them
	pursuits   sync.WaitGroup                     // of partitions in which it is behind
	readers    atomic.Pointer[semaphore.Weighted] // of the log, in those; nil until there are some
	tracker    atomic.Pointer[tracker]            // where each of its cursors stands for all subscriptions; set before the first that has some begins
	onEnd      func()                             // as OnEnd has it
	account    *readlimit.Account                 // whom the reading of the log is charged to
	overfull   atomic.Bool                        // a message did not fit that must: after that nothing is enqueued any more
	overflowed atomic.Bool                        // that was told and counted
}

// Subscribe begins a subscription and confirms it by repeating the parameters: every matching record that the log takes from then on is delivered
// after the confirmation, and before those what the log has behind the cursor, or what came in the last minutes, if that is wanted. A subscription that
// the subscriber has already is confirmed once more and stays one; one to results of a measurement that has stopped ends when all of its results have
// been delivered. One to the past begins a replay, which ends it in turn; further ones to its measurement join the replay while it runs. Errors:
// ErrTooMany; a *protocol.Error, if the measurement, the past or the cursor is none for this client; those of Client.EnqueueControl; or why the log cannot be
// followed.
func (s *Subscriber) Subscribe(ctx context.Context, wanted *subscription.Subscription, parameters []byte) error {
	return s.join(ctx, &membership{subscriber: s, wanted: wanted, parameters: parameters})
}

func (s *Subscriber) join(ctx context.Context, joining *membership) error {
	wanted := joining.wanted
	joining.indexed, joining.key, joining.parameters = wanted, wanted.Key(), bytes.Clone(joining.parameters)
	if err := s.checkPast(wanted); err != nil {
		return err
	}
	if present := s.roll.find(joining.key); present != nil {
		if stays, err := present.partition.confirm(present, joining.parameters); stays {
			return err
		}
	}
	if err := s.roll.room(joining, s.hub.settings.Limits.Subscriptions); err != nil {
		return err
	}
	if err := s.beginCursors(ctx, wanted); err != nil {
		return err
	}
	if err := s.begin(ctx, joining); err != nil {
		return err
	}
	joining.from, joining.resumption = nil, nil // are kept no longer
	s.recountCursors()
	return nil
}

func (s *Subscriber) beginCursors(ctx context.Context, wanted *subscription.Subscription) error {
	if !wanted.Cursor.Wanted {
		return nil
	}
	s.openTracker()
	return s.hub.settings.Cursors.AwaitKey(ctx)
}

// Unsubscribe ends the subscription that asks for the same and confirms that by repeating the parameters: nothing is delivered for it after the
// confirmation. Errors: ErrNotSubscribed; those of Client.EnqueueControl.
func (s *Subscriber) Unsubscribe(wanted *subscription.Subscription, parameters []byte) error {
	leaving := s.roll.find(wanted.Key())
	if leaving == nil || !s.agrees(wanted) {
		return ErrNotSubscribed
	}
	defer s.recountCursors()
	return leaving.end(func() error { return s.say(protocol.EventUnsubscribed, parameters) })
}

// OnEnd has ended called whenever subscriptions have become fewer by themselves: from any goroutine, perhaps after Leave, and without a lock held. It is
// for whoever has called Join, before the first subscription.
func (s *Subscriber) OnEnd(ended func()) { s.onEnd = ended }

// ChargeTo has networks pay for what the subscriptions cost for each record, together with those of their other subscribers, and an account for the reading of
// the log, which all clients of an address share. It is for whoever has called Join, before the first subscription; without it nothing is charged.
func (s *Subscriber) ChargeTo(networks []clientip.Network, reading *readlimit.Account) {
	s.networks, s.account = networks, reading
}

// Usage is how many subscriptions there are, and how many bytes of memory they take. They become fewer by themselves when a change of their measurement or
// the end of a replay ends them.
func (s *Subscriber) Usage() (subscriptions, bytes int) { return s.roll.usage() }

// Leave ends all subscriptions of a client that is gone. What waits to be sent in arrays is dropped.
func (s *Subscriber) Leave() {
	for _, membership := range s.roll.all() {
		_ = membership.end(nil) // a change of the measurement may have ended it meanwhile, which is as good
	}
	s.leaveReplays()
	s.pursuits.Wait()
	s.buffers.close()
	s.hub.clients.Add(-1)
}

// Overflow is for whoever is told by Client.EnqueueControl that the client cannot keep up: the client is told so and counted, once.
func (s *Subscriber) Overflow() {
	if s.overflowed.CompareAndSwap(false, true) {
		s.hub.metrics.overflows.Inc()
		s.client.Overflow()
	}
}

// offer enqueues the message of a record that can be had later as well. Errors: those of Client.Enqueue.
func (s *Subscriber) offer(message *sendqueue.Message) error {
	if s.overfull.Load() {
		return sendqueue.ErrClosed
	}
	return s.client.Enqueue(message)
}

// tell enqueues a message that must come now. Once one does not fit none is enqueued any more, and flush, which must follow, closes the client. Errors:
// those of Client.EnqueueControl.
func (s *Subscriber) tell(message *sendqueue.Message) error {
	if s.overfull.Load() {
		return sendqueue.ErrFull
	}
	err := s.client.EnqueueControl(message)
	if errors.Is(err, sendqueue.ErrFull) {
		s.overfull.Store(true)
	}
	return err
}

// say tells the client of an event that is no record. Where its cursors stand for all subscriptions, one comes with it. Errors: those of Client.EnqueueControl.
func (s *Subscriber) say(event string, payload []byte) error {
	if tracker := s.tracker.Load(); tracker != nil {
		return tracker.say(event, payload)
	}
	return s.tell(s.encoding.Event(event, payload))
}

// complain tells the client what is wrong. Errors: those of Client.EnqueueControl.
func (s *Subscriber) complain(refusal *protocol.Error) error {
	return s.tell(s.client.Complaint(refusal))
}

// offerOf is offer for those who can wait, and tell for those who cannot.
func (s *Subscriber) offerOf(patient bool) func(*sendqueue.Message) error {
	if patient {
		return s.offer
	}
	return s.tell
}

// awaitRoom returns when the client can take more, and for how long it had to wait: errStalled after most, unless that is 0. Before it waits, it writes
// what was enqueued.
func (s *Subscriber) awaitRoom(ctx context.Context, most time.Duration) (waited time.Duration, err error) {
	room, err := s.client.Writable()
	if room == nil || err != nil {
		return 0, err
	}
	s.flush()
	var patience <-chan time.Time
	if most > 0 {
		timer := time.NewTimer(most)
		defer timer.Stop()
		patience = timer.C
	}
	began := time.Now()
	select {
	case <-room:
		return time.Since(began), nil
	case <-patience:
		return 0, errStalled
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// flush writes what is enqueued. It is called without a lock.
func (s *Subscriber) flush() {
	s.client.Flush()
	if s.overfull.Load() {
		s.Overflow()
	}
}

// buffer gives the buffer of some records. It is called by Subscribe only, so the map needs no lock.
func (s *Subscriber) buffer(records bufferOf, patient bool) *buffer {
	found := s.buffers.of[records]
	if found == nil {
		found = &buffer{subscriber: s, event: protocol.RecordEvent(records.stream), cursors: records.measurement != 0, patient: patient}
		s.buffers.sweep()
		if s.buffers.of == nil {
			s.buffers.of = make(map[bufferOf]*buffer)
		}
		s.buffers.of[records] = found
	}
	return found
}
