package fanout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/subscription"
)

// feed stands in for the tails: one partition, which the test delivers.
type feed struct {
	followers int
	err       error
}

func (f *feed) Follow(_ context.Context, _ atlas.MeasurementID, attach func(partition int)) (func(), error) {
	if f.err != nil {
		return nil, f.err
	}
	attach(0)
	f.followers++
	return func() { f.followers-- }, nil
}

// inbox is a client that keeps what it is offered.
type inbox struct {
	mu         sync.Mutex
	limit      int
	messages   []string
	flushes    int
	overflowed int
}

type plain struct{}

func (plain) Event(name string, payload []byte) *outbox.Message {
	return outbox.Text(fmt.Appendf(nil, "%s %s", name, payload))
}

func (i *inbox) Encoding() Encoding { return plain{} }

func (i *inbox) Offer(message *outbox.Message) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.limit > 0 && len(i.messages) >= i.limit {
		return outbox.ErrFull
	}
	i.messages = append(i.messages, string(message.Payload()))
	return nil
}

func (i *inbox) Flush() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.flushes++
}

func (i *inbox) Overflow() { i.overflowed++ }

type house struct {
	hub    *Hub
	source *Source
	feed   *feed
}

func newHouse() *house {
	registry := prometheus.NewRegistry()
	metrics := NewMetrics(registry)
	feed := &feed{}
	h := &house{source: NewSource(atlas.StreamResult, metrics), feed: feed}
	h.hub = NewHub(map[atlas.Stream]Stream{
		atlas.StreamResult:      {Source: h.source, Feed: feed},
		atlas.StreamProbeStatus: {Source: h.source, Feed: feed},
	}, Limits{Clients: 2000, Subscriptions: 3}, registry)
	return h
}

func (h *house) join(t testing.TB, client Client) *Subscriber {
	t.Helper()
	subscriber, err := h.hub.Join(client)
	if err != nil {
		t.Fatal(err)
	}
	return subscriber
}

func (h *house) deliver(records ...atlas.Record) {
	h.source.Deliver(0, records)
	h.source.Flush(0)
}

func result(measurement atlas.MeasurementID, probe atlas.ProbeID) atlas.Record {
	value := fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"type":"ping","timestamp":1}`, measurement, probe)
	return atlas.Record{Event: atlas.Event{Stream: atlas.StreamResult, Measurement: measurement, Probe: probe, Type: "ping", Value: value}}
}

func parse(t testing.TB, parameters string) *subscription.Subscription {
	t.Helper()
	wanted, err := subscription.Parse([]byte(parameters))
	if err != nil {
		t.Fatal(err)
	}
	return wanted
}

func subscribe(t testing.TB, subscriber *Subscriber, parameters string) {
	t.Helper()
	if err := subscriber.Subscribe(context.Background(), parse(t, parameters), outbox.Text([]byte("subscribed"))); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, box *inbox, want ...string) {
	t.Helper()
	if !slices.Equal(box.messages, want) {
		t.Errorf("got  %q\nwant %q", box.messages, want)
	}
	box.messages = nil
}

func TestDeliversWhatMatches(t *testing.T) {
	house := newHouse()
	all, one := &inbox{}, &inbox{}
	subscribe(t, house.join(t, all), `{"msm":1001}`)
	subscribe(t, house.join(t, one), `{"msm":1001,"prb":7}`)
	expect(t, all, "subscribed")
	expect(t, one, "subscribed")
	house.deliver(result(1001, 7), result(1001, 8), result(1002, 7))
	seven := `atlas_result {"msm_id":1001,"prb_id":7,"type":"ping","timestamp":1}`
	eight := `atlas_result {"msm_id":1001,"prb_id":8,"type":"ping","timestamp":1}`
	expect(t, all, seven, eight)
	expect(t, one, seven)
	if all.flushes != 1 || one.flushes != 1 {
		t.Errorf("%d and %d flushes of one delivery, want 1 each", all.flushes, one.flushes)
	}
}

func TestOneMessageForSeveralSubscriptions(t *testing.T) {
	house := newHouse()
	box := &inbox{}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"msm":1001,"prb":7,"acceptedFields":["prb_id"]}`)
	subscribe(t, subscriber, `{"msm":1001,"acceptedFields":["type","timestamp"]}`)
	box.messages = nil
	house.deliver(result(1001, 7), result(1001, 8))
	expect(t, box, `atlas_result {"prb_id":7,"type":"ping","timestamp":1}`, `atlas_result {"type":"ping","timestamp":1}`)
	subscribe(t, subscriber, `{"msm":1001}`)
	box.messages = nil
	house.deliver(result(1001, 7))
	expect(t, box, `atlas_result {"msm_id":1001,"prb_id":7,"type":"ping","timestamp":1}`)
}

