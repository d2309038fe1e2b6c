package session_test

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

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
	"atlasstream/services/gateway/internal/subscription"
)

// Clients subscribe and unsubscribe while records are delivered and measurements stop, start again, and turn private and public. What each client was
// told, in that order, is compared with the log.
func TestConcurrentSubscriptionsAndMeasurementChanges(t *testing.T) {
	const clients, requests = 8, 300
	sim := newSimulation()
	var group, workers sync.WaitGroup
	for i := range clients {
		group.Go(func() { sim.runClient(t, i, requests) })
	}
	done := make(chan struct{})
	for number := range sim.logs {
		workers.Go(func() { sim.produce(number, done) })
	}
	workers.Go(func() { sim.suspend(done) })
	group.Wait()
	close(done)
	workers.Wait()

	received := 0
	for _, client := range sim.clients {
		received += client.check(t, sim)
	}
	if received < clients*requests {
		t.Errorf("the clients received %d records in all: too few to tell anything", received)
	}
	if followers := sim.followers.Load(); followers != 0 {
		t.Errorf("%d followers are left", followers)
	}
}

const simulatedMeasurements = 4

// simulation is a log of two partitions, its clients and its measurements.
type simulation struct {
	hub          *session.Hub
	stream       *session.Stream
	measurements sessiontest.Measurements
	logs         [2]partitionLog
	followers    atomic.Int64
	deliver      chan struct{} // taken for each delivery: deliveries keep pace with requests
	clients      [8]*simulatedClient

	mu          sync.Mutex
	suspensions []suspension
	over        int // of the suspensions, the first so many
}

type partitionLog struct {
	mu      sync.Mutex // as the tail's: deliveries and attachments exclude each other
	records []atlas.Record
}

// suspension is a time during which a measurement had stopped or was private.
type suspension struct {
	measurement atlas.MeasurementID
	private     bool
	called      int // length of the log before the hub was told
	from, to    int // offsets at which everybody knew
}

func newSimulation() *simulation {
	s := &simulation{deliver: make(chan struct{}, 4)}
	for id := range atlas.MeasurementID(simulatedMeasurements) {
		s.measurements.Put(atlas.Measurement{ID: id + 1, Public: true})
	}
	s.hub = session.NewHub(session.Settings{Limits: session.Limits{Clients: 100, Subscriptions: 100}, Measurements: &s.measurements}, prometheus.NewRegistry())
	s.stream = s.hub.AddStream(atlas.StreamResult, func(*session.Stream) session.Tails { return s })
	return s
}

func (s *simulation) logOf(measurement atlas.MeasurementID) (int, *partitionLog) {
	number := int(measurement) % len(s.logs)
	return number, &s.logs[number]
}

func (s *simulation) length(measurement atlas.MeasurementID) int {
	_, log := s.logOf(measurement)
	log.mu.Lock()
	defer log.mu.Unlock()
	return len(log.records)
}

type attachedAt struct{}

// Follow implements session.Tails. It stores the offset at which the subscription begins where its context says.
func (s *simulation) Follow(ctx context.Context, measurement atlas.MeasurementID, attach func(int, int64)) (func(), error) {
	number, log := s.logOf(measurement)
	log.mu.Lock()
	*ctx.Value(attachedAt{}).(*int) = len(log.records)
	attach(number, 0)
	log.mu.Unlock()
	s.followers.Add(1)
	return func() { s.followers.Add(-1) }, nil
}

func (s *simulation) produce(number int, done chan struct{}) {
	random := rand.New(rand.NewPCG(1, uint64(number)))
	for {
		select {
		case <-done:
			return
		case <-s.deliver:
			s.appendRecords(number, random)
			s.stream.Flush(number)
		}
	}
}

func (s *simulation) appendRecords(number int, random *rand.Rand) {
	log := &s.logs[number]
	log.mu.Lock()
	defer log.mu.Unlock()
	first := len(log.records)
	for range 1 + random.IntN(4) {
		measurement := atlas.MeasurementID(number + 2*random.IntN(simulatedMeasurements/2))
		if measurement == 0 {
			measurement = simulatedMeasurements
		}
		probe := atlas.ProbeID(1 + random.IntN(3))
		value := fmt.Sprintf(`{"partition":%d,"offset":%d}`, number, len(log.records))
		log.records = append(log.records, sessiontest.Record(atlas.StreamResult, measurement, probe, value))
	}
	s.stream.Deliver(number, log.records[first:])
}

