package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// Clients subscribe and unsubscribe while records are delivered and measurements stop, start again, and turn private and public. What each client was
// told, in the order in which it was told, is held against the log.
func TestEverythingAtOnce(t *testing.T) {
	const clients, requests = 8, 300
	world := newWorld()
	var group, workers sync.WaitGroup
	for i := range clients {
		group.Go(func() { world.live(t, i, requests) })
	}
	done := make(chan struct{})
	for number := range world.logs {
		workers.Go(func() { world.produce(number, done) })
	}
	workers.Go(func() { world.upset(done) })
	group.Wait()
	close(done)
	workers.Wait()

	received := 0
	for _, person := range world.people {
		received += person.check(t, world)
	}
	if received < clients*requests {
		t.Errorf("the clients received %d records in all: too few to tell anything", received)
	}
	if followers := world.followers.Load(); followers != 0 {
		t.Errorf("%d followers are left", followers)
	}
}

const worldMeasurements = 4

// world is a log of two partitions, its clients and its measurements.
type world struct {
	hub       *Hub
	source    *Source
	catalogue catalogue
	logs      [2]worldLog
	followers atomic.Int64
	turn      chan struct{} // taken for each delivery: deliveries keep pace with requests
	people    [8]*person

	mu     sync.Mutex
	spells []spell
	over   int // of the spells, the first so many
}

type worldLog struct {
	mu      sync.Mutex // as the tail's: deliveries and attachments exclude each other
	records []atlas.Record
}

// spell is a time during which a measurement had stopped or was private.
type spell struct {
	measurement atlas.MeasurementID
	private     bool
	called      int // length of the log before the hub was told
	from, to    int // offsets at which everybody knew
}

func newWorld() *world {
	w := &world{turn: make(chan struct{}, 4)}
	for id := range atlas.MeasurementID(worldMeasurements) {
		w.catalogue.put(atlas.Measurement{ID: id + 1, Public: true})
	}
	w.hub = NewHub(Settings{Limits: Limits{Clients: 100, Subscriptions: 100}, Measurements: &w.catalogue}, prometheus.NewRegistry())
	w.source = w.hub.AddSource(atlas.StreamResult, func(*Source) Tails { return w })
	return w
}

func (w *world) logOf(measurement atlas.MeasurementID) (int, *worldLog) {
	number := int(measurement) % len(w.logs)
	return number, &w.logs[number]
}

func (w *world) length(measurement atlas.MeasurementID) int {
	_, log := w.logOf(measurement)
	log.mu.Lock()
	defer log.mu.Unlock()
	return len(log.records)
}

type attachedAt struct{}

// Follow is that of a feed. It leaves the offset at which the subscription began with whoever subscribes.
func (w *world) Follow(ctx context.Context, measurement atlas.MeasurementID, attach func(int, int64)) (func(), error) {
	number, log := w.logOf(measurement)
	log.mu.Lock()
	*ctx.Value(attachedAt{}).(*int) = len(log.records)
	attach(number, 0)
	log.mu.Unlock()
	w.followers.Add(1)
	return func() { w.followers.Add(-1) }, nil
}

func (w *world) produce(number int, done chan struct{}) {
	random := rand.New(rand.NewPCG(1, uint64(number)))
	for {
		select {
		case <-done:
			return
		case <-w.turn:
			w.append(number, random)
			w.source.Flush(number)
		}
	}
}

func (w *world) append(number int, random *rand.Rand) {
	log := &w.logs[number]
	log.mu.Lock()
	defer log.mu.Unlock()
	first := len(log.records)
	for range 1 + random.IntN(4) {
		measurement := atlas.MeasurementID(number + 2*random.IntN(worldMeasurements/2))
		if measurement == 0 {
			measurement = worldMeasurements
		}
		probe := atlas.ProbeID(1 + random.IntN(3))
		value := fmt.Sprintf(`{"partition":%d,"offset":%d}`, number, len(log.records))
		log.records = append(log.records, record(atlas.StreamResult, measurement, probe, value))
	}
	w.source.Deliver(number, log.records[first:])
}

