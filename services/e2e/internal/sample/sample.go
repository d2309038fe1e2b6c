// Package sample makes the results that tests post: numbered ones, so that a test knows which has arrived, and real ones of RIPE Atlas.
package sample

import (
	"encoding/json"
	"fmt"
	"time"

	"atlasstream/pkg/atlas"
)

// Numbered makes a result with the current time, whose probe is its number.
func Numbered(measurement atlas.MeasurementID, number int) []byte {
	return fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"timestamp":%d,"type":"ping"}`, measurement, number, time.Now().Unix())
}

// NumberedRange makes results with the numbers from first to last.
func NumberedRange(measurement atlas.MeasurementID, first, last int) (results [][]byte) {
	for number := first; number <= last; number++ {
		results = append(results, Numbered(measurement, number))
	}
	return results
}

// Fields are those members of results that tests filter and check.
type Fields struct {
	Measurement int   `json:"msm_id"`
	Probe       int   `json:"prb_id"`
	Family      int   `json:"af"`
	Last        bool  `json:"last"`
	Written     int64 `json:"written"` // when, Unix milliseconds
}

// MaxSpeed is the speed of a replay that does not wait.
const MaxSpeed = "max"

// JSON encodes a value that can be encoded.
func JSON(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}
