package catchup_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
	"atlasstream/services/gateway/internal/subscription"
)

const oracleMeasurements = 6

// Clients that read slowly, disconnect and resume with a cursor, and ask for the backlog get exactly what the log has for them, each record once and in order,
// however live delivery, the log and their subscriptions interleave.
func TestCatchingUpMissesNothing(t *testing.T) {
	const clients = 12
	log := sessiontest.NewLog(2, 30)
	metrics := prometheus.NewRegistry()
	hub := session.NewHub(session.Settings{
		Limits: session.Limits{Clients: 100, Subscriptions: 100}, Cursors: sessiontest.JSONCursors{},
		Backlog: 30 * time.Millisecond, Behind: session.Behind{Time: time.Hour, Bytes: 1 << 40, Readers: 3, ReadersOfAddress: 2},
	}, metrics)
	log.AddTo(hub, atlas.StreamResult, log)
	var producers, connected sync.WaitGroup
	done := make(chan struct{})
	for number := range log.Partitions {
		producers.Go(func() { produce(log, number, done) })
	}
	simulated := make([]*resumingClient, clients)
	for i := range simulated {
		simulated[i] = newResumingClient(t, log, hub, uint64(i))
		connected.Go(simulated[i].run)
	}
	connected.Wait()
	close(done)
	producers.Wait()
	received := 0
	for _, client := range simulated {
		client.readToTheEnd()
		received += client.received
	}
	caughtUp := sessiontest.MetricSum(t, metrics, "atlas_gateway_fell_behind_total")
	t.Logf("clients caught up %g times, %d records were received", caughtUp, received)
	if caughtUp == 0 || received < 100*clients {
		t.Errorf("clients caught up %g times, and %d records were received: too few for a test", caughtUp, received)
	}
}

// produce appends to a partition until done is closed.
func produce(log *sessiontest.Log, number int, done chan struct{}) {
	random := rand.New(rand.NewPCG(7, uint64(number)))
	var measurements []atlas.MeasurementID
	for id := atlas.MeasurementID(1); id <= oracleMeasurements; id++ {
		if owner, _ := log.PartitionOf(id); owner == number {
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
			log.AppendRandom(random, number, measurements...)
		}
	}
}

// resumingClient is a client that connects, does things at random, disconnects, and resumes.
type resumingClient struct {
	t              *testing.T
	log            *sessiontest.Log
	hub            *session.Hub
	random         *rand.Rand
	sessionCursors bool // its cursors are those of all its subscriptions
	received       int

	queue    *sessiontest.QueuedClient // of this connection
	session  *session.Session
	expected map[atlas.MeasurementID]*expectation
	last     string // the cursor of the last message
}

func (c *resumingClient) run() {
	for range 10 {
		c.connect()
		for range 1 + c.random.IntN(12) {
			c.act()
		}
		c.disconnect()
	}
	c.connect()
}

// connect joins, and resumes the subscriptions of the last connection.
func (c *resumingClient) connect() {
	c.queue = sessiontest.NewQueuedClient()
	c.queue.SessionCursors = c.sessionCursors
	joined, err := c.hub.Join(c.queue, access.Rights{})
	if err != nil {
		c.t.Fatal(err)
	}
	c.session = joined
	if c.sessionCursors && c.last != "" {
		c.resumeAll()
		return
	}
	for measurement, expected := range c.expected {
		if expected.cursor == "" {
			delete(c.expected, measurement) // without a cursor it cannot resume
			continue
		}
		c.subscribe(expected, expected.cursor)
	}
}

// resumeAll resumes all subscriptions of the last cursor, and forgets others.
func (c *resumingClient) resumeAll() {
	subscriptions, err := c.session.Recall(context.Background(), c.last)
	if err != nil {
		c.t.Fatal(err)
	}
	known := c.expected
	c.expected = make(map[atlas.MeasurementID]*expectation)
	for i, resumed := range subscriptions {
		wanted, err := resumed.Wanted()
		if err != nil {
			c.t.Fatal(err)
		}
		c.expected[wanted.Measurement] = known[wanted.Measurement]
		c.resume(known[wanted.Measurement], resumed, i == 0)
	}
	if kept := c.log.OpenTails.Load(); kept < 0 {
		c.t.Errorf("%d tails were released twice", -kept)
	}
}

