package eventlog

import (
	"io"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

// maxKey is the length of the longest key that names a measurement: atlas.MaxID has 16 digits.
const maxKey = 16

// keyReader tells by a record's key which measurement it belongs to.
type keyReader struct{ memory [maxKey]byte }

// measurement gives 0 for a key that names none: foreign producers write none, or what they like.
func (k *keyReader) measurement(key kafka.Bytes) (atlas.MeasurementID, error) {
	if key == nil || key.Len() > maxKey {
		return 0, nil
	}
	digits := k.memory[:key.Len()]
	if _, err := io.ReadFull(key, digits); err != nil {
		return 0, err
	}
	id, named := objectID(digits)
	if !named {
		return 0, nil
	}
	return atlas.MeasurementID(id), nil
}
