package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"
	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/eventlog/embedded"
)

// Every client subscribes, receives, is cut off and comes back, errs and unsubscribes, on each of its transports and across the change from one to another.
func TestEveryClientOnEveryTransport(t *testing.T) {
	house := openHouse(t, startEmbedded(t, embedded.Config{}).Addrs())
	var measurement atomic.Int64
	measurement.Store(100_000_000)
	var atOnce errgroup.Group
	atOnce.SetLimit(6)
	for _, seat := range seats() {
		atOnce.Go(func() error {
			t.Run(seat.name, func(t *testing.T) { seat.visit(t, house, measurement.Add(1)) })
			return nil
		})
	}
	_ = atOnce.Wait() // the subtests have told what went wrong
}

// Every client stays connected while there is nothing to tell it: heartbeats go in the direction that its revision has them.
func TestEveryClientKeepsTheConnection(t *testing.T) {
	const pingTimeout = 10 * time.Second // a busy machine may hold a client up for a while
	house := openBusyHouse(t, pingTimeout, zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel)))
	var atOnce errgroup.Group
	for i, seat := range slices.Concat(nodeSeats(), pythonSeats(), cousteauSeats()) {
		atOnce.Go(func() error {
			t.Run(seat.name, func(t *testing.T) {
				v := &visit{seat: &seat, house: house, measurement: 300_000_000 + int64(i), client: seat.start(t, house)}
				v.client.subscribeWith(t, v.parameters(`"msm":%d`))
				v.client.hearNothing(t, pingInterval+pingTimeout+time.Second)
				v.exchange(t, 1)
			})
			return nil
		})
	}
	_ = atOnce.Wait() // the subtests have told what went wrong
}

func (c *client) hearNothing(t *testing.T, duration time.Duration) {
	t.Helper()
	over := time.After(duration)
	for {
		select {
		case message := <-c.heard:
			if !bytes.HasPrefix(message, []byte(`["upgrade"`)) {
				t.Fatalf("heard %s", message)
			}
		case <-over:
			return
		}
	}
}

// visit is one client's stay at the gateway.
type visit struct {
	*seat
	client          *client
	house           *house
	way             *tunnel
	measurement     int64
	posted, arrived int // results, which are numbered
}

func (s *seat) visit(t *testing.T, h *house, measurement int64) {
	v := &visit{seat: s, house: h, way: startTunnel(t, h.public), measurement: measurement}
	if s.upgrades != later {
		v.way.letUpgrade()
	}
	v.start(t)
	subscription := v.parameters(`"msm":%d`)
	v.client.subscribeWith(t, subscription)
	v.exchange(t, 10)
	if s.upgrades == later {
		v.upgrade(t)
	}
	v.exchangeAtOnce(t)
	v.comeBack(t, subscription)
	v.exchange(t, 10)
	v.err(t)
	v.unsubscribe(t, subscription)
	if s.upgrades != never && !v.client.upgraded {
		t.Error("there was no upgrade")
	}
}

// start starts the client at the far end of the tunnel.
func (v *visit) start(t *testing.T) {
	t.Helper()
	there := *v.house
	there.public = v.way.address
	v.client = v.seat.start(t, &there)
}

// parameters are those of a subscription, as this client writes them.
func (v *visit) parameters(own string) string {
	return v.before + fmt.Sprintf(own, v.measurement) + v.after
}

// exchange posts results one after the other, and then hears them.
func (v *visit) exchange(t *testing.T, count int) {
	t.Helper()
	v.post(t, count)
	for v.arrived < v.posted {
		v.hear(t)
	}
}

func (v *visit) post(t *testing.T, count int) {
	t.Helper()
	for range count {
		v.posted++
		v.house.mustPost(t, v.result(v.posted))
	}
}

func (v *visit) hear(t *testing.T) {
	t.Helper()
	v.arrived++
	v.client.expect(t, fmt.Sprintf(`["atlas_result",%s]`, v.result(v.arrived)))
}

