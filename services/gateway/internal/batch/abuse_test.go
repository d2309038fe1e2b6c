package batch

import (
	"fmt"
	"testing"

	"atlasstream/services/gateway/internal/subscription"
)

// A client keeps no batches of measurements to which it no longer subscribes.
func TestAbuseBatchesOfEndedSubscriptions(t *testing.T) {
	var ofClient OfClient
	var ofTarget OfTarget
	for msm := range 1000 {
		wanted, err := subscription.Parse(fmt.Appendf(nil, `{"msm":%d,"buffering":true,"cursor":""}`, 1+msm))
		if err != nil {
			t.Fatal(err)
		}
		batch := ofClient.Of(nil, wanted, true)
		ofTarget.Enter(batch)
		ofTarget.Leave(batch)
	}
	if all, kept := len(ofClient.byKey), len(ofTarget.byKey); all > minSwept || kept > 1 {
		t.Errorf("%d batches are kept, and %d of them in the target", all, kept)
	}
}
