package gateway

import (
	"fmt"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
)

// Where the topic of connection events is recreated, answers follow its offsets, and not those of the former one.
func TestConnectionsOfARecreatedTopic(t *testing.T) {
	broker, err := embedded.Start(embedded.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close() })
	a := answerFrom(t, broker.Addrs())
	a.write(t, eventlog.ProbeStatusTopic, connectionsOf(t, 1, 2, 3))
	a.awaitAsOf(t, "/api/connections", "as_of", 2)
	if err := broker.DeleteTopic(eventlog.ProbeStatusTopic); err != nil {
		t.Fatal(err)
	}
	if err := a.log.EnsureTopics(t.Context(), eventlog.ProbeStatusSpec()); err != nil {
		t.Fatal(err)
	}
	a.awaitAsOf(t, "/api/connections", "as_of", -1)
	a.write(t, eventlog.ProbeStatusTopic, connectionsOf(t, 4))
	a.awaitAsOf(t, "/api/connections", "as_of", 0)
	a.awaitAsOf(t, "/api/probes", "as_of.connections", 0)
}

func connectionsOf(t *testing.T, probes ...int) (events []atlas.Event) {
	t.Helper()
	for _, id := range probes {
		event, err := atlas.ParseProbeStatus(fmt.Appendf(nil, `{"type":"connection","event":"connect","prb_id":%d,"timestamp":%d}`, id, time.Now().Unix()))
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}

// awaitAsOf waits until an answer's member is an offset of the connection events.
func (a *answerer) awaitAsOf(t *testing.T, path, member string, want int64) {
	t.Helper()
	got := gjson.Result{}
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		_, body := get(t, a.public+path)
		if got = gjson.Get(body, member); got.Exists() && got.Int() == want {
			return
		}
	}
	t.Fatalf("%s: %s is %s, want %d", path, member, got.Raw, want)
}
