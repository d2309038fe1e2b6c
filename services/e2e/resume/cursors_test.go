package resume

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
)

// cursorsOf posts results while a client is subscribed with parameters, and returns the cursor of each.
func cursorsOf(t *testing.T, gateway, ingest *testcluster.Cluster, parameters string, results ...[]byte) (cursors []string) {
	t.Helper()
	conn := connection.MustSubscribe(t, connection.WebSocket, connection.Options{Gateway: gateway.Public, Parameters: json.RawMessage(parameters)})
	defer conn.Close()
	ingest.MustPost(t, results...)
	for _, result := range results {
		msg := conn.MustExpect(t, fmt.Sprintf(`["atlas_result",%s`, result))
		if len(msg.Rest) != 1 || msg.Cursor() == "" {
			t.Fatalf("received %s, want a cursor after the result", msg)
		}
		cursors = append(cursors, msg.Cursor())
	}
	return cursors
}

// A cursor that cannot be used is refused on every transport, with the reason.
func TestCursorsAreRefused(t *testing.T) {
	t.Parallel()
	cluster, past := testcluster.StartPair(t)
	begin := time.Now().Add(-time.Hour).Unix()
	old := fmt.Appendf(nil, `{"msm_id":1001,"prb_id":1,"timestamp":%d,"type":"ping"}`, begin)
	live := cursorsOf(t, cluster, cluster, `{"msm":1001,"cursor":""}`, append([][]byte{old}, sample.NumberedRange(1001, 1, 3)...)...)[1]
	replay := fmt.Sprintf(`"msm":1001,"startTime":%d,"speed":%q`, begin, sample.MaxSpeed)
	played := connection.MustSubscribe(t, connection.WebSocket, connection.Options{Gateway: past.Public, Parameters: json.RawMessage(`{` + replay + `,"cursor":""}`)})
	replayed := played.MustExpect(t, `["atlas_result",`).Cursor()
	status := connectionCursor(t, cluster)
	for _, test := range []struct{ name, parameters, want string }{
		{"not a cursor", `{"msm":1001,"cursor":"x"}`, "[bad_cursor] "},
		{"not of its alphabet", `{"msm":1001,"cursor":"!§$%"}`, "[bad_cursor] "},
		{"truncated", fmt.Sprintf(`{"msm":1001,"cursor":%q}`, live[:len(live)-1]), "[bad_cursor] "},
		{"longer", fmt.Sprintf(`{"msm":1001,"cursor":"%sA"}`, live), "[bad_cursor] "},
		{"with one letter changed", fmt.Sprintf(`{"msm":1001,"cursor":%q}`, changeOneLetter(live)), "[bad_cursor] "},
		{"long", fmt.Sprintf(`{"msm":1001,"cursor":%q}`, strings.Repeat("A", 4000)), "[bad_cursor] "},
		{"of another measurement", fmt.Sprintf(`{"msm":1002,"cursor":%q}`, live), "[bad_cursor] "},
		{"of a measurement, for connection events", fmt.Sprintf(`{"stream_type":"probestatus","cursor":%q}`, live), "[bad_cursor] "},
		{"of connection events, for a measurement", fmt.Sprintf(`{"msm":1001,"cursor":%q}`, status), "[bad_cursor] "},
		{"live, for a replay", fmt.Sprintf(`{%s,"cursor":%q}`, replay, live), "[bad_cursor] "},
		{"of a replay, live", fmt.Sprintf(`{"msm":1001,"cursor":%q}`, replayed), "[bad_cursor] "},
		{"of a replay that began at another time", fmt.Sprintf(`{"msm":1001,"startTime":%d,"speed":%q,"cursor":%q}`, begin+1, sample.MaxSpeed, replayed), "[bad_cursor] "},
		{"with metadata", `{"stream_type":"metadata","msm":1001,"cursor":""}`, "[invalid_parameter] cursor: "},
		{"backlog of metadata", `{"stream_type":"metadata","msm":1001,"sendBacklog":true}`, "[invalid_parameter] sendBacklog: "},
		{"backlog of a replay", fmt.Sprintf(`{%s,"sendBacklog":true}`, replay), "[invalid_parameter] "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, transport := range connection.Transports {
				status, words := connection.ExpectRefusal(t, transport, connection.Options{Gateway: past.Public, Parameters: json.RawMessage(test.parameters)})
				if status != http.StatusBadRequest || !strings.HasPrefix(words, test.want) {
					t.Errorf("%s: received %d %q, want %s…", transport.Name, status, words, test.want)
				}
			}
		})
	}
	t.Run("as the ID of the last event", func(t *testing.T) {
		t.Parallel()
		_, err := connection.OpenEvents(t.Context(), connection.Options{Gateway: past.Public, Parameters: json.RawMessage(`{"msm":1001}`), LastEventID: changeOneLetter(live)})
		if answer, is := errors.AsType[*connection.RefusedError](err); !is || answer.Status != http.StatusBadRequest || !strings.Contains(answer.Body, "[bad_cursor] ") {
			t.Errorf("got %v", err)
		}
	})
}

