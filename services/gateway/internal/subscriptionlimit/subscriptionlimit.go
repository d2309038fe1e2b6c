// Package subscriptionlimit bounds how many subscriptions a client has, and what they amount to.
package subscriptionlimit

import (
	"errors"
	"fmt"

	"atlasstream/services/gateway/internal/subscription"
)

// ErrTooMany refuses a subscription beyond a limit.
var ErrTooMany = errors.New("too many subscriptions")

// What the subscriptions of a client may amount to.
const (
	MaxFields         = 1000      // names in all acceptedFields: they have to be joined when several subscriptions match
	MaxConditions     = 1000      // on records' values: all may have to be asked about one record
	MaxParameterBytes = 256 << 10 // of all parameters: they are kept, to be repeated at the end
)

// Total is what the subscriptions of a client amount to. Its owner guards it with a lock.
type Total struct{ subscriptions, fields, conditions, parameterBytes int }

// Count adds one subscription or part of one, whose parameters take so many bytes, or takes it away for -1.
func (t *Total) Count(wanted *subscription.Subscription, parameterBytes, once int) {
	t.subscriptions += once
	t.fields += once * wanted.Fields.Count()
	t.conditions += once * len(wanted.Conditions)
	t.parameterBytes += once * parameterBytes
}

// CheckRoom refuses a subscription with ErrTooMany that would be one too many for the limit, or whose parts would be.
func (t *Total) CheckRoom(joining *subscription.Subscription, parameterBytes, limit int) error {
	parts := joining.Count()
	switch {
	case t.subscriptions >= limit:
		return fmt.Errorf("%w: there are %d, and no more are allowed", ErrTooMany, limit)
	case t.subscriptions+parts > limit:
		return fmt.Errorf("%w: there are %d, these would be %d more, and no more than %d are allowed", ErrTooMany, t.subscriptions, parts, limit)
	case t.fields+parts*joining.Fields.Count() > MaxFields:
		return fmt.Errorf("%w with acceptedFields: they have %d names together, and no more than %d are allowed", ErrTooMany, t.fields, MaxFields)
	case t.conditions+parts*len(joining.Conditions) > MaxConditions:
		return fmt.Errorf("%w with filters: they have %d together, and no more than %d are allowed", ErrTooMany, t.conditions, MaxConditions)
	case t.parameterBytes+parameterBytes > MaxParameterBytes:
		return fmt.Errorf("%w: their parameters have %d bytes together, and no more than %d are allowed", ErrTooMany, t.parameterBytes, MaxParameterBytes)
	}
	return nil
}
