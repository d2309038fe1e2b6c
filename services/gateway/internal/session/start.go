package session

import (
	"context"
	"errors"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/notice"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/subscription"
)

// located is where the parts of a group begin, found once for each measurement.
type located struct {
	byMeasurement map[atlas.MeasurementID]*delivery.Active
}

// locate finds where a subscription begins.
func (s *Stream) locate(ctx context.Context, beginning *joining) error {
	if beginning.located == nil {
		return s.locateAlone(ctx, beginning)
	}
	known := beginning.located.byMeasurement
	if same := known[beginning.Wanted.Measurement]; same != nil {
		beginning.Start = same.Start // whose part is told what is gone
		return nil
	}
	known[beginning.Wanted.Measurement] = beginning.Active
	return s.locateAlone(ctx, beginning)
}

func (s *Stream) locateAlone(ctx context.Context, beginning *joining) (err error) {
	if resumes(beginning.Active) && s.log != nil {
		beginning.Start, err = s.behindCursor(ctx, beginning)
		if beginning.Gone = goneForOneThatReturns(beginning.Wanted, err); beginning.Gone == nil {
			return err
		}
	}
	beginning.Start, err = s.startBefore(ctx, beginning.Active)
	refusal, refused := errors.AsType[*protocol.Error](err)
	if refused && refusal.Code == protocol.CodeBeforeLog && beginning.resumption != nil && beginning.Gone == nil {
		beginning.Gone = refusal // its client reconnects by itself, long after it has named the time
	}
	if refused && (beginning.Gone != nil || beginning.restarts) {
		err = nil // it restarts with what comes from now on
	}
	return err
}

// resumes tells whether a subscription resumes behind a cursor.
func resumes(joining *delivery.Active) bool {
	return joining.From != nil || joining.Wanted.Cursor.After != ""
}

// startBefore finds where a subscription starts that wants what came in before; nil for one that does not.
func (s *Stream) startBefore(ctx context.Context, joining *delivery.Active) (*notice.Start, error) {
	if s.log != nil && joining.Wanted.CameSince != nil {
		return s.startSince(ctx, joining)
	}
	return s.backlogOf(ctx, joining)
}

// startSince finds where the log begins to have what came in since the time that a subscription names.
func (s *Stream) startSince(ctx context.Context, joining *delivery.Active) (*notice.Start, error) {
	if err := joining.Recipient.Account.Pay(ctx, readlimit.FindStartCost); err != nil {
		return nil, err
	}
	from, err := s.log.NamedSince(ctx, joining.Wanted.Measurement, *joining.Wanted.CameSince)
	if err != nil {
		return nil, err
	}
	return &notice.Start{From: from}, nil
}

// goneForOneThatReturns gives the refusal of a cursor that is no reason for refusing the subscription, as its client reconnects by itself; nil if there is
// none.
func goneForOneThatReturns(wanted *subscription.Subscription, err error) *protocol.Error {
	refusal, refused := errors.AsType[*protocol.Error](err)
	//mutate:expired-cursor-refused
	if !refused || refusal.Code != protocol.CodeCursorGone || !wanted.Cursor.OrStartOver {
		return nil
	}
	return refusal
}

// behindCursor finds where a subscription resumes, unless CanResume has.
func (s *Stream) behindCursor(ctx context.Context, beginning *joining) (_ *notice.Start, err error) {
	if resumed := beginning.resumption; resumed != nil && resumed.isFound {
		beginning.tail, resumed.tail = resumed.tail, nil
		return startBehind(beginning.Active, resumed.offset), resumed.err
	}
	if err := beginning.Recipient.Account.Pay(ctx, readlimit.FindStartCost); err != nil {
		return nil, err
	}
	if err := s.hub.open(beginning.Active); err != nil {
		return nil, err
	}
	var from int64
	beginning.tail, from, err = s.log.Resume(ctx, beginning.Wanted, *beginning.From)
	return startBehind(beginning.Active, from), err
}

// startBehind is where a subscription resumes, behind a record that its cursor may identify.
func startBehind(resuming *delivery.Active, offset int64) *notice.Start {
	start := &notice.Start{From: offset}
	if resuming.From == nil {
		return start
	}
	if at, err := resuming.From.Find(resuming.Wanted.Measurement, false); err == nil && at.Live.Offset == offset-1 {
		start.Identity = at.Live.Identity
	}
	return start
}

// backlogOf finds where the backlog begins that a subscription wants; nil for none.
func (s *Stream) backlogOf(ctx context.Context, joining *delivery.Active) (*notice.Start, error) {
	if s.log == nil || !joining.Wanted.Backlog {
		return nil, nil
	}
	if err := joining.Recipient.Account.Pay(ctx, readlimit.FindStartCost); err != nil {
		return nil, err
	}
	since := time.Now().Add(-s.hub.settings.Backlog)
	from, err := s.log.Since(ctx, joining.Wanted.Measurement, since)
	return &notice.Start{From: from, Backlog: true, Since: since}, err
}
