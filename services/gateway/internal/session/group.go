package session

import (
	"context"
	"errors"
	"fmt"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/notice"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/subscription"
)

// joinGroup is Subscribe for several measurements or probes, or Resume. All parts begin, or none does. The parameters are kept.
func (s *Session) joinGroup(ctx context.Context, wanted *subscription.Subscription, parameters []byte, resumed *Resumption) error {
	key := wanted.Key()
	if present := s.set.findGroup(key); present != nil {
		if stays, err := present.ConfirmAgain(parameters); stays {
			return err
		}
	}
	if err := s.set.checkRoom(wanted, parameters, s.hub.settings.Limits.Subscriptions); err != nil {
		return err
	}
	if err := s.beginCursors(ctx, wanted); err != nil {
		return err
	}
	group, parts := s.newGroup(key, wanted, parameters, resumed)
	if group == nil {
		return protocol.Errorf(protocol.CodeBadCursor, "cursor: it is of other measurements than the subscription")
	}
	if err := s.beginGroup(ctx, group, parts); err != nil {
		for _, part := range s.set.partsOf(group) {
			_ = s.end(part, nil) // it may have ended meanwhile, which is as good
		}
		group.GiveUp()
		return err
	}
	s.startTimer(wanted.Duration, activesOf(parts)...)
	s.RecountCursors()
	return nil
}

// newGroup makes a group and its parts. Of one that is resumed, those that had ended have no checkpoint; nil if none has one.
func (s *Session) newGroup(key string, wanted *subscription.Subscription, parameters []byte, resumed *Resumption) (*notice.Group, []*joining) {
	var parts []*joining
	shared := &located{make(map[atlas.MeasurementID]*delivery.Active)}
	for i, part := range wanted.Parts() {
		from, is := resumed.tokenOf(part)
		if !is {
			continue
		}
		active := delivery.NewActive(&s.Recipient, part, parameters)
		active.Key, active.From = fmt.Sprintf("%s%d", key, i), from
		parts = append(parts, &joining{Active: active, located: shared, resumption: resumed})
	}
	if len(parts) == 0 {
		return nil, nil
	}
	group := notice.NewGroup(&s.Recipient, parameters, parts[0].Wanted.Quota, len(parts))
	group.Key = key
	for _, part := range parts {
		part.Group = group
		part.restarts = wanted.Cursor.After != ""
	}
	if wanted.Cursor.After != "" { // its client reconnects by itself, with the cursor of one measurement
		group.TellGone(protocol.Errorf(protocol.CodeCursorGone, "cursor: is of one measurement, and this subscription has several measurements or probes; "+
			"it restarts: what came in between is missing"))
	}
	return group, parts
}

// beginGroup begins the parts, and confirms them together.
func (s *Session) beginGroup(ctx context.Context, group *notice.Group, parts []*joining) error {
	for _, part := range parts {
		if running := s.replayOf(part.Wanted); running != nil {
			return protocol.Errorf(protocol.CodeAlreadyPlaying,
				"msm: measurement %d is being replayed, and a subscription to several cannot join that; end it first", running.Measurement)
		}
		if err := s.hub.follow(ctx, part, &s.set); err != nil {
			return refusePart(part.Wanted, err)
		}
		part.From = nil // is kept no longer
	}
	return group.Confirm()
}

func activesOf(parts []*joining) []*delivery.Active {
	actives := make([]*delivery.Active, len(parts))
	for i, part := range parts {
		actives[i] = part.Active
	}
	return actives
}

// refusePart says which part cannot begin.
func refusePart(part *subscription.Subscription, why error) error {
	which := fmt.Sprintf("measurement %d", part.Measurement)
	if part.Probe != 0 {
		which += fmt.Sprintf(" and probe %d", part.Probe)
	}
	if refusal, refused := errors.AsType[*protocol.Error](why); refused {
		return protocol.Errorf(refusal.Code, "%s; this is for %s, and nothing has begun", refusal.Words, which)
	}
	return fmt.Errorf("%w; this is for %s, and nothing has begun", why, which)
}

// leaveGroup is Unsubscribe for several measurements or probes.
func (s *Session) leaveGroup(wanted *subscription.Subscription, parameters []byte) error {
	group := s.set.findGroup(wanted.Key())
	if group == nil {
		return ErrNotSubscribed
	}
	defer s.RecountCursors()
	group.SetEnding()
	err := ErrNotSubscribed
	for _, part := range s.set.partsOf(group) {
		ending := s.end(part, func() error {
			return group.EndPart(&part.Subscription, func() error { return s.SendEvent(protocol.EventUnsubscribed, parameters) })
		})
		if !errors.Is(ending, ErrNotSubscribed) {
			err = ending
		}
	}
	return err
}
