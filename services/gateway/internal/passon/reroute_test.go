package passon

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"atlasstream/services/gateway/internal/sessionid"
)

// session is one that the peer holds: a WebSocket until it is closed, or polls that are held until they are answered.
type session struct {
	closing, ended chan struct{}
	answer         chan struct{}
	polled         chan struct{} // has an element for each poll that is held
}

func newSession() *session {
	return &session{closing: make(chan struct{}), ended: make(chan struct{}), answer: make(chan struct{}), polled: make(chan struct{}, 10)}
}

func (s *session) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "" {
		echo(s.ended, s.closing).ServeHTTP(w, r)
		return
	}
	s.polled <- struct{}{}
	select {
	case <-s.answer:
		fmt.Fprint(w, "6")
	case <-r.Context().Done():
	}
}

// leaveAll has everything that is passed on rerouted, as a drain does.
func (g *gateways) leaveAll(t *testing.T, want int) {
	t.Helper()
	g.front.Refuse()
	departures := g.front.Departures()
	if len(departures) != want {
		t.Errorf("%d requests are being passed on, want %d", len(departures), want)
	}
	for _, depart := range departures {
		if !depart() {
			t.Error("a request that is being passed on counts as ended")
		}
	}
}

// A gateway that drains has the peer end what it passes on, cuts nothing off, and goes on passing on polls, each on a connection of its own. It opens no more
// tunnels.
//
//notices:tunnels-cut-unannounced
func TestDrainingGatewayHasClientsRerouted(t *testing.T) {
	owned := newSession()
	g := start(t, key, owned)
	var rerouted sync.Map
	g.reroute = func(id string) bool {
		rerouted.Store(id, true)
		return true
	}
	conn, reader := upgrade(t, g)
	polling := sessionid.New(key, g.peer)
	answered := make(chan string, 1)
	go func() {
		_, text, header := ask(t, http.MethodGet, g.url(polling), "")
		answered <- text + " " + header.Get("Connection")
	}()
	await(t, owned.polled, "a poll is held")
	g.leaveAll(t, 2)
	g.front.rerouting.Wait()
	count := 0
	rerouted.Range(func(any, any) bool { count++; return true })
	if _, asked := rerouted.Load(polling); !asked || count != 2 {
		t.Errorf("%d sessions were rerouted, that of the poll: %t", count, asked)
	}
	fmt.Fprintln(conn, "still here")
	if line, err := reader.ReadString('\n'); line != "still here\n" {
		t.Errorf("the tunnel is cut: %q %v", line, err)
	}
	close(owned.answer)
	if text := <-answered; text != "6 " { // net/http hides the header, and says so in Response.Close
		t.Errorf("the poll was answered %q", text)
	}
	expectClosingAnswer(t, g.url(polling))
	if status := upgradeStatus(t, g); status != http.StatusServiceUnavailable {
		t.Errorf("a further WebSocket: got %d", status)
	}
	close(owned.closing)
	await(t, owned.ended, "the tunnel ends")
	g.front.Shutdown(t.Context())
}

func expectClosingAnswer(t *testing.T, url string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK || !response.Close {
		t.Errorf("a further poll: got %s, on a connection that ends: %t", response.Status, response.Close)
	}
}

func upgradeStatus(t *testing.T, g *gateways) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.url(sessionid.New(key, g.peer)), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	_ = response.Body.Close()
	return response.StatusCode
}

// What the peer knows nothing of, or does not answer for, is cut off as soon as that is known.
func TestSessionsThatCannotBeReroutedAreCutOff(t *testing.T) {
	owned := newSession()
	g := start(t, key, owned)
	g.reroute = func(string) bool { return false }
	_, reader := upgrade(t, g)
	g.leaveAll(t, 1)
	if text, err := reader.ReadString('\n'); err == nil {
		t.Errorf("received %q", text)
	}
	await(t, owned.ended, "the peer's end is closed")
	close(owned.closing)
}

// Shutdown waits until the clients have gone, but not longer than it may.
func TestShutdownWaitsForReroutedClients(t *testing.T) {
	owned := newSession()
	g := start(t, key, owned)
	conn, reader := upgrade(t, g)
	g.reroute = func(string) bool {
		fmt.Fprintln(conn, "still here")
		if line, err := reader.ReadString('\n'); line != "still here\n" {
			t.Errorf("the tunnel is cut before its client is told: %q %v", line, err)
		}
		close(owned.closing)
		return true
	}
	g.front.Shutdown(t.Context())
	if text, err := reader.ReadString('\n'); err == nil {
		t.Errorf("received %q", text)
	}
	stubborn := newSession()
	g = start(t, key, stubborn)
	g.reroute = func(string) bool { return true }
	_, reader = upgrade(t, g)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	g.front.Shutdown(ctx)
	if text, err := reader.ReadString('\n'); err == nil || strings.Contains(text, "x") {
		t.Errorf("received %q", text)
	}
	close(stubborn.closing)
}
