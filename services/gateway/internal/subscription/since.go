package subscription

import (
	"fmt"
	"time"
)

// Since gives the subscription restricted to records from a time on.
func (s *Subscription) Since(at time.Time) *Subscription {
	restricted := *s
	restricted.conditions = append([]condition{since(at.UnixMilli())}, s.conditions...)
	return &restricted
}

// since holds for records of a time, in Unix milliseconds, and later.
type since int64

func (s since) holds(v *view) bool          { return v.record.Time.UnixMilli() >= int64(s) }
func (s since) appendKey(key []byte) []byte { return fmt.Appendf(key, "since %d", int64(s)) }