// suspend stops measurements or makes them private, and takes that back, one after the other.
func (s *simulation) suspend(done chan struct{}) {
	random := rand.New(rand.NewPCG(2, 2))
	for {
		select {
		case <-done:
			return
		default:
			s.suspendOne(atlas.MeasurementID(1+random.IntN(simulatedMeasurements)), random.IntN(2) == 0, done)
		}
	}
}

func (s *simulation) suspendOne(id atlas.MeasurementID, private bool, done chan struct{}) {
	suspension := suspension{measurement: id, private: private, called: s.length(id)}
	changed := atlas.Measurement{ID: id, Public: !private, Stopped: !private}
	s.measurements.Put(changed)
	s.mu.Lock()
	s.suspensions = append(s.suspensions, suspension)
	index := len(s.suspensions) - 1
	s.mu.Unlock()
	s.hub.MeasurementChanged(changed)
	suspension.from = s.length(id)
	s.letDeliver(3, done)
	suspension.to = s.length(id)
	s.measurements.Put(atlas.Measurement{ID: id, Public: true})
	s.mu.Lock()
	s.suspensions[index] = suspension
	s.over = index + 1
	s.mu.Unlock()
	s.letDeliver(6, done)
}

// letDeliver lets some deliveries happen.
func (s *simulation) letDeliver(deliveries int, done chan struct{}) {
	for range deliveries {
		select {
		case <-done:
		case s.deliver <- struct{}{}:
		}
	}
}

// simulatedClient is a client, what it asked for and what it was told.
type simulatedClient struct {
	sessiontest.RecordingClient
	insider bool
	asked   map[string]*request // by their parameters, no two of which are the same
}

type request struct {
	wanted      *subscription.Subscription
	from        int // the offset at which it began; -1 if the client had it already
	suspensions int // that were over before
	ends        bool
	lengthAtEnd int // of the log, when its end was asked for
}

func (r *request) matches(record *atlas.Record) bool {
	return record.Measurement == r.wanted.Measurement && (r.wanted.Probe == 0 || r.wanted.Probe == record.Probe)
}

func (s *simulation) runClient(t *testing.T, number, requests int) {
	random := rand.New(rand.NewPCG(3, uint64(number)))
	client := &simulatedClient{insider: number%2 == 0, asked: make(map[string]*request)}
	s.clients[number] = client
	subscriber, err := s.hub.Join(client, access.Rights{NonPublic: client.insider})
	if err != nil {
		t.Error(err)
		return
	}
	defer subscriber.Leave()
	present := make(map[string]bool)
	for i := range requests {
		words := fmt.Sprintf(`"msm":%d,"prb":%d`, 1+random.IntN(simulatedMeasurements), 1+random.IntN(3))
		switch random.IntN(3) {
		case 0:
			words = words[:strings.Index(words, ",")]
		case 1:
			words += `,"buffering":true`
		}
		unique := fmt.Sprintf(`{%s%*s}`, words, i, "")
		if present[words] && random.IntN(5) > 0 {
			s.unsubscribe(t, client, subscriber, unique)
			present[words] = false
		} else {
			s.subscribe(t, client, subscriber, unique)
			present[words] = true
		}
		s.deliver <- struct{}{}
	}
	for words := range present {
		s.unsubscribe(t, client, subscriber, fmt.Sprintf(`{%s%*s}`, words, requests, ""))
	}
}

func (s *simulation) subscribe(t *testing.T, client *simulatedClient, subscriber *session.Session, parameters string) {
	request := &request{wanted: sessiontest.MustParse(t, parameters), from: -1}
	s.mu.Lock()
	request.suspensions = s.over
	s.mu.Unlock()
	client.asked[parameters] = request
	ctx := context.WithValue(context.Background(), attachedAt{}, &request.from)
	err := subscriber.Subscribe(ctx, request.wanted, []byte(parameters))
	if _, refused := errors.AsType[*protocol.Error](err); err != nil && !refused {
		t.Error(err)
	}
	subscriber.Flush()
}

func (s *simulation) unsubscribe(t *testing.T, client *simulatedClient, subscriber *session.Session, parameters string) {
	request := &request{wanted: sessiontest.MustParse(t, parameters), ends: true}
	request.lengthAtEnd = s.length(request.wanted.Measurement)
	client.asked[parameters] = request
	if err := subscriber.Unsubscribe(request.wanted, []byte(parameters)); err != nil && !errors.Is(err, session.ErrNotSubscribed) {
		t.Error(err)
	}
	subscriber.Flush()
}

