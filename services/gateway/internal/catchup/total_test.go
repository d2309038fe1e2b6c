package catchup_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
	"atlasstream/services/gateway/internal/subscription"
)

// Clients that do not read are kept within the limit of all queues. One that reads beside them gets everything live, and they get everything once they read.
func TestClientsThatReadLaterMissNothingWithinTheLimitOfAllQueues(t *testing.T) {
	const clients, rounds, limit = 100, 1500, 2 << 20
	synctest.Test(t, func(t *testing.T) {
		log, metrics, stats := sessiontest.NewLog(2, 30), prometheus.NewRegistry(), &queuebudget.Stats{Limit: limit}
		hub := session.NewHub(session.Settings{
			Limits: session.Limits{Clients: clients + 1, Subscriptions: 1}, Cursors: sessiontest.JSONCursors{},
			Behind: session.Behind{Time: time.Hour, Bytes: 1 << 40, Readers: 3, ReadersOfAddress: 3},
		}, metrics)
		log.AddTo(hub, atlas.StreamResult, log)
		all := make([]*countedReader, clients+1)
		for i := range all {
			all[i] = newCountedReader(t, hub, atlas.MeasurementID(i+1), stats)
			defer all[i].leave()
		}
		honest := all[clients]
		most := int64(0)
		for range rounds {
			for _, client := range all {
				number, _ := log.PartitionOf(client.measurement)
				log.Append(number, atlas.Record{Event: atlas.Event{Measurement: client.measurement, Probe: 1}})
				client.expect(log, number)
			}
			honest.read()
			most = max(most, stats.Waiting())
		}
		if most > limit || most < limit/2 {
			t.Errorf("%d bytes waited at most, want nearly %d", most, limit)
		}
		if stats.HasRoom() {
			t.Error("there is room for further clients")
		}
		if len(honest.received) != rounds {
			t.Errorf("the client that reads got %d records live, want %d", len(honest.received), rounds)
		}
		if behind := sessiontest.MetricSum(t, metrics, "atlas_gateway_fell_behind_total"); behind < clients {
			t.Errorf("clients fell behind %g times, want each", behind)
		}
		for _, client := range all {
			for synctest.Wait(); client.read() > 0; synctest.Wait() {
			}
			if !slices.Equal(client.received, client.expected) {
				t.Errorf("measurement %d: got %d records, want %d once and in order", client.measurement, len(client.received), len(client.expected))
			}
		}
		if !stats.HasRoom() {
			t.Error("there is no room although everything is read")
		}
	})
}

// countedReader is a client with one subscription, whose queue counts with others.
type countedReader struct {
	*sessiontest.QueuedClient
	session            *session.Session
	measurement        atlas.MeasurementID
	received, expected []string
}

func newCountedReader(t *testing.T, hub *session.Hub, measurement atlas.MeasurementID, stats *queuebudget.Stats) *countedReader {
	t.Helper()
	client := &countedReader{QueuedClient: sessiontest.NewQueuedClient(), measurement: measurement}
	client.Queue = sendqueue.NewUnconnected(&sendqueue.Limits{Bytes: 2 << 20, Messages: 10_000}, stats, client.Wake)
	var err error
	if client.session, err = hub.Join(client, access.Rights{}); err != nil {
		t.Fatal(err)
	}
	parameters := fmt.Appendf(nil, `{"msm":%d}`, measurement)
	wanted, err := subscription.Parse(parameters)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.session.Subscribe(t.Context(), wanted, parameters); err != nil {
		t.Fatal(err)
	}
	client.Take(1 << 20) // the confirmation
	return client
}

// expect expects the last record of a partition.
func (c *countedReader) expect(log *sessiontest.Log, number int) {
	partition := log.Partitions[number]
	last := &partition.Records[len(partition.Records)-1]
	c.expected = append(c.expected, fmt.Sprintf("atlas_result %s", last.Value))
}

// read takes what waits, and gives how many messages that were.
func (c *countedReader) read() int {
	messages, _ := c.Take(1 << 20)
	for _, message := range messages {
		c.received = append(c.received, string(message.Payload()))
	}
	return len(messages)
}

func (c *countedReader) leave() {
	c.session.Leave()
	c.Close()
}
