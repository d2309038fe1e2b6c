package eventlog

import (
	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

// measurementFilter selects the records of some measurements. A nil one selects all. It is used by one goroutine.
type measurementFilter struct {
	keys    keyReader
	one     atlas.MeasurementID              // 0 if there are several
	key     string                           // of its records
	several map[atlas.MeasurementID]struct{} // nil if there is one
}

// newMeasurementFilter returns a filter for at least one measurement.
func newMeasurementFilter(measurements []atlas.MeasurementID) *measurementFilter {
	several := make(map[atlas.MeasurementID]struct{}, len(measurements))
	for _, measurement := range measurements {
		several[measurement] = struct{}{}
	}
	if len(several) > 1 {
		return &measurementFilter{several: several}
	}
	return &measurementFilter{one: measurements[0], key: measurements[0].Key()}
}

// has reports whether the records of a measurement are selected.
func (f *measurementFilter) has(measurement atlas.MeasurementID) bool {
	if f == nil {
		return true
	}
	if f.several == nil {
		return measurement == f.one
	}
	_, found := f.several[measurement]
	return found
}

// excludes reports whether a key names another measurement.
func (f *measurementFilter) excludes(key kafka.Bytes) (bool, error) {
	if f == nil {
		return false, nil
	}
	digits, err := f.keys.read(key)
	if err != nil || f.several == nil && string(digits) == f.key {
		return false, err
	}
	id, named := objectID(digits)
	return named && !f.has(atlas.MeasurementID(id)), nil
}
