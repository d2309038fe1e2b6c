package eventlog

import (
	"bytes"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/encoding/protowire"
)

// wantedMeasurements are those whose records are read. Most often it is one, which costs a comparison a record.
type wantedMeasurements struct {
	one       atlas.MeasurementID              // 0 if there are several
	beginning []byte                           // of the header that a record of one has
	several   map[atlas.MeasurementID]struct{} // nil if there is one
}

// wantMeasurements wants the given ones, at least one.
func wantMeasurements(wanted []atlas.MeasurementID) wantedMeasurements {
	several := make(map[atlas.MeasurementID]struct{}, len(wanted))
	for _, measurement := range wanted {
		several[measurement] = struct{}{}
	}
	if len(several) > 1 {
		return wantedMeasurements{several: several}
	}
	beginning := protowire.AppendVarint(nil, tagMeasurement)
	return wantedMeasurements{one: wanted[0], beginning: protowire.AppendVarint(beginning, uint64(wanted[0]))}
}

func (w *wantedMeasurements) has(measurement atlas.MeasurementID) bool {
	if w.several == nil {
		return measurement == w.one
	}
	_, found := w.several[measurement]
	return found
}

// beginsHeader tells that a record is of the one wanted measurement, if what follows in its header does not contradict. Its key need not be read then.
func (w *wantedMeasurements) beginsHeader(headers []kafka.Header) bool {
	return w.several == nil && len(headers) == 1 && headers[0].Key == headerKey && bytes.HasPrefix(headers[0].Value, w.beginning)
}
