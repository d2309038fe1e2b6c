package outage

import (
	"math"
	"testing"
)

// What is told is JSON, whatever was reckoned.
func TestWhatIsToldIsJSON(t *testing.T) {
	for _, value := range []float64{math.NaN(), math.Inf(+1), math.Inf(-1), math.MaxFloat64} {
		if got := inJSON(rounded(value, 1)); got != "0" {
			t.Errorf("%v: got %s, want 0", value, got)
		}
	}
	if got := inJSON(rounded(12.34, 1)); got != "12.3" {
		t.Errorf("got %s", got)
	}
}
