// Package recordlimit counts records for subscriptions that end after so many.
package recordlimit

import (
	"slices"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// Counter counts the records that subscribers get whose subscriptions have quotas.
type Counter[S comparable] struct {
	taken []taken[S] // of the present record
	spent []Spent[S] // since TakeSpent
}

// taken is a stream in which a subscriber has got the record.
type taken[S comparable] struct {
	subscriber S
	stream     atlas.Stream
}

// Spent is a quota of a subscriber's subscriptions that have brought all records that they may.
type Spent[S comparable] struct {
	Subscriber S
	Quota      *subscription.Quota
}

// Reset is called for each record.
func (c *Counter[S]) Reset() { c.taken = c.taken[:0] }

// Count counts the record that the view has just matched for a subscriber, which has got it.
func (c *Counter[S]) Count(subscriber S, stream atlas.Stream, view *subscription.RecordView) {
	c.taken = append(c.taken, taken[S]{subscriber, stream})
	for _, quota := range view.CountRecord() {
		c.spent = append(c.spent, Spent[S]{subscriber, quota})
	}
}

// HasCounted tells whether a subscriber has got the record in a stream.
func (c *Counter[S]) HasCounted(subscriber S, stream atlas.Stream) bool {
	return slices.Contains(c.taken, taken[S]{subscriber, stream})
}

// TakeSpent gives the quotas that were spent since it was called last.
func (c *Counter[S]) TakeSpent() (spent []Spent[S]) {
	spent, c.spent = c.spent, nil
	return spent
}
