package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
)

// socket.io-client 4.8 that was cut off under load comes back to another gateway by itself, with all its subscriptions, and misses nothing. That it was told
// of an error makes no difference.
func TestSocketIOClientRecovers(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"websocket", "polling"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			h, other := openPair(t)
			r := &recovery{house: h, way: startTunnel(t, h.public), measurements: []atlas.MeasurementID{1001, 5001}, last: map[atlas.MeasurementID]int{}}
			r.way.letUpgrade()
			there := *h
			there.public = r.way.address
			r.client = startNode(t, &there, "4.8", transport)
			for _, measurement := range r.measurements {
				r.client.subscribeWith(t, fmt.Sprintf(`{"msm":%d,"cursor":""}`, measurement))
			}
			load := &load{house: h, measurements: r.measurements, stopped: make(chan struct{})}
			go load.run()
			r.hearResults(t, 100)
			r.err(t)
			r.cutOff(t, other, func() { load.awaitMore(t, 50) })
			r.hearResults(t, 100)
			r.cutOff(t, h, func() { load.awaitMore(t, 50) })
			load.over.Store(true)
			<-load.stopped
			if load.err != nil {
				t.Fatal(load.err)
			}
			r.hearAll(t, int(load.acknowledged.Load()))
			r.err(t) // the last that it hears
			r.cutOff(t, other, func() {})
			if err := load.post(); err != nil {
				t.Fatal(err)
			}
			r.hearAll(t, int(load.acknowledged.Load()))
		})
	}
}

// recovery is a client from npm, and what it has heard.
type recovery struct {
	house        *house
	client       *client
	way          *tunnel
	measurements []atlas.MeasurementID
	last         map[atlas.MeasurementID]int
}

// take checks that a result is the next one of its measurement. Other events are given back.
func (r *recovery) take(t *testing.T) (event string, payload json.RawMessage) {
	t.Helper()
	event, payload = r.client.hear(t)
	if event != "atlas_result" {
		return event, payload
	}
	result, err := atlas.ParseResult(payload)
	if err != nil {
		t.Fatal(err)
	}
	if r.last[result.Measurement]++; int(result.Probe) != r.last[result.Measurement] {
		t.Fatalf("measurement %d: heard result %d, want %d", result.Measurement, result.Probe, r.last[result.Measurement])
	}
	return event, payload
}

func (r *recovery) hearResults(t *testing.T, count int) {
	t.Helper()
	for range count {
		if event, payload := r.take(t); event != "atlas_result" {
			t.Fatalf("heard %s %s", event, payload)
		}
	}
}

func (r *recovery) hearAll(t *testing.T, count int) {
	t.Helper()
	for r.last[r.measurements[0]] < count || r.last[r.measurements[1]] < count {
		r.hearResults(t, 1)
	}
}

// hearUntil hears results until another event comes.
func (r *recovery) hearUntil(t *testing.T, want string) json.RawMessage {
	t.Helper()
	for {
		switch event, payload := r.take(t); event {
		case want:
			return payload
		case "atlas_result":
		default:
			t.Fatalf("heard %s %s, want %s", event, payload, want)
		}
	}
}

// err subscribes wrongly.
func (r *recovery) err(t *testing.T) {
	t.Helper()
	r.client.emit("atlas_subscribe", json.RawMessage(`{"msm":"x"}`))
	r.hearUntil(t, "atlas_error")
}

// cutOff cuts the client off, lets something happen, and waits until the client is back at another gateway, with what it had.
func (r *recovery) cutOff(t *testing.T, to *house, meanwhile func()) {
	t.Helper()
	r.way.cut()
	r.way.leadTo(to.public)
	r.hearUntil(t, "disconnect")
	meanwhile()
	r.way.mend()
	for _, want := range []string{"connect", "recovered"} {
		if event, payload := r.client.hear(t); event != want {
			t.Fatalf("heard %s %s, want %s", event, payload, want)
		}
	}
	for range r.measurements {
		r.hearUntil(t, "atlas_subscribed")
	}
}

// A client of Socket.IO without cursors is a new one when it comes back, and one whose offset no gateway has given out is so too.
func TestSocketIOClientsThatDoNotRecover(t *testing.T) {
	t.Parallel()
	h, other := openPair(t)
	damaged := otherLetter(cursorsOf(t, h, h, `{"msm":1001,"cursor":""}`, numbered(1001, 1))[0])
	for _, entrance := range entrances {
		if !entrance.socketIO {
			continue
		}
		for name, a := range map[string]arrival{
			"a made-up offset": {pid: "1a2b3c", offset: "x"},
			"no offset":        {pid: "1a2b3c"},
			"a damaged offset": {pid: "1a2b3c", offset: damaged},
		} {
			a.gateway = other.public
			l := mustOpen(t, entrance, a)
			if l.pid == "" || l.pid == a.pid {
				t.Errorf("%s, %s: came back with pid %s, got %q, want a new one", entrance.name, name, a.pid, l.pid)
			}
			if err := l.subscribe(`{"msm":1001}`); err != nil {
				t.Errorf("%s, %s: %v", entrance.name, name, err)
			}
		}
	}
}

