package playback

import (
	"context"
	"math"
	"strconv"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/services/gateway/internal/subscription"
)

// checkLimit refuses a speed above the limit of a measurement in an interval, and has a request for the fastest ask for that limit.
func (p *Player) checkLimit(ctx context.Context, request *Request, interval Interval, parts []part) error {
	if request.Speed <= 1 {
		return nil
	}
	limit, _, err := p.limit(ctx, *request, interval, parts)
	if err != nil {
		return err
	}
	if request.Speed == subscription.Fastest {
		request.Speed = limit
	}
	if request.Speed <= limit { // without records, the limit is infinite
		return nil
	}
	return protocol.Refuse(protocol.CodeTooFast, "speed: got %s, want at most %s for measurement %d in this interval",
		decimal(request.Speed), decimal(limit), request.Measurement)
}

// limit gives the greatest speed, infinite without records, and tells whether the measurement's results bound it and not what has to be read for them.
func (p *Player) limit(ctx context.Context, request Request, interval Interval, parts []part) (limit float64, byResults bool, err error) {
	scanned, err := p.scannedRate(ctx, interval, parts)
	if err != nil {
		return 0, false, err
	}
	results, err := p.resultRate(ctx, request, interval, parts)
	if err != nil {
		return 0, false, err
	}
	//mutate:speed-unlimited
	byScanned, limit := p.settings.Limits.Scanned/scanned, p.settings.Limits.Results/results
	byResults = limit < byScanned
	limit = math.Floor(100*min(byScanned, limit)) / 100
	return max(limit, 1), byResults, nil
}

// decimal writes a number without an exponent, as people write speeds.
func decimal(number float64) string { return strconv.FormatFloat(number, 'f', -1, 64) }

// seconds is the length of an interval, both of whose ends belong to it.
func (i Interval) seconds() float64 { return max(1, i.End.Sub(i.Start).Seconds()) }

// scannedRate tells how many records have to be read for a second of event time.
func (p *Player) scannedRate(ctx context.Context, interval Interval, parts []part) (float64, error) {
	var records int64
	for _, part := range parts {
		end, err := p.endOf(ctx, part, interval.End)
		if err != nil {
			return 0, err
		}
		records += end - part.progress.Low
	}
	return float64(records) / interval.seconds(), nil
}

// endOf gives the offset to which the records up to a time stand, or where the part ends if it is not in the order of time.
func (p *Player) endOf(ctx context.Context, part part, at time.Time) (int64, error) {
	end, err := p.settings.Log.OffsetAt(ctx, part.topic, part.partition, at.Add(time.Millisecond))
	if end <= part.progress.Low && !part.live {
		end = part.end
	}
	return min(max(end, part.progress.Low), part.end), err
}

// resultRate tells how many results the measurement has in a second of event time: by what the registry says, else by the interval's first hour.
func (p *Player) resultRate(ctx context.Context, request Request, interval Interval, parts []part) (float64, error) {
	known, found := p.settings.Measurements.Measurement(request.Measurement)
	if found && known.Participants > 0 && known.Interval > 0 {
		return float64(known.Participants) / known.Interval.Seconds(), nil
	}
	hour := interval
	if end := hour.Start.Add(time.Hour); end.Before(hour.End) {
		hour.End = end
	}
	sum := 0.0
	for _, part := range parts {
		count, err := p.count(ctx, request, hour, part)
		if err != nil {
			return 0, err
		}
		sum += count
	}
	return sum / hour.seconds(), nil
}

// count tells how many results a part has in an interval of an hour at most.
func (p *Player) count(ctx context.Context, request Request, interval Interval, part part) (sum float64, err error) {
	for hour := interval.Start.Truncate(time.Hour); !hour.After(interval.End); hour = hour.Add(time.Hour) {
		counted, err := p.hours.of(ctx, p.scanFor(request.Account), request.Measurement, hour, part)
		if err != nil {
			return 0, err
		}
		sum += counted.within(interval)
	}
	return sum, nil
}
