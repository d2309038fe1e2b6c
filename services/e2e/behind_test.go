package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
)

// While a client is behind it subscribes and unsubscribes. What each subscription brings is what it would bring to a client that keeps up, and all of a
// partition comes in the order of the log.
func TestSubscriptionsComeAndGoBehind(t *testing.T) {
	t.Parallel()
	s := openScene(t, startEmbedded(t, embedded.Config{}).Addrs())
	measurement := sceneMeasurements[0]
	neighbour := neighbourOf(measurement)
	b := &behind{
		scene: s, gateway: s.gateways[0], line: mustOpen(t, webSocket, arrival{gateway: s.gateways[0].public}),
		upToDate:     mustSubscribe(t, webSocket, arrival{gateway: s.gateways[0].public, parameters: fmt.Appendf(nil, `{"msm":%d,"prb":4}`, neighbour)}),
		measurements: []int{measurement, neighbour}, begins: map[string]int64{},
	}
	first := fmt.Sprintf(`{"msm":%d,"prb":1}`, measurement)
	b.subscribe(t, first)
	b.write(t, 6000) // several times what waits in the queue and in the kernel
	for _, further := range []string{fmt.Sprintf(`{"msm":%d,"prb":2}`, measurement), fmt.Sprintf(`{"msm":%d,"prb":3}`, neighbour)} {
		b.awaitBehind(t)
		b.subscribe(t, further)
		b.write(t, 300)
	}
	b.awaitBehind(t)
	b.say(t, "atlas_unsubscribe", first)
	b.hearUntil(t, "atlas_unsubscribed", first)
	b.ended = len(b.heard)
	b.write(t, 50)
	ledger := readLedger(t, s.kafka, eventlog.ResultsTopic)
	b.hearTheRest(t, ledger)
	b.check(t, ledger)
}

// behind is a client that is, and what it hears.
type behind struct {
	scene        *scene
	gateway      *house
	line         *line
	upToDate     *line            // another client's, who gets next to nothing
	measurements []int            // of one partition
	begins       map[string]int64 // the log's end when each subscription began, by its parameters
	heard        []string
	ended        int // how many had been heard when the first subscription ended
}

func (b *behind) awaitBehind(t *testing.T) {
	t.Helper()
	eventually(t, "the client is behind", func() bool { return b.gateway.metric(t, "atlas_gateway_behind_clients") > 0 })
}

// awaitFeed returns when the live feed has reached the log's end: a subscription begins where the feed is.
func (b *behind) awaitFeed(t *testing.T) {
	t.Helper()
	last := b.result(b.measurements[1], 4, 1)
	if err := b.scene.write(t.Context(), eventlog.ResultsTopic, last); err != nil {
		t.Fatal(err)
	}
	b.upToDate.mustExpect(t, fmt.Sprintf(`["atlas_result",%s`, last))
}

// subscribe subscribes while nothing is written.
func (b *behind) subscribe(t *testing.T, parameters string) {
	t.Helper()
	b.awaitFeed(t)
	b.begins[parameters] = b.scene.end(b.measurements[0])
	b.say(t, "atlas_subscribe", parameters)
	b.hearUntil(t, "atlas_subscribed", parameters)
}

func (b *behind) say(t *testing.T, event, parameters string) {
	t.Helper()
	if err := b.line.say(event, json.RawMessage(parameters)); err != nil {
		t.Fatal(err)
	}
}

// write writes so many long results of the first probe, and a few short ones of two others, of which one measures something else.
func (b *behind) write(t *testing.T, count int) {
	t.Helper()
	for count > 0 {
		var values [][]byte
		for range min(count, 500) {
			count--
			values = append(values, b.result(b.measurements[0], 1, 4<<10))
			if count%5 == 0 {
				values = append(values, b.result(b.measurements[0], 2, 1), b.result(b.measurements[1], 3, 1))
			}
		}
		if err := b.scene.write(t.Context(), eventlog.ResultsTopic, values...); err != nil {
			t.Fatal(err)
		}
	}
}

func (b *behind) result(measurement, probe, size int) []byte {
	b.scene.number++
	return fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"timestamp":%d,"type":"ping","number":%d,"padding":"%0*d"}`,
		measurement, probe, time.Now().Unix(), b.scene.number, size, 0)
}

// hear keeps a result; another event it gives back.
func (b *behind) hear(t *testing.T) message {
	t.Helper()
	m, err := b.line.hear()
	if err != nil {
		t.Fatalf("after %d results: %v", len(b.heard), err)
	}
	if m.event == "atlas_result" {
		b.heard = append(b.heard, string(m.payload))
	}
	return m
}

// hearUntil hears results until an event comes that is of a subscription.
func (b *behind) hearUntil(t *testing.T, event, parameters string) {
	t.Helper()
	m := b.hear(t)
	for m.event == "atlas_result" {
		m = b.hear(t)
	}
	if m.event != event || string(m.payload) != parameters {
		t.Fatalf("heard %.300s, want %s of %s", m, event, parameters)
	}
}

// wanted are the results of the subscriptions that last, in the order of the log, and of the one that has ended.
func (b *behind) wanted(l ledger) (lasting, ended []string) {
	for _, entry := range l[eventlog.ResultsTopic] {
		begins, lasts := b.begins[fmt.Sprintf(`{"msm":%d,"prb":%d}`, entry.Measurement, entry.Probe)]
		switch {
		case !lasts || entry.Offset < begins:
		case entry.Probe == 1:
			ended = append(ended, string(entry.Value))
		default:
			lasting = append(lasting, string(entry.Value))
		}
	}
	return lasting, ended
}

func (b *behind) hearTheRest(t *testing.T, l ledger) {
	t.Helper()
	lasting, _ := b.wanted(l)
	for last := lasting[len(lasting)-1]; len(b.heard) == 0 || b.heard[len(b.heard)-1] != last; {
		if m := b.hear(t); m.event != "atlas_result" {
			t.Fatalf("heard %s", m)
		}
	}
}

func (b *behind) check(t *testing.T, l ledger) {
	t.Helper()
	lasting, ended := b.wanted(l)
	var gotLasting, gotEnded []string
	place := map[string]int{}
	for i, entry := range l[eventlog.ResultsTopic] {
		place[string(entry.Value)] = i
	}
	for i, value := range b.heard {
		if i > 0 && place[value] <= place[b.heard[i-1]] {
			t.Fatalf("result %d comes behind what stands behind it in the log: %.100s, then %.100s", i, b.heard[i-1], value)
		}
		switch of := l[eventlog.ResultsTopic][place[value]]; {
		case of.Probe != 1:
			gotLasting = append(gotLasting, value)
		case i >= b.ended:
			t.Fatalf("result %d is of a subscription that has ended: %.100s", i, value)
		default:
			gotEnded = append(gotEnded, value)
		}
	}
	if !slices.Equal(gotLasting, lasting) {
		t.Errorf("heard %d results of the subscriptions that last, want %d", len(gotLasting), len(lasting))
	}
	if len(gotEnded) > len(ended) || !slices.Equal(gotEnded, ended[:len(gotEnded)]) {
		t.Errorf("heard %d results of the subscription that has ended, which are not the first", len(gotEnded))
	}
	t.Logf("heard %d results, %d of a subscription that ended on the way", len(b.heard), len(gotEnded))
}