// result is the result of a number, as it is posted and as it must arrive, to the byte.
func (v *visit) result(number int) []byte {
	return fmt.Appendf(nil, `{"msm_id":%d,"prb_id":1,"timestamp":1787541897,"type":"ping","é√😀":"é√😀","number":%d}`, v.measurement, number)
}

// exchangeAtOnce has the gateway send many messages at a time: old clients read no more than 16 packets of one polling answer.
func (v *visit) exchangeAtOnce(t *testing.T) {
	t.Helper()
	var results [][]byte
	for range 50 {
		v.posted++
		results = append(results, v.result(v.posted))
	}
	v.house.mustPost(t, results...)
	for v.arrived < v.posted {
		v.hear(t)
	}
}

// upgrade lets the client change to a WebSocket while results come steadily.
func (v *visit) upgrade(t *testing.T) {
	t.Helper()
	await(t, v.way.request.reached, "the request of an upgrade")
	v.exchange(t, 10)
	v.way.request.open()
	await(t, v.way.answer.reached, "the answer to a probe")
	v.post(t, 10)
	v.way.answer.open()
	for deadline := time.Now().Add(patience); !v.client.upgraded; v.hear(t) {
		if v.post(t, 1); time.Now().After(deadline) {
			t.Fatal("there is no upgrade")
		}
	}
	v.exchange(t, 10)
}

func await(t *testing.T, reached <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-reached:
	case <-time.After(patience):
		t.Fatalf("not within %s: %s", patience, what)
	}
}

// comeBack cuts the client off, and waits until it is subscribed again.
func (v *visit) comeBack(t *testing.T, subscription string) {
	t.Helper()
	v.way.cut()
	if v.polls { // what fell between two requests, the client would not notice
		v.awaitDisconnect(t)
	}
	v.way.mend()
	if v.comesBack == nothing {
		v.client.close()
		v.start(t)
	} else {
		v.client.expect(t, `["connect"]`)
	}
	if v.comesBack != subscribes {
		v.client.emit("atlas_subscribe", json.RawMessage(subscription))
	}
	v.client.expect(t, fmt.Sprintf(`["atlas_subscribed",%s]`, subscription))
}

func (v *visit) awaitDisconnect(t *testing.T) {
	t.Helper()
	if event, payload := v.client.hear(t); event != "disconnect" {
		t.Fatalf("heard %s %s", event, payload)
	}
}

// err subscribes wrongly: the error shows what came, as the client wrote it.
func (v *visit) err(t *testing.T) {
	t.Helper()
	v.client.emit("atlas_subscribe", json.RawMessage(v.before+`"msm":"é√😀"`+v.after))
	event, payload := v.client.next(t)
	var text string
	if err := json.Unmarshal(payload, &text); err != nil || event != "atlas_error" {
		t.Fatalf("heard %s %s", event, payload)
	}
	if !strings.Contains(text, `msm: got "é√😀"`) && !strings.Contains(text, `msm: got "\u00e9\u221a\ud83d\ude00"`) {
		t.Fatalf("heard of an error %q", text)
	}
}

// unsubscribe ends the subscription: of two results that follow, only the one arrives that another subscription wants.
func (v *visit) unsubscribe(t *testing.T, subscription string) {
	t.Helper()
	v.client.subscribeWith(t, v.parameters(`"msm":%d,"prb":2,"acceptedFields":["é√😀","prb_id"]`))
	v.client.emit("atlas_unsubscribe", json.RawMessage(subscription))
	v.client.expect(t, fmt.Sprintf(`["atlas_unsubscribed",%s]`, subscription))
	v.post(t, 1)
	v.house.mustPost(t, []byte(strings.Replace(string(v.result(1)), `"prb_id":1`, `"prb_id":2`, 1)))
	v.client.expect(t, `["atlas_result",{"prb_id":2,"é√😀":"é√😀"}]`)
}
