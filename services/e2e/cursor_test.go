package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/gateway"
)

// openPair opens a house, and a further gateway of the same log that replays the past.
func openPair(t *testing.T) (h, other *house) {
	t.Helper()
	kafka := startEmbedded(t, embedded.Config{}).Addrs()
	h = openHouse(t, kafka)
	other = openGateway(t, kafka, gateway.Config{History: gateway.HistoryOpen, HistoryResults: unbounded, HistoryScanned: unbounded})
	other.ingest = h.ingest
	return h, other
}

// mustOpen opens a line that is closed when the test ends.
func mustOpen(t *testing.T, e entrance, a arrival) *line {
	t.Helper()
	opened, err := e.open(t.Context(), a)
	if err != nil {
		t.Fatalf("%s: %v", e.name, err)
	}
	t.Cleanup(opened.close)
	return opened
}

// mustSubscribe opens a line with one subscription, which is confirmed.
func mustSubscribe(t *testing.T, e entrance, a arrival) *line {
	t.Helper()
	l := mustOpen(t, e, a)
	if err := l.subscribe(string(a.parameters)); err != nil {
		t.Fatalf("%s, %s: %v", e.name, a.parameters, err)
	}
	return l
}

func (l *line) mustExpect(t *testing.T, want string) message {
	t.Helper()
	heard, err := l.expect(want)
	if err != nil {
		t.Fatal(err)
	}
	return heard
}

// These are the entrances of tests that are about one.
var webSocket, socketIO = entrances[0], entrances[3]

// cursorsOf posts results while a client with parameters is there, and gives the cursor of each.
func cursorsOf(t *testing.T, gateway, ingest *house, parameters string, results ...[]byte) (cursors []string) {
	t.Helper()
	l := mustSubscribe(t, webSocket, arrival{gateway: gateway.public, parameters: json.RawMessage(parameters)})
	defer l.close()
	ingest.mustPost(t, results...)
	for _, result := range results {
		heard := l.mustExpect(t, fmt.Sprintf(`["atlas_result",%s`, result))
		if len(heard.rest) != 1 || heard.cursor() == "" {
			t.Fatalf("heard %s, want a cursor behind the result", heard)
		}
		cursors = append(cursors, heard.cursor())
	}
	return cursors
}

func severalNumbered(measurement atlas.MeasurementID, from, to int) (results [][]byte) {
	for number := from; number <= to; number++ {
		results = append(results, numbered(measurement, number))
	}
	return results
}

// refused subscribes where that must be refused, and gives the words.
func refused(t *testing.T, e entrance, a arrival) (status int, words string) {
	t.Helper()
	l, err := e.open(t.Context(), a)
	if answer, is := errors.AsType[*refusal](err); is {
		heard, err := parseMessage([]byte(answer.body))
		if err != nil {
			t.Fatal(err)
		}
		return answer.status, errorWords(t, heard)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if e.single {
		t.Fatalf("%s: %s was accepted", e.name, a.parameters)
	}
	if err := l.say("atlas_subscribe", a.parameters); err != nil {
		t.Fatal(err)
	}
	heard, err := l.hear()
	if err != nil {
		t.Fatal(err)
	}
	return http.StatusBadRequest, errorWords(t, heard)
}

func errorWords(t *testing.T, m message) (words string) {
	t.Helper()
	if err := json.Unmarshal(m.payload, &words); err != nil || m.event != "atlas_error" {
		t.Fatalf("heard %s, want an error", m)
	}
	return words
}

// What is wrong with a cursor is told at every door.
func TestCursorsAreRefused(t *testing.T) {
	t.Parallel()
	h, past := openPair(t)
	begin := time.Now().Add(-time.Hour).Unix()
	old := fmt.Appendf(nil, `{"msm_id":1001,"prb_id":1,"timestamp":%d,"type":"ping"}`, begin)
	live := cursorsOf(t, h, h, `{"msm":1001,"cursor":""}`, append([][]byte{old}, severalNumbered(1001, 1, 3)...)...)[1]
	replay := fmt.Sprintf(`"msm":1001,"startTime":%d,"speed":%q`, begin, fastest)
	played := mustSubscribe(t, webSocket, arrival{gateway: past.public, parameters: json.RawMessage(`{` + replay + `,"cursor":""}`)})
	replayed := played.mustExpect(t, `["atlas_result",`).cursor()
	status := connectionCursor(t, h)
	for _, test := range []struct{ name, parameters, want string }{
		{"no cursor at all", `{"msm":1001,"cursor":"x"}`, "[bad_cursor] "},
		{"not of its alphabet", `{"msm":1001,"cursor":"!§$%"}`, "[bad_cursor] "},
		{"cut off", fmt.Sprintf(`{"msm":1001,"cursor":%q}`, live[:len(live)-1]), "[bad_cursor] "},
		{"longer", fmt.Sprintf(`{"msm":1001,"cursor":"%sA"}`, live), "[bad_cursor] "},
		{"with another letter", fmt.Sprintf(`{"msm":1001,"cursor":%q}`, otherLetter(live)), "[bad_cursor] "},
		{"long", fmt.Sprintf(`{"msm":1001,"cursor":%q}`, strings.Repeat("A", 4000)), "[bad_cursor] "},
		{"of another measurement", fmt.Sprintf(`{"msm":1002,"cursor":%q}`, live), "[bad_cursor] "},
		{"of a measurement, for connection events", fmt.Sprintf(`{"stream_type":"probestatus","cursor":%q}`, live), "[bad_cursor] "},
		{"of connection events, for a measurement", fmt.Sprintf(`{"msm":1001,"cursor":%q}`, status), "[bad_cursor] "},
		{"live, for a replay", fmt.Sprintf(`{%s,"cursor":%q}`, replay, live), "[bad_cursor] "},
		{"of a replay, live", fmt.Sprintf(`{"msm":1001,"cursor":%q}`, replayed), "[bad_cursor] "},
		{"of a replay that began at another time", fmt.Sprintf(`{"msm":1001,"startTime":%d,"speed":%q,"cursor":%q}`, begin+1, fastest, replayed), "[bad_cursor] "},
		{"with metadata", `{"stream_type":"metadata","msm":1001,"cursor":""}`, "[invalid_parameter] cursor: "},
		{"backlog of metadata", `{"stream_type":"metadata","msm":1001,"sendBacklog":true}`, "[invalid_parameter] sendBacklog: "},
		{"backlog of a replay", fmt.Sprintf(`{%s,"sendBacklog":true}`, replay), "[invalid_parameter] "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, entrance := range entrances {
				status, words := refused(t, entrance, arrival{gateway: past.public, parameters: json.RawMessage(test.parameters)})
				if status != http.StatusBadRequest || !strings.HasPrefix(words, test.want) {
					t.Errorf("%s: heard %d %q, want %s…", entrance.name, status, words, test.want)
				}
			}
		})
	}
	t.Run("as the ID of the last event", func(t *testing.T) {
		t.Parallel()
		_, err := openEvents(t.Context(), arrival{gateway: past.public, parameters: json.RawMessage(`{"msm":1001}`), last: otherLetter(live)})
		if answer, is := errors.AsType[*refusal](err); !is || answer.status != http.StatusBadRequest || !strings.Contains(answer.body, "[bad_cursor] ") {
			t.Errorf("got %v", err)
		}
	})
}

