package delivery

import (
	"fmt"
	"testing"

	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/subscription"
)

// taking is a client that takes everything.
type taking struct{}

func (taking) Enqueue(*sendqueue.Message) error             { return nil }
func (taking) EnqueueControl(*sendqueue.Message) error      { return nil }
func (taking) Flush()                                       {}
func (taking) Writable() (<-chan struct{}, error)           { return nil, nil }
func (taking) Encoding() Encoding                           { return nil }
func (taking) Complaint(*protocol.Error) *sendqueue.Message { return nil }
func (taking) BeginCursors() bool                           { return false }
func (taking) Overflow()                                    {}

// A client that goes from measurement to measurement keeps no batches of those that it has left.
func TestAbuseBatchesOfMeasurementsThatWereLeft(t *testing.T) {
	var recipient Recipient
	recipient.Init(taking{}, Rights{}, nil, &Shared{})
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
