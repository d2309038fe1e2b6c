package delivery

import (
	"atlasstream/services/gateway/internal/batch"
	"atlasstream/services/gateway/internal/cost"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/notice"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/subscription"
)

// Active is a subscription of a client to one source, from before its confirmation to its end.
type Active struct {
	notice.Subscription // what its client knows of it
	Recipient           *Recipient
	Source              Source        // is set before it begins
	From                *cursor.Token // behind which it resumes, once it is opened; nil for none
	Charge              cost.Charge   // is guarded by the lock of the source

	// These belong to the Owner.
	Key      string // identifies the subscription among those of its client
	Number   uint64 // in the order of beginning
	AfterEnd func() // is called when the subscription has ended; nil for nothing

	batch *batch.Batch // nil unless its records come in arrays
}

// NewActive makes a subscription that has not begun. The parameters are as they came.
func NewActive(recipient *Recipient, wanted *subscription.Subscription, parameters []byte) *Active {
	return &Active{Subscription: notice.Subscription{Client: recipient, Wanted: wanted, Parameters: parameters}, Recipient: recipient}
}

// Wanted is what an index has of subscriptions.
func Wanted(actives []*Active) []*subscription.Subscription {
	all := make([]*subscription.Subscription, len(actives))
	for i, active := range actives {
		all[i] = active.Wanted
	}
	return all
}

// TryEnd tells whether it has ended the subscription: it returns false if that has ended already. It is called under the lock of the source, which forgets the
// subscription then.
func (a *Active) TryEnd() bool {
	if !a.Recipient.owner.Remove(a) {
		return false
	}
	a.Recipient.Checkpoints.End(&a.Subscription)
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

// NotifyOwners tells the owners of subscriptions that have ended by themselves. It is called without a lock.
func NotifyOwners(ended []*Active) {
	byOwner := make(map[Owner][]*Active)
	for _, active := range ended {
		byOwner[active.Recipient.owner] = append(byOwner[active.Recipient.owner], active)
	}
	for owner, ended := range byOwner {
		owner.Ended(ended)
	}
}
