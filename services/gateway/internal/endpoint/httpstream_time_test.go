package endpoint

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/sendqueue"
)

// pipes is a listener within the process, so that connections are in simulated time. A pipe has no buffer: its writer blocks until everything is read.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.IPAddr{} }

// dial returns the client's end of a connection.
func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, conn := net.Pipe()
	p.conns <- conn
	return client, nil
}

// serveInPipes serves a test server with the HTTP timeouts of the gateway.
func serveInPipes(t *testing.T, server *testServer) *pipes {
	t.Helper()
	listener := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	httpServer := &http.Server{Handler: server.routes, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
	served := make(chan struct{})
	go func() { _ = httpServer.Serve(listener); close(served) }()
	t.Cleanup(func() { _ = httpServer.Close(); <-served })
	return listener
}

// get requests a stream and returns the client's end of the connection.
func (p *pipes) get(t *testing.T, header string, query ...string) net.Conn {
	t.Helper()
	client, _ := p.dial(t.Context(), "", "")
	t.Cleanup(func() { _ = client.Close() })
	fmt.Fprintf(client, "GET /stream/?msm=1001%s HTTP/1.1\r\nHost: atlas.example\r\n%s\r\n", strings.Join(query, ""), header)
	return client
}

func (p *pipes) webSocket(t *testing.T) *websocket.Conn {
	t.Helper()
	client, response, err := (&websocket.Dialer{NetDialContext: p.dial}).DialContext(t.Context(), "ws://pipe/stream/", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func readAnswer(t *testing.T, conn net.Conn) io.Reader {
	t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return response.Body
}

func TestSilentStreamsAreKeptAwake(t *testing.T) {
	for _, test := range []struct{ header, subscribed, result, awake string }{
		{"", `["atlas_subscribed",{"msm":"1001"}]` + "\n", `["atlas_result",{"msm_id":1001,"prb_id":7}]` + "\n", "\n"},
		{
			"Accept: text/event-stream\r\n", "id: 1001-behind--1\nevent: atlas_subscribed\ndata: {\"msm\":\"1001\"}\n\n",
			"id: 1001-behind-0\nevent: atlas_result\ndata: {\"msm_id\":1001,\"prb_id\":7}\n\n", ":\n\n",
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			server := newTestServer(t, testSettings{})
			body := readAnswer(t, serveInPipes(t, server).get(t, test.header))
			expectText(t, body, test.subscribed)
			last := time.Now()
			expectAfter := func(text string, silence time.Duration) {
				t.Helper()
				expectText(t, body, text)
				if got := time.Since(last); got != silence {
					t.Errorf("%q came after %v, want %v", text, got, silence)
				}
				last = time.Now()
			}
			for range 10 {
				expectAfter(test.awake, keepAliveInterval)
			}
			time.Sleep(time.Second)
			server.deliver(7)
			expectAfter(test.result, time.Second)
			expectAfter(test.awake, keepAliveInterval)
		})
	}
}

// A client that reads nothing keeps its subscription for the write timeout, and not longer.
func TestGetThatReadsNothingIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const timeout = 40 * time.Second
		server := newTestServer(t, testSettings{queue: sendqueue.Limits{Bytes: 1 << 20, Messages: 100, WriteTimeout: timeout, CloseTimeout: time.Second}})
		conn := serveInPipes(t, server).get(t, "")
		body := readAnswer(t, conn)
		expectText(t, body, `["atlas_subscribed",{"msm":"1001"}]`+"\n")
		for range 2 {
			server.deliver(7)
			synctest.Wait()
		}
		time.Sleep(timeout - 1)
		synctest.Wait()
		if server.tails.count() != 1 || server.stats.Messages.Load() != 1 {
			t.Fatalf("%d subscriptions, %d messages wait; want one of each", server.tails.count(), server.stats.Messages.Load())
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if server.tails.count() != 0 || server.stats.Messages.Load() != 0 {
			t.Errorf("%d subscriptions, %d messages wait; want none", server.tails.count(), server.stats.Messages.Load())
		}
	})
}