// connectionCursor returns a cursor of connection events.
func connectionCursor(t *testing.T, cluster *testcluster.Cluster) string {
	t.Helper()
	conn := connection.MustSubscribe(t, connection.WebSocket, connection.Options{Gateway: cluster.Public, Parameters: json.RawMessage(`{"stream_type":"probestatus","cursor":""}`)})
	defer conn.Close()
	cluster.MustPostConnections(t, 3333, "connect", 1)
	return conn.MustExpect(t, `["atlas_probestatus",`).Cursor()
}

// changeOneLetter changes a letter in the middle of a cursor.
func changeOneLetter(cursor string) string {
	middle := []byte(cursor)
	if at := len(middle) / 2; middle[at] == 'A' {
		middle[at] = 'B'
	} else {
		middle[at] = 'A'
	}
	return string(middle)
}

// If the log does not have the next record, because it was deleted or not written yet, the refusal says what the log has.
func TestCursorsAreGone(t *testing.T) {
	t.Parallel()
	cluster, other := testcluster.StartPair(t)
	cursors := cursorsOf(t, cluster, cluster, `{"msm":1001,"cursor":""}`, sample.NumberedRange(1001, 1, 10)...)
	partition := eventlog.PartitionOf(1001, testcluster.Partitions)
	const first = 7 // the offset, counted from 0, of result 8
	kafkatest.NewPlain(t, []string{cluster.Kafka}).DeleteBefore(t, eventlog.ResultsTopic, partition, first)
	for _, transport := range connection.Transports {
		for _, gateway := range []*testcluster.Cluster{cluster, other} {
			for _, gone := range []int{2, first - 1} { // the latter is of a record that nobody can compare any more
				_, words := connection.ExpectRefusal(t, transport, connection.ResumeAfter(gateway.Public, cursors[gone]))
				if !strings.HasPrefix(words, "[cursor_gone] ") || !strings.Contains(words, fmt.Sprint(first)) {
					t.Errorf("%s: received %q, want [cursor_gone] and %d", transport.Name, words, first)
				}
			}
		}
		conn := connection.MustSubscribe(t, transport, connection.ResumeAfter(other.Public, cursors[first]))
		for number := first + 2; number <= len(cursors); number++ {
			conn.MustExpect(t, fmt.Sprintf(`["atlas_result",{"msm_id":1001,"prb_id":%d,`, number))
		}
	}
	t.Run("beyond the end of a log that was recreated", func(t *testing.T) {
		t.Parallel()
		young := testcluster.Start(t, testcluster.StartBroker(t, embedded.Config{}).Addrs())
		young.MustPost(t, sample.NumberedRange(1001, 1, 3)...)
		for _, transport := range connection.Transports {
			if _, words := connection.ExpectRefusal(t, transport, connection.ResumeAfter(young.Public, cursors[8])); !strings.HasPrefix(words, "[cursor_gone] ") {
				t.Errorf("%s: received %q, want [cursor_gone]", transport.Name, words)
			}
		}
	})
}

