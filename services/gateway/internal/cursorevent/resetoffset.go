package cursorevent

import (
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/delivery"
)

// ResetOffset tells a client where a source goes on whose log was truncated or recreated: offsets mean other records now, and a client that reconnects with a
// cursor of the old log has lost its place. Everything that was delivered before is to be enqueued by then.
func ResetOffset(target *delivery.Target, source delivery.Source, next int64) {
	if checkpoints := target.Recipient.Checkpoints.Get(); checkpoints != nil {
		checkpoints.ResetOffsets(source, next)
		if _, fits := checkpoints.SendCursor(time.Now()); fits {
			return
		}
	}
	sent := make(map[atlas.MeasurementID]struct{})
	for _, active := range target.Actives {
		wanted := active.Wanted
		if _, again := sent[wanted.Measurement]; again || !wanted.Cursor.Wanted {
			continue
		}
		sent[wanted.Measurement] = struct{}{}
		at := source.PlaceBefore(active, next)
		at.Live = cursor.Live{Topic: at.Live.Topic, Partition: at.Live.Partition, Offset: next - 1} // wherever the subscription began
		//mutate:restart-without-cursor
		_ = target.Recipient.EnqueueIfRoom(target.Recipient.Encoding.Cursor(target.Recipient.Seal(&at)))
	}
}
