package abuse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/pkg/atlas"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/e2e/internal/workload"
)

// dialFrom connects from an address of this machine.
func dialFrom(address string) func(ctx context.Context, network, to string) (net.Conn, error) {
	local := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), 0))
	return (&net.Dialer{LocalAddr: local}).DialContext
}

// httpFrom makes an HTTP client at an address of this machine.
func httpFrom(t *testing.T, address string) *http.Client {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: dialFrom(address)}}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// webSocketFrom opens a WebSocket from an address of this machine.
func webSocketFrom(t *testing.T, address, url string, header http.Header) (*websocket.Conn, error) {
	t.Helper()
	dialer := &websocket.Dialer{NetDialContext: dialFrom(address), ReadBufferSize: 4 << 10, HandshakeTimeout: await.Patience}
	conn, response, err := dialer.DialContext(t.Context(), url, header)
	if err != nil {
		return nil, err
	}
	_ = response.Body.Close()
	return conn, nil
}

// honestClient posts numbered results, and receives them at a WebSocket: each once and in their order.
type honestClient struct {
	gateway, ingest string
	http            *http.Client
	conn            *connection.Connection
	result          func(number int) []byte
	posted          int
}

// newHonestClient makes a client that is subscribed.
func newHonestClient(t *testing.T, gateway, ingest string) *honestClient {
	t.Helper()
	c := &honestClient{gateway: gateway, ingest: ingest, http: httpFrom(t, honestAddress), result: shortResult}
	c.conn = c.connect(t)
	if err := c.conn.Subscribe(fmt.Sprintf(`{"msm":%d}`, abusedMeasurement)); err != nil {
		t.Fatal(err)
	}
	return c
}

// connect opens a further connection of the client.
func (c *honestClient) connect(t *testing.T) *connection.Connection {
	t.Helper()
	conn, err := webSocketFrom(t, honestAddress, "ws://"+c.gateway+"/stream/", nil)
	if err != nil {
		t.Fatalf("the honest client: %v", err)
	}
	shut := func() { _ = conn.Close() }
	t.Cleanup(shut)
	return connection.OnWebSocket(conn, shut)
}

// exchange posts further results and receives them.
func (c *honestClient) exchange(t *testing.T, count int) {
	t.Helper()
	var body bytes.Buffer
	for number := range count {
		fmt.Fprintf(&body, "%s\n", c.result(c.posted+number+1))
	}
	if answer, err := c.post(&body); err != nil || answer.Accepted != count {
		t.Fatalf("the honest client posted %d results: %+v %v", count, answer, err)
	}
	for range count {
		c.posted++
		expectNumber(t, c.conn, c.posted)
	}
}

// expectNumbers receives results with the numbers from 1 to count.
func (c *honestClient) expectNumbers(t *testing.T, conn *connection.Connection, count int) {
	t.Helper()
	for number := range count {
		expectNumber(t, conn, number+1)
	}
}

func (c *honestClient) post(body io.Reader) (answer testcluster.Outcome, err error) {
	response, err := c.http.Post("http://"+c.ingest+"/v1/results", "application/x-ndjson", body)
	if err != nil {
		return answer, err
	}
	defer response.Body.Close()
	err = json.NewDecoder(response.Body).Decode(&answer)
	if response.StatusCode != http.StatusOK {
		err = errors.Join(errors.New(response.Status), err)
	}
	return answer, err
}

func expectNumber(t *testing.T, conn *connection.Connection, number int) {
	t.Helper()
	msg, err := conn.Receive()
	if got := workload.NumberIn(msg.Payload, `"number":`); err != nil || msg.Event != "atlas_result" || got != int64(number) {
		t.Fatalf("the honest client received %.300s %v, want result %d", msg, err, number)
	}
}

