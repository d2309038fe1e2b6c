package door

import (
	"context"
	"net/http"

	"atlasstream/services/gateway/internal/register"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/wsconn"
)

// Get is the door of plain HTTP at /stream/: the query is the subscription, and the body tells the events for as long as the client reads.
type Get struct {
	reception *Reception
	settings  *wsconn.Settings // what they say of queues and origins holds here as well
	serving   context.Context  // ends when Shutdown begins: a subscription that has not begun by then is of no use
	stop      context.CancelFunc
	clients   *register.Register[*getClient, getClient]
}

// NewGet makes the door.
func NewGet(reception *Reception, settings *wsconn.Settings) *Get {
	door := &Get{reception: reception, settings: settings, clients: register.New[*getClient, getClient](0)}
	door.serving, door.stop = context.WithCancel(context.Background())
	return door
}

// ServeHTTP answers with a stream, or why there is none.
func (d *Get) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if d.settings.CheckOrigin != nil && !d.settings.CheckOrigin(r) {
		http.Error(w, "pages of this origin are not served", http.StatusForbidden)
		return
	}
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", "*") // there are no cookies, and CheckOrigin has had its say
	header.Set("X-Content-Type-Options", "nosniff")
	switch r.Method {
	case http.MethodGet:
		if refusal := d.serve(w, r); refusal != nil {
			answer(w, wordRefusal(refusal, d.reception.logger))
		}
	case http.MethodOptions:
		answerPreflight(w, r)
	default:
		header.Set("Allow", "GET, OPTIONS")
		http.Error(w, "this path is for GET, and for WebSocket clients", http.StatusMethodNotAllowed)
	}
}

// answerPreflight tells a browser that a page may send the request that it asks about.
func answerPreflight(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Allow", "GET, OPTIONS")
	header.Set("Access-Control-Allow-Methods", "GET")
	header.Set("Vary", "Access-Control-Request-Headers")
	if wanted := r.Header.Get("Access-Control-Request-Headers"); wanted != "" {
		header.Set("Access-Control-Allow-Headers", wanted)
	}
	w.WriteHeader(http.StatusNoContent)
}

// serve returns when the stream is over. An error is why none has begun.
func (d *Get) serve(w http.ResponseWriter, r *http.Request) error {
	asked, err := readQuery(r)
	if err != nil {
		return err
	}
	guest, refusal := d.reception.recognise("get", introduction{remote: r.RemoteAddr, header: r.Header, query: asked.said})
	if refusal != nil {
		return refusal
	}
	leave, err := d.reception.admit(r)
	if err != nil {
		return err
	}
	client := newGetClient(w, bodyFor(r.Header.Values("Accept")), d.settings)
	if err := d.enter(client); err != nil {
		leave()
		return err
	}
	defer d.clients.Leave(client) // in the end, as that is what Shutdown waits for
	defer leave()
	defer client.leave()
	return d.converse(r.Context(), client, guest, asked)
}

func (d *Get) enter(client *getClient) error {
	if err := d.clients.Enter(client); err != nil {
		return refuseToServe()
	}
	if !d.clients.Open(client, client) {
		client.farewell()
	}
	return nil
}

func (d *Get) converse(ctx context.Context, client *getClient, guest guest, asked getQuery) error {
	session, err := d.reception.receive(guest, client)
	if err != nil {
		return err
	}
	reason := "it was refused"
	defer func() { session.leave(reason) }()
	subscribing, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.serving, cancel)()
	if err := session.subscribe(subscribing, subscription.Query(asked.parameters), client.body.continued(asked.after)); err != nil {
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