func TestEventNameIsTheSubscriptionsStream(t *testing.T) {
	house := newHouse()
	box := &inbox{}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"stream_type":"probestatus"}`)
	subscribe(t, subscriber, `{"msm":7000}`)
	box.messages = nil
	connection := atlas.Record{Event: atlas.Event{Stream: atlas.StreamProbeStatus, Measurement: 7000, Probe: 7, Value: []byte(`{"prb_id":7}`)}}
	house.deliver(connection)
	expect(t, box, `atlas_probestatus {"prb_id":7}`, `atlas_result {"prb_id":7}`)
}

func TestUnsubscribe(t *testing.T) {
	house := newHouse()
	box := &inbox{}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"msm":1001,"stream_type":"result"}`)
	box.messages = nil
	if err := subscriber.Unsubscribe(parse(t, `{"msm":1001,"prb":1}`), outbox.Text(nil)); !errors.Is(err, ErrNotSubscribed) {
		t.Errorf("got %v, want ErrNotSubscribed", err)
	}
	if err := subscriber.Unsubscribe(parse(t, `{"streamType":"result","msm":"1001"}`), outbox.Text([]byte("unsubscribed"))); err != nil {
		t.Fatal(err)
	}
	house.deliver(result(1001, 7))
	expect(t, box, "unsubscribed")
	if house.feed.followers != 0 {
		t.Errorf("the partition has %d followers left", house.feed.followers)
	}
}

