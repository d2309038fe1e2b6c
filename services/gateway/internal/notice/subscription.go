package notice

import (
	"errors"
	"time"

	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/encode"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/wsframe"
)

// Client is told. The errors of its methods are those of delivery.Client.EnqueueControl.
type Client interface {
	// SendEvent enqueues an event that is not a record, with a cursor if each stands for all subscriptions.
	SendEvent(event string, payload []byte) error
	// SendError enqueues an atlas_error.
	SendError(refusal *protocol.Error) error
	// EnqueueControl enqueues a message that must come now.
	EnqueueControl(message *wsframe.Message) error
	// EventEncoding is how the client's events are written.
	EventEncoding() encode.Encoding
	// Seal gives the cursor of a place.
	Seal(at *cursor.Place) string
	// Restored says that the client has the subscription with these parameters, which it may have had before its connection was lost.
	Restored(parameters []byte)
}

// Subscription is a subscription as its client knows it.
type Subscription struct {
	Client     Client
	Wanted     *subscription.Subscription
	Parameters []byte          // as they came: the client knows its subscription by them
	Start      *Start          // where it begins; nil for what comes from now on
	Gone       *protocol.Error // why Start is not where its client is; nil if it is
	Group      *Group          // of which it is a part; nil for none

	owesBacklog bool // its group has not sent its backlog yet; is guarded by the group's lock
}

// Start is where a subscription begins that does not begin with what comes from now on.
type Start struct {
	From     int64     // what the log has before this offset is not for it
	Identity uint64    // of the record before that; 0 if it is not known
	Backlog  bool      // what the log has from there to its end is backlog
	Since    time.Time // as far as it is no older
}

// sendEvent enqueues an event that repeats the parameters. Errors: those of Client.EnqueueControl.
func (s *Subscription) sendEvent(event string) error { return s.Client.SendEvent(event, s.Parameters) }

// Confirm tells the client that the subscription begins behind a place and, if that is not where the client is, where instead. What the log has before next
// does not come, unless it is backlog.
func (s *Subscription) Confirm(before *cursor.Place, next int64) error {
	if s.Group == nil { // else the group confirms
		s.Client.Restored(s.Parameters)
		err := s.sendSubscribed(before)
		if s.Gone != nil {
			err = errors.Join(err, s.Client.SendError(s.startsElsewhere(before, next)))
		}
		return err
	}
	s.Group.begin(s)
	if s.Gone != nil {
		s.Group.TellGone(s.startsElsewhere(before, next))
	}
	return nil
}

// startsElsewhere says where the subscription begins whose client is elsewhere.
func (s *Subscription) startsElsewhere(before *cursor.Place, next int64) *protocol.Error {
	if s.Start == nil {
		return protocol.Errorf(s.Gone.Code, "%s; measurement %d restarts with what comes from now on, from offset %d of partition %d: "+
			"what came in between is missing", s.Gone.Words, s.Wanted.Measurement, next, before.Live.Partition)
	}
	what := "its backlog"
	if !s.Start.Backlog {
		what = "what came in since " + s.Wanted.CameSince.UTC().Format(time.RFC3339)
	}
	return protocol.Errorf(s.Gone.Code, "%s; measurement %d restarts with %s, from offset %d of partition %d: what came in between is missing, "+
		"and what has come already may come again", s.Gone.Words, s.Wanted.Measurement, what, s.Start.From, before.Live.Partition)
}

// sendSubscribed confirms the subscription, with the cursor behind which its records come for clients that hand it back.
func (s *Subscription) sendSubscribed(before *cursor.Place) error {
	encoding, known := s.Client.EventEncoding().(encode.StartEncoding)
	if !known || !s.Wanted.Cursor.Wanted || before.Source.IsReplay() && before.Replay == nil { // who comes back gets the replay from its start
		return s.sendEvent(protocol.EventSubscribed)
	}
	return s.Client.EnqueueControl(encoding.EventAtStart(protocol.EventSubscribed, s.Parameters, s.Client.Seal(before)))
}

// ConfirmAndEnd confirms a subscription to which nothing more can come, and ends it, with an error between the two unless that is nil.
func (s *Subscription) ConfirmAndEnd(before *cursor.Place, next int64, why *protocol.Error) error {
	if why != nil {
		return errors.Join(s.sendEvent(protocol.EventSubscribed), s.Client.SendError(why), s.SendOver())
	}
	return errors.Join(s.Confirm(before, next), s.SendOver())
}

// SendBacklogSent tells the client that all of its backlog has come. What does not fit is an overflow, which Recipient.Flush finds.
func (s *Subscription) SendBacklogSent() {
	if s.Group != nil {
		_ = s.Group.backlogSent(s)
		return
	}
	_ = s.sendEvent(protocol.EventBacklogSent)
}

// SendOver ends the subscription because nothing more can come.
func (s *Subscription) SendOver() error { return s.ifLast(s.sendOverNow) }

// ifLast calls what tells the client that the subscription has ended; for the parts of a group, once the last one has.
func (s *Subscription) ifLast(send func() error) error {
	if s.Group != nil {
		return s.Group.EndPart(s, send)
	}
	return send()
}

func (s *Subscription) sendOverNow() error { return sendOver(s.Client, s.Parameters) }

func sendOver(client Client, parameters []byte) error {
	if encoding, known := client.EventEncoding().(encode.EndEncoding); known {
		return client.EnqueueControl(encoding.EventAtEnd(protocol.EventUnsubscribed, parameters))
	}
	return client.SendEvent(protocol.EventUnsubscribed, parameters)
}

// SendEnded tells the client that the subscription has ended, and why unless that is nil.
func (s *Subscription) SendEnded(why *protocol.Error) error {
	if why == nil {
		return s.ifLast(s.sendUnsubscribed)
	}
	return errors.Join(s.sendError(why), s.ifLast(s.sendUnsubscribed))
}

func (s *Subscription) sendError(why *protocol.Error) error {
	if s.Group != nil {
		return s.Group.sendError(why)
	}
	return s.Client.SendError(why)
}

func (s *Subscription) sendUnsubscribed() error { return s.sendEvent(protocol.EventUnsubscribed) }

// SendAccessEnded tells the client that the subscription has ended as its measurement has changed.
func (s *Subscription) SendAccessEnded(decision access.Decision) error {
	switch decision {
	case access.Unknown:
		return s.SendEnded(access.UnknownMeasurement(s.Wanted.Measurement))
	case access.Stopped:
		return s.SendOver()
	default:
		return s.ifLast(s.sendUnsubscribed)
	}
}

// SendReplayed tells the client that a replay has come to its end, which an error may have brought about.
func (s *Subscription) SendReplayed(err error) error {
	if err != nil {
		why, _ := errors.AsType[*protocol.Error](err)
		return s.SendEnded(why)
	}
	var finished error
	if encoding, known := s.Client.EventEncoding().(encode.ReplayEncoding); known {
		finished = s.sendEvent(encoding.ReplayFinished())
	}
	return errors.Join(finished, s.SendOver())
}
