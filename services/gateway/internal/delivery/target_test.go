package delivery

import (
	"fmt"
	"testing"

	"atlasstream/services/gateway/internal/subscription"
)

// A target leaves the batches of subscriptions that have ended: a client keeps none of measurements to which it no longer subscribes.
func TestAbuseBatchesAreLeft(t *testing.T) {
	var recipient Recipient
	target := NewTarget(&recipient, true)
	comeAndGo := func(measurement int) *Active {
		wanted, err := subscription.Parse(fmt.Appendf(nil, `{"msm":%d,"buffering":true,"cursor":""}`, measurement))
		if err != nil {
			t.Fatal(err)
		}
		active := NewActive(&recipient, wanted, nil)
		target.Add(active)
		target.Remove(active)
		return active
	}
	first := comeAndGo(1)
	for measurement := range 100 {
		comeAndGo(2 + measurement)
	}
	if again := comeAndGo(1); again.batch == nil || again.batch == first.batch {
		t.Error("the batch of a subscription that has ended is kept")
	}
}
