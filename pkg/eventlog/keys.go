package eventlog

import (
	"io"
	"slices"
	"strconv"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

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

// readBytes appends the unread rest of a key or value, which may be nil.
func readBytes(into []byte, from kafka.Bytes) ([]byte, error) {
	if from == nil {
		return into, nil
	}
	start := len(into)
	into = slices.Grow(into, from.Len())[:start+from.Len()]
	_, err := io.ReadFull(from, into[start:])
	return into, err
}

// objectID returns the ID that a key names, as decimal digits.
func objectID(key []byte) (int64, bool) {
	id, err := strconv.ParseInt(string(key), 10, 64)
	return id, err == nil && id >= 1 && id <= atlas.MaxID && key[0] != '+' && key[0] != '0'
}