func TestSubscribeTwiceIsOneSubscription(t *testing.T) {
	house := newHouse()
	box := &inbox{}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"msm":1001}`)
	subscribe(t, subscriber, `{"msm":"1001"}`)
	house.deliver(result(1001, 7))
	expect(t, box, "subscribed", "subscribed", `atlas_result {"msm_id":1001,"prb_id":7,"type":"ping","timestamp":1}`)
}

func TestSubscriptionsAreLimited(t *testing.T) {
	house := newHouse()
	subscriber := house.join(t, &inbox{})
	for measurement := range 3 {
		subscribe(t, subscriber, fmt.Sprintf(`{"msm":%d}`, measurement+1))
	}
	err := subscriber.Subscribe(context.Background(), parse(t, `{"msm":4}`), outbox.Text(nil))
	if !errors.Is(err, ErrTooMany) {
		t.Errorf("got %v, want ErrTooMany", err)
	}
}

func TestClientsAreLimited(t *testing.T) {
	house := newHouse()
	var joined *Subscriber
	for range 2000 {
		joined = house.join(t, &inbox{})
	}
	if _, err := house.hub.Join(&inbox{}); !errors.Is(err, ErrFullHouse) {
		t.Errorf("got %v, want ErrFullHouse", err)
	}
	joined.Leave()
	house.join(t, &inbox{})
}

func TestAcceptedFieldsAreLimitedOverAllSubscriptions(t *testing.T) {
	house := newHouse()
	subscriber := house.join(t, &inbox{})
	parameters := func(msm int) *subscription.Subscription {
		wanted := parse(t, fmt.Sprintf(`{"msm":%d}`, msm))
		names := make([]string, 600)
		for i := range names {
			names[i] = fmt.Sprint(i)
		}
		wanted.Fields = subscription.NewFields(names)
		return wanted
	}
	if err := subscriber.Subscribe(context.Background(), parameters(1), outbox.Text(nil)); err != nil {
		t.Fatal(err)
	}
	if err := subscriber.Subscribe(context.Background(), parameters(2), outbox.Text(nil)); !errors.Is(err, ErrTooMany) {
		t.Errorf("got %v, want ErrTooMany", err)
	}
	if err := subscriber.Unsubscribe(parameters(1), outbox.Text(nil)); err != nil {
		t.Fatal(err)
	}
	if err := subscriber.Subscribe(context.Background(), parameters(2), outbox.Text(nil)); err != nil {
		t.Errorf("after the first one's end: %v", err)
	}
}

func TestGapIsTold(t *testing.T) {
	house := newHouse()
	box := &inbox{}
	subscribe(t, house.join(t, box), `{"msm":1001}`)
	box.messages = nil
	house.source.Gap(0, 10, 100)
	house.source.Flush(0)
	expect(t, box, `atlas_error "[gap] the log has lost the records from 10 to before 100 of partition 0; some may have been yours"`)
	if box.flushes != 1 {
		t.Error("the message waits to be flushed")
	}
}

// Several subscriptions with long lists of members cost no more for a record than one.
func BenchmarkDeliverUnion(b *testing.B) {
	house := newHouse()
	subscriber := house.join(b, &syncInbox{})
	for i := range 3 {
		subscribe(b, subscriber, fmt.Sprintf(`{"msm":1001,"acceptedFields":["a%d","b%d","prb_id"]}`, i, i))
	}
	records := []atlas.Record{result(1001, 7)}
	b.ReportAllocs()
	for b.Loop() {
		house.deliver(records...)
	}
}

func TestOverflowHarmsNobodyElse(t *testing.T) {
	house := newHouse()
	slow, quick := &inbox{limit: 3}, &inbox{}
	subscribe(t, house.join(t, slow), `{"msm":1001}`)
	subscribe(t, house.join(t, quick), `{"msm":1001}`)
	house.deliver(result(1001, 1), result(1001, 2), result(1001, 3), result(1001, 4)) // the last two do not fit
	if slow.overflowed != 1 || quick.overflowed != 0 {
		t.Errorf("overflows: %d and %d, want 1 and 0", slow.overflowed, quick.overflowed)
	}
	if len(slow.messages) != 3 || len(quick.messages) != 5 {
		t.Errorf("messages: %d and %d, want 3 and 5", len(slow.messages), len(quick.messages))
	}
}

func TestLeaveEndsEverything(t *testing.T) {
	house := newHouse()
	box := &inbox{}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"msm":1001}`)
	subscribe(t, subscriber, `{"msm":1002}`)
	box.messages = nil
	subscriber.Leave()
	subscriber.Leave()
	house.deliver(result(1001, 7))
	expect(t, box)
	if house.feed.followers != 0 {
		t.Errorf("%d followers are left", house.feed.followers)
	}
	if err := subscriber.Subscribe(context.Background(), parse(t, `{"msm":1001}`), outbox.Text(nil)); !errors.Is(err, outbox.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

func TestUnreachableLog(t *testing.T) {
	house := newHouse()
	house.feed.err = errors.New("no broker answers")
	err := house.join(t, &inbox{}).Subscribe(context.Background(), parse(t, `{"msm":1001}`), outbox.Text(nil))
	if !errors.Is(err, house.feed.err) {
		t.Errorf("got %v, want the feed's error", err)
	}
}

// Subscribers come and go while records are delivered.
func TestDeliveryWhileSubscribersComeAndGo(t *testing.T) {
	house := newHouse()
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	var group sync.WaitGroup
	group.Go(func() {
		for ctx.Err() == nil {
			house.deliver(result(1001, 7))
		}
	})
	group.Go(func() {
		for ctx.Err() == nil {
			box := &inbox{}
			subscriber := house.join(t, box)
			subscribe(t, subscriber, `{"msm":1001}`)
			subscriber.Leave()
			if box.messages[0] != "subscribed" {
				t.Errorf("the first message is %q", box.messages[0])
			}
		}
	})
	group.Wait()
}

type syncInbox struct{}

func (*syncInbox) Encoding() Encoding          { return plain{} }
func (*syncInbox) Offer(*outbox.Message) error { return nil }
func (*syncInbox) Flush()                      {}
func (*syncInbox) Overflow()                   {}

func BenchmarkDeliver(b *testing.B) {
	for _, clients := range []int{1, 1000} {
		b.Run(fmt.Sprintf("%d-clients", clients), func(b *testing.B) {
			house := newHouse()
			for range clients {
				subscribe(b, house.join(b, &syncInbox{}), `{"msm":1001}`)
			}
			records := []atlas.Record{result(1001, 7)}
			b.ReportAllocs()
			for b.Loop() {
				house.source.Deliver(0, records)
				house.source.Flush(0)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(clients), "ns/message")
		})
	}
}
