package session

import (
	"bytes"
	"strings"
	"testing"

	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/live"
	"atlasstream/services/gateway/internal/replay"
	"atlasstream/services/gateway/internal/subscription"
)

// The parameters of a subscription that joined a replay do not tell which replay that is.
func TestSetOmitsSubscriptionsThatJoinedAReplay(t *testing.T) {
	var set set
	for parameters, isPast := range map[string]bool{`{"msm":1}`: false, `{"msm":2}`: true, `{"msm":3,"startTime":1}`: true, `{"msm":4,"cursor":""}`: false} {
		wanted, err := subscription.Parse([]byte(parameters))
		if err != nil {
			t.Fatal(err)
		}
		var source delivery.Source = &live.Partition{}
		if isPast {
			source = &replay.Replay{}
		}
		active := delivery.NewActive(nil, wanted, []byte(parameters))
		active.Key, active.Source = parameters, source
		set.add(active)
	}
	plain, fit := set.Plain(4 << 10)
	got := string(bytes.Join(plain, nil))
	if want := `{"msm":1}{"msm":3,"startTime":1}`; len(got) != len(want) || !strings.Contains(got, `{"msm":1}`) || !fit || set.plain.bytes != len(want) {
		t.Errorf("got %s of %d bytes, want %s", got, set.plain.bytes, want)
	}
}
