package replay

import (
	"context"
	"strconv"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/speedlimit"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/topicrange"
)

// Request says what is to be replayed.
type Request struct {
	Stream      atlas.Stream // StreamResult or StreamProbeStatus
	Measurement atlas.MeasurementID
	Start       time.Time
	End         time.Time          // zero: when the measurement stopped, else now. A later one means now
	Speed       float64            // of event time against the clock; subscription.Fastest for the greatest that is allowed
	Account     *readlimit.Account // pays for what is read of the log
}

// query says whose records are looked for.
func (r Request) query() topicrange.Query {
	return topicrange.Query{Stream: r.Stream, Measurement: r.Measurement, Account: r.Account}
}

// interval gives the interval of a request, in whole milliseconds as records' times are.
func (r Request) interval(now time.Time, measurements speedlimit.Measurements) (topicrange.Interval, error) {
	if r.Start.After(now) {
		return topicrange.Interval{}, protocol.Errorf(protocol.CodeInvalidParameter,
			"startTime: got %s, which is in the future, want the past", topicrange.FormatTime(r.Start))
	}
	end, given := r.End, "endTime"
	if end.IsZero() {
		end, given = now, "the default of endTime"
		if known, found := measurements.Measurement(r.Measurement); found && known.Stopped && !known.Stop.IsZero() {
			end, given = known.Stop, "the time at which the measurement stopped"
		}
	}
	if end.Before(r.Start) {
		return topicrange.Interval{}, protocol.Errorf(protocol.CodeInvalidParameter,
			"startTime: got %s, want no later than %s, %s", topicrange.FormatTime(r.Start), given, topicrange.FormatTime(end))
	}
	if end.After(now) {
		end = now
	}
	return topicrange.Interval{Start: r.Start.Truncate(time.Millisecond), End: end.Truncate(time.Millisecond)}, nil
}

func checkSpeed(speed float64) error {
	if speed > 0 { // not so for what is no number
		return nil
	}
	return protocol.Errorf(protocol.CodeInvalidParameter, "speed: got %v, want a number above 0", speed)
}

// checkLimit refuses a speed above the limit of a measurement in an interval, and has a request for the fastest ask for that limit.
func (p *Planner) checkLimit(ctx context.Context, request *Request, interval topicrange.Interval, ranges []topicrange.Range) error {
	if request.Speed <= 1 {
		return nil
	}
	limit, _, err := p.settings.Speeds.Of(ctx, request.query(), interval, ranges)
	if err != nil {
		return err
	}
	if request.Speed == subscription.Fastest {
		request.Speed = limit
	}
	if request.Speed <= limit { // without records, the limit is infinite
		return nil
	}
	return protocol.Errorf(protocol.CodeTooFast, "speed: got %s, want at most %s for measurement %d in this interval",
		decimal(request.Speed), decimal(limit), request.Measurement)
}

// decimal writes a number without an exponent, as people write speeds.
func decimal(number float64) string { return strconv.FormatFloat(number, 'f', -1, 64) }
