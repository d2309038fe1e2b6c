package session

import (
	"context"
	"maps"
	"slices"
	"sync"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/replay"
	"atlasstream/services/gateway/internal/subscription"
)

// Replays are what a hub goes by when clients want the past.
type Replays struct {
	Planner   *replay.Planner
	Enricher  subscription.Enricher // of records of the past
	NeedRight bool                  // only clients with the right may have the past
	OfClient  int                   // most of one client at once
	OfAddress int                   // most of the clients of one address at once
	OfHub     int                   // most at once
}

// checkMayReplay refuses the past to clients that may not have it.
func (h *Hub) checkMayReplay(rights access.Rights) error {
	switch replays := h.settings.Replays; {
	case replays == nil:
		return protocol.Errorf(protocol.CodeUnservedParameter,
			"startTime: this gateway does not replay the past; its operator can have it do so with --history token or --history open")
	//mutate:history-role-unchecked
	case replays.NeedRight && !rights.History:
		return protocol.Errorf(protocol.CodeNotAllowed,
			"startTime: only clients with a token of the role history may replay the past here, unless its operator sets --history open")
	}
	return nil
}

// checkPast refuses what would have a measurement both live and replayed, or replayed twice.
func (s *Session) checkPast(wanted *subscription.Subscription) error {
	if wanted.Replay == nil {
		return nil
	}
	if err := s.hub.checkMayReplay(s.Rights); err != nil {
		return err
	}
	if running := s.replayOf(wanted); running != nil {
		if running.Past.Equal(*wanted.Replay) {
			return nil
		}
		return protocol.Errorf(protocol.CodeAlreadyPlaying,
			"startTime: measurement %d is being replayed with another startTime, endTime or speed; end that first", wanted.Measurement)
	}
	if s.set.isLive(wanted.Measurement) {
		return protocol.Errorf(protocol.CodeAlreadyLive,
			"startTime: this client has measurement %d live, and cannot have it replayed at the same time; end that first", wanted.Measurement)
	}
	return nil
}

// isLive tells whether a subscription follows what a measurement brings from now on, where no replay of it runs. Metadata does not count.
func (s *set) isLive(measurement atlas.MeasurementID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.actives, func(active *delivery.Active) bool {
		return active.Wanted.Measurement == measurement && active.Wanted.Stream != atlas.StreamMetadata
	})
}

// clientReplays are those of one client. They are for Subscribe and Leave.
type clientReplays struct {
	running []*replay.Replay // those that may be
	holding bool             // they begin with StartHeldReplays
	held    []func()         // begin them
}

// withReplays gives those of the client, which begin with the first use.
func (s *Session) withReplays() *clientReplays {
	if s.replays == nil {
		s.replays = &clientReplays{}
	}
	return s.replays
}

// replayOf gives the replay that a subscription would join, or nil.
func (s *Session) replayOf(wanted *subscription.Subscription) *replay.Replay {
	if s.replays == nil {
		return nil
	}
	for _, running := range s.replays.running {
		if wanted.Stream != atlas.StreamMetadata && running.Measurement == wanted.Measurement && !running.IsOver() {
			return running
		}
	}
	return nil
}

// agrees tells whether the past that the words of an unsubscription name, if any, is that of the replay.
func (s *Session) agrees(wanted *subscription.Subscription) bool {
	if wanted.Replay == nil {
		return true
	}
	running := s.replayOf(wanted)
	return running != nil && running.Past.Equal(*wanted.Replay)
}

// joinReplay begins a subscription in a replay that runs already: one that goes on behind a cursor must find the replay there.
func (s *Session) joinReplay(running *replay.Replay, joining *delivery.Active) error {
	if joining.Wanted.Backlog && !resumes(joining) {
		return protocol.Errorf(protocol.CodeAlreadyPlaying,
			"sendBacklog: measurement %d is being replayed, which has no last minutes; end that first", running.Measurement)
	}
	if joining.Wanted.CameSince != nil {
		return protocol.Errorf(protocol.CodeAlreadyPlaying, "since: measurement %d is being replayed, which has its own start; end that first", running.Measurement)
	}
	if isThere := s.replays.holding && joining.From.ReplayOf(joining.Wanted.Measurement).Equal(running.From); resumes(joining) && !isThere {
		return protocol.Errorf(protocol.CodeAlreadyPlaying,
			"cursor: measurement %d is being replayed already, and not from there; end that first", running.Measurement)
	}
	return s.beginIn(running, joining)
}

func (s *Session) beginIn(running *replay.Replay, joining *delivery.Active) error {
	if err := running.Begin(joining); err != nil {
		return err
	}
	s.set.releaseAtEnd(joining, running.CloseIfEmpty)
	return nil
}

