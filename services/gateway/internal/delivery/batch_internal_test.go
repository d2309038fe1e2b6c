package delivery

import (
	"fmt"
	"testing"

	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/wsframe"
)

// discardingClient takes every message and keeps none.
type discardingClient struct{}

func (discardingClient) Enqueue(*wsframe.Message) error { return nil }

func (discardingClient) EnqueueControl(*wsframe.Message) error { return nil }

func (discardingClient) Flush() {}

func (discardingClient) Writable() (<-chan struct{}, error) { return nil, nil }

func (discardingClient) Encoding() Encoding { return nil }

func (discardingClient) Complaint(*protocol.Error) *wsframe.Message { return nil }

func (discardingClient) BeginCursors() bool { return false }

func (discardingClient) Overflow() {}

// A client keeps no batches of measurements to which it no longer subscribes.
func TestAbuseBatchesOfEndedSubscriptions(t *testing.T) {
	var recipient Recipient
	recipient.Init(discardingClient{}, access.Rights{}, nil, &Shared{})
	target := NewTarget(&recipient, true)
	for msm := range 1000 {
		wanted, err := subscription.Parse(fmt.Appendf(nil, `{"msm":%d,"buffering":true,"cursor":""}`, 1+msm))
		if err != nil {
			t.Fatal(err)
		}
		active := &Active{Recipient: &recipient, Wanted: wanted}
		target.Add(active)
		target.Remove(active)
	}
	if all, ofTarget := len(recipient.batches.byKey), len(target.batches); all > minSwept || ofTarget > 1 {
		t.Errorf("%d batches are kept, and %d of them in the target", all, ofTarget)
	}
}
