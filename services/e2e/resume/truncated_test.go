package resume

import (
	"testing"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/kafkatest"
)

// The topic is deleted and recreated while clients are connected: each is told so once. Whether a result came since then, an atlas_cursor or neither, clients resume
// later at another gateway, miss nothing more and get nothing twice.
func TestClientsResumeAfterTheLogIsRecreated(t *testing.T) {
	t.Parallel()
	for why, quiet := range map[string]bool{"at once": false, "after an atlas_cursor": true} {
		t.Run(why, func(t *testing.T) {
			t.Parallel()
			env := startQuietEnvironment(t)
			clients := env.startClients(t)
			env.exchange(t, clients, "receives the first", 1, 2)
			kafkatest.NewPlain(t, []string{env.cluster.Kafka}).DeleteTopic(t, eventlog.ResultsTopic)
			env.expectGaps(t, clients)
			if quiet {
				env.hold(t, clients, quietBehindTime)
			}
			env.interrupt(t, clients, 3)
			env.interrupt(t, clients, 7) // after a result
		})
	}
}
