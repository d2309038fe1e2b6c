package eventlog

import (
	"io"

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

// maxKey is the length of the longest key that names a measurement: atlas.MaxID has 16 digits.
const maxKey = 16

// keyReader reads which measurement a record's key names.
type keyReader struct{ memory [maxKey]byte }

// measurement returns 0 for a key that names none: foreign producers may write any key, or none.
func (k *keyReader) measurement(key kafka.Bytes) (atlas.MeasurementID, error) {
	digits, err := k.read(key)
	if id, named := objectID(digits); named && err == nil {
		return atlas.MeasurementID(id), nil
	}
	return 0, err
}

// read returns a key that may name a measurement, valid until the next call, or nil.
func (k *keyReader) read(key kafka.Bytes) ([]byte, error) {
	if key == nil || key.Len() > maxKey {
		return nil, nil
	}
	if fetched, ok := key.(*payload); ok { // is in memory
		return *fetched, nil
	}
	digits := k.memory[:key.Len()]
	_, err := io.ReadFull(key, digits)
	return digits, err
}
