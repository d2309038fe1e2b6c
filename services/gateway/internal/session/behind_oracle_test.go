package session

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/subscription"
)

const riverMeasurements = 6

// Clients that read slowly, vanish and come back with a cursor, and ask for the backlog get exactly what the log has for them, each record once and in its
// order, however the feed, the log and their subscriptions interleave.
func TestWhoIsBehindMissesNothing(t *testing.T) {
	const clients = 12
	river := newRiver(2, 30)
	metrics := prometheus.NewRegistry()
	hub := NewHub(Settings{
		Limits: Limits{Clients: 100, Subscriptions: 100}, Cursors: plainCursors{},
		Backlog: 30 * time.Millisecond, Behind: Behind{Time: time.Hour, Bytes: 1 << 40, Readers: 3, ReadersOfAddress: 2},
	}, metrics)
	river.source = hub.AddSource(atlas.StreamResult, func(*Source) Tails { return river })
	var producers, people sync.WaitGroup
	done := make(chan struct{})
	for number := range river.banks {
		producers.Go(func() { river.flow(number, done) })
	}
	visitors := make([]*visitor, clients)
	for i := range visitors {
		visitors[i] = newVisitor(t, river, hub, uint64(i))
		people.Go(visitors[i].live)
	}
	people.Wait()
	close(done)
	producers.Wait()
	received := 0
	for _, visitor := range visitors {
		visitor.readToTheEnd()
		received += visitor.received
	}
	fell := counted(t, metrics, "atlas_gateway_fell_behind_total")
	t.Logf("%g times a client fell behind, %d records were received", fell, received)
	if fell == 0 || received < 100*clients {
		t.Errorf("%g times a client fell behind, and %d records were received: too few to tell anything", fell, received)
	}
}

// flow has a partition grow until done is closed.
func (r *river) flow(number int, done chan struct{}) {
	random := rand.New(rand.NewPCG(7, uint64(number)))
	var measurements []atlas.MeasurementID
	for id := atlas.MeasurementID(1); id <= riverMeasurements; id++ {
		if owner, _ := r.bankOf(id); owner == number {
			measurements = append(measurements, id)
		}
	}
	ticker := time.NewTicker(300 * time.Microsecond)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			r.append(random, number, measurements...)
		}
	}
}

// visitor is a client that comes and goes.
type visitor struct {
	t        *testing.T
	river    *river
	hub      *Hub
	random   *rand.Rand
	forAll   bool // its cursors stand for all its subscriptions
	received int

	seat       *seat
	subscriber *Session
	chains     map[atlas.MeasurementID]*chain
	last       string // the cursor of the last message
}

// chain is a subscription over all the visits in which it goes on.
type chain struct {
	parameters string
	wanted     *subscription.Subscription
	backlog    bool
	noticed    noticed
	want       []int64 // the offsets that are still to come, as of the log when that was asked last
	wantedTo   int64   // before that offset
	cursor     string  // of the last message
	over       bool    // of the backlog
}

// seat is the client of a visit: a queue that somebody else empties.
type seat struct {
	*sendqueue.Queue
	woken  chan struct{}
	forAll bool
}

func newVisitor(t *testing.T, river *river, hub *Hub, seed uint64) *visitor {
	return &visitor{t: t, river: river, hub: hub, random: rand.New(rand.NewPCG(9, seed)), forAll: seed%2 == 0, chains: make(map[atlas.MeasurementID]*chain)}
}

func newSeat(forAll bool) *seat {
	s := &seat{woken: make(chan struct{}, 1), forAll: forAll}
	limits := &sendqueue.Limits{Bytes: 1 << 20, Messages: 20}
	s.Queue = sendqueue.NewDetached(limits, &sendqueue.Stats{}, s.wake)
	return s
}

func (s *seat) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

func (s *seat) Encoding() delivery.Encoding { return plain{} }
func (s *seat) BeginCursors() bool          { return s.forAll }
func (s *seat) Overflow()                   { s.Abort() }
func (s *seat) Complaint(refusal *protocol.Error) *sendqueue.Message {
	return delivery.ErrorMessage(plain{}, refusal)
}

