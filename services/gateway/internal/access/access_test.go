package access

import (
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// catalog has measurements by what is known of them.
type catalog map[atlas.MeasurementID]atlas.Measurement

func (c catalog) Measurement(id atlas.MeasurementID) (atlas.Measurement, bool) {
	measurement, known := c[id]
	return measurement, known
}

func TestAccess(t *testing.T) {
	const public, stopped, private, privateStopped, unknown = 1001, 1002, 1003, 1004, 1005
	measurements := catalog{public: {Public: true}, stopped: {Public: true, Stopped: true}, private: {}, privateStopped: {Stopped: true}}
	lenient, strict := &Rules{Measurements: measurements}, &Rules{Measurements: measurements, RefuseUnknown: true}
	everybody, insider := Rights{}, Rights{NonPublic: true}
	for _, test := range []struct {
		name        string
		rules       *Rules
		rights      Rights
		stream      atlas.Stream
		measurement atlas.MeasurementID
		want        Decision
	}{
		{"a public one", strict, everybody, atlas.StreamResult, public, Granted},
		{"a stopped one", strict, everybody, atlas.StreamResult, stopped, Stopped},
		{"the metadata of a stopped one", strict, everybody, atlas.StreamMetadata, stopped, Granted},
		{"one that is not public", lenient, everybody, atlas.StreamResult, private, Unknown},
		{"the metadata of one that is not public", lenient, everybody, atlas.StreamMetadata, private, Unknown},
		{"a stopped one that is not public", lenient, everybody, atlas.StreamResult, privateStopped, Unknown},
		{"one that is not public, with the right", strict, insider, atlas.StreamResult, private, Granted},
		{"a stopped one that is not public, with the right", strict, insider, atlas.StreamResult, privateStopped, Stopped},
		{"an unknown one", lenient, everybody, atlas.StreamResult, unknown, Granted},
		{"an unknown one, where these are refused", strict, insider, atlas.StreamResult, unknown, Unknown},
		{"an unknown one, where nothing is known", &Rules{}, everybody, atlas.StreamResult, public, Granted},
		{"an unknown one, where nothing is known and unknown ones are refused", &Rules{RefuseUnknown: true}, everybody, atlas.StreamResult, public, Unknown},
		{"all metadata", strict, everybody, atlas.StreamMetadata, 0, Granted},
		{"connections", strict, everybody, atlas.StreamProbeStatus, atlas.ConnectionMeasurement, Granted},
		{"connections as results", strict, everybody, atlas.StreamResult, atlas.ConnectionMeasurement, Granted},
	} {
		t.Run(test.name, func(t *testing.T) {
			wanted := &subscription.Subscription{Stream: test.stream, Measurement: test.measurement}
			if got := test.rules.Of(wanted, test.rights); got != test.want {
				t.Errorf("got decision %d, want %d", got, test.want)
			}
		})
	}
}
