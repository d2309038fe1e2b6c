package passon

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"atlasstream/pkg/service"
	"atlasstream/services/gateway/internal/peerauth"
	"atlasstream/services/gateway/internal/sessionid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	key  = []byte("the key of all gateways")
	self = netip.MustParseAddrPort("192.0.2.1:8090")
)

// knownPeers are the peers of a gateway, and how often they were looked for.
type knownPeers struct {
	others []netip.AddrPort
	sought atomic.Int64
}

func (*knownPeers) Self() netip.AddrPort { return self }

func (p *knownPeers) Find(_ context.Context, is func(netip.AddrPort) bool) (netip.AddrPort, bool) {
	p.sought.Add(1)
	for _, peer := range p.others {
		if is(peer) {
			return peer, true
		}
	}
	return netip.AddrPort{}, false
}

func keysOf(key []byte) *peerauth.Keys {
	keys := &peerauth.Keys{}
	keys.Set(key)
	return keys
}

// gateways are one that clients ask, and another one that holds the sessions.
type gateways struct {
	front    *Handler
	public   *httptest.Server
	peers    *knownPeers
	peer     netip.AddrPort
	accepted atomic.Int64 // connections to the peer
	reroute  func(session string) bool
}

// countedListener counts the connections that it accepts.
type countedListener struct {
	net.Listener
	accepted *atomic.Int64
}

func (l countedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.accepted.Add(1)
	}
	return conn, err
}

const withinTotal = 100

// start has requests for sessions of the peer answered by owner, if the peer trusts the key. What the front does not pass on is answered 400 by itself.
func start(t *testing.T, trusted []byte, owner http.Handler) *gateways {
	t.Helper()
	g := &gateways{}
	doors := http.NewServeMux()
	doors.Handle("/", Receive(owner))
	doors.Handle(ReroutePath, ReceiveReroute(func(session string) bool {
		if g.reroute == nil {
			return false
		}
		return g.reroute(session)
	}))
	peer := httptest.NewUnstartedServer(keysOf(trusted).Handler(doors, func(*http.Request, error) {}))
	peer.Listener = countedListener{peer.Listener, &g.accepted}
	peer.Start()
	t.Cleanup(peer.Close)
	g.peer = netip.MustParseAddrPort(peer.Listener.Addr().String())
	g.peers = &knownPeers{others: []netip.AddrPort{g.peer}}
	g.front = New(Settings{
		Peers: g.peers, Keys: keysOf(key), Limits: service.ConnectionLimits{Total: withinTotal, Address: withinTotal}, WriteTimeout: time.Minute,
		Refuse: func(w http.ResponseWriter, limit string) { http.Error(w, limit, http.StatusServiceUnavailable) },
		Logger: zaptest.NewLogger(t),
	}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "Session ID unknown", http.StatusBadRequest)
	}), prometheus.NewRegistry())
	g.public = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		g.front.ServeHTTP(w, r)
	}))
	t.Cleanup(g.public.Close)
	t.Cleanup(g.shutdown)
	return g
}

// shutdown ends what is being passed on at once.
func (g *gateways) shutdown() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	g.front.Shutdown(ctx)
}

func (g *gateways) url(session string) string {
	return g.public.URL + "/stream/socket.io/?EIO=4&transport=polling&sid=" + session + "&t=%2Bx"
}

func ask(t *testing.T, method, url, body string) (status int, text string, header http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(read), response.Header
}

func (g *gateways) expectCount(t *testing.T, result string, want float64) {
	t.Helper()
	if got := testutil.ToFloat64(g.front.metrics.requests.WithLabelValues(result)); got != want {
		t.Errorf("%s: counted %v, want %v", result, got, want)
	}
}

