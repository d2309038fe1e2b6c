package peerload

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// startPeer starts a gateway that answers signed requests.
func startPeer(t *testing.T, load *Load) netip.AddrPort {
	t.Helper()
	tell := Handler(func(context.Context) Load { return *load })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != Path || r.Header.Get("Signature") != "ours" {
			http.Error(w, "unsigned", http.StatusForbidden)
			return
		}
		tell.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return netip.MustParseAddrPort(server.Listener.Addr().String())
}

func watch(t *testing.T, signature string, peers ...netip.AddrPort) *Watcher {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return NewWatcher(Settings{
		Peers: func() []netip.AddrPort { return peers }, Sign: func(r *http.Request) { r.Header.Set("Signature", signature) },
		Client: client, Logger: zap.NewNop(),
	})
}

//notices:draining-peer-counts
func TestTheEmptiestThatServesIsKnown(t *testing.T) {
	full, half, draining := &Load{100, true}, &Load{50, true}, &Load{2, false}
	unreachable := netip.MustParseAddrPort("127.0.0.1:1")
	w := watch(t, "ours", startPeer(t, full), startPeer(t, draining), unreachable, startPeer(t, half))
	if _, known := w.Fewest(); known {
		t.Error("something is known before anybody was asked")
	}
	w.askAll(t.Context())
	if fewest, known := w.Fewest(); fewest != 50 || !known {
		t.Errorf("got %d, %v; want 50", fewest, known)
	}
	half.Serving, full.Serving = false, false
	w.askAll(t.Context())
	if fewest, known := w.Fewest(); known {
		t.Errorf("got %d while nobody serves", fewest)
	}
}

func TestAGatewayThatRefusesIsUnknown(t *testing.T) {
	w := watch(t, "theirs", startPeer(t, &Load{1, true}))
	w.askAll(t.Context())
	if _, known := w.Fewest(); known {
		t.Error("a gateway with another key is known")
	}
}

func TestRunAsksUntilItsContextEnds(t *testing.T) {
	w := watch(t, "ours", startPeer(t, &Load{7, true}))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { w.Run(ctx); close(ended) }()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if _, known := w.Fewest(); known || time.Now().After(deadline) {
			break
		}
	}
	cancel()
	<-ended
	if fewest, known := w.Fewest(); fewest != 7 || !known {
		t.Errorf("got %d, %v", fewest, known)
	}
}

func FuzzParse(f *testing.F) {
	for _, answer := range []string{`{"clients":3,"serving":true}`, `{"clients":-1}`, `{"clients":1e99}`, `[`, "", `{"clients":1}` + strings.Repeat(" ", 2*maxBytes)} {
		f.Add(answer)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		load, err := parse(strings.NewReader(answer))
		if load.Clients < 0 || err != nil && load != (Load{}) {
			t.Errorf("%q: got %+v, %v", answer, load, err)
		}
	})
}
