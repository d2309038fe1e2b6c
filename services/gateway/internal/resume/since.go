package resume

import (
	"context"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/protocol"
)

// NamedSince gives the offset of the first record whose event time is at or after the given one: all that came into the log behind it is from there on, late
// results among it. A *protocol.Error says that the time is longer ago than a cursor may be, or that the log has lost some of it. A time that is still to come
// means now.
func (t *LiveTopic) NamedSince(ctx context.Context, measurement atlas.MeasurementID, at time.Time) (offset int64, err error) {
	if earliest := time.Now().Add(-t.BehindTime); at.Before(earliest) {
		return 0, protocol.Errorf(protocol.CodeBeforeLog,
			"since: got %s, want no earlier than %s, as nothing continues from longer ago than %s; what came before can be replayed, where that is allowed",
			moment(at), moment(earliest.Add(time.Second)), t.BehindTime)
	}
	partition, err := t.Log.Partition(ctx, t.Topic, measurement)
	if err != nil {
		return 0, err
	}
	first, _, offset, err := t.Log.BoundsSince(ctx, t.Topic, partition, at)
	if err != nil {
		return 0, err
	}
	//mutate:since-lost-records
	if first > 0 && offset <= first && at.Before(time.Now()) {
		return 0, protocol.Errorf(protocol.CodeBeforeLog,
			"since: got %s, but the log of measurement %d has lost what was before offset %d, of which some may have come in later; want a later time",
			moment(at), measurement, first)
	}
	return offset, nil
}

func moment(at time.Time) string { return at.UTC().Format(time.RFC3339) }