// What waits to be sent in an array has not been delivered, whatever the cursor of a later result stands for, be that of the same partition or of another.
func TestRecoveryBringsWhatWaitedInABuffer(t *testing.T) {
	t.Parallel()
	for name, neighbour := range map[string]atlas.MeasurementID{"same partition": measurementBeside(1001, true), "another partition": measurementBeside(1001, false)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, other := openPair(t)
			const rounds = 10 // as it is not certain that the one is waiting already when the other comes
			l := mustSubscribe(t, socketIO, arrival{gateway: h.public, parameters: json.RawMessage(`{"msm":1001,"cursor":"","buffering":true}`)})
			if err := l.subscribe(fmt.Sprintf(`{"msm":%d,"cursor":""}`, neighbour)); err != nil {
				t.Fatal(err)
			}
			for round := 1; round <= rounds; round++ {
				h.mustPost(t, numbered(1001, round), numbered(neighbour, round))
				l = hearInTwoLives(t, l, []*house{h, other}[round%2], neighbour, round)
			}
		})
	}
}

// What has no cursor comes from then on, with what has one.
func TestRecoveryMakesSubscriptionsWithoutCursorsAnew(t *testing.T) {
	t.Parallel()
	h, other := openPair(t)
	l := mustSubscribe(t, socketIO, arrival{gateway: h.public, parameters: json.RawMessage(`{"msm":1001,"cursor":""}`)})
	if err := l.subscribe(`{"msm":5001}`); err != nil {
		t.Fatal(err)
	}
	h.mustPost(t, numbered(1001, 1))
	offset := l.mustExpect(t, `["atlas_result",{"msm_id":1001,"prb_id":1,`).cursor()
	l.close()
	h.mustPost(t, numbered(1001, 2), numbered(5001, 2))
	back := mustOpen(t, socketIO, arrival{gateway: other.public, pid: l.pid, offset: offset})
	if back.pid != l.pid {
		t.Errorf("came back as %s, got the new pid %s", l.pid, back.pid)
	}
	expectInAnyOrder(t, back, `["atlas_subscribed",{"msm":1001,`, `["atlas_subscribed",{"msm":5001}`, `["atlas_result",{"msm_id":1001,"prb_id":2,`)
	h.mustPost(t, numbered(1001, 3), numbered(5001, 3))
	expectInAnyOrder(t, back, `["atlas_result",{"msm_id":1001,"prb_id":3,`, `["atlas_result",{"msm_id":5001,"prb_id":3,`)
}

// hearInTwoLives hears the first of two results on one line, and the other one on another if that is the one which is sent in an array.
func hearInTwoLives(t *testing.T, l *line, next *house, neighbour atlas.MeasurementID, number int) *line {
	t.Helper()
	array, single := fmt.Sprintf(`["atlas_result",[{"msm_id":1001,"prb_id":%d,`, number), fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":%d,`, neighbour, number)
	heard, err := l.hear()
	if err != nil {
		t.Fatal(err)
	}
	if heard.payload[0] == '[' {
		l.mustExpect(t, single)
		return l
	}
	l.close()
	back := mustOpen(t, socketIO, arrival{gateway: next.public, pid: l.pid, offset: heard.cursor()})
	if back.pid != l.pid {
		t.Fatalf("came back as %s, got the new pid %s", l.pid, back.pid)
	}
	expectInAnyOrder(t, back, `["atlas_subscribed",{"msm":1001,`, fmt.Sprintf(`["atlas_subscribed",{"msm":%d,`, neighbour), array)
	return back
}

// expectInAnyOrder is for what several subscriptions are told, each of which comes up at a time of its own.
func expectInAnyOrder(t *testing.T, l *line, wanted ...string) {
	t.Helper()
	for range wanted {
		heard, err := l.hear()
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(wanted, func(want string) bool { return heard.begins(want) })
		if at < 0 {
			t.Fatalf("heard %.300s, want one of %s", heard, wanted)
		}
		wanted = slices.Delete(slices.Clone(wanted), at, at+1)
	}
}

// measurementBeside is another measurement, whose results are in the same partition or not.
func measurementBeside(measurement atlas.MeasurementID, same bool) atlas.MeasurementID {
	other := measurement + 1
	for (eventlog.PartitionOf(other, partitions) == eventlog.PartitionOf(measurement, partitions)) != same {
		other++
	}
	return other
}

// However often a client comes back with its cursors, they become no longer.
func TestCursorsDoNotGrow(t *testing.T) {
	t.Parallel()
	h, other := openPair(t)
	measurements := []atlas.MeasurementID{1001, 1002, 1003}
	for _, entrance := range []entrance{webSocket, socketIO} {
		cursors := make([]string, len(measurements))
		first := 0
		for visit := 1; visit <= 8; visit++ {
			l := mustOpen(t, entrance, arrival{gateway: []*house{h, other}[visit%2].public})
			for i, measurement := range measurements {
				if err := l.subscribe(string(mustJSON(map[string]any{"msm": measurement, "cursor": cursors[i]}))); err != nil {
					t.Fatalf("%s, visit %d: %v", entrance.name, visit, err)
				}
			}
			for i, measurement := range measurements {
				h.mustPost(t, fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"timestamp":%d,"type":%q}`, measurement, visit, time.Now().Unix(), entrance.name))
				cursors[i] = l.mustExpect(t, fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":%d,`, measurement, visit)).cursor()
			}
			l.close()
			if visit == 1 {
				first = len(cursors[0])
			}
			if len(cursors[0]) > 2*first {
				t.Errorf("%s: a cursor has %d bytes on visit %d, and %d on the first", entrance.name, len(cursors[0]), visit, first)
				break
			}
		}
	}
}
