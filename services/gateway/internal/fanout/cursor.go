package fanout

import (
	"context"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/subscription"
)

// Cursors make cursors and read them. A cursor has nothing that JSON would escape.
type Cursors interface {
	// Prepare is called before each subscription that wants cursors.
	Prepare(ctx context.Context) error
	// Live gives the cursor behind a record of a live topic.
	Live(measurement atlas.MeasurementID, position atlas.Position) string
	// ForAll gives one that stands for several subscriptions, and for those with such parameters that are to be made anew. It gives the empty one if a place
	// cannot be told any more, as cursors have another key now: with a part of the places, records would be missing or come twice.
	ForAll(standings []Standing, anew [][]byte) string
	// Each gives the subscriptions for which a cursor of ForAll stands. A *protocol.Error says what is wrong with it.
	Each(cursor string) ([]Recalled, error)
}

// Standing is how far a client has got with a subscription.
type Standing struct {
	Parameters  []byte
	Measurement atlas.MeasurementID
	Position    atlas.Position // of the last record that it has been given or needs no more, in a live topic
	InReplay    bool           // it is a replay
	Replay      string         // then: its cursor, or nothing before the first record
	After       string         // the cursor behind which it goes on, of one that the client has not got back yet; beside it are only parameters
}

// place is where a client stands behind a record.
type place struct {
	partition   *partition
	stream      atlas.Stream
	measurement atlas.MeasurementID
	position    atlas.Position
	replay      string // the cursor, in a replay
}

func (h *Hub) cursor(at place) string {
	if at.replay != "" {
		return at.replay
	}
	return h.settings.Cursors.Live(at.measurement, at.position)
}

// Recalled is a subscription that a client has had.
type Recalled struct {
	Parameters []byte
	Cursor     string // of its own; empty for one that is to be made anew
}

// Recall gives the subscriptions for which a cursor stands that the client has remembered. A *protocol.Error says what is wrong with it.
func (s *Subscriber) Recall(ctx context.Context, cursor string) ([]Recalled, error) {
	if err := s.hub.settings.Cursors.Prepare(ctx); err != nil {
		return nil, err
	}
	return s.hub.settings.Cursors.Each(cursor)
}

// Owe has cursors stand also for subscriptions that the client has had, each until it has got it back by Subscribe.
func (s *Subscriber) Owe(due []Recalled) {
	if ledger := s.openLedger(); ledger != nil {
		ledger.owe(due)
	}
}

// openLedger gives none for a client whose cursors stand for one subscription each.
func (s *Subscriber) openLedger() *ledger {
	if s.client.BeginCursors() && s.ledger.Load() == nil {
		s.ledger.Store(&ledger{subscriber: s})
	}
	return s.ledger.Load()
}

// CanResume tells whether a subscription can go on behind its cursor. A *protocol.Error says that it cannot, any other one that nobody knows now. What
// is wrong with one to the past is told by Subscribe.
func (s *Subscriber) CanResume(ctx context.Context, wanted *subscription.Subscription) error {
	source := s.hub.sources[wanted.Source()]
	if wanted.Past != nil || source == nil || source.trail == nil {
		return nil
	}
	if err := s.account.Pay(ctx, readlimit.FindStart); err != nil {
		return err
	}
	_, err := source.trail.Resume(ctx, wanted)
	return err
}

// offerRecord enqueues the message of a record, or of several, the last of which stands at a place.
func (s *Subscriber) offerRecord(offer func(*sendqueue.Message) error, event string, payload []byte, cursors bool, at place) error {
	if !cursors {
		return offer(s.encoding.Event(event, payload))
	}
	if ledger := s.ledger.Load(); ledger != nil {
		return ledger.offer(offer, event, payload, at)
	}
	return offer(s.encoding.EventAt(event, payload, s.hub.cursor(at)))
}
