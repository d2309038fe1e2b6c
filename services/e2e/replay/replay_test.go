package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"atlasstream/services/collector"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/gateway"
)

// A replay of two real measurements at the highest speed delivers their files sorted by time, on every transport.
func TestRealMeasurementsAreReplayed(t *testing.T) {
	cluster := startReplayCluster(t, gateway.Config{History: gateway.HistoryOpen, QueueMessages: 60}) // fewer than are read at once
	for _, replay := range expectedReplays(t) {
		object := fmt.Sprintf(`{"stream_type":"result","msm":%d,"startTime":%d,"endTime":"%d","speed":%q}`, replay.measurement, replay.start, replay.end, sample.MaxSpeed)
		texts := fmt.Sprintf(`{"end_time":"%d","msm":"%d","speed":"%s","start_time":"%d"}`, replay.end, replay.measurement, sample.MaxSpeed, replay.start)
		query := fmt.Sprintf("end_time=%d&msm=%d&speed=%s&start_time=%d", replay.end, replay.measurement, sample.MaxSpeed, replay.start)
		t.Run(fmt.Sprint(replay.measurement), func(t *testing.T) {
			t.Run("WebSocket", func(t *testing.T) {
				client := realclient.DialWebSocket(t, cluster)
				client.Emit("atlas_subscribe", json.RawMessage(object))
				replay.expect(t, client, object, false)
			})
			t.Run("Socket.IO", func(t *testing.T) {
				client := dialSocketIO(t, cluster)
				client.Emit("atlas_subscribe", json.RawMessage(object))
				replay.expect(t, client, object, true)
			})
			t.Run("GET", func(t *testing.T) {
				replay.expect(t, startGet(t, cluster, query, "", realclient.ReadLines), texts, false)
			})
			t.Run("Server-Sent Events", func(t *testing.T) {
				replay.expect(t, startGet(t, cluster, query, "text/event-stream", realclient.ReadEvents), texts, false)
			})
		})
	}
}

// expect receives a replay from the confirmation to its end.
func (replay expectedReplay) expect(t *testing.T, client *realclient.Client, parameters string, finishes bool) {
	t.Helper()
	client.Expect(t, fmt.Sprintf(`["atlas_subscribed",%s]`, parameters))
	for i, want := range replay.results {
		if event, payload := client.Next(t); event != "atlas_result" || string(payload) != want {
			t.Fatalf("result %d of %d: got %s %s\nwant %s", i, len(replay.results), event, payload, want)
		}
	}
	if finishes {
		client.Expect(t, fmt.Sprintf(`["atlas_replay_finished",%s]`, parameters))
	}
	client.Expect(t, fmt.Sprintf(`["atlas_unsubscribed",%s]`, parameters))
}

// A replay with invalid parameters is refused at once, and a replay ends when its client unsubscribes.
func TestReplaysAreRefusedAndEnded(t *testing.T) {
	cluster := startReplayCluster(t, gateway.Config{History: gateway.HistoryOpen, ClientReplays: 2})
	now := time.Now().Unix()
	client := realclient.DialWebSocket(t, cluster)
	for _, test := range []struct{ parameters, want string }{
		{`"startTime":1`, `[before_log] startTime: got 1970-01-01T00:00:01Z, want no earlier than`},
		{fmt.Sprintf(`"startTime":%d`, now+3600), `[invalid_parameter] startTime: `},
		{`"startTime":1426896503,"endTime":1426896502`, `[invalid_parameter] startTime: `},
		{`"startTime":1426896503,"speed":0`, `[invalid_parameter] speed: got 0`},
		{`"startTime":1426896503,"speed":-1`, `[invalid_parameter] speed: got -1`},
		{`"startTime":1426896503,"speed":"NaN"`, `[invalid_parameter] speed: got \"NaN\"`},
		{`"speed":10`, `[missing_parameter] startTime: missing`},
	} {
		client.Emit("atlas_subscribe", json.RawMessage(`{"msm":1768147,`+test.parameters+`}`))
		client.Expect(t, `["atlas_error","`+test.want)
	}
	client.SubscribeWith(t, `{"msm":79033209,"prb":9,"startTime":1726267714,"speed":"0.001"}`) // it lasts until the gateway stops
	slow := `{"msm":1768147,"prb":9,"startTime":1426896503,"speed":0.001}`                     // there are no results of this probe
	client.SubscribeWith(t, slow)
	client.Emit("atlas_subscribe", json.RawMessage(`{"msm":1768147,"startTime":1426896503}`))
	client.Expect(t, `["atlas_error","[already_playing] `)
	client.SubscribeWith(t, `{"msm":1768147,"prb":1}`)
	client.Emit("atlas_unsubscribe", json.RawMessage(slow))
	client.Expect(t, `["atlas_unsubscribed",`+slow)
	client.Emit("atlas_unsubscribe", json.RawMessage(`{"msm":1768147,"prb":1}`))
	client.Expect(t, `["atlas_unsubscribed",{"msm":1768147,"prb":1}`)
	client.SubscribeWith(t, `{"msm":1768147}`)
	client.Emit("atlas_subscribe", json.RawMessage(slow))
	client.Expect(t, `["atlas_error","[already_live] `)
}