// A subscription with a cursor is another one than without, but which cursor does not matter.
func TestIdentityOfSubscriptionsWithCursors(t *testing.T) {
	t.Parallel()
	cluster, _ := testcluster.StartPair(t)
	cursor := cursorsOf(t, cluster, cluster, `{"msm":1001,"cursor":""}`, sample.NumberedRange(1001, 1, 2)...)[0]
	with := fmt.Sprintf(`{"msm":1001,"cursor":%q}`, cursor)
	for _, names := range []struct{ subscribed, unsubscribed string }{{`{"msm":1001,"cursor":""}`, with}, {with, `{"msm":1001,"cursor":""}`}} {
		conn := connection.MustSubscribe(t, connection.WebSocket, connection.Options{Gateway: cluster.Public, Parameters: json.RawMessage(names.subscribed)})
		if names.subscribed == with {
			conn.MustExpect(t, `["atlas_result",{"msm_id":1001,"prb_id":2,`)
		}
		for _, request := range []struct{ parameters, want string }{
			{`{"msm":1001}`, `["atlas_error","[not_subscribed] `},
			{names.unsubscribed, `["atlas_unsubscribed",` + names.unsubscribed},
		} {
			if err := conn.Send("atlas_unsubscribe", json.RawMessage(request.parameters)); err != nil {
				t.Fatal(err)
			}
			conn.MustExpect(t, request.want)
		}
	}
}

// Two subscriptions to one measurement each resume after their own cursor.
func TestEverySubscriptionResumes(t *testing.T) {
	t.Parallel()
	cluster, other := testcluster.StartPair(t)
	var results [][]byte
	for number := range 10 {
		results = append(results, fmt.Appendf(nil, `{"msm_id":1001,"prb_id":%d,"timestamp":%d,"type":"ping","number":%d}`, 1+number%2, time.Now().Unix(), number))
	}
	cursors := cursorsOf(t, cluster, cluster, `{"msm":1001,"cursor":""}`, results...)
	conn := connection.MustOpen(t, connection.WebSocket, connection.Options{Gateway: other.Public})
	received := map[int][]string{}
	take := func(msg connection.Message) bool {
		var traits sample.Fields
		if err := json.Unmarshal(msg.Payload, &traits); err != nil || msg.Event != "atlas_result" {
			return false
		}
		received[traits.Probe] = append(received[traits.Probe], string(msg.Payload))
		return true
	}
	for probe, behind := range map[int]int{1: 2, 2: 5} {
		parameters := fmt.Sprintf(`{"msm":1001,"prb":%d,"cursor":%q}`, probe, cursors[behind])
		if err := conn.Send("atlas_subscribe", json.RawMessage(parameters)); err != nil {
			t.Fatal(err)
		}
	}
	for len(received[1])+len(received[2]) < 5 { // numbers 4, 6, 8 and 7, 9
		if msg, err := conn.Receive(); err != nil || !take(msg) && msg.Event != "atlas_subscribed" {
			t.Fatalf("received %s %v, after %v", msg, err, received)
		}
	}
	for probe, numbers := range map[int][]int{1: {4, 6, 8}, 2: {7, 9}} {
		var want []string
		for _, number := range numbers {
			want = append(want, string(results[number]))
		}
		if fmt.Sprint(received[probe]) != fmt.Sprint(want) {
			t.Errorf("probe %d: received %q, want %q", probe, received[probe], want)
		}
	}
	cluster.MustPost(t, sample.Numbered(1001, 2), sample.Numbered(1001, 1))
	conn.MustExpect(t, `["atlas_result",{"msm_id":1001,"prb_id":2,`)
	conn.MustExpect(t, `["atlas_result",{"msm_id":1001,"prb_id":1,`)
}

// An error has no cursor. On Socket.IO it has null instead, if other events have cursors, which the client does not store.
func TestErrorsHaveNoCursor(t *testing.T) {
	t.Parallel()
	cluster, _ := testcluster.StartPair(t)
	for _, transport := range connection.Transports {
		if !transport.SocketIO {
			continue
		}
		for _, test := range []struct{ parameters, rest string }{{`{"msm":1001}`, "[]"}, {`{"msm":1001,"cursor":""}`, "[null]"}} {
			conn := connection.MustSubscribe(t, transport, connection.Options{Gateway: cluster.Public, Parameters: json.RawMessage(test.parameters)})
			if err := conn.Send("atlas_subscribe", json.RawMessage(`{"msm":"x"}`)); err != nil {
				t.Fatal(err)
			}
			msg := conn.MustExpect(t, `["atlas_error","[invalid_parameter] `)
			if got := fmt.Sprintf("%s", msg.Rest); got != test.rest {
				t.Errorf("%s, subscribed to %s: the error is followed by %s, want %s", transport.Name, test.parameters, got, test.rest)
			}
		}
	}
}
