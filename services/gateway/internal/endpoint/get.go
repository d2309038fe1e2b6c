package endpoint

import (
	"context"
	"net/http"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/services/gateway/internal/connset"
	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/wsconn"
)

// Get is the door of plain HTTP at /stream/: the query is the subscription, and the body tells the events for as long as the client reads.
type Get struct {
	reception *Reception
	settings  *wsconn.Settings // what they say of queues holds here as well
	serving   context.Context  // ends when Shutdown begins: a subscription that has not begun by then is of no use
	stop      context.CancelFunc
	clients   *connset.Set[*getClient, getClient]
}

// NewGet makes the door.
func NewGet(reception *Reception, settings *wsconn.Settings) *Get {
	door := &Get{reception: reception, settings: settings, clients: connset.New[*getClient, getClient](0)}
	door.serving, door.stop = context.WithCancel(context.Background())
	return door
}

// ServeHTTP answers with a stream, or why there is none.
func (d *Get) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	serve := d.serve
	switch r.Method {
	case http.MethodGet:
	case http.MethodHead:
		serve = d.serveHead
	default:
		header.Set("Allow", "GET, HEAD, OPTIONS")
		http.Error(w, "this path is for GET and HEAD, and for WebSocket clients", http.StatusMethodNotAllowed)
		return
	}
	if err := serve(w, r); err != nil {
		d.refuse(w, r, WordRefusal(err, d.reception.logger))
	}
}

// refuse says why no stream has begun. A client of Server-Sent Events that comes back by itself gives up after any status but 200 (HTML standard, section
// 9.2.3): what may be otherwise soon is told in a body that ends, after which it comes again.
func (d *Get) refuse(w http.ResponseWriter, r *http.Request, refusal *protocol.Error) {
	after, _ := placeOf(r)
	body := bodyFor(r.Header.Values("Accept"))
	if !isPassing(refusal.Code) || after == "" || body != (serverSentEvents{}) {
		answer(w, refusal)
		return
	}
	setStreamHeader(w.Header(), body)
	_, _ = w.Write(fanout.ErrorMessage(body, refusal).Payload()) // whoever asked may be gone
}

// serveHead answers monitors: with what a GET would begin with, as far as that can be told without subscribing.
func (d *Get) serveHead(w http.ResponseWriter, r *http.Request) error {
	asked, err := readQuery(r)
	if err != nil {
		return err
	}
	connection, err := d.reception.comeIn("get", r)
	if err != nil {
		return err
	}
	defer connection.Release()
	if _, err := subscription.Parse(asked.parameters); err != nil {
		return err
	}
	setStreamHeader(w.Header(), bodyFor(r.Header.Values("Accept")))
	return nil
}

// serve returns when the stream is over. An error is why none has begun.
func (d *Get) serve(w http.ResponseWriter, r *http.Request) error {
	asked, err := readQuery(r)
	if err != nil {
		return err
	}
	connection, err := d.reception.comeIn("get", r)
	if err != nil {
		return err
	}
	if asked.isOver() {
		connection.Release()
		d.answerOver(w, &asked)
		return nil
	}
	client := newGetClient(w, bodyFor(r.Header.Values("Accept")), d.settings)
	if err := d.enter(client); err != nil {
		connection.Release()
		return err
	}
	defer d.clients.Remove(client) // in the end, as that is what Shutdown waits for
	defer connection.Release()
	defer client.leave()
	return d.converse(r.Context(), client, connection, asked)
}

// answerOver has a client that comes back by itself stay away. EventSource does so after 204, which says no more than that (HTML standard, section 9.2.3);
// event-source-polyfill, which has its place in the query, fails at an answer without a body and goes on asking, but stays away after any error.
func (d *Get) answerOver(w http.ResponseWriter, asked *getQuery) {
	w.Header().Set("Cache-Control", "no-store")
	if asked.inHeader {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusGone)
	_, _ = w.Write(lines{}.Event(protocol.EventUnsubscribed, asked.parameters).Payload()) // whoever asked may be gone
}

func (d *Get) enter(client *getClient) error {
	if err := d.clients.Reserve(client); err != nil {
		return refuseToServe()
	}
	if !d.clients.Open(client, client) {
		client.farewell()
	}
	return nil
}

func (d *Get) converse(ctx context.Context, client *getClient, connection *connection, asked getQuery) error {
	session, err := d.reception.receive(connection, client)
	if err != nil {
		return err
	}
	reason := "it was refused"
	defer func() { session.leave(reason) }()
	subscribing, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.serving, cancel)()
	if err := session.subscribe(subscribing, asked.parameters, client.body.continued(asked.after)); err != nil {
		return err
	}
	reason = client.stream(ctx)
	return nil
}

// Shutdown refuses newcomers, tells the clients that the gateway stops once they have what waits for them, and waits until all are gone. Those that
// are not gone when ctx ends are cut off.
func (d *Get) Shutdown(ctx context.Context) {
	d.stop()
	_ = d.clients.Shutdown(ctx, (*getClient).farewell, (*getClient).cutOff) // who is cut off has not read in time
}
