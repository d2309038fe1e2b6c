package session

import (
	"bytes"
	"context"
	"errors"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/subscription"
)

// Resumption is a subscription that a client had and is to get back. It keeps what has been found out about it.
type Resumption struct {
	saved   cursor.SavedSubscription
	further []cursor.SavedSubscription // of one to several measurements: the checkpoints of the others
	wanted  *subscription.Subscription // once it is parsed
	isFound bool                       // where it resumes live, or err says why it does not
	offset  int64
	err     error
	tail    Tail // has come as far as the offset; nil once it is handed on
}

// StartsOver tells that it has no checkpoint.
func (r *Resumption) StartsOver() bool { return r.saved.StartsOver() }

// checkpoints are all that it has, with the parameters at the first one.
func (r *Resumption) checkpoints() []cursor.SavedSubscription {
	return append([]cursor.SavedSubscription{r.saved}, r.further...)
}

// Parameters are those of the subscription.
func (r *Resumption) Parameters() []byte { return r.saved.Parameters }

// Wanted is the subscription, which resumes if it has a checkpoint.
func (r *Resumption) Wanted() (*subscription.Subscription, error) {
	if r.wanted != nil {
		return r.wanted, nil
	}
	wanted, err := subscription.Parse(r.saved.Parameters)
	if err == nil && !r.saved.StartsOver() {
		wanted.Resume()
	}
	r.wanted = wanted
	return wanted, err
}

// ReleaseTail is called when it has been resumed, or is not resumed any more.
func (r *Resumption) ReleaseTail() {
	if r.tail != nil {
		r.tail.Release()
		r.tail = nil
	}
}

// Recall gives the subscriptions of a cursor that the client has kept. A *protocol.Error says what is wrong with it.
func (s *Session) Recall(ctx context.Context, text string) (resumptions []*Resumption, err error) {
	if err := s.hub.settings.Cursors.AwaitKey(ctx); err != nil {
		return nil, err
	}
	token, err := s.hub.settings.Cursors.Open(text)
	if err != nil {
		return nil, protocol.Errorf(codeOf(err), "offset: %s", err)
	}
	for _, saved := range token.Each() {
		last := len(resumptions) - 1
		switch {
		case len(saved.Parameters) > 0:
			resumptions = append(resumptions, &Resumption{saved: saved})
		case last >= 0:
			resumptions[last].further = append(resumptions[last].further, saved)
		default:
			return nil, protocol.Errorf(protocol.CodeBadCursor, "offset: names no subscription")
		}
	}
	return resumptions, nil
}

// SetPending has cursors stand also for subscriptions that the client has had, each until the client has it again by Resume.
func (s *Session) SetPending(pending []*Resumption) {
	if tracker := s.openTracker(); tracker != nil {
		var saved []cursor.SavedSubscription
		for _, resumption := range pending {
			saved = append(saved, resumption.checkpoints()...)
		}
		tracker.SetPending(saved)
	}
}

// CanResume tells whether a subscription resumes from its checkpoint. A *protocol.Error says that it does not, any other one that this is not known now. What
// is wrong with one to the past, Resume tells.
func (s *Session) CanResume(ctx context.Context, resumed *Resumption) error {
	wanted, err := resumed.Wanted()
	if err != nil {
		return err
	}
	if wanted.Lists != nil {
		return s.canResumeGroup(ctx, wanted, resumed)
	}
	stream := s.hub.streams[wanted.Source()]
	if wanted.Replay != nil || stream == nil || stream.log == nil {
		return nil
	}
	if err := s.Account.Pay(ctx, readlimit.FindStartCost); err != nil {
		return err
	}
	resumed.tail, resumed.offset, err = stream.log.Resume(ctx, wanted, resumed.saved.Token())
	_, refused := errors.AsType[*protocol.Error](err)
	resumed.isFound, resumed.err = refused || err == nil, err
	return err
}

// Resume is Subscribe for a subscription that Recall has given.
func (s *Session) Resume(ctx context.Context, resumed *Resumption) error {
	wanted, err := resumed.Wanted()
	if err != nil {
		return err
	}
	if wanted.Lists != nil {
		return s.joinGroup(ctx, wanted, resumed.saved.Parameters, resumed)
	}
	beginning := &joining{Active: delivery.NewActive(&s.Recipient, wanted, bytes.Clone(resumed.saved.Parameters)), resumption: resumed}
	if !resumed.saved.StartsOver() {
		from := resumed.saved.Token()
		beginning.From = &from
	}
	return s.join(ctx, beginning)
}

// canResumeGroup tells whether one of the checkpoints of a group is still there.
func (s *Session) canResumeGroup(ctx context.Context, wanted *subscription.Subscription, resumed *Resumption) (err error) {
	last := atlas.MeasurementID(0)
	for _, part := range wanted.Parts() {
		from, is := resumed.tokenOf(part)
		if !is || part.Measurement == last {
			continue
		}
		last = part.Measurement
		err = s.canResumePart(ctx, part, from)
		if _, refused := errors.AsType[*protocol.Error](err); !refused {
			return err
		}
	}
	return err
}

func (s *Session) canResumePart(ctx context.Context, part *subscription.Subscription, from *cursor.Token) error {
	stream := s.hub.streams[part.Source()]
	if stream == nil || stream.log == nil {
		return nil
	}
	if err := s.Account.Pay(ctx, readlimit.FindStartCost); err != nil {
		return err
	}
	tail, _, err := stream.log.Resume(ctx, part, *from)
	if err == nil {
		tail.Release()
	}
	return err
}

// tokenOf gives where a part resumes, nil for nowhere, and tells whether it is to begin.
func (r *Resumption) tokenOf(part *subscription.Subscription) (from *cursor.Token, is bool) {
	if r == nil || r.StartsOver() {
		return nil, true
	}
	for _, saved := range r.checkpoints() {
		if saved.Measurement == part.Measurement {
			token := saved.Token()
			return &token, true
		}
	}
	return nil, false
}