// startReplay begins a replay with its first subscription.
func (s *Session) startReplay(ctx context.Context, joining *delivery.Active) error {
	if err := s.hub.awaitMeasurements(ctx); err != nil {
		return err
	}
	if s.hub.access.Of(joining.Wanted, s.Rights) == access.Unknown {
		return access.UnknownMeasurement(joining.Wanted.Measurement)
	}
	starting, err := s.enterReplay(ctx, joining.Wanted)
	if err != nil {
		return err
	}
	pacer, err := s.openReplay(ctx, joining)
	if err != nil {
		s.hub.replays.remove(starting)
		return cannotGoOn(joining, err)
	}
	starting.From = joining.From.ReplayOf(joining.Wanted.Measurement)
	playing := starting.Prepare(context.WithoutCancel(ctx)) // it lasts until the session ends
	if err := s.beginIn(starting, joining); err != nil {
		starting.Cancel()
		pacer.Close()
		s.hub.replays.remove(starting)
		return err
	}
	s.replays.running = append(s.replays.running, starting)
	s.replays.held = append(s.replays.held, func() {
		go starting.Play(playing, pacer, func() { s.hub.replays.remove(starting) })
	})
	if !s.replays.holding {
		s.replays.beginHeld()
	}
	return nil
}

// openReplay opens the log where a subscription begins.
func (s *Session) openReplay(ctx context.Context, joining *delivery.Active) (*replay.Pacer, error) {
	if err := s.hub.open(joining); err != nil {
		return nil, err
	}
	return s.hub.settings.Replays.Planner.Plan(ctx, joining.Wanted, joining.From, s.Account)
}

// cannotGoOn ends a replay before it begins whose client has reconnected by itself, if its cursor is gone: from its start, everything would come twice. A
// refusal alone does not name the subscription, so that is confirmed first.
func cannotGoOn(joining *delivery.Active, err error) error {
	gone := goneForOneThatReturns(joining.Wanted, err)
	if gone == nil {
		return err
	}
	ends := protocol.Errorf(gone.Code, "%s; the replay of measurement %d cannot go on, and ends", gone.Words, joining.Wanted.Measurement)
	return joining.ConfirmAndEnd(nil, 0, ends)
}

// HoldReplays has replays that Subscribe begins wait for StartHeldReplays, so that several subscriptions of one can go on from the same cursor.
func (s *Session) HoldReplays() { s.withReplays().holding = true }

// StartHeldReplays ends HoldReplays.
func (s *Session) StartHeldReplays() {
	replays := s.withReplays()
	replays.holding = false
	replays.beginHeld()
}

func (r *clientReplays) beginHeld() {
	for _, begin := range r.held {
		begin()
	}
	r.held = nil
}

// enterReplay counts a new replay, or refuses it if there are as many as there may be.
func (s *Session) enterReplay(ctx context.Context, wanted *subscription.Subscription) (*replay.Replay, error) {
	replays, settings := s.withReplays(), s.hub.settings.Replays
	if err := replays.forgetDone(ctx); err != nil {
		return nil, err
	}
	//mutate:replays-of-client
	if has := len(replays.running); has >= settings.OfClient {
		return nil, protocol.Errorf(protocol.CodeTooManyReplays, "startTime: this client has %d replays, and no more are allowed; end one first", has)
	}
	delivered := s.hub.metrics.delivered.WithLabelValues(string(wanted.Source()))
	entering := replay.New(&s.Recipient, wanted, &s.hub.playing, delivered)
	if err := s.hub.replays.add(entering, settings); err != nil {
		return nil, err
	}
	return entering, nil
}

// forgetDone waits for those that are at their end.
func (r *clientReplays) forgetDone(ctx context.Context) error {
	for _, running := range r.running {
		if !running.IsOver() || r.holding { // a replay that is held is done only after StartHeldReplays
			continue
		}
		select {
		case <-running.Done():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.running = slices.DeleteFunc(r.running, func(running *replay.Replay) bool { return running.IsOver() && isClosed(running.Done()) })
	return nil
}

func isClosed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// leaveReplays waits until all replays are done; their subscriptions have ended.
func (s *Session) leaveReplays() {
	if s.replays == nil {
		return
	}
	for _, running := range s.replays.running {
		running.Cancel()
		<-running.Done()
	}
}

// replays are those of all clients until they have ended. One is added before Replay.Begin checks access, so that RecheckAccess misses none.
type replays struct {
	mu      sync.Mutex
	running map[*replay.Replay]struct{}
}

// add refuses a replay if there are as many as there may be, here or of its address.
func (r *replays) add(entering *replay.Replay, settings *Replays) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.running) >= settings.OfHub {
		return protocol.Errorf(protocol.CodeTooManyReplays,
			"startTime: this gateway has %d replays, and no more are allowed; try again later, another gateway may have room", settings.OfHub)
	}
	if r.count(entering.Recipient.Account) >= settings.OfAddress {
		return protocol.Errorf(protocol.CodeTooManyReplays, "startTime: this address has %d replays, and no more are allowed; end one first", settings.OfAddress)
	}
	if r.running == nil {
		r.running = make(map[*replay.Replay]struct{})
	}
	r.running[entering] = struct{}{}
	return nil
}

// count tells how many an account pays for. It is called under the lock.
func (r *replays) count(account *readlimit.Account) (count int) {
	for running := range r.running {
		if running.Recipient.Account.Site() == account.Site() {
			count++
		}
	}
	return count
}

func (r *replays) remove(leaving *replay.Replay) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, leaving)
}

func (r *replays) all() []*replay.Replay {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.running))
}