// upset stops measurements or makes them private, and takes that back, one after the other.
func (w *world) upset(done chan struct{}) {
	random := rand.New(rand.NewPCG(2, 2))
	for {
		select {
		case <-done:
			return
		default:
			w.upsetOne(atlas.MeasurementID(1+random.IntN(worldMeasurements)), random.IntN(2) == 0, done)
		}
	}
}

func (w *world) upsetOne(id atlas.MeasurementID, private bool, done chan struct{}) {
	spell := spell{measurement: id, private: private, called: w.length(id)}
	changed := atlas.Measurement{ID: id, Public: !private, Stopped: !private}
	w.catalogue.put(changed)
	w.mu.Lock()
	w.spells = append(w.spells, spell)
	index := len(w.spells) - 1
	w.mu.Unlock()
	w.hub.MeasurementChanged(changed)
	spell.from = w.length(id)
	w.pace(3, done)
	spell.to = w.length(id)
	w.catalogue.put(atlas.Measurement{ID: id, Public: true})
	w.mu.Lock()
	w.spells[index] = spell
	w.over = index + 1
	w.mu.Unlock()
	w.pace(6, done)
}

// pace lets some deliveries happen.
func (w *world) pace(deliveries int, done chan struct{}) {
	for range deliveries {
		select {
		case <-done:
		case w.turn <- struct{}{}:
		}
	}
}

// person is a client, what it asked for and what it was told.
type person struct {
	inbox
	insider bool
	asked   map[string]*request // by their parameters, no two of which are the same
}

type request struct {
	wanted      *subscription.Subscription
	from        int // the offset at which it began; -1 if the client had it already
	spells      int // that were over before
	ends        bool
	lengthAtEnd int // of the log, when its end was asked for
}

func (r *request) matches(record *atlas.Record) bool {
	return record.Measurement == r.wanted.Measurement && (r.wanted.Probe == 0 || r.wanted.Probe == record.Probe)
}

func (w *world) live(t *testing.T, number, requests int) {
	random := rand.New(rand.NewPCG(3, uint64(number)))
	person := &person{insider: number%2 == 0, asked: make(map[string]*request)}
	w.people[number] = person
	subscriber, err := w.hub.Join(person, delivery.Rights{NonPublic: person.insider})
	if err != nil {
		t.Error(err)
		return
	}
	defer subscriber.Leave()
	present := make(map[string]bool)
	for i := range requests {
		words := fmt.Sprintf(`"msm":%d,"prb":%d`, 1+random.IntN(worldMeasurements), 1+random.IntN(3))
		switch random.IntN(3) {
		case 0:
			words = words[:strings.Index(words, ",")]
		case 1:
			words += `,"buffering":true`
		}
		unique := fmt.Sprintf(`{%s%*s}`, words, i, "")
		if present[words] && random.IntN(5) > 0 {
			w.unsubscribe(t, person, subscriber, unique)
			present[words] = false
		} else {
			w.subscribe(t, person, subscriber, unique)
			present[words] = true
		}
		w.turn <- struct{}{}
	}
	for words := range present {
		w.unsubscribe(t, person, subscriber, fmt.Sprintf(`{%s%*s}`, words, requests, ""))
	}
}

func (w *world) subscribe(t *testing.T, person *person, subscriber *Session, parameters string) {
	request := &request{wanted: parse(t, parameters), from: -1}
	w.mu.Lock()
	request.spells = w.over
	w.mu.Unlock()
	person.asked[parameters] = request
	ctx := context.WithValue(context.Background(), attachedAt{}, &request.from)
	err := subscriber.Subscribe(ctx, request.wanted, []byte(parameters))
	if _, refused := errors.AsType[*protocol.Error](err); err != nil && !refused {
		t.Error(err)
	}
	subscriber.Flush()
}

func (w *world) unsubscribe(t *testing.T, person *person, subscriber *Session, parameters string) {
	request := &request{wanted: parse(t, parameters), ends: true}
	request.lengthAtEnd = w.length(request.wanted.Measurement)
	person.asked[parameters] = request
	if err := subscriber.Unsubscribe(request.wanted, []byte(parameters)); err != nil && !errors.Is(err, ErrNotSubscribed) {
		t.Error(err)
	}
	subscriber.Flush()
}

