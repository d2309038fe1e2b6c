package fanout

import (
	"context"
	"errors"
	"slices"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// checkPast refuses what would have a measurement both live and replayed, or replayed twice.
func (s *Subscriber) checkPast(wanted *subscription.Subscription) error {
	if wanted.Replay == nil {
		return nil
	}
	if err := s.hub.mayReplay(s.rights); err != nil {
		return err
	}
	if running := s.replayOf(wanted); running != nil {
		if running.past.Equal(*wanted.Replay) {
			return nil
		}
		return protocol.Refuse(protocol.CodeAlreadyPlaying,
			"startTime: measurement %d is being replayed with another startTime, endTime or speed; end that first", wanted.Measurement)
	}
	if s.roll.isLive(wanted.Measurement) {
		return protocol.Refuse(protocol.CodeAlreadyLive,
			"startTime: this client has measurement %d live, and cannot have it replayed at the same time; end that first", wanted.Measurement)
	}
	return nil
}

// replayOf gives the replay that a subscription would join, or nil.
func (s *Subscriber) replayOf(wanted *subscription.Subscription) *replay {
	for _, replay := range s.replays {
		if wanted.Stream != atlas.StreamMetadata && replay.measurement == wanted.Measurement && !replay.partition.isOver() {
			return replay
		}
	}
	return nil
}

// begin begins a membership in the replay of its measurement that runs already, in a new one, or in what comes from now on.
func (s *Subscriber) begin(ctx context.Context, joining *membership) error {
	if running := s.replayOf(joining.wanted); running != nil {
		if err := running.admit(joining); !errors.Is(err, errOver) {
			return err
		}
	}
	if joining.wanted.Replay == nil {
		return s.hub.follow(ctx, joining)
	}
	return s.startReplay(ctx, joining)
}

// startReplay begins a replay with its first membership.
func (s *Subscriber) startReplay(ctx context.Context, joining *membership) error {
	if err := s.hub.awaitMeasurements(ctx); err != nil {
		return err
	}
	if s.hub.standing(joining.wanted, s.rights) == unknown {
		return unknownMeasurement(joining.wanted.Measurement)
	}
	starting, err := s.enterReplay(ctx, joining)
	if err != nil {
		return err
	}
	playback, err := s.openReplay(ctx, joining)
	if err != nil {
		s.hub.replays.leave(starting)
		return joining.cannotGoOn(err)
	}
	starting.from = joining.replayFrom()
	playing, cancel := context.WithCancel(context.WithoutCancel(ctx)) // it lasts until the subscriber leaves
	starting.cancel = cancel
	if err := starting.join(joining); err != nil {
		cancel()
		playback.Close()
		s.hub.replays.leave(starting)
		return err
	}
	s.replays = append(s.replays, starting)
	s.held = append(s.held, func() { go starting.play(playing, playback) })
	if !s.holding {
		s.beginReplays()
	}
	return nil
}

// openReplay has the log ready to be played from where a membership begins.
func (s *Subscriber) openReplay(ctx context.Context, joining *membership) (Playback, error) {
	from, err := joining.open()
	if err != nil {
		return nil, err
	}
	return s.hub.settings.Replays.History.Start(ctx, joining.wanted, from, s.account)
}

// Hold has replays that Subscribe begins wait for Release, so that several subscriptions of one can go on from the same cursor.
func (s *Subscriber) Hold() { s.holding = true }

// Release ends Hold.
func (s *Subscriber) Release() {
	s.holding = false
	s.beginReplays()
}

func (s *Subscriber) beginReplays() {
	for _, begin := range s.held {
		begin()
	}
	s.held = nil
}

// enterReplay counts a new replay, or refuses it if there are as many as there may be.
func (s *Subscriber) enterReplay(ctx context.Context, first *membership) (*replay, error) {
	if err := s.forgetReplays(ctx); err != nil {
		return nil, err
	}
	settings := s.hub.settings.Replays
	//mutate:replays-of-client
	if len(s.replays) >= settings.OfClient {
		return nil, protocol.Refuse(protocol.CodeTooManyReplays, "startTime: this client has %d replays, and no more are allowed; end one first", len(s.replays))
	}
	entering := newReplay(first)
	if err := s.hub.replays.enter(entering, settings); err != nil {
		return nil, err
	}
	return entering, nil
}

// forgetReplays waits for those that are at their end.
func (s *Subscriber) forgetReplays(ctx context.Context) error {
	for _, replay := range s.replays {
		if !replay.partition.isOver() {
			continue
		}
		select {
		case <-replay.ended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.replays = slices.DeleteFunc(s.replays, func(replay *replay) bool { return replay.partition.isOver() && isClosed(replay.ended) })
	return nil
}

func isClosed(ended <-chan struct{}) bool {
	select {
	case <-ended:
		return true
	default:
		return false
	}
}

// leaveReplays waits until all replays are done; their memberships have ended.
func (s *Subscriber) leaveReplays() {
	for _, replay := range s.replays {
		replay.cancel()
		<-replay.ended
	}
}

// agrees tells whether the past that the words of an unsubscription name, if any, is that of the replay.
func (s *Subscriber) agrees(wanted *subscription.Subscription) bool {
	if wanted.Replay == nil {
		return true
	}
	running := s.replayOf(wanted)
	return running != nil && running.past.Equal(*wanted.Replay)
}

// isLive tells whether a subscription follows what a measurement brings from now on, where no replay of it runs. Metadata does not count.
func (r *roll) isLive(measurement atlas.MeasurementID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, membership := range r.memberships {
		if membership.wanted.Measurement == measurement && membership.wanted.Stream != atlas.StreamMetadata {
			return true
		}
	}
	return false
}