// A request comes to the gateway that holds its session as it is, with the address of the client, and so does the answer.
func TestRequestReachesItsSession(t *testing.T) {
	g := start(t, key, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/x-test")
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, r.Method, " ", r.RequestURI, " ", r.RemoteAddr, " ", r.Host, " ", string(body))
	}))
	session := sessionid.New(key, g.peer)
	for method, body := range map[string]string{http.MethodGet: "", http.MethodPost: "4é\x1e4x"} {
		status, text, header := ask(t, method, g.url(session), body)
		want := method + " /stream/socket.io/?EIO=4&transport=polling&sid=" + session + "&t=%2Bx 127.0.0.1:0 " + strings.TrimPrefix(g.public.URL, "http://") + " " + body
		if status != http.StatusTeapot || text != want || header.Get("Content-Type") != "application/x-test" || header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("got %d %v\n%s, want\n%s", status, header, text, want)
		}
	}
	g.expectCount(t, resultAnswered, 2)
}

// No ID that a gateway has not made makes another one connect to anything, nor look anything up; nor does one of this gateway itself.
//
//notices:own-session-passed-on
func TestAbuseForgedSessionsConnectNowhere(t *testing.T) {
	g := start(t, key, http.NotFoundHandler())
	genuine := sessionid.New(key, g.peer)
	for _, session := range []string{
		"", "x", sessionid.New([]byte("another key"), g.peer), sessionid.New(key, self), genuine[1:], "A" + genuine[:len(genuine)-1], genuine + "A",
		strings.ToLower(genuine), g.peer.String(), "http://" + g.peer.String(), strings.Repeat("A", sessionid.Length),
	} {
		if status, text, _ := ask(t, http.MethodGet, g.url(session), ""); status != http.StatusBadRequest || !strings.Contains(text, "unknown") {
			t.Errorf("%q: got %d %s", session, status, text)
		}
	}
	if dialled, sought := g.accepted.Load(), g.peers.sought.Load(); dialled != 0 || sought != 0 {
		t.Errorf("%d connections, %d searches for peers", dialled, sought)
	}
}

// Where the gateway that has the session is gone, the client is told so within some two seconds.
func TestSessionOfAPeerThatIsGone(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	for result, peer := range map[string]string{
		"silent": silent.Addr().String(), "refuses": gone.Addr().String(), resultUnknown: "192.0.2.77:8090", resultDistrusted: "",
	} {
		t.Run(result, func(t *testing.T) {
			g := start(t, []byte("another key"), http.NotFoundHandler())
			address := g.peer
			if peer != "" {
				address = netip.MustParseAddrPort(peer)
			}
			if result != resultUnknown {
				g.peers.others = append(g.peers.others, address)
			}
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				began := time.Now()
				status, text, header := ask(t, method, g.url(sessionid.New(key, address)), "")
				if took := time.Since(began); status != http.StatusBadRequest || !strings.Contains(text, "unknown") || took > answerTimeout+5*time.Second {
					t.Errorf("got %d %s after %s", status, text, took)
				}
				if header.Get("Access-Control-Allow-Origin") != "*" {
					t.Error("a page may not read the answer")
				}
			}
			if result == "silent" || result == "refuses" {
				result = resultUnreachable
			}
			g.expectCount(t, result, 2)
		})
	}
}

// A poll is held for as long as the peer holds it, and ends there when the client goes.
//
//notices:held-poll-cut
func TestHeldPoll(t *testing.T) {
	left := make(chan struct{})
	g := start(t, key, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(answerTimeout + time.Second/2):
			fmt.Fprint(w, "at last")
		case <-r.Context().Done():
			close(left)
		}
	}))
	url := g.url(sessionid.New(key, g.peer))
	if status, text, _ := ask(t, http.MethodGet, url, ""); status != http.StatusOK || text != "at last" {
		t.Errorf("got %d %s", status, text)
	}
	ctx, leave := context.WithTimeout(t.Context(), time.Second/2)
	defer leave()
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if response, err := http.DefaultTransport.RoundTrip(request); err == nil {
		_ = response.Body.Close()
		t.Error("answered")
	}
	await(t, left, "the peer notices that the client has gone")
}

