package playback

import (
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
)

// Interval is a stretch of event time; both ends belong to it.
type Interval struct{ Start, End time.Time }

//mutate:replay-end-exclusive
func (i Interval) contains(at time.Time) bool { return !at.Before(i.Start) && !at.After(i.End) }

// Request says what is to be played.
type Request struct {
	Stream      atlas.Stream // StreamResult or StreamProbeStatus
	Measurement atlas.MeasurementID
	Start       time.Time
	End         time.Time          // zero: when the measurement stopped, else now. A later one means now
	Speed       float64            // of event time against the clock; subscription.Fastest for the greatest that is allowed
	Account     *readlimit.Account // pays for what is read of the log
}

// interval gives the interval of a request, in whole milliseconds as records' times are.
func (r Request) interval(now time.Time, measurements Measurements) (Interval, error) {
	if r.Start.After(now) {
		return Interval{}, protocol.Refuse(protocol.CodeInvalidParameter, "startTime: got %s, which is in the future, want the past", moment(r.Start))
	}
	end, given := r.End, "endTime"
	if end.IsZero() {
		end, given = now, "the default of endTime"
		if known, found := measurements.Measurement(r.Measurement); found && known.Stopped && !known.Stop.IsZero() {
			end, given = known.Stop, "the time at which the measurement stopped"
		}
	}
	if end.Before(r.Start) {
		return Interval{}, protocol.Refuse(protocol.CodeInvalidParameter, "startTime: got %s, want no later than %s, %s", moment(r.Start), given, moment(end))
	}
	if end.After(now) {
		end = now
	}
	return Interval{Start: r.Start.Truncate(time.Millisecond), End: end.Truncate(time.Millisecond)}, nil
}

func checkSpeed(speed float64) error {
	if speed > 0 { // not so for what is no number
		return nil
	}
	return protocol.Refuse(protocol.CodeInvalidParameter, "speed: got %v, want a number above 0", speed)
}