// transcript is what a client has been told so far.
type transcript struct {
	*testing.T
	sim      *simulation
	client   *simulatedClient
	active   map[string]*request // by key
	received [2]map[int]bool     // offsets, by partition
	last     [2]int
}

// check goes through what the client was told and returns how many records it received.
func (c *simulatedClient) check(t *testing.T, sim *simulation) int {
	tr := &transcript{T: t, sim: sim, client: c, active: make(map[string]*request)}
	for i := range tr.received {
		tr.received[i], tr.last[i] = make(map[int]bool), -1
	}
	for _, message := range c.Take(t) {
		event, payload, _ := strings.Cut(message, " ")
		switch event {
		case protocol.EventSubscribed:
			tr.begin(c.asked[payload])
		case protocol.EventUnsubscribed:
			tr.end(c.asked[payload])
		case protocol.EventError:
			if !strings.Contains(payload, string(protocol.CodeUnknownMeasurement)) {
				t.Errorf("got %s", message)
			}
		default:
			tr.receive(payload)
		}
	}
	if len(tr.active) > 0 {
		t.Errorf("%d subscriptions have not ended", len(tr.active))
	}
	tr.checkSuspensions()
	return len(tr.received[0]) + len(tr.received[1])
}

func (tr *transcript) begin(request *request) {
	key := request.wanted.Key()
	if _, again := tr.active[key]; again != (request.from < 0) {
		tr.Errorf("%s is confirmed and began at %d; that the client has it already is %t", key, request.from, again)
	}
	if request.from >= 0 {
		tr.active[key] = request
	}
}

// end checks that the client received everything from the beginning of a subscription to where its end was asked for.
func (tr *transcript) end(asked *request) {
	key := asked.wanted.Key()
	began := tr.active[key]
	if began == nil {
		tr.Errorf("%s ended and had not begun", key)
		return
	}
	delete(tr.active, key)
	to := asked.lengthAtEnd
	if !asked.ends { // it ended by itself: with the first suspension that began after it, or later
		to = tr.firstSuspension(began)
	}
	number, log := tr.sim.logOf(began.wanted.Measurement)
	for offset := began.from; offset < to; offset++ {
		if began.matches(&log.records[offset]) && !tr.received[number][offset] {
			tr.Errorf("%s: record %d of %d to %d is missing", key, offset, began.from, to)
		}
	}
}

func (tr *transcript) firstSuspension(began *request) int {
	for _, suspension := range tr.sim.suspensions[began.suspensions:] {
		if suspension.measurement == began.wanted.Measurement && (!suspension.private || !tr.client.insider) {
			return suspension.called
		}
	}
	return 0
}

func (tr *transcript) receive(payload string) {
	array := strings.HasPrefix(payload, "[")
	if !array {
		payload = "[" + payload + "]"
	}
	var positions []struct{ Partition, Offset int }
	if err := json.Unmarshal([]byte(payload), &positions); err != nil {
		tr.Fatalf("got %s: %v", payload, err)
	}
	for _, position := range positions {
		if position.Offset <= tr.last[position.Partition] {
			tr.Errorf("record %d came after record %d", position.Offset, tr.last[position.Partition])
		}
		tr.last[position.Partition] = position.Offset
		tr.received[position.Partition][position.Offset] = true
		if !tr.wants(&tr.sim.logs[position.Partition].records[position.Offset], array) {
			tr.Errorf("record %d came unasked, in an array: %t", position.Offset, array)
		}
	}
}

// wants tells whether some subscription matches a record and, for a record by itself, does not want it in an array.
func (tr *transcript) wants(record *atlas.Record, array bool) bool {
	for _, request := range tr.active {
		if request.matches(record) && request.wanted.Buffer == array {
			return true
		}
	}
	return false
}

// checkSuspensions checks that nothing came of a measurement while everybody knew that it had stopped, or that it was private.
func (tr *transcript) checkSuspensions() {
	for _, suspension := range tr.sim.suspensions {
		if suspension.private && tr.client.insider {
			continue
		}
		number, log := tr.sim.logOf(suspension.measurement)
		for offset := suspension.from; offset < suspension.to; offset++ {
			if log.records[offset].Measurement == suspension.measurement && tr.received[number][offset] {
				tr.Errorf("record %d of measurement %d came in a suspension, private: %t", offset, suspension.measurement, suspension.private)
			}
		}
	}
}
