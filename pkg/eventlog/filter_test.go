package eventlog

import (
	"testing"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

func TestKeys(t *testing.T) {
	var keys keyReader
	for key, want := range map[string]atlas.MeasurementID{
		"1001": 1001, "9007199254740991": atlas.MaxID, "9007199254740992": 0, "": 0, "01001": 0, "+1": 0, "-1": 0, "0": 0, "1001 ": 0, "msm": 0, "12345678901234567": 0,
	} {
		if got, err := keys.measurement(kafka.NewBytes([]byte(key))); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", key, got, err, want)
		}
	}
	if got, err := keys.measurement(nil); err != nil || got != 0 {
		t.Errorf("no key: got %d, %v, want 0", got, err)
	}
}
