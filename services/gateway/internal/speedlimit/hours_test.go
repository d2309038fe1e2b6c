package speedlimit

import (
	"testing"
	"time"

	"atlasstream/services/gateway/internal/topicrange"
)

// No more hours are remembered than there is room for.
func TestAbuseHoursAreForgotten(t *testing.T) {
	var remembered hours
	for number := range 2 * maxHours {
		remembered.entry(time.Unix(int64(number)*3600, 0), 1, topicrange.Partition{Topic: "atlas.results"})
	}
	if got := len(remembered.counted); got != maxHours {
		t.Errorf("%d hours are remembered, want %d", got, maxHours)
	}
}
