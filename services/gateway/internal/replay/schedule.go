package replay

import (
	"math"
	"time"
)

// schedule tells when a record is due: as long after the replay's beginning as its event time is after the interval's, divided by the speed. It is
// absolute, so that no drift builds up.
type schedule struct {
	began time.Time
	start time.Time // the event time that is due at the beginning
	speed float64
}

// longest is a wait that nobody sees the end of; the least of speeds would give more than a Duration holds.
const longest = time.Duration(math.MaxInt64 / 4)

func (s *schedule) due(at time.Time) time.Time {
	//mutate:schedule-drifts
	return s.began.Add(time.Duration(min(float64(at.Sub(s.start))/s.speed, float64(longest))))
}

// stretch puts off all that comes by the time in which the client took nothing.
func (s *schedule) stretch(waited time.Duration) { s.began = s.began.Add(waited) }
