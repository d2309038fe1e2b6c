package fanout

import (
	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/subscription"
)

// Rights are what a client may see beyond what everybody may.
type Rights struct {
	NonPublic bool // measurements that are not public
	History   bool // the past, where it is not for everybody
}

// Measurements is what is known of measurements. It is asked under a partition's lock, so it must not wait for anything that calls the hub.
type Measurements interface {
	Measurement(id atlas.MeasurementID) (atlas.Measurement, bool)
}

// protocol.CodeUnknownMeasurement refuses a measurement that there is not, or that the client may not know of.

func unknownMeasurement(id atlas.MeasurementID) *protocol.Error {
	return protocol.Refuse(protocol.CodeUnknownMeasurement, "msm: got %d, want a measurement that this service knows", id)
}

// standing is what becomes of a subscription by what is known of its measurement.
type standing byte

const (
	allowed standing = iota
	stopped          // there will be no more results
	unknown          // there is no such measurement, or none for this client
)

// standing judges a subscription. RIPE's measurement of connections is always there.
func (h *Hub) standing(wanted *subscription.Subscription, rights Rights) standing {
	if wanted.Measurement == 0 || wanted.Measurement == atlas.ConnectionMeasurement {
		return allowed
	}
	measurement, known := h.measurement(wanted.Measurement)
	switch {
	case !known && h.settings.RefuseUnknown, known && !measurement.Public && !rights.NonPublic:
		return unknown
	case measurement.Stopped && wanted.Stream == atlas.StreamResult:
		return stopped
	}
	return allowed
}

func (h *Hub) measurement(id atlas.MeasurementID) (measurement atlas.Measurement, known bool) {
	if h.settings.Measurements == nil {
		return measurement, false
	}
	return h.settings.Measurements.Measurement(id)
}

// MeasurementChanged is to be called after Measurements knows of the change. It ends the subscriptions to the results of a measurement that has
// stopped, those to one that is not public by clients that have no right to it, and those to one that is unknown now if such ones are refused, and
// tells the clients so.
func (h *Hub) MeasurementChanged(now atlas.Measurement) {
	if now.Public && !now.Stopped {
		return
	}
	for _, source := range h.sources {
		source.judge(now.ID)
	}
	h.replays.judge(now.ID)
}

// hides tells whether a record is for those only who may see what is not public: subscribers to every measurement's metadata are not judged by one.
func hides(record *atlas.Record) bool {
	if record.Stream != atlas.StreamMetadata {
		return false
	}
	measurement, err := atlas.ParseMeasurement(record.Value)
	return err != nil || !measurement.Public
}