// connectionCursor is one of connection events.
func connectionCursor(t *testing.T, h *house) string {
	t.Helper()
	l := mustSubscribe(t, webSocket, arrival{gateway: h.public, parameters: json.RawMessage(`{"stream_type":"probestatus","cursor":""}`)})
	defer l.close()
	h.mustPostConnection(t, 1)
	return l.mustExpect(t, `["atlas_probestatus",`).cursor()
}

func (h *house) mustPostConnection(t *testing.T, probe int) {
	t.Helper()
	event := fmt.Appendf(nil, `{"type":"connection","event":"connect","prb_id":%d,"timestamp":%d,"controller":"ctr-ams01","asn":3333}`, probe, time.Now().Unix())
	response, err := http.Post("http://"+h.ingest+"/v1/probestatus", "application/json", bytes.NewReader(event))
	if err != nil {
		t.Fatal(err)
	}
	if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
		t.Fatal(response.Status)
	}
}

// otherLetter changes a letter in the middle.
func otherLetter(cursor string) string {
	middle := []byte(cursor)
	if at := len(middle) / 2; middle[at] == 'A' {
		middle[at] = 'B'
	} else {
		middle[at] = 'A'
	}
	return string(middle)
}

// goOnBehind is how a client of measurement 1001 comes back.
func goOnBehind(gateway *house, cursor string) arrival {
	return arrival{gateway: gateway.public, parameters: mustJSON(map[string]any{"msm": 1001, "cursor": cursor})}
}

// Where the log does not have what comes next, be it that it has not any more or not yet, whoever comes back is told what there is.
func TestCursorsAreGone(t *testing.T) {
	t.Parallel()
	h, other := openPair(t)
	cursors := cursorsOf(t, h, h, `{"msm":1001,"cursor":""}`, severalNumbered(1001, 1, 10)...)
	partition := eventlog.PartitionOf(1001, partitions)
	const first = 7 // the offset, counted from 0, of result 8
	kafkatest.NewPlain(t, []string{h.kafka}).DeleteBefore(t, eventlog.ResultsTopic, partition, first)
	for _, entrance := range entrances {
		for _, gateway := range []*house{h, other} {
			_, words := refused(t, entrance, goOnBehind(gateway, cursors[2]))
			if !strings.HasPrefix(words, "[cursor_gone] ") || !strings.Contains(words, fmt.Sprint(first)) {
				t.Errorf("%s: heard %q, want [cursor_gone] and %d", entrance.name, words, first)
			}
		}
		l := mustSubscribe(t, entrance, goOnBehind(other, cursors[first-1]))
		for number := first + 1; number <= len(cursors); number++ {
			l.mustExpect(t, fmt.Sprintf(`["atlas_result",{"msm_id":1001,"prb_id":%d,`, number))
		}
	}
	t.Run("beyond the end of a log that was made anew", func(t *testing.T) {
		t.Parallel()
		young := openHouse(t, startEmbedded(t, embedded.Config{}).Addrs())
		young.mustPost(t, severalNumbered(1001, 1, 3)...)
		for _, entrance := range entrances {
			if _, words := refused(t, entrance, goOnBehind(young, cursors[8])); !strings.HasPrefix(words, "[cursor_gone] ") {
				t.Errorf("%s: heard %q, want [cursor_gone]", entrance.name, words)
			}
		}
	})
}

