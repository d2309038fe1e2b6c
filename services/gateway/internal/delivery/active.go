package delivery

import (
	"errors"
	"time"

	"atlasstream/services/gateway/internal/cost"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/subscription"
)

// ErrTooMany refuses a subscription beyond a limit.
var ErrTooMany = errors.New("too many subscriptions")

// Active is a subscription of a client to one source, from before its confirmation to its end.
type Active struct {
	Recipient  *Recipient
	Wanted     *subscription.Subscription
	Parameters []byte          // as they came: the client knows its subscription by them
	Source     Source          // is set before it begins
	From       *cursor.Token   // behind which it resumes, once it is opened; nil for none
	Start      *Start          // where it begins; nil for what comes from now on
	Gone       *protocol.Error // why Start is not where its client is; nil if it is
	Charge     cost.Charge     // is guarded by the lock of the source
	Group      *Group          // of which it is a part; nil for none

	// These belong to the Owner.
	Key      string // identifies the subscription among those of its client
	Number   uint64 // in the order of beginning
	AfterEnd func() // is called when the subscription has ended; nil for nothing

	batch          *Batch
	matched        *subscription.Subscription // what an index has of it, if that is not Wanted
	isMatchedAlone bool                       // Match has been called, and Pause has not
	owesBacklog    bool                       // it is of a group, which has not sent its backlog yet; is guarded by the group's lock
}

// Resumes tells whether the subscription resumes behind a cursor.
func (a *Active) Resumes() bool { return a.From != nil || a.Wanted.Cursor.After != "" }

// ReplayFrom is the position in a replay from which the subscription resumes, as far as its token has been opened; nil for the start.
func (a *Active) ReplayFrom() *cursor.Replay {
	if a.From == nil {
		return nil
	}
	checkpoint, _ := a.From.Find(a.Wanted.Measurement, true)
	return checkpoint.Replay
}

// Start is where a subscription begins that does not begin with what comes from now on.
type Start struct {
	From     int64     // what the log has before this offset is not for it
	Identity uint64    // of the record before that; 0 if it is not known
	Backlog  bool      // what the log has from there to its end is backlog
	Since    time.Time // as far as it is no older
}

// Matched is what an index has of subscriptions.
func Matched(actives []*Active) []*subscription.Subscription {
	all := make([]*subscription.Subscription, len(actives))
	for i, active := range actives {
		all[i] = active.matchedNow()
	}
	return all
}

func (a *Active) matchedNow() *subscription.Subscription {
	if a.matched != nil {
		return a.matched
	}
	return a.Wanted
}

// MatchSince has only records matched that are no older than a time, until MatchAll. No index may have the subscription meanwhile.
func (a *Active) MatchSince(since time.Time) { a.matched = a.Wanted.Since(since) }

// MatchAll ends MatchSince.
func (a *Active) MatchAll() { a.matched = nil }

func (a *Active) batchKey() batchKey {
	return batchKeyOf(a.Wanted.Stream, a.Wanted.Measurement, a.Wanted.Cursor.Wanted)
}

// checkpoints are those of the client if they have the subscription, else nil.
func (a *Active) checkpoints() Checkpoints {
	if !a.Wanted.Cursor.Wanted {
		return nil
	}
	return a.Recipient.Checkpoints()
}

// HasOwnCursor tells whether records of the subscription come with a cursor that is its client's alone.
func (a *Active) HasOwnCursor() bool { return a.checkpoints() != nil }

// Follow says whether the subscription has got all that its source has delivered live.
func (a *Active) Follow(follows bool) {
	if checkpoints := a.checkpoints(); checkpoints != nil {
		checkpoints.Follow(a, follows)
	}
}

// restored says that the client has the subscription, which it may have had before its connection was lost.
func (a *Active) restored() {
	if checkpoints := a.Recipient.Checkpoints(); checkpoints != nil {
		checkpoints.Restored(a)
	}
}

// restoredAlone is restored for a subscription that is no part of a group, whose confirmation says that for all parts.
func (a *Active) restoredAlone() {
	if a.Group == nil {
		a.restored()
	}
}

// TryEnd tells whether it has ended the subscription: it returns false if that has ended already. It is called under the lock of the source, which forgets the
// subscription then.
func (a *Active) TryEnd() bool {
	if !a.Recipient.owner.Remove(a) {
		return false
	}
	if checkpoints := a.checkpoints(); checkpoints != nil {
		checkpoints.End(a)
	}
	return true
}

// ConfirmAgain confirms the subscription with other words for its parameters, unless it has ended, in which case it returns false. It is called under the
// lock of the source. Errors: those of Client.EnqueueControl.
func (a *Active) ConfirmAgain(parameters []byte) (stays bool, err error) {
	if !a.Recipient.owner.Has(a) {
		return false, nil
	}
	return true, a.Recipient.SendEvent(protocol.EventSubscribed, parameters)
}

// Cost is what the subscription costs, with its client's cursor as it is now.
func (a *Active) Cost() *cost.Subscription { return a.costBeside(nil) }

// CostToBegin is what the subscription will cost once it has begun.
func (a *Active) CostToBegin() *cost.Subscription { return a.costBeside(a) }

// costBeside is Cost once a subscription that is about to begin has begun, unless that is nil.
func (a *Active) costBeside(joining *Active) *cost.Subscription {
	of := &cost.Subscription{Client: &a.Recipient.Payer, Wanted: a.Wanted}
	if checkpoints := a.checkpoints(); checkpoints != nil {
		of.HasOwnCursor, of.CursorSteps = true, checkpoints.Steps(joining)
	}
	return of
}

// NotifyOwners tells the owners of subscriptions that have ended by themselves. It is called without a lock.
func NotifyOwners(ended []*Active) {
	for _, active := range ended {
		active.Recipient.owner.Ended(active)
	}
	recounted := make(map[*Recipient]struct{})
	for _, active := range ended {
		if _, again := recounted[active.Recipient]; !again {
			recounted[active.Recipient] = struct{}{}
			active.Recipient.owner.RecountCursors()
		}
	}
}
