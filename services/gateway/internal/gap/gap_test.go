package gap_test

import (
	"testing"

	"atlasstream/services/gateway/internal/session/sessiontest"
)

func TestGapIsAnnounced(t *testing.T) {
	hub := sessiontest.NewHub()
	client := &sessiontest.RecordingClient{}
	subscriber := hub.MustJoin(t, client)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001}`)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1002}`)
	client.Take(t)
	hub.Results.Gap(0, 10, 100)
	hub.Results.Flush(0)
	client.Expect(t, `atlas_error "[gap] the log has lost the records from 10 to before 100 of partition 0; some may have been yours"`)
	hub.Results.Gap(0, 100, 10)
	hub.Results.Flush(0)
	client.Expect(t, `atlas_error "[gap] partition 0 of the log was cut or recreated, from 100 back to 10; some records may be lost, and some may come again"`)
}
