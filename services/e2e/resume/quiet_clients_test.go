package resume

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/workload"
)

// quietClient is a client whose subscriptions are quiet.
type quietClient interface {
	traits() *quietTraits
	// hold stays connected until ctx ends, and checks that no results come.
	hold(ctx context.Context) error
	// expectErrors receives as many atlas_errors with a code, and nothing else.
	expectErrors(t *testing.T, count int, code string)
	awaitDisconnect(t *testing.T)
	resume(t *testing.T)
	// expect receives the results with the numbers from first to last of all subscriptions, and no others.
	expect(t *testing.T, first, last int)
}

type quietTraits struct {
	name          string
	subscriptions []quietSubscription
	failed        bool
}

func (q *quietTraits) traits() *quietTraits { return q }

// numbers checks the order of results of several subscriptions.
type numbers map[string]int

// add notes a result of a subscription, which must have the next number.
func (n numbers) add(t *testing.T, payload json.RawMessage, first int) {
	t.Helper()
	var fields sample.Fields
	if err := json.Unmarshal(payload, &fields); err != nil {
		t.Fatalf("received %s: %v", payload, err)
	}
	key := fmt.Sprint(fields.Measurement, fields.Probe)
	if number := int(workload.NumberIn(payload, `"number":`)); number != first+n[key] {
		t.Fatalf("received %s, want number %d", payload, first+n[key])
	}
	n[key]++
}

// rawClient sends the cursor that it has received last.
type rawClient struct {
	quietTraits
	env       *quietEnvironment
	transport connection.Transport
	recovers  bool // by PID and offset
	conn      *connection.Connection
	cursor    string
}

// startRawClients starts one for every transport, and every reason for which a subscription is quiet.
func (e *quietEnvironment) startRawClients(t *testing.T) (clients []quietClient) {
	t.Helper()
	for _, transport := range append(connection.Transports, connection.OldTransports...) {
		for why, subscription := range quietSubscriptions {
			client := &rawClient{env: e, transport: transport}
			client.name, client.subscriptions = transport.Name+", "+why, []quietSubscription{subscription(e)}
			clients = append(clients, client)
			if transport.SocketIO {
				recovering := &rawClient{env: e, transport: transport, recovers: true}
				recovering.name, recovering.subscriptions = client.name+", recovering", []quietSubscription{subscription(e)}
				clients = append(clients, recovering)
			}
		}
	}
	for _, client := range clients {
		client := client.(*rawClient)
		client.conn = connection.MustSubscribe(t, client.transport, client.options())
		t.Cleanup(func() { client.conn.Close() }) // the one that it has then
	}
	return clients
}

func (r *rawClient) options() connection.Options {
	return connection.Options{Gateway: r.env.proxy.Address, Parameters: r.subscriptions[0].with(r.cursor)}
}

func (r *rawClient) hold(ctx context.Context) error {
	for last := time.Now(); ctx.Err() == nil; last = time.Now() {
		msg, err := r.conn.Receive()
		if err != nil || !r.isCursor(msg) {
			return fmt.Errorf("received %s %w, want an atlas_cursor", msg, err)
		}
		if wait := time.Since(last); wait > quietBehindTime {
			return fmt.Errorf("an atlas_cursor came after %s", wait)
		}
	}
	return nil
}

// isCursor reports whether a message is an atlas_cursor, and keeps the cursor.
func (r *rawClient) isCursor(msg connection.Message) bool {
	if msg.Event != "atlas_cursor" {
		return false
	}
	if cursor := msg.Cursor(); cursor != "" { // the ID of Server-Sent Events
		r.cursor = cursor
		return string(msg.Payload) == "{}"
	}
	return json.Unmarshal(msg.Payload, &r.cursor) == nil && r.cursor != ""
}

func (r *rawClient) expectErrors(t *testing.T, count int, code string) {
	for count > 0 {
		msg, err := r.conn.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if msg.HasPrefix(`["atlas_error","[` + code + "] ") {
			count--
		} else if !r.isCursor(msg) {
			t.Fatalf("received %s", msg)
		}
	}
}

func (r *rawClient) awaitDisconnect(t *testing.T) {
	for {
		msg, err := r.conn.Receive()
		if err != nil {
			break
		}
		if !r.isCursor(msg) {
			t.Fatalf("received %s", msg)
		}
	}
	r.conn.Close()
}

