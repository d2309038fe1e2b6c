package session

import (
	"fmt"

	"atlasstream/services/gateway/internal/delivery"
)

// What the subscriptions of a client may amount to.
const (
	maxFields         = 1000      // names in all acceptedFields: they have to be joined when several subscriptions match
	maxConditions     = 1000      // on records' values: all may have to be asked about one record
	maxParameterBytes = 256 << 10 // of all parameters: they are kept, to be repeated at the end
)

// checkRoom refuses a subscription that would be one too many with ErrTooMany, or one whose parts would be.
func (s *set) checkRoom(joining *delivery.Active, limit int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := joining.Wanted.Count()
	switch {
	case len(s.actives) >= limit:
		return fmt.Errorf("%w: there are %d, and no more are allowed", ErrTooMany, limit)
	case len(s.actives)+count > limit:
		return fmt.Errorf("%w: there are %d, these would be %d more, and no more than %d are allowed", ErrTooMany, len(s.actives), count, limit)
	case s.fields+count*joining.Wanted.Fields.Count() > maxFields:
		return fmt.Errorf("%w with acceptedFields: they have %d names together, and no more than %d are allowed", ErrTooMany, s.fields, maxFields)
	case s.conditions+count*len(joining.Wanted.Conditions) > maxConditions:
		return fmt.Errorf("%w with filters: they have %d together, and no more than %d are allowed", ErrTooMany, s.conditions, maxConditions)
	case s.parameterBytes+len(joining.Parameters) > maxParameterBytes:
		return fmt.Errorf("%w: their parameters have %d bytes together, and no more than %d are allowed",
			ErrTooMany, s.parameterBytes, maxParameterBytes)
	}
	return nil
}
