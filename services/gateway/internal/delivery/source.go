package delivery

import "atlasstream/services/gateway/internal/cursor"

// Source is where the records of a target come from: a partition of a live topic, or a replay. Sources are compared as pointers.
type Source interface {
	cursor.Source
	// PlaceBefore is where a client is before the first record of a subscription that begins with what comes from an offset on.
	PlaceBefore(joining *Active, next int64) cursor.Place
	// Confirm confirms a subscription once more, with other words for its parameters, unless it has ended, in which case it returns false. Errors: those of
	// Client.EnqueueControl.
	Confirm(present *Active, parameters []byte) (stays bool, err error)
	// End ends a subscription, and sends its last message after everything that it brought, if any: no record comes after that. It returns false if the
	// subscription has ended already. Errors: those of Client.EnqueueControl.
	End(leaving *Active, last func() error) (ended bool, err error)
}

// Owner has the subscriptions of a client.
type Owner interface {
	// Add enters a subscription that begins.
	Add(joining *Active)
	// Remove tells whether it has ended the subscription: it returns false if that has ended already.
	Remove(leaving *Active) bool
	// Has tells whether the subscription has not ended.
	Has(active *Active) bool
	// Ended is called without a lock when subscriptions have ended by themselves.
	Ended(ended []*Active)
}