func (r *rawClient) resume(t *testing.T) {
	options, pid := r.options(), r.conn.PID
	if r.recovers {
		options.PID, options.Offset = pid, r.cursor
	} else if r.transport.AlwaysCursor {
		options.Parameters, options.LastEventID = sample.JSON(r.subscriptions[0].parameters), r.cursor
	}
	conn, err := r.transport.Open(context.Background(), options) // for the tests that follow, too
	if err != nil {
		t.Fatal(err)
	}
	r.conn = conn
	if !r.recovers {
		if err := r.conn.Subscribe(string(options.Parameters)); err != nil {
			t.Fatal(err)
		}
		return
	}
	r.conn.MustExpect(t, `["atlas_subscribed",`)
	if r.conn.PID != pid {
		t.Errorf("it is not recovered: had PID %s, got %s", pid, r.conn.PID)
	}
}

func (r *rawClient) expect(t *testing.T, first, last int) {
	got := numbers{}
	for range last - first + 1 {
		got.add(t, r.receiveResult(t), first)
	}
}

// receiveResult receives a result, before which a cursor may come.
func (r *rawClient) receiveResult(t *testing.T) json.RawMessage {
	t.Helper()
	for {
		msg, err := r.conn.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if msg.Event == "atlas_result" {
			r.cursor = msg.Cursor()
			return msg.Payload
		}
		if !r.isCursor(msg) {
			t.Fatalf("received %s", msg)
		}
	}
}

// userClient is a client that users have. It knows nothing of the event atlas_cursor, and resumes by itself.
type userClient struct {
	quietTraits
	client *realclient.Client
	socket bool // it is socket.io-client, which is recovered
}

// startRealClients starts clients of Server-Sent Events, and socket.io-client with two subscriptions.
func (e *quietEnvironment) startRealClients(t *testing.T) (clients []quietClient) {
	t.Helper()
	for _, name := range []string{"event-source-polyfill", "eventsource-5", "launchdarkly-eventsource"} {
		quiet := e.subscriptionIn(true)
		source := startEventSource(t, name, fmt.Sprintf("http://%s/stream/?msm=%d", e.proxy.Address, quiet.measurement))
		source.Expect(t, `["atlas_subscribed",`)
		clients = append(clients, &userClient{quietTraits{name, []quietSubscription{quiet}, false}, source, false})
	}
	for _, transport := range []string{"websocket", "polling"} {
		proxied := e.cluster.At(e.proxy.Address)
		client := &userClient{quietTraits{name: "socket.io-client, " + transport}, realclient.StartNode(t, proxied, "4.8", transport), true}
		for _, subscription := range quietSubscriptions {
			quiet := subscription(e)
			client.client.SubscribeWith(t, string(quiet.with("")))
			client.subscriptions = append(client.subscriptions, quiet)
		}
		clients = append(clients, client)
	}
	return clients
}

func (u *userClient) hold(ctx context.Context) error {
	select {
	case message := <-u.client.Received:
		return fmt.Errorf("received %s", message)
	case <-ctx.Done():
		return nil
	}
}

func (u *userClient) expectErrors(t *testing.T, count int, code string) {
	for range count {
		u.client.Expect(t, `["atlas_error","[`+code+"] ")
	}
}

func (u *userClient) awaitDisconnect(t *testing.T) { u.expectEvents(t, "disconnect") }

func (u *userClient) expectEvents(t *testing.T, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if event, payload := u.client.Receive(t); event != want {
			t.Fatalf("received %s %s, want %s", event, payload, want)
		}
	}
}

func (u *userClient) resume(t *testing.T) {
	for event := "disconnect"; event != "connect"; { // an EventSource reports each attempt that fails
		var payload json.RawMessage
		if event, payload = u.client.Receive(t); event != "connect" && event != "disconnect" {
			t.Fatalf("received %s %s, want connect", event, payload)
		}
	}
	if u.socket {
		u.expectEvents(t, "recovered")
	}
}

// expect also receives the confirmations of subscriptions that are resumed.
func (u *userClient) expect(t *testing.T, first, last int) {
	got := numbers{}
	for range (last - first + 1) * len(u.subscriptions) {
		event, payload := u.client.Receive(t)
		for event == "atlas_subscribed" {
			event, payload = u.client.Receive(t)
		}
		if event != "atlas_result" {
			t.Fatalf("received %s %s", event, payload)
		}
		got.add(t, payload, first)
	}
}