// What waits for a client counts to the budget of its address, whichever endpoint it uses.
func TestQueuesCountToTheBudgetOfTheAddress(t *testing.T) {
	for name, connect := range map[string]func(t *testing.T, pipes *pipes){
		"HTTP": func(t *testing.T, pipes *pipes) {
			expectText(t, readAnswer(t, pipes.get(t, "")), `["atlas_subscribed",{"msm":"1001"}]`+"\n")
		},
		"WebSocket": func(t *testing.T, pipes *pipes) {
			client := pipes.webSocket(t)
			send(t, client, `["atlas_subscribe",{"msm":1001}]`)
			expect(t, client, `["atlas_subscribed",{"msm":1001}]`)
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			limits := ratelimit.Limits{Connections: 2, Subscriptions: 1, Messages: 10, ConnectionMessages: 10, QueuedBytes: 1}
			server := newTestServer(t, testSettings{limits: limits})
			connect(t, serveInPipes(t, server))
			address, err := server.acceptor.guard.OpenAllowance("pipe")
			if err != nil {
				t.Fatal(err)
			}
			defer address.Close()
			synctest.Wait() // until the confirmation is not counted any more
			if address.QueueBudget().IsSpent() {
				t.Errorf("%s: it is spent before anything waits", name)
			}
			for range 2 { // the first of which is being written
				server.deliver(7)
				synctest.Wait()
			}
			if !address.QueueBudget().IsSpent() {
				t.Errorf("%s: what waits does not count", name)
			}
		})
	}
}

// A client that reads slowly is not cut off, however long it takes: each piece has its own timeout.
func TestGetThatReadsSlowlyIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const timeout = 40 * time.Second
		server := newTestServer(t, testSettings{queue: sendqueue.Limits{Bytes: 1 << 20, Messages: 100, WriteTimeout: timeout, CloseTimeout: time.Second}})
		conn := serveInPipes(t, server).get(t, "")
		body := readAnswer(t, conn)
		expectText(t, body, `["atlas_subscribed",{"msm":"1001"}]`+"\n")
		value := fmt.Appendf(nil, `{"x":"%s"}`, bytes.Repeat([]byte("x"), 200<<10))
		server.deliverAll([]atlas.Record{{Event: atlas.Event{Measurement: publicMeasurement, Value: value}}})
		rest := `["atlas_result",` + string(value) + "]\n"
		for len(rest) > 0 {
			time.Sleep(timeout / 3)
			piece := rest[:min(len(rest), 8<<10)]
			expectText(t, body, piece)
			rest = rest[len(piece):]
		}
	})
}

func TestGetThatReadsNothingIsCutOffAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newTestServer(t, testSettings{})
		conn := serveInPipes(t, server).get(t, "")
		body := readAnswer(t, conn)
		expectText(t, body, `["atlas_subscribed",{"msm":"1001"}]`+"\n")
		server.deliver(7)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		server.shutdown(ctx)
		if took := time.Since(began); took != time.Second || server.tails.count() != 0 {
			t.Errorf("it took %v, and %d subscriptions are left", took, server.tails.count())
		}
	})
}

// A subscription that cannot begin does not delay a shutdown.
func TestGetWhoseSubscriptionHangs(t *testing.T) {
	for name, test := range map[string]struct {
		end, took time.Duration
	}{
		"the gateway stops": {time.Second, time.Second},
		"it takes too long": {time.Hour, subscribeTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newTestServer(t, testSettings{})
				server.tails.hangs = true
				conn := serveInPipes(t, server).get(t, "")
				began := time.Now()
				shutdown := time.AfterFunc(test.end, func() { server.shutdown(context.Background()) })
				defer shutdown.Stop()
				expectText(t, readAnswer(t, conn), `["atlas_error","[unavailable] `)
				if took := time.Since(began); took != test.took {
					t.Errorf("it took %v, want %v", took, test.took)
				}
			})
		})
	}
}

// A disconnected client is noticed at once, although nothing is written to it.
func TestGetThatGoesIsForgottenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newTestServer(t, testSettings{})
		conn := serveInPipes(t, server).get(t, "")
		expectText(t, readAnswer(t, conn), `["atlas_subscribed",{"msm":"1001"}]`+"\n")
		time.Sleep(time.Minute - time.Second) // between two signs of life
		server.deliver(7)                     // which goes into a pipe that nobody reads
		_ = conn.Close()
		synctest.Wait()
		if server.tails.count() != 0 {
			t.Error("it is kept")
		}
	})
}
