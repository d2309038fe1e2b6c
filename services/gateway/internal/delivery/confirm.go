package delivery

import (
	"errors"
	"time"

	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/protocol"
)

// sendEvent enqueues an event that repeats the parameters. Errors: those of Client.EnqueueControl.
func (a *Active) sendEvent(event string) error { return a.Recipient.SendEvent(event, a.Parameters) }

// confirm tells the client that the subscription begins and, if it does not begin where the client is, where instead. What the log has before next does
// not come, unless it is backlog.
func (a *Active) confirm(next int64) error {
	switch {
	case a.Gone == nil && a.Group != nil:
		return nil // the group confirms
	case a.Gone == nil:
		return a.sendSubscribed(next)
	}
	partition := a.Source.PlaceBefore(a, next).Live.Partition
	words := protocol.Refuse(a.Gone.Code, "%s; measurement %d restarts with what comes from now on, from offset %d of partition %d: "+
		"what came in between is missing", a.Gone.Words, a.Wanted.Measurement, next, partition)
	if a.Start != nil {
		what := "its backlog"
		if !a.Start.Backlog {
			what = "what came in since " + a.Wanted.CameSince.UTC().Format(time.RFC3339)
		}
		words = protocol.Refuse(a.Gone.Code, "%s; measurement %d restarts with %s, from offset %d of partition %d: what came in between is missing, "+
			"and what has come already may come again", a.Gone.Words, a.Wanted.Measurement, what, a.Start.From, partition)
	}
	if a.Group != nil {
		a.Group.TellGone(words)
		return nil
	}
	return errors.Join(a.sendSubscribed(next), a.Recipient.sendError(words))
}

// sendSubscribed confirms the subscription, with the cursor behind which its records come for clients that hand it back.
func (a *Active) sendSubscribed(next int64) error {
	encoding, known := a.Recipient.Encoding.(StartEncoding)
	if !known || !a.Wanted.Cursor.Wanted {
		return a.sendEvent(protocol.EventSubscribed)
	}
	start := a.Source.PlaceBefore(a, next)
	if a.Source.IsReplay() && start.Replay == nil { // a client that comes back gets the replay from its start
		return a.sendEvent(protocol.EventSubscribed)
	}
	return a.Recipient.EnqueueControl(encoding.EventAtStart(protocol.EventSubscribed, a.Parameters, a.Recipient.Seal(&start)))
}

// ConfirmAndEnd confirms a subscription to which nothing more can come, and ends it, with an error between the two unless that is nil.
func (a *Active) ConfirmAndEnd(next int64, why *protocol.Error) error {
	if why != nil {
		return errors.Join(a.sendEvent(protocol.EventSubscribed), a.Recipient.sendError(why), a.SendOver())
	}
	a.restoredAlone()
	return errors.Join(a.confirm(next), a.SendOver())
}

// SendBacklogSent tells the client that all of its backlog has come. What does not fit is an overflow, which Recipient.Flush finds.
func (a *Active) SendBacklogSent() {
	if a.Group != nil {
		_ = a.Group.backlogSent(a)
		return
	}
	_ = a.sendEvent(protocol.EventBacklogSent)
}

// SendOver ends the subscription because nothing more can come.
func (a *Active) SendOver() error { return a.ifLast(a.sendOverNow) }

// ifLast calls what tells the client that the subscription has ended; for the parts of a group, once the last one has.
func (a *Active) ifLast(send func() error) error {
	if a.Group != nil {
		return a.Group.EndPart(a, send)
	}
	return send()
}

func (a *Active) sendOverNow() error {
	if encoding, known := a.Recipient.Encoding.(EndEncoding); known {
		return a.Recipient.EnqueueControl(encoding.EventAtEnd(protocol.EventUnsubscribed, a.Parameters))
	}
	return a.sendEvent(protocol.EventUnsubscribed)
}

// SendEnded tells the client that the subscription has ended, and why unless that is nil.
func (a *Active) SendEnded(why *protocol.Error) error {
	if why == nil {
		return a.ifLast(a.sendUnsubscribed)
	}
	return errors.Join(a.sendError(why), a.ifLast(a.sendUnsubscribed))
}

func (a *Active) sendError(why *protocol.Error) error {
	if a.Group != nil {
		return a.Group.sendError(why)
	}
	return a.Recipient.sendError(why)
}

func (a *Active) sendUnsubscribed() error { return a.sendEvent(protocol.EventUnsubscribed) }

// SendAccessEnded tells the client that the subscription has ended as its measurement has changed.
func (a *Active) SendAccessEnded(decision access.Decision) error {
	switch decision {
	case access.Unknown:
		return a.SendEnded(access.UnknownMeasurement(a.Wanted.Measurement))
	case access.Stopped:
		return a.SendOver()
	default:
		return a.ifLast(a.sendUnsubscribed)
	}
}

// SendReplayed tells the client that a replay has come to its end, which an error may have brought about.
func (a *Active) SendReplayed(err error) error {
	if err != nil {
		why, _ := errors.AsType[*protocol.Error](err)
		return a.SendEnded(why)
	}
	var finished error
	if encoding, known := a.Recipient.Encoding.(ReplayEncoding); known {
		finished = a.sendEvent(encoding.ReplayFinished())
	}
	return errors.Join(finished, a.SendOver())
}
