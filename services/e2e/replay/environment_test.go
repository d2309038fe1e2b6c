package replay

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/gorilla/websocket"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/collector"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/gateway"
)

// startReplayCluster starts a cluster with real data in an archive, and a gateway that replays it.
func startReplayCluster(t *testing.T, cfg gateway.Config) *testcluster.Cluster {
	t.Helper()
	kafka := testcluster.StartBroker(t, embedded.Config{}).Addrs()
	cluster := testcluster.Start(t, kafka)
	for _, name := range []string{"dns", "traceroute"} {
		if err := collector.Import(t.Context(), collector.ImportConfig{
			Kafka: kafka, Into: "real", Files: []string{"../../../pkg/atlas/testdata/" + name + ".jsonl.gz"},
			Progress: io.Discard, Summary: io.Discard,
		}); err != nil {
			t.Fatal(err)
		}
	}
	cfg.HistoryResults, cfg.HistoryScanned = testcluster.Unlimited, testcluster.Unlimited
	replaying := testcluster.StartGateway(t, kafka, cfg)
	cluster.Public, cluster.Admins = replaying.Public, append(cluster.Admins, replaying.Admins...)
	return cluster
}

// expectedReplay has what a replay of a measurement must deliver: its results sorted by time, those with the same time in the order of the log.
type expectedReplay struct {
	measurement atlas.MeasurementID
	start, end  int64 // Unix seconds
	results     []string
}

func expectedReplays(t *testing.T) (found []expectedReplay) {
	t.Helper()
	return []expectedReplay{expectedReplayOf(1768147, sample.SortedEvents(t, "dns", 1768147)), expectedReplayOf(79033209, sample.SortedEvents(t, "traceroute", 79033209))}
}

func expectedReplayOf(measurement atlas.MeasurementID, events []atlas.Event) expectedReplay {
	found := expectedReplay{measurement: measurement, start: events[0].Time.Unix(), end: events[len(events)-1].Time.Unix()}
	for _, event := range events {
		found.results = append(found.results, string(event.Value))
	}
	return found
}

// dialSocketIO connects a WebSocket of Engine.IO 4 in this process.
func dialSocketIO(t *testing.T, cluster *testcluster.Cluster) *realclient.Client {
	t.Helper()
	conn, response, err := websocket.DefaultDialer.Dial("ws://"+cluster.Public+"/stream/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.WriteMessage(websocket.TextMessage, []byte("40")); err != nil {
		t.Fatal(err)
	}
	c := &realclient.Client{Received: make(chan []byte, 1<<16)}
	go func() {
		defer close(c.Received)
		for {
			_, message, err := conn.ReadMessage()
			if err != nil {
				return
			}
			if event, is := bytes.CutPrefix(message, []byte("42")); is {
				c.Received <- event
			}
		}
	}()
	c.Emit = func(event string, arguments ...any) {
		if err := conn.WriteMessage(websocket.TextMessage, append([]byte("42"), sample.JSON(append([]any{event}, arguments...))...)); err != nil {
			t.Error(err)
		}
	}
	return c
}

// startGet reads the body of a GET, which ends when the replay does.
func startGet(t *testing.T, cluster *testcluster.Cluster, query, accept string, read func(*bufio.Scanner, func([]byte))) *realclient.Client {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+cluster.Public+"/stream/?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if accept != "" {
		request.Header.Set("Accept", accept)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	c := &realclient.Client{Received: make(chan []byte, 1<<16)}
	go func() {
		defer close(c.Received)
		defer response.Body.Close()
		lines := bufio.NewScanner(response.Body)
		lines.Buffer(nil, 1<<20)
		read(lines, func(event []byte) { c.Received <- event })
	}()
	t.Cleanup(func() {
		for range c.Received {
		}
	})
	return c
}