func (v *visitor) live() {
	for range 10 {
		v.arrive()
		for range 1 + v.random.IntN(12) {
			v.act()
		}
		v.vanish()
	}
	v.arrive()
}

// arrive joins, and goes on with what there was in the last visit.
func (v *visitor) arrive() {
	v.seat = newSeat(v.forAll)
	subscriber, err := v.hub.Join(v.seat, delivery.Rights{})
	if err != nil {
		v.t.Fatal(err)
	}
	v.subscriber = subscriber
	if v.forAll && v.last != "" {
		v.recall()
		return
	}
	for measurement, chain := range v.chains {
		if chain.cursor == "" {
			delete(v.chains, measurement) // nobody knows where it was
			continue
		}
		v.subscribe(chain, chain.cursor)
	}
}

// recall goes on with all that the last cursor stands for; what came after it is not known.
func (v *visitor) recall() {
	subscriptions, err := v.subscriber.Recall(context.Background(), v.last)
	if err != nil {
		v.t.Fatal(err)
	}
	known := v.chains
	v.chains = make(map[atlas.MeasurementID]*chain)
	for i, resumed := range subscriptions {
		wanted, err := resumed.Wanted()
		if err != nil {
			v.t.Fatal(err)
		}
		v.chains[wanted.Measurement] = known[wanted.Measurement]
		v.resume(known[wanted.Measurement], resumed, i == 0)
	}
	if kept := v.river.kept.Load(); kept < 0 {
		v.t.Errorf("%d tails were released twice", -kept)
	}
}

// resume goes on with a chain, perhaps after asking whether that is possible.
func (v *visitor) resume(chain *chain, resumed *Resumption, asks bool) {
	var at noticed
	ctx := context.WithValue(context.Background(), noticedKey{}, &at)
	if asks {
		if err := v.subscriber.CanResume(ctx, resumed); err != nil {
			v.t.Error(err)
		}
	}
	if err := v.subscriber.Resume(ctx, resumed); err != nil {
		v.t.Errorf("%s from %+v: %v", chain.parameters, resumed.saved, err)
	}
	v.subscriber.Flush()
	chain.want, chain.wantedTo, chain.backlog = nil, at.from, false
}

// act does something at random.
func (v *visitor) act() {
	measurement := atlas.MeasurementID(1 + v.random.IntN(riverMeasurements))
	chain := v.chains[measurement]
	switch dice := v.random.IntN(10); {
	case dice < 3 && chain == nil:
		v.begin(measurement)
	case dice == 3 && chain != nil:
		v.end(measurement)
	case dice < 7:
		time.Sleep(time.Duration(v.random.IntN(8)) * time.Millisecond) // reads nothing
	default:
		v.read(v.random.IntN(300))
	}
}

func (v *visitor) begin(measurement atlas.MeasurementID) {
	words := fmt.Sprintf(`"msm":%d,"cursor":""`, measurement)
	if v.random.IntN(2) == 0 {
		words += fmt.Sprintf(`,"prb":%d`, 1+v.random.IntN(3))
	}
	if v.random.IntN(3) == 0 {
		words += `,"buffering":true`
	}
	began := &chain{backlog: v.random.IntN(3) == 0}
	if began.backlog {
		words += `,"sendBacklog":true`
	}
	began.parameters = "{" + words + "}"
	began.wanted = parse(v.t, began.parameters)
	v.chains[measurement] = began
	v.subscribe(began, "")
}

// subscribe begins a chain, or goes on with it behind a cursor.
func (v *visitor) subscribe(chain *chain, after string) {
	wanted := parse(v.t, chain.parameters)
	wanted.ResumeAfter(after)
	var at noticed
	ctx := context.WithValue(context.Background(), noticedKey{}, &at)
	if err := v.subscriber.Subscribe(ctx, wanted, []byte(chain.parameters)); err != nil {
		v.t.Errorf("%s after %s: %v", chain.parameters, decoded(after), err)
	}
	v.subscriber.Flush()
	if after == "" {
		chain.noticed, chain.wantedTo = at, at.next
		if chain.backlog {
			chain.wantedTo = 0
		}
		return
	}
	chain.want, chain.wantedTo, chain.backlog = nil, at.from, false
}