// resultAt is a numbered result.
func resultAt(at time.Time, measurement atlas.MeasurementID, number int) []byte {
	return fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"af":4,"timestamp":%d,"type":"ping","number":%d,"min":1.5}`, measurement, number, at.Unix(), number)
}

// shortResult is a numbered result of two minutes ago.
func shortResult(number int) []byte {
	return resultAt(time.Now().Add(-2*time.Minute), abusedMeasurement, number)
}

// longTraceroute is a numbered result of a hundred hops with three replies each, of some 25 kB.
func longTraceroute(number int) []byte {
	const hops, replies = 100, 3
	text := fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"af":4,"timestamp":%d,"type":"traceroute","number":%d,"result":[`,
		abusedMeasurement, number, time.Now().Unix(), number)
	for hop := 1; hop <= hops; hop++ {
		text = fmt.Appendf(text, `{"hop":%d,"result":[`, hop)
		for reply := range replies {
			text = fmt.Appendf(text, `{"from":"10.0.%d.%d","ttl":%d,"size":28,"rtt":%d.%03d,"itos":0},`, hop, reply, 255-hop, hop, reply)
		}
		text = append(bytes.TrimSuffix(text, []byte(",")), `]},`...)
	}
	return append(bytes.TrimSuffix(text, []byte(",")), `]}`...)
}

// attacker is the address that attacks.
type attacker struct {
	gateway string
	http    *http.Client
	reading sync.WaitGroup
}

// newAttacker makes an attacker whose connections are closed when the test ends.
func newAttacker(t *testing.T, gateway string) *attacker {
	t.Helper()
	a := &attacker{gateway: gateway, http: httpFrom(t, attackerAddress)}
	t.Cleanup(a.reading.Wait) // runs when its connections have been closed
	return a
}

// attackConnection is one WebSocket of the attacker. It only counts what it receives.
type attackConnection struct {
	conn *websocket.Conn
	gone chan struct{} // closed when the connection is

	mu       sync.Mutex
	received map[string]int // messages by their beginning
}

// The paths that the attacker connects to.
const (
	webSocketPath = "/stream/"
	socketIOPath  = "/stream/socket.io/?EIO=4&transport=websocket"
	socketIO3Path = "/stream/socket.io/?EIO=3&transport=websocket"
)

// connect opens a WebSocket at a path.
func (a *attacker) connect(t *testing.T, path string, header http.Header) (*attackConnection, error) {
	t.Helper()
	conn, err := webSocketFrom(t, attackerAddress, "ws://"+a.gateway+path, header)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = conn.Close() })
	i := &attackConnection{conn: conn, gone: make(chan struct{}), received: make(map[string]int)}
	conn.SetPongHandler(func(data string) error {
		i.note("pong " + data)
		return nil
	})
	a.reading.Go(i.read)
	return i, nil
}

// mustConnect is connect for connections that must not be refused.
func (a *attacker) mustConnect(t *testing.T, path string) *attackConnection {
	t.Helper()
	conn, err := a.connect(t, path, nil)
	if err != nil {
		t.Fatalf("the attacker: %v", err)
	}
	if path == socketIOPath {
		conn.send("40")
	}
	return conn
}

func (c *attackConnection) read() {
	defer close(c.gone)
	for {
		_, message, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		kind, _, _ := bytes.Cut(message, []byte(",{")) // an event without its payload
		kind, _, _ = bytes.Cut(kind, []byte(" "))      // an error with only its code
		c.note(string(kind[:min(len(kind), 60)]))
	}
}

func (c *attackConnection) note(kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.received[kind]++
}

// count returns how many messages began so.
func (c *attackConnection) count(kind string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.received[kind]
}

// send sends a text. The gateway may have closed the connection.
func (c *attackConnection) send(text string) {
	_ = c.conn.SetWriteDeadline(time.Now().Add(await.Patience))
	_ = c.conn.WriteMessage(websocket.TextMessage, []byte(text))
}

// subscribe subscribes on a plain WebSocket.
func (c *attackConnection) subscribe(parameters string) {
	c.send(`["atlas_subscribe",` + parameters + `]`)
}

// ping sends a WebSocket ping.
func (c *attackConnection) ping(data string) {
	_ = c.conn.WriteControl(websocket.PingMessage, []byte(data), time.Now().Add(await.Patience))
}

func (c *attackConnection) isGone() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

// awaitRead waits until the gateway has answered a last ping on each connection, or has closed it, or is idle, as it does not answer everything.
func (b *testbed) awaitRead(t *testing.T, conns ...*attackConnection) {
	t.Helper()
	const last = "last"
	for _, conn := range conns {
		conn.ping(last)
	}
	quiet := b.quiet(t)
	await.Condition(t, "the gateway has read what the attacker sent", func() bool {
		return await.All(conns, func(conn *attackConnection) bool { return conn.isGone() || conn.count("pong "+last) > 0 }) || quiet()
	})
}
