package catchup

import (
	"context"
	"errors"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"
)

var errTooFarBehind = errors.New("the client is too far behind")

// checkLag refuses with errTooFarBehind to deliver a record that is so far behind what comes live.
func (r *Reader) checkLag(offset int64) error {
	age, bytes := r.partition.Lag.Of(offset)
	if age > r.topic.hub.settings.BehindTime || bytes > r.topic.hub.settings.BehindBytes {
		return errTooFarBehind
	}
	return nil
}

// skip attaches a target that is too far behind, and tells what it misses.
func (r *Reader) skip(ctx context.Context) error {
	r.target.Lock()
	closed := r.closed
	var measurement atlas.MeasurementID
	if !closed {
		measurement = r.target.Actives[0].Wanted.Measurement
	}
	r.target.Unlock()
	if closed {
		return nil
	}
	release, err := r.topic.log.Follow(ctx, measurement, func(_ int, next int64) {
		r.attach(func() (stopped []*delivery.Active, ready bool) { return r.skipTo(next) })
	})
	if err == nil {
		release() // the subscriptions follow by themselves
	}
	return err
}

// skipTo is called under the locks of the tail and of the partition.
func (r *Reader) skipTo(next int64) (stopped []*delivery.Active, ready bool) {
	r.target.Lock()
	defer r.target.Unlock()
	if r.closed {
		return nil, false
	}
	//mutate:too-far-behind-unannounced
	r.sendGap(protocol.Errorf(protocol.CodeGap,
		"this client is too far behind: it misses what came in from %s to %s, from %d to before %d of partition %d",
		moment(r.partition.Lag.CameAfter(r.next)), moment(time.Now()), r.next, next, r.partition.Number))
	return r.endReading(), true
}

func moment(at time.Time) string { return at.UTC().Format(time.RFC3339) }