// conversation is what a client has been told so far.
type conversation struct {
	*testing.T
	world    *world
	person   *person
	active   map[string]*request // by key
	received [2]map[int]bool     // offsets, by partition
	last     [2]int
}

// check goes through what the client was told and returns how many records it received.
func (p *person) check(t *testing.T, world *world) int {
	c := &conversation{T: t, world: world, person: p, active: make(map[string]*request)}
	for i := range c.received {
		c.received[i], c.last[i] = make(map[int]bool), -1
	}
	for _, message := range p.take(t) {
		event, payload, _ := strings.Cut(message, " ")
		switch event {
		case protocol.EventSubscribed:
			c.begin(p.asked[payload])
		case protocol.EventUnsubscribed:
			c.end(p.asked[payload])
		case protocol.EventError:
			if !strings.Contains(payload, string(protocol.CodeUnknownMeasurement)) {
				t.Errorf("got %s", message)
			}
		default:
			c.receive(payload)
		}
	}
	if len(c.active) > 0 {
		t.Errorf("%d subscriptions have not ended", len(c.active))
	}
	c.checkSpells()
	return len(c.received[0]) + len(c.received[1])
}

func (c *conversation) begin(request *request) {
	key := request.wanted.Key()
	if _, again := c.active[key]; again != (request.from < 0) {
		c.Errorf("%s is confirmed and began at %d; that the client has it already is %t", key, request.from, again)
	}
	if request.from >= 0 {
		c.active[key] = request
	}
}

// end checks that the client received everything from the beginning of a subscription to where its end was asked for.
func (c *conversation) end(asked *request) {
	key := asked.wanted.Key()
	began := c.active[key]
	if began == nil {
		c.Errorf("%s ended and had not begun", key)
		return
	}
	delete(c.active, key)
	to := asked.lengthAtEnd
	if !asked.ends { // it ended by itself: with the first spell that began after it, or later
		to = c.firstSpell(began)
	}
	number, log := c.world.logOf(began.wanted.Measurement)
	for offset := began.from; offset < to; offset++ {
		if began.matches(&log.records[offset]) && !c.received[number][offset] {
			c.Errorf("%s: record %d of %d to %d is missing", key, offset, began.from, to)
		}
	}
}

func (c *conversation) firstSpell(began *request) int {
	for _, spell := range c.world.spells[began.spells:] {
		if spell.measurement == began.wanted.Measurement && (!spell.private || !c.person.insider) {
			return spell.called
		}
	}
	return 0
}

func (c *conversation) receive(payload string) {
	array := strings.HasPrefix(payload, "[")
	if !array {
		payload = "[" + payload + "]"
	}
	var positions []struct{ Partition, Offset int }
	if err := json.Unmarshal([]byte(payload), &positions); err != nil {
		c.Fatalf("got %s: %v", payload, err)
	}
	for _, position := range positions {
		if position.Offset <= c.last[position.Partition] {
			c.Errorf("record %d came after record %d", position.Offset, c.last[position.Partition])
		}
		c.last[position.Partition] = position.Offset
		c.received[position.Partition][position.Offset] = true
		if !c.wants(&c.world.logs[position.Partition].records[position.Offset], array) {
			c.Errorf("record %d came unasked, in an array: %t", position.Offset, array)
		}
	}
}

// wants tells whether some subscription matches a record and, for a record by itself, does not want it in an array.
func (c *conversation) wants(record *atlas.Record, array bool) bool {
	for _, request := range c.active {
		if request.matches(record) && request.wanted.Buffer == array {
			return true
		}
	}
	return false
}

// checkSpells checks that nothing came of a measurement while everybody knew that it had stopped, or that it was private.
func (c *conversation) checkSpells() {
	for _, spell := range c.world.spells {
		if spell.private && c.person.insider {
			continue
		}
		number, log := c.world.logOf(spell.measurement)
		for offset := spell.from; offset < spell.to; offset++ {
			if log.records[offset].Measurement == spell.measurement && c.received[number][offset] {
				c.Errorf("record %d of measurement %d came in a spell, private: %t", offset, spell.measurement, spell.private)
			}
		}
	}
}