func await(t *testing.T, event <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-event:
	case <-time.After(10 * time.Second):
		t.Fatal("in vain: " + what)
	}
}

// echo upgrades and sends back what comes, until the connection ends; then it closes ended. What comes on closing ends it from this side.
func echo(ended chan<- struct{}, closing <-chan struct{}) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, buffers, _ := http.NewResponseController(w).Hijack()
		go func() {
			defer close(ended)
			defer conn.Close()
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello\n")
			_, _ = io.Copy(conn, buffers)
		}()
		go func() {
			select {
			case <-closing:
				_ = conn.Close()
			case <-time.After(20 * time.Second):
			}
		}()
	})
}

// upgrade opens a tunnel.
func upgrade(t *testing.T, g *gateways) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", g.public.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	fmt.Fprintf(conn, "GET /stream/socket.io/?sid=%s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", sessionid.New(key, g.peer))
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(response, err)
	}
	if line, err := reader.ReadString('\n'); line != "hello\n" {
		t.Fatalf("%q %v", line, err)
	}
	return conn, reader
}

// A WebSocket carries short and long messages both ways, and when either end closes it, the other one notices at once.
func TestTunnel(t *testing.T) {
	for _, closer := range []string{"client", "peer", "shutdown"} {
		t.Run(closer, func(t *testing.T) {
			ended, closing := make(chan struct{}), make(chan struct{})
			g := start(t, key, echo(ended, closing))
			conn, reader := upgrade(t, g)
			for _, size := range []int{1, bufferToPeer, bufferToClient + 1, 10 * largeBuffer} {
				message := strings.Repeat("x", size-1) + "\n"
				go func() { _, _ = io.WriteString(conn, message) }()
				if line, err := reader.ReadString('\n'); line != message || err != nil {
					t.Fatalf("%d bytes of %d came back: %v", len(line), size, err)
				}
			}
			if got := testutil.ToFloat64(g.front.metrics.tunnels); got != 1 {
				t.Errorf("%v tunnels", got)
			}
			began := time.Now()
			switch closer {
			case "client":
				_ = conn.Close()
			case "peer":
				close(closing)
			default:
				g.shutdown()
			}
			await(t, ended, "the peer's end is closed")
			if _, err := reader.ReadByte(); err == nil {
				t.Error("the client's end is open")
			}
			if took := time.Since(began); took > 5*time.Second { // a second on a machine that does nothing else
				t.Errorf("took %s", took)
			}
			g.shutdown() // waits for the handler
			if got := testutil.ToFloat64(g.front.metrics.tunnels); got != 0 {
				t.Errorf("%v tunnels are left", got)
			}
			if closer != "peer" {
				close(closing)
			}
		})
	}
}

// No more than --max-passed-on requests are passed on at once, and those that end make room. A gateway that stops ends those that are held.
func TestAbuseRequestsPassedOnAreBounded(t *testing.T) {
	arrived := make(chan struct{}, withinTotal)
	g := start(t, key, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	}))
	url := g.url(sessionid.New(key, g.peer))
	held := make(chan int, withinTotal)
	for range withinTotal {
		go func() {
			request, _ := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, url, nil)
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				held <- 0
				return
			}
			_ = response.Body.Close()
			held <- response.StatusCode
		}()
	}
	for range withinTotal {
		await(t, arrived, "the peer has the requests")
	}
	if status, _, _ := ask(t, http.MethodGet, url, ""); status != http.StatusServiceUnavailable {
		t.Errorf("one more: got %d", status)
	}
	g.expectCount(t, resultFull, 1)
	g.shutdown()
	for range withinTotal {
		if status := <-held; status != http.StatusServiceUnavailable {
			t.Errorf("a held request: got %d", status)
		}
	}
	if status, _, _ := ask(t, http.MethodGet, url, ""); status != http.StatusServiceUnavailable {
		t.Errorf("after the shutdown: got %d", status)
	}
}
