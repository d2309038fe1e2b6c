package faults

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/gateway"
)

// The topic of results is deleted, or Kafka's disks are emptied, under live clients of every transport. Nothing is lost or comes again unsaid, whether the new log
// becomes longer than the old one or not, and old cursors are refused.
func TestLogIsRecreatedUnderLiveClients(t *testing.T) {
	deleteTopic := func(t *testing.T, kafka *kafkatest.Cluster) {
		kafkatest.NewPlain(t, kafka.Addrs()).DeleteTopic(t, eventlog.ResultsTopic)
	}
	for name, test := range map[string]struct {
		before, after int // results in the log
		happens       func(*testing.T, *kafkatest.Cluster)
	}{
		"a longer topic":  {10, 40, deleteTopic},
		"a shorter topic": {40, 10, deleteTopic},
		"emptied disks": {10, 40, func(t *testing.T, kafka *kafkatest.Cluster) {
			if err := kafka.Empty(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			kafka := kafkatest.Start(t, 1)
			cluster := testcluster.Start(t, kafka.Addrs())
			clients := subscribeAll(t, cluster)
			cluster.MustPost(t, sample.NumberedRange(1001, 1, test.before)...)
			readAll(t, clients, test.before, false)
			old := clients[0].cursors
			old[0] = quietCursor(t, kafka)
			test.happens(t, kafka)
			last := test.before + test.after
			cluster.MustPostUntilAccepted(t, sample.NumberedRange(1001, test.before+1, last))
			awaitGaps(t, clients)
			cluster.MustPostUntilAccepted(t, sample.NumberedRange(1001, last+1, last+1))
			readAll(t, clients, last+1, true)
			expectGone(t, cluster, old[0], old[5], old[test.before])
			cluster.MustPost(t, sample.Numbered(1001, last+2))
			for _, transport := range connection.Transports {
				conn := connection.MustSubscribe(t, transport, connection.ResumeAfter(cluster.Public, clients[0].cursors[last+1]))
				conn.MustExpect(t, fmt.Sprintf(`["atlas_result",{"msm_id":1001,"prb_id":%d,`, last+2))
				conn.Close()
			}
		})
	}
}

// recreatedClient is a client of numbered results that knows which number comes next, unless it was told of a gap.
type recreatedClient struct {
	*connection.Connection
	name    string
	next    int
	gapTold bool           // since the last result
	gaps    int            // that it was told of
	cursors map[int]string // by the number of the result
}

// subscribeAll subscribes by every transport, with and without cursors. The first client has them.
func subscribeAll(t *testing.T, cluster *testcluster.Cluster) (clients []*recreatedClient) {
	t.Helper()
	for _, transport := range connection.Transports {
		for _, parameters := range []string{`{"msm":1001,"cursor":""}`, `{"msm":1001}`} {
			conn := connection.MustSubscribe(t, transport, connection.Options{Gateway: cluster.Public, Parameters: json.RawMessage(parameters)})
			t.Cleanup(conn.Close)
			clients = append(clients, &recreatedClient{Connection: conn, name: transport.Name + " " + parameters, next: 1, cursors: make(map[int]string)})
		}
	}
	return clients
}

// receive takes a message.
func (c *recreatedClient) receive() error {
	msg, err := c.Receive()
	switch {
	case err != nil:
		return err
	case msg.HasPrefix(`["atlas_error","[gap] partition`):
		c.gaps, c.gapTold = c.gaps+1, true
	case msg.Event == "atlas_result":
		var result sample.Fields
		if err := json.Unmarshal(msg.Payload, &result); err != nil {
			return err
		}
		if result.Probe != c.next && !c.gapTold {
			return fmt.Errorf("received result %d, want %d, as no gap was told", result.Probe, c.next)
		}
		c.next, c.gapTold, c.cursors[result.Probe] = result.Probe+1, false, msg.Cursor()
	case msg.Event != "atlas_cursor":
		return fmt.Errorf("received %s", msg)
	}
	return nil
}

// readAll has each client receive until a result, and expects that all were told of a gap, or none.
func readAll(t *testing.T, clients []*recreatedClient, last int, wantGaps bool) {
	t.Helper()
	receiveUntil(t, clients, func(c *recreatedClient) bool { return c.next > last })
	for _, client := range clients {
		if (client.gaps > 0) != wantGaps || client.next != last+1 {
			t.Errorf("%s: got %d gaps, and result %d as the last, want %d", client.name, client.gaps, client.next-1, last)
		}
	}
}

// quietCursor is that of the confirmation of a subscription, at a gateway that has not delivered anything of the partition.
func quietCursor(t *testing.T, kafka *kafkatest.Cluster) string {
	t.Helper()
	idle := testcluster.StartGateway(t, kafka.Addrs(), gateway.Config{})
	events := connection.Transports[2]
	conn := connection.MustOpen(t, events, connection.Options{Gateway: idle.Public, Parameters: json.RawMessage(`{"msm":1001}`)})
	defer conn.Close()
	return conn.MustExpect(t, `["atlas_subscribed",`).Cursor()
}

func awaitGaps(t *testing.T, clients []*recreatedClient) {
	t.Helper()
	receiveUntil(t, clients, func(c *recreatedClient) bool { return c.gaps > 0 })
}

func receiveUntil(t *testing.T, clients []*recreatedClient, enough func(*recreatedClient) bool) {
	t.Helper()
	var receiving sync.WaitGroup
	for _, client := range clients {
		receiving.Go(func() {
			for !enough(client) {
				if err := client.receive(); err != nil {
					t.Errorf("%s: before result %d: %v", client.name, client.next, err)
					return
				}
			}
		})
	}
	receiving.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

func expectGone(t *testing.T, cluster *testcluster.Cluster, cursors ...string) {
	t.Helper()
	for _, transport := range connection.Transports {
		for _, cursor := range cursors {
			if _, words := connection.ExpectRefusal(t, transport, connection.ResumeAfter(cluster.Public, cursor)); !strings.HasPrefix(words, "[cursor_gone] ") {
				t.Errorf("%s: received %q, want [cursor_gone]", transport.Name, words)
			}
		}
	}
}
