// Package access decides what a subscription may get, by its client's rights and by what is known of its measurement.
package access

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

// Measurements is what is known of measurements. It is asked under the lock of a source, so it must not wait for anything that calls the hub.
type Measurements interface {
	Measurement(id atlas.MeasurementID) (atlas.Measurement, bool)
}

// UnknownMeasurement refuses a measurement that does not exist, or that the client may not know of.
func UnknownMeasurement(id atlas.MeasurementID) *protocol.Error {
	return protocol.Errorf(protocol.CodeUnknownMeasurement, "msm: got %d, want a measurement that this service knows", id)
}

// Decision is what a subscription may get by what is known of its measurement.
type Decision byte

// What a subscription may get.
const (
	Granted Decision = iota
	Stopped          // there will be no more results
	Unknown          // there is no such measurement, or none for this client
)

// Rules decide on the access of subscriptions.
type Rules struct {
	Measurements  Measurements // knows none if it is nil
	RefuseUnknown bool         // refuse subscriptions to measurements that are not known
}

// Of gives the access of a subscription by a client with such rights. RIPE's measurement of connections always exists.
func (r *Rules) Of(wanted *subscription.Subscription, rights Rights) Decision {
	if wanted.Measurement == 0 || wanted.Measurement == atlas.ConnectionMeasurement {
		return Granted
	}
	measurement, known := r.measurement(wanted.Measurement)
	switch {
	case !known && r.RefuseUnknown, known && !measurement.Public && !rights.NonPublic:
		return Unknown
	case measurement.Stopped && wanted.Stream == atlas.StreamResult:
		return Stopped
	}
	return Granted
}

func (r *Rules) measurement(id atlas.MeasurementID) (measurement atlas.Measurement, known bool) {
	if r.Measurements == nil {
		return measurement, false
	}
	return r.Measurements.Measurement(id)
}

// IsNonPublic tells whether a record is only for clients that may see what is not public: subscriptions to every measurement's metadata have access by no
// measurement of their own.
func IsNonPublic(record *atlas.Record) bool {
	if record.Stream != atlas.StreamMetadata {
		return false
	}
	measurement, err := atlas.ParseMeasurement(record.Value)
	return err != nil || !measurement.Public
}