// In what makes a subscription the same as another counts whether it has a cursor, and not which.
func TestSubscriptionsWithCursorsAreNamed(t *testing.T) {
	t.Parallel()
	h, _ := openPair(t)
	cursor := cursorsOf(t, h, h, `{"msm":1001,"cursor":""}`, severalNumbered(1001, 1, 2)...)[0]
	with := fmt.Sprintf(`{"msm":1001,"cursor":%q}`, cursor)
	for _, names := range []struct{ subscribed, unsubscribed string }{{`{"msm":1001,"cursor":""}`, with}, {with, `{"msm":1001,"cursor":""}`}} {
		l := mustSubscribe(t, webSocket, arrival{gateway: h.public, parameters: json.RawMessage(names.subscribed)})
		if names.subscribed == with {
			l.mustExpect(t, `["atlas_result",{"msm_id":1001,"prb_id":2,`)
		}
		for _, request := range []struct{ parameters, want string }{
			{`{"msm":1001}`, `["atlas_error","[not_subscribed] `},
			{names.unsubscribed, `["atlas_unsubscribed",` + names.unsubscribed},
		} {
			if err := l.say("atlas_unsubscribe", json.RawMessage(request.parameters)); err != nil {
				t.Fatal(err)
			}
			l.mustExpect(t, request.want)
		}
	}
}

// Two subscriptions to one measurement go on where each of them was.
func TestEverySubscriptionGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	h, other := openPair(t)
	var results [][]byte
	for number := range 10 {
		results = append(results, fmt.Appendf(nil, `{"msm_id":1001,"prb_id":%d,"timestamp":%d,"type":"ping","number":%d}`, 1+number%2, time.Now().Unix(), number))
	}
	cursors := cursorsOf(t, h, h, `{"msm":1001,"cursor":""}`, results...)
	l := mustOpen(t, webSocket, arrival{gateway: other.public})
	received := map[int][]string{}
	take := func(m message) bool {
		var traits traits
		if err := json.Unmarshal(m.payload, &traits); err != nil || m.event != "atlas_result" {
			return false
		}
		received[traits.Probe] = append(received[traits.Probe], string(m.payload))
		return true
	}
	for probe, behind := range map[int]int{1: 2, 2: 5} {
		parameters := fmt.Sprintf(`{"msm":1001,"prb":%d,"cursor":%q}`, probe, cursors[behind])
		if err := l.say("atlas_subscribe", json.RawMessage(parameters)); err != nil {
			t.Fatal(err)
		}
	}
	for len(received[1])+len(received[2]) < 5 { // numbers 4, 6, 8 and 7, 9
		if heard, err := l.hear(); err != nil || !take(heard) && heard.event != "atlas_subscribed" {
			t.Fatalf("heard %s %v, having received %v", heard, err, received)
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
	h.mustPost(t, numbered(1001, 2), numbered(1001, 1))
	l.mustExpect(t, `["atlas_result",{"msm_id":1001,"prb_id":2,`)
	l.mustExpect(t, `["atlas_result",{"msm_id":1001,"prb_id":1,`)
}

// An error has no cursor, but on Socket.IO something that a client does not take for one.
func TestErrorsAreNoCursors(t *testing.T) {
	t.Parallel()
	h, _ := openPair(t)
	for _, entrance := range entrances {
		if !entrance.socketIO {
			continue
		}
		for _, test := range []struct{ parameters, rest string }{{`{"msm":1001}`, "[]"}, {`{"msm":1001,"cursor":""}`, "[null]"}} {
			l := mustSubscribe(t, entrance, arrival{gateway: h.public, parameters: json.RawMessage(test.parameters)})
			if err := l.say("atlas_subscribe", json.RawMessage(`{"msm":"x"}`)); err != nil {
				t.Fatal(err)
			}
			heard := l.mustExpect(t, `["atlas_error","[invalid_parameter] `)
			if got := fmt.Sprintf("%s", heard.rest); got != test.rest {
				t.Errorf("%s, subscribed to %s: behind the words of an error comes %s, want %s", entrance.name, test.parameters, got, test.rest)
			}
		}
	}
}