func (v *visitor) end(measurement atlas.MeasurementID) {
	chain := v.chains[measurement]
	if err := v.subscriber.Unsubscribe(chain.wanted, []byte(chain.parameters)); err != nil {
		v.t.Error(err)
	}
	v.subscriber.Flush()
	for v.chains[measurement] != nil {
		v.readOne()
	}
}

func (v *visitor) vanish() {
	v.subscriber.Leave()
	v.seat.Close()
}

func (v *visitor) read(messages int) {
	for range messages {
		select {
		case <-v.seat.woken:
			v.take()
		case <-time.After(time.Millisecond):
			return
		}
	}
}

func (v *visitor) readOne() {
	select {
	case <-v.seat.woken:
		v.take()
	case <-time.After(20 * time.Second):
		v.t.Fatal("nothing comes any more")
	}
}

// take reads one message, and wakes itself if there may be more.
func (v *visitor) take() {
	messages, _ := v.seat.Take(1)
	for _, message := range messages {
		v.hear(string(message.Payload()))
		v.seat.wake()
	}
}

func (v *visitor) hear(message string) {
	event, rest, _ := strings.Cut(message, " ")
	payload, cursor, carries := strings.Cut(rest, " ")
	if carries {
		v.last = cursor
	}
	switch event {
	case "atlas_result":
		v.receive(payload, cursor)
	case protocol.EventBacklogSent:
		wanted := parse(v.t, payload)
		v.chains[wanted.Measurement].endBacklog(v)
	case protocol.EventUnsubscribed:
		delete(v.chains, parse(v.t, payload).Measurement)
	case protocol.EventError:
		v.t.Errorf("got %s", message)
	}
}

// receive checks that what comes is what comes next.
func (v *visitor) receive(payload, cursor string) {
	measurement, offsets := offsetsIn(payload)
	chain := v.chains[measurement]
	for _, offset := range offsets {
		v.received++
		want := chain.next(v.river)
		if offset != want {
			v.t.Fatalf("%s: got record %d, want %d (%+v)", chain.parameters, offset, want, chain.noticed)
		}
		if chain.backlog && !chain.over && offset >= chain.noticed.next {
			v.t.Errorf("%s: record %d came before the backlog's end", chain.parameters, offset)
		}
	}
	chain.cursor = cursor
}

func (c *chain) endBacklog(v *visitor) {
	if c.over {
		v.t.Errorf("%s: the backlog ends twice", c.parameters)
	}
	c.over = true
	c.fill(v.river)
	if len(c.want) > 0 && c.want[0] < c.noticed.next {
		v.t.Errorf("%s: the backlog ends before record %d", c.parameters, c.want[0])
	}
}

// next gives the offset that is to come next; it has come into the log by now.
func (c *chain) next(river *river) int64 {
	c.fill(river)
	if len(c.want) == 0 {
		return -1
	}
	next := c.want[0]
	c.want = c.want[1:]
	return next
}

// fill works out, from the log and the contract alone, what is to come.
func (c *chain) fill(river *river) {
	_, bank := river.bankOf(c.wanted.Measurement)
	bank.mu.Lock()
	defer bank.mu.Unlock()
	for _, record := range from(bank.records, c.wantedTo) {
		matches := record.Measurement == c.wanted.Measurement && (c.wanted.Probe == 0 || c.wanted.Probe == record.Probe)
		if tooOld := c.backlog && record.Position.Offset < c.noticed.next && record.Time.UnixMilli() < c.noticed.since.UnixMilli(); matches && !tooOld {
			c.want = append(c.want, record.Position.Offset)
		}
	}
	c.wantedTo = bank.next
}

// readToTheEnd reads until nothing is to come any more.
func (v *visitor) readToTheEnd() {
	defer v.vanish()
	for _, chain := range v.chains {
		for chain.fill(v.river); len(chain.want) > 0 || chain.backlog && !chain.over; chain.fill(v.river) {
			v.readOne()
		}
	}
}
