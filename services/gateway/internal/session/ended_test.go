package session

import (
	"testing"

	"atlasstream/pkg/atlas"
)

func TestWhoAsksLearnsThatSubscriptionsHaveEndedByThemselves(t *testing.T) {
	house := newHouse()
	subscriber := house.join(t, &inbox{})
	defer subscriber.Leave()
	var left []int
	subscriber.OnEnd(func() { left = append(left, subscriber.Subscriptions()) })
	subscribe(t, subscriber, `{"msm":1001}`)
	subscribe(t, subscriber, `{"msm":1002}`)
	house.change(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
	if len(left) != 1 || left[0] != 1 {
		t.Errorf("told of %v, want once, with one subscription left", left)
	}
}
