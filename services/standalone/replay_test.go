package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/collector"
	"atlasstream/services/gateway"
)

// fastest is a speed beyond all that a test can notice, and unbounded is a limit that allows it.
const fastest, unbounded = "1e12", 1 << 50

// openTheatre opens a house with real data in an archive, and a gateway that replays it.
func openTheatre(t *testing.T, cfg gateway.Config) *house {
	t.Helper()
	kafka := startEmbedded(t, embedded.Config{}).Addrs()
	h := openHouse(t, kafka)
	for _, name := range []string{"dns", "traceroute"} {
		if err := collector.Import(t.Context(), collector.ImportConfig{
			Kafka: kafka, Into: "real", Files: []string{"../../pkg/atlas/testdata/" + name + ".jsonl.gz"}, Strict: true,
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
	events := expectedEvents(t, "dns", 1768147)
	found = append(found, rerunOf(1768147, events))
	events = expectedEvents(t, "traceroute", 79033209)
	return append(found, rerunOf(79033209, events))
}

func rerunOf(measurement atlas.MeasurementID, events []atlas.Event) rerun {
	slices.SortStableFunc(events, func(a, b atlas.Event) int { return a.Time.Compare(b.Time) })
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

// Two real measurements, replayed at the greatest speed at every door, are their files sorted by time.
func TestRealMeasurementsAreReplayed(t *testing.T) {
	house := openTheatre(t, gateway.Config{History: gateway.HistoryOpen, QueueMessages: 60}) // fewer than come at a time
	for _, rerun := range reruns(t) {
		object := fmt.Sprintf(`{"stream_type":"result","msm":%d,"startTime":%d,"endTime":"%d","speed":%s}`, rerun.measurement, rerun.start, rerun.end, fastest)
		texts := fmt.Sprintf(`{"end_time":"%d","msm":"%d","speed":"%s","start_time":"%d"}`, rerun.end, rerun.measurement, fastest, rerun.start)
		query := fmt.Sprintf("end_time=%d&msm=%d&speed=%s&start_time=%d", rerun.end, rerun.measurement, fastest, rerun.start)
		t.Run(fmt.Sprint(rerun.measurement), func(t *testing.T) {
			t.Run("WebSocket", func(t *testing.T) {
				client := dialWebSocket(t, house)
				client.emit("atlas_subscribe", json.RawMessage(object))
				rerun.expect(t, client, object, false)
			})
			t.Run("Socket.IO", func(t *testing.T) {
				client := dialSocketIO(t, house)
				client.emit("atlas_subscribe", json.RawMessage(object))
				rerun.expect(t, client, object, true)
			})
			t.Run("GET", func(t *testing.T) { rerun.expect(t, openGet(t, house, query, "", readLines), texts, false) })
			t.Run("Server-Sent Events", func(t *testing.T) {
				rerun.expect(t, openGet(t, house, query, "text/event-stream", readEvents), texts, false)
			})
		})
	}
}

// expect hears a replay from the confirmation to its end.
func (r rerun) expect(t *testing.T, client *client, parameters string, finishes bool) {
	t.Helper()
	client.expect(t, fmt.Sprintf(`["atlas_subscribed",%s]`, parameters))
	for i, want := range r.results {
		if event, payload := client.next(t); event != "atlas_result" || string(payload) != want {
			t.Fatalf("result %d of %d: got %s %s\nwant %s", i, len(r.results), event, payload, want)
		}
	}
	if finishes {
		client.expect(t, fmt.Sprintf(`["atlas_replay_finished",%s]`, parameters))
	}
	client.expect(t, fmt.Sprintf(`["atlas_unsubscribed",%s]`, parameters))
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

// What is wrong with a replay is told at once, and a replay ends as soon as its client says so.
func TestReplaysAreRefusedAndEnded(t *testing.T) {
	house := openTheatre(t, gateway.Config{History: gateway.HistoryOpen, ClientReplays: 2})
	now := time.Now().Unix()
	client := dialWebSocket(t, house)
	for _, test := range []struct{ parameters, want string }{
		{`"startTime":1`, `[before_log] startTime: got 1970-01-01T00:00:01Z, want no earlier than`},
		{fmt.Sprintf(`"startTime":%d`, now+3600), `[invalid_parameter] startTime: `},
		{`"startTime":1426896503,"endTime":1426896502`, `[invalid_parameter] startTime: `},
		{`"startTime":1426896503,"speed":0`, `[invalid_parameter] speed: got 0`},
		{`"startTime":1426896503,"speed":-1`, `[invalid_parameter] speed: got -1`},
		{`"startTime":1426896503,"speed":"NaN"`, `[invalid_parameter] speed: got \"NaN\"`},
		{`"speed":10`, `[missing_parameter] startTime: missing`},
	} {
		client.emit("atlas_subscribe", json.RawMessage(`{"msm":1768147,`+test.parameters+`}`))
		client.expect(t, `["atlas_error","`+test.want)
	}
	client.subscribeWith(t, `{"msm":79033209,"prb":9,"startTime":1726267714,"speed":"0.001"}`) // it goes on until the gateway stops
	slow := `{"msm":1768147,"prb":9,"startTime":1426896503,"speed":0.001}`                     // there is nothing of this probe
	client.subscribeWith(t, slow)
	client.emit("atlas_subscribe", json.RawMessage(`{"msm":1768147,"startTime":1426896503}`))
	client.expect(t, `["atlas_error","[already_playing] `)
	client.subscribeWith(t, `{"msm":1768147,"prb":1}`)
	client.emit("atlas_unsubscribe", json.RawMessage(slow))
	client.expect(t, `["atlas_unsubscribed",`+slow)
	client.emit("atlas_unsubscribe", json.RawMessage(`{"msm":1768147,"prb":1}`))
	client.expect(t, `["atlas_unsubscribed",{"msm":1768147,"prb":1}`)
	client.subscribeWith(t, `{"msm":1768147}`)
	client.emit("atlas_subscribe", json.RawMessage(slow))
	client.expect(t, `["atlas_error","[already_live] `)
}

// Connection events of the live topic are replayed as both streams that have them.
func TestConnectionEventsAreReplayed(t *testing.T) {
	house := openTheatre(t, gateway.Config{History: gateway.HistoryOpen})
	begin := time.Now().Add(-time.Hour).Unix()
	event := func(after int64) string {
		return fmt.Sprintf(`{"type":"connection","event":"connect","prb_id":12,"timestamp":%d,"controller":"ctr-ams01","asn":3333}`, begin+after)
	}
	for _, after := range []int64{0, 30, 10} {
		response, err := http.Post("http://"+house.ingest+"/v1/probestatus", "application/json", bytes.NewReader([]byte(event(after))))
		if err != nil {
			t.Fatal(err)
		}
		if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
			t.Fatal(response.Status)
		}
	}
	for name, stream := range map[string]string{"atlas_probestatus": `"stream_type":"probestatus"`, "atlas_result": `"msm":7000`} {
		client := dialWebSocket(t, house)
		client.subscribeWith(t, fmt.Sprintf(`{%s,"startTime":%d,"speed":%s}`, stream, begin, fastest))
		for _, after := range []int64{0, 10, 30} {
			client.expect(t, fmt.Sprintf(`[%q,%s`, name, event(after)))
		}
		client.expect(t, `["atlas_unsubscribed",`)
	}
}

// With --history token, only a token of the role history opens the past.
func TestThePastIsForBearers(t *testing.T) {
	const key = "1a2b3c4d5e6f7a8b9c0d"
	tokens := filepath.Join(t.TempDir(), "tokens.json")
	writeFile(t, tokens, `[{"name":"noc","token":"`+key+`","roles":["history"]}]`)
	house := openTheatre(t, gateway.Config{History: gateway.HistoryToken, Tokens: tokens})
	const query = "msm=79033209&startTime=1726267714&endTime=1726267714"
	openGet(t, house, query, "", readLines).expect(t, `["atlas_error","[not_allowed] startTime: `)
	openGet(t, house, query+"&token="+key, "", readLines).expect(t, `["atlas_subscribed",{`)
}
