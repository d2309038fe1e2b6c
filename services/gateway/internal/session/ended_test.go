package session_test

import (
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

func TestWhoAsksLearnsThatSubscriptionsHaveEndedByThemselves(t *testing.T) {
	hub := sessiontest.NewHub()
	subscriber := hub.MustJoin(t, &sessiontest.RecordingClient{})
	defer subscriber.Leave()
	var left []int
	subscriber.OnEnd(func() { left = append(left, sessiontest.Subscriptions(subscriber)) })
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001}`)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1002}`)
	hub.ChangeMeasurement(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
	if len(left) != 1 || left[0] != 1 {
		t.Errorf("told of %v, want once, with one subscription left", left)
	}
}
