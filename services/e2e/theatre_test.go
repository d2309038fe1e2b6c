package e2e

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/gorilla/websocket"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/collector"
	"atlasstream/services/gateway"
)

// fastest is the speed at which nothing is waited for where the limit is as high as it may be.
const fastest, unbounded = "max", 1<<31 - 1

// openTheatre opens a house with real data in an archive, and a gateway that replays it.
func openTheatre(t *testing.T, cfg gateway.Config) *house {
	t.Helper()
	kafka := startEmbedded(t, embedded.Config{}).Addrs()
	h := openHouse(t, kafka)
	for _, name := range []string{"dns", "traceroute"} {
		if err := collector.Import(t.Context(), collector.ImportConfig{
			Kafka: kafka, Into: "real", Files: []string{"../../pkg/atlas/testdata/" + name + ".jsonl.gz"},
			Progress: io.Discard, Summary: io.Discard,
		}); err != nil {
			t.Fatal(err)
		}
	}
	public, admin := listen(t), listen(t)
	cfg.Kafka, cfg.Listener, cfg.AdminListener = kafka, public, admin
	cfg.HistoryResults, cfg.HistoryScanned = unbounded, unbounded
	runUntilTheEnd(t, "gateway with the past", func(ctx context.Context) error { return gateway.Run(ctx, cfg) })
	h.public, h.admins = public.Addr().String(), append(h.admins, admin.Addr().String())
	h.awaitReady(t)
	return h
}

// rerun is a measurement with what a replay of it must bring: its results in the order of their time, and those of the same time as they came.
type rerun struct {
	measurement atlas.MeasurementID
	start, end  int64 // Unix seconds
	results     []string
}

func reruns(t *testing.T) (found []rerun) {
	t.Helper()
	return []rerun{rerunOf(1768147, sortedEvents(t, "dns", 1768147)), rerunOf(79033209, sortedEvents(t, "traceroute", 79033209))}
}

// sortedEvents are expectedEvents in the order of their time, and those of the same time as they came.
func sortedEvents(t *testing.T, file string, measurement atlas.MeasurementID) []atlas.Event {
	events := expectedEvents(t, file, measurement)
	slices.SortStableFunc(events, func(a, b atlas.Event) int { return a.Time.Compare(b.Time) })
	return events
}

func rerunOf(measurement atlas.MeasurementID, events []atlas.Event) rerun {
	found := rerun{measurement: measurement, start: events[0].Time.Unix(), end: events[len(events)-1].Time.Unix()}
	for _, event := range events {
		found.results = append(found.results, string(event.Value))
	}
	return found
}

// expectedEvents are a measurement's results in a file, identical ones once.
func expectedEvents(t *testing.T, file string, measurement atlas.MeasurementID) (events []atlas.Event) {
	t.Helper()
	seen := map[atlas.EventID]bool{}
	for _, row := range realRows(t, file) {
		event, err := atlas.ParseResult(row)
		if err != nil {
			t.Fatal(err)
		}
		if event.Measurement == measurement && !seen[event.ID] {
			seen[event.ID] = true
			events = append(events, event)
		}
	}
	return events
}

// dialSocketIO connects over Engine.IO 4 by hand.
func dialSocketIO(t *testing.T, h *house) *client {
	t.Helper()
	conn, response, err := websocket.DefaultDialer.Dial("ws://"+h.public+"/stream/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.WriteMessage(websocket.TextMessage, []byte("40")); err != nil {
		t.Fatal(err)
	}
	c := &client{heard: make(chan []byte, 1<<16)}
	go func() {
		defer close(c.heard)
		for {
			_, message, err := conn.ReadMessage()
			if err != nil {
				return
			}
			if event, is := bytes.CutPrefix(message, []byte("42")); is {
				c.heard <- event
			}
		}
	}()
	c.emit = func(event string, arguments ...any) {
		if err := conn.WriteMessage(websocket.TextMessage, append([]byte("42"), mustJSON(append([]any{event}, arguments...))...)); err != nil {
			t.Error(err)
		}
	}
	return c
}

// openGet reads the body of a GET, which ends by itself.
func openGet(t *testing.T, h *house, query, accept string, read func(*bufio.Scanner, func([]byte))) *client {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+h.public+"/stream/?"+query, nil)
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
	c := &client{heard: make(chan []byte, 1<<16)}
	go func() {
		defer close(c.heard)
		defer response.Body.Close()
		lines := bufio.NewScanner(response.Body)
		lines.Buffer(nil, 1<<20)
		read(lines, func(event []byte) { c.heard <- event })
	}()
	t.Cleanup(func() {
		for range c.heard {
		}
	})
	return c
}