// Connection events of the live topic are replayed in both streams that have them.
func TestConnectionEventsAreReplayed(t *testing.T) {
	cluster := startReplayCluster(t, gateway.Config{History: gateway.HistoryOpen})
	begin := time.Now().Add(-time.Hour).Unix()
	event := func(after int64) string {
		return fmt.Sprintf(`{"type":"connection","event":"connect","prb_id":12,"timestamp":%d,"controller":"ctr-ams01","asn":3333}`, begin+after)
	}
	for _, after := range []int64{0, 30, 10} {
		response, err := http.Post("http://"+cluster.Ingest+"/v1/probestatus", "application/json", bytes.NewReader([]byte(event(after))))
		if err != nil {
			t.Fatal(err)
		}
		if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
			t.Fatal(response.Status)
		}
	}
	for name, stream := range map[string]string{"atlas_probestatus": `"stream_type":"probestatus"`, "atlas_result": `"msm":7000`} {
		client := realclient.DialWebSocket(t, cluster)
		client.SubscribeWith(t, fmt.Sprintf(`{%s,"startTime":%d,"speed":%q}`, stream, begin, sample.MaxSpeed))
		for _, after := range []int64{0, 10, 30} {
			client.Expect(t, fmt.Sprintf(`[%q,%s`, name, event(after)))
		}
		client.Expect(t, `["atlas_unsubscribed",`)
	}
}

// A download of measurement 7000 is an archive like any other, replayed in both streams that have its events.
func TestArchivedConnectionEventsAreReplayed(t *testing.T) {
	cluster := startReplayCluster(t, gateway.Config{History: gateway.HistoryOpen})
	const file = "../../collector/testdata/connections-7000.jsonl"
	if err := collector.Import(t.Context(), collector.ImportConfig{Kafka: []string{cluster.Kafka}, Into: "connections", Files: []string{file}}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	events := strings.Split(strings.TrimSpace(string(text)), "\n")
	await.Condition(t, "a new archive appears", func() bool {
		response, err := http.Get("http://" + cluster.Public + "/stream/?msm=7000&startTime=1764390000&endTime=1764390060&speed=" + sample.MaxSpeed)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		replayed, err := io.ReadAll(response.Body)
		return err == nil && bytes.Contains(replayed, []byte(events[0]))
	})
	for name, stream := range map[string]string{"atlas_probestatus": `"stream_type":"probestatus"`, "atlas_result": `"msm":7000`} {
		client := realclient.DialWebSocket(t, cluster)
		client.SubscribeWith(t, fmt.Sprintf(`{%s,"startTime":1764390000,"endTime":1764390060,"speed":%q}`, stream, sample.MaxSpeed))
		for _, event := range events {
			client.Expect(t, fmt.Sprintf(`[%q,%s`, name, event))
		}
		client.Expect(t, `["atlas_unsubscribed",`)
	}
}

// With --history token, only clients with a token of the role history may replay.
func TestHistoryRequiresToken(t *testing.T) {
	const key = "1a2b3c4d5e6f7a8b9c0d"
	tokens := testcluster.WriteTokens(t, `[{"name":"noc","token":"`+key+`","roles":["history"]}]`)
	cluster := startReplayCluster(t, gateway.Config{History: gateway.HistoryToken, Tokens: tokens})
	const query = "msm=79033209&startTime=1726267714&endTime=1726267714"
	startGet(t, cluster, query, "", realclient.ReadLines).Expect(t, `["atlas_error","[not_allowed] startTime: `)
	startGet(t, cluster, query+"&token="+key, "", realclient.ReadLines).Expect(t, `["atlas_subscribed",{`)
}
