package endpoint

import (
	"context"
	"net/http"

	"atlasstream/services/gateway/internal/connset"
	"atlasstream/services/gateway/internal/encode"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/socketio/engineio"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/wsconn"
)

// HTTPStream is the plain HTTP endpoint at /stream/: the query is the subscription, and the body has the events for as long as the client reads.
type HTTPStream struct {
	acceptor *Acceptor
	settings *wsconn.Settings // for its queue settings
	serving  context.Context  // ends when Shutdown begins, and cancels subscriptions that have not begun
	stop     context.CancelFunc
	clients  *connset.Set[*streamClient, streamClient]
}

// NewHTTPStream makes the endpoint.
func NewHTTPStream(acceptor *Acceptor, settings *wsconn.Settings) *HTTPStream {
	endpoint := &HTTPStream{acceptor: acceptor, settings: settings, clients: connset.New[*streamClient, streamClient](0)}
	endpoint.serving, endpoint.stop = context.WithCancel(context.Background())
	acceptor.connections.endpoints = append(acceptor.connections.endpoints, endpoint.eachTransport)
	return endpoint
}

// ServeHTTP responds with a stream, or an error.
func (e *HTTPStream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	serve := e.serve
	switch r.Method {
	case http.MethodGet:
	case http.MethodHead:
		serve = e.serveHead
	default:
		header.Set("Allow", "GET, HEAD, OPTIONS")
		http.Error(w, "this path is for GET and HEAD, and for WebSocket clients", http.StatusMethodNotAllowed)
		return
	}
	if err := serve(w, r); err != nil {
		e.refuse(w, r, ErrorFor(err, e.acceptor.logger))
	}
}

// refuse responds with an error. A reconnecting client of Server-Sent Events gives up after any status but 200 (HTML standard, section
// 9.2.3): so a temporary error is sent as an event in a body that ends, after which the client reconnects.
func (e *HTTPStream) refuse(w http.ResponseWriter, r *http.Request, refusal *protocol.Error) {
	after, _ := resumeID(r)
	format := formatFor(r.Header.Values("Accept"))
	if !isRetryable(refusal.Code) || after == "" || format != (sse{}) {
		writeError(w, refusal)
		return
	}
	setStreamHeader(w.Header(), format)
	closeIfLeaving(w.Header(), refusal.Code)
	_, _ = w.Write(sse{}.withRetry(encode.ErrorMessage(format, refusal), engineio.RetryAfter).Payload()) // the client may be gone
}

// serveHead responds as a GET would, as far as that is known without subscribing. Monitors use it.
func (e *HTTPStream) serveHead(w http.ResponseWriter, r *http.Request) error {
	asked, err := readQuery(r)
	if err != nil {
		return err
	}
	connection, err := e.acceptor.accept(doorGet, r)
	if err != nil {
		return err
	}
	defer connection.Release()
	if _, err := subscription.Parse(asked.parameters); err != nil {
		return err
	}
	setStreamHeader(w.Header(), formatFor(r.Header.Values("Accept")))
	return nil
}

// serve returns when the stream has ended. An error says why none has begun.
func (e *HTTPStream) serve(w http.ResponseWriter, r *http.Request) error {
	asked, err := readQuery(r)
	if err != nil {
		return err
	}
	connection, err := e.acceptor.accept(doorGet, r)
	if err != nil {
		return err
	}
	if asked.isComplete() {
		connection.Release()
		e.refuseComplete(w, &asked)
		return nil
	}
	client := newStreamClient(w, formatFor(r.Header.Values("Accept")), e.settings)
	if err := e.register(client); err != nil {
		connection.Release()
		return err
	}
	defer e.clients.Remove(client) // last, as Shutdown waits for it
	defer connection.Release()
	defer client.end()
	return e.stream(r.Context(), client, connection, asked)
}

// refuseComplete stops a client from reconnecting. EventSource stops after 204 (HTML standard, section 9.2.3);
// event-source-polyfill, which has the last event ID in the query, retries after a response without a body, but stops after any error.
func (e *HTTPStream) refuseComplete(w http.ResponseWriter, asked *streamQuery) {
	w.Header().Set("Cache-Control", "no-store")
	if asked.inHeader {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusGone)
	_, _ = w.Write(ndjson{}.Event(protocol.EventUnsubscribed, asked.parameters).Payload()) // the client may be gone
}

func (e *HTTPStream) register(client *streamClient) error {
	if err := e.clients.Reserve(client); err != nil {
		return errShuttingDown()
	}
	if !e.clients.Open(client, client) {
		client.notifyShutdown()
	}
	return nil
}

func (e *HTTPStream) stream(ctx context.Context, client *streamClient, connection *connection, asked streamQuery) error {
	session, err := e.acceptor.openSession(connection, client)
	if err != nil {
		return err
	}
	why, said := departureRefused, "refused"
	defer func() { session.end(why, said) }()
	subscribing, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.serving, cancel)()
	if err := session.subscribe(subscribing, asked.parameters, client.format.resumption(asked.after)); err != nil {
		return err
	}
	why, said = client.stream(ctx)
	return nil
}

func (e *HTTPStream) eachTransport(count func(transport)) {
	e.clients.Each(func(client *streamClient) { count(client.transport()) })
}

// Refuse implements drain.Endpoint.
func (e *HTTPStream) Refuse() { e.clients.Refuse() }

// Departures implements drain.Endpoint.
func (e *HTTPStream) Departures() []func() bool {
	return e.clients.Departures((*streamClient).notifyShutdown)
}

// Shutdown refuses new clients, sends the others their queued messages and an error, and waits until all have disconnected. It cuts off those that
// are left when ctx ends.
func (e *HTTPStream) Shutdown(ctx context.Context) {
	e.stop()
	_ = e.clients.Shutdown(ctx, (*streamClient).notifyShutdown, (*streamClient).cutOff) // its error only says that clients were cut off
}