// resume resumes a subscription, perhaps after asking whether that is possible.
func (c *resumingClient) resume(expected *expectation, resumed *session.Resumption, asks bool) {
	var at sessiontest.Start
	ctx := sessiontest.WithStart(context.Background(), &at)
	if asks {
		if err := c.session.CanResume(ctx, resumed); err != nil {
			c.t.Error(err)
		}
	}
	if err := c.session.Resume(ctx, resumed); err != nil {
		c.t.Errorf("%s, for %s: %v", expected.parameters, string(resumed.Parameters()), err)
	}
	c.session.Flush()
	expected.offsets, expected.next, expected.backlog = nil, at.From, false
}

// act does something at random.
func (c *resumingClient) act() {
	measurement := atlas.MeasurementID(1 + c.random.IntN(oracleMeasurements))
	expected := c.expected[measurement]
	switch dice := c.random.IntN(10); {
	case dice < 3 && expected == nil:
		c.begin(measurement)
	case dice == 3 && expected != nil:
		c.end(measurement)
	case dice < 7:
		time.Sleep(time.Duration(c.random.IntN(8)) * time.Millisecond) // reads nothing
	default:
		c.read(c.random.IntN(300))
	}
}

func (c *resumingClient) begin(measurement atlas.MeasurementID) {
	words := fmt.Sprintf(`"msm":%d,"cursor":""`, measurement)
	if c.random.IntN(2) == 0 {
		words += fmt.Sprintf(`,"prb":%d`, 1+c.random.IntN(3))
	}
	if c.random.IntN(3) == 0 {
		words += `,"buffering":true`
	}
	began := &expectation{backlog: c.random.IntN(3) == 0}
	if began.backlog {
		words += `,"sendBacklog":true`
	}
	began.parameters = "{" + words + "}"
	began.wanted = sessiontest.MustParse(c.t, began.parameters)
	c.expected[measurement] = began
	c.subscribe(began, "")
}

// subscribe begins a subscription, or resumes it behind a cursor.
func (c *resumingClient) subscribe(expected *expectation, after string) {
	wanted := sessiontest.MustParse(c.t, expected.parameters)
	wanted.ResumeAfter(after)
	var at sessiontest.Start
	ctx := sessiontest.WithStart(context.Background(), &at)
	if err := c.session.Subscribe(ctx, wanted, []byte(expected.parameters)); err != nil {
		c.t.Errorf("%s after %s: %v", expected.parameters, after, err)
	}
	c.session.Flush()
	if after == "" {
		expected.start, expected.next = at, at.Next
		if expected.backlog {
			expected.next = 0
		}
		return
	}
	expected.offsets, expected.next, expected.backlog = nil, at.From, false
}

func (c *resumingClient) end(measurement atlas.MeasurementID) {
	expected := c.expected[measurement]
	if err := c.session.Unsubscribe(expected.wanted, []byte(expected.parameters)); err != nil {
		c.t.Error(err)
	}
	c.session.Flush()
	for c.expected[measurement] != nil {
		c.readOne()
	}
}

func (c *resumingClient) disconnect() {
	c.session.Leave()
	c.queue.Close()
}

func (c *resumingClient) read(messages int) {
	for range messages {
		select {
		case <-c.queue.Woken:
			c.take()
		case <-time.After(time.Millisecond):
			return
		}
	}
}

func (c *resumingClient) readOne() {
	select {
	case <-c.queue.Woken:
		c.take()
	case <-time.After(20 * time.Second):
		c.t.Fatal("no message in 20 seconds")
	}
}

// take reads one message, and wakes itself if there may be more.
func (c *resumingClient) take() {
	messages, _ := c.queue.Take(1)
	for _, message := range messages {
		c.handle(string(message.Payload()))
		c.queue.Wake()
	}
}

func (c *resumingClient) handle(message string) {
	event, rest, _ := strings.Cut(message, " ")
	payload, cursor, carries := strings.Cut(rest, " ")
	if carries {
		c.last = cursor
	}
	switch event {
	case "atlas_result":
		c.receive(payload, cursor)
	case protocol.EventBacklogSent:
		wanted := sessiontest.MustParse(c.t, payload)
		c.expected[wanted.Measurement].endBacklog(c)
	case protocol.EventUnsubscribed:
		delete(c.expected, sessiontest.MustParse(c.t, payload).Measurement)
	case protocol.EventError:
		c.t.Errorf("got %s", message)
	}
}

// receive checks that records are those that are expected next.
func (c *resumingClient) receive(payload, cursor string) {
	measurement, offsets := sessiontest.Offsets(payload)
	expected := c.expected[measurement]
	for _, offset := range offsets {
		c.received++
		want := expected.expectNext(c.log)
		if offset != want {
			c.t.Fatalf("%s: got record %d, want %d (%+v)", expected.parameters, offset, want, expected.start)
		}
		if expected.backlog && !expected.backlogSent && offset >= expected.start.Next {
			c.t.Errorf("%s: record %d came before the backlog's end", expected.parameters, offset)
		}
	}
	expected.cursor = cursor
}

// readToTheEnd reads until everything expected is received.
func (c *resumingClient) readToTheEnd() {
	defer c.disconnect()
	for _, expected := range c.expected {
		for expected.extend(c.log); len(expected.offsets) > 0 || expected.backlog && !expected.backlogSent; expected.extend(c.log) {
			c.readOne()
		}
	}
}

// expectation is a subscription over all connections in which it resumes, and what it must bring.
type expectation struct {
	parameters  string
	wanted      *subscription.Subscription
	backlog     bool
	backlogSent bool
	start       sessiontest.Start
	offsets     []int64 // of records that are not received yet, of those that the log had when next was computed
	next        int64   // offset before which offsets are known
	cursor      string  // of the last message
}

func (e *expectation) endBacklog(c *resumingClient) {
	if e.backlogSent {
		c.t.Errorf("%s: the backlog ends twice", e.parameters)
	}
	e.backlogSent = true
	e.extend(c.log)
	if len(e.offsets) > 0 && e.offsets[0] < e.start.Next {
		c.t.Errorf("%s: the backlog ends before record %d", e.parameters, e.offsets[0])
	}
}

// expectNext gives the offset of the next record, which is in the log by now.
func (e *expectation) expectNext(log *sessiontest.Log) int64 {
	e.extend(log)
	if len(e.offsets) == 0 {
		return -1
	}
	next := e.offsets[0]
	e.offsets = e.offsets[1:]
	return next
}

// extend computes, from the log and the contract alone, what must still be received.
func (e *expectation) extend(log *sessiontest.Log) {
	_, partition := log.PartitionOf(e.wanted.Measurement)
	partition.Lock()
	defer partition.Unlock()
	for _, record := range sessiontest.RecordsFrom(partition.Records, e.next) {
		matches := record.Measurement == e.wanted.Measurement && (e.wanted.Probe == 0 || e.wanted.Probe == record.Probe)
		if tooOld := e.backlog && record.Position.Offset < e.start.Next && record.Time.UnixMilli() < e.start.Since.UnixMilli(); matches && !tooOld {
			e.offsets = append(e.offsets, record.Position.Offset)
		}
	}
	e.next = partition.Next
}

func newResumingClient(t *testing.T, log *sessiontest.Log, hub *session.Hub, seed uint64) *resumingClient {
	return &resumingClient{
		t: t, log: log, hub: hub, random: rand.New(rand.NewPCG(9, seed)), sessionCursors: seed%2 == 0, expected: make(map[atlas.MeasurementID]*expectation),
	}
}
