//go:build fleet

package fleet

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/testcluster"
)

// A session ID, as the package sessionid of the gateway has it: version, tag of the gateway, random bits and signature.
const (
	tagBegin, tagEnd = 1, 9
	idSize           = 33
)

// openSessionAt opens a session at a gateway, which ends by itself as nobody polls, and returns its ID.
func openSessionAt(t *testing.T, gateway string) string {
	t.Helper()
	body, err := connection.Request(t.Context(), http.DefaultClient, http.MethodGet, "http://"+gateway+"/stream/socket.io/?EIO=4&transport=polling", "")
	if err != nil {
		t.Fatal(err)
	}
	var opened struct {
		ID string `json:"sid"`
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(body, "0")), &opened); err != nil || tagOf(opened.ID) == "" {
		t.Fatalf("received %q: %v", body, err)
	}
	return opened.ID
}

// tagOf is the tag of the gateway in a session ID, or empty if it is none.
func tagOf(id string) string {
	decoded, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || len(decoded) != idSize {
		return ""
	}
	return string(decoded[tagBegin:tagEnd])
}

// forger sends requests with session IDs that no gateway has made.
type forger struct {
	address string
	genuine []string // IDs of sessions, each of another gateway
	forged  map[string]bool
	refused int // as sessions that are unknown
	failed  int // at the balancer, as a gateway was gone
	faults  []string
}

func newForger(t *testing.T, address string, gateways []*testcluster.Process) *forger {
	t.Helper()
	f := &forger{address: address, forged: make(map[string]bool)}
	for _, gateway := range gateways {
		f.genuine = append(f.genuine, openSessionAt(t, gateway.Public))
	}
	return f
}

// run sends a request every 50 ms until ctx ends.
func (f *forger) run(ctx context.Context) error {
	for ctx.Err() == nil {
		f.send(ctx, 1)
		await.Duration(ctx, 50*time.Millisecond)
	}
	return nil
}

// send sends so many requests: polls, posts and upgrades.
func (f *forger) send(ctx context.Context, count int) {
	for range count {
		number := len(f.forged)
		id := f.forge(number)
		f.forged[id] = true
		method, transport, header := http.MethodGet, "polling", http.Header{}
		switch number % 3 {
		case 1:
			method = http.MethodPost
		case 2:
			transport = "websocket"
			header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}}
		}
		f.ask(ctx, method, fmt.Sprintf("http://%s/stream/socket.io/?EIO=4&transport=%s&sid=%s", f.address, transport, id), header)
	}
}

// forge makes an ID: of random bytes, or of a genuine one with other bytes at one place.
func (f *forger) forge(number int) string {
	id := make([]byte, idSize)
	_, _ = rand.Read(id)
	if number%4 > 0 {
		genuine, _ := base64.RawURLEncoding.DecodeString(f.genuine[number%len(f.genuine)])
		from := []int{tagBegin, tagEnd, idSize - 8}[number%4-1] // the tag, the random bits, the signature
		copy(genuine[from:from+8], id)
		id = genuine
	}
	return base64.RawURLEncoding.EncodeToString(id)
}

func (f *forger) ask(ctx context.Context, method, url string, header http.Header) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(""))
	if err != nil {
		f.faults = append(f.faults, err.Error())
		return
	}
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		if ctx.Err() == nil {
			f.faults = append(f.faults, err.Error())
		}
		return
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	switch {
	case response.StatusCode == http.StatusBadRequest && strings.Contains(string(body), "Session ID unknown"):
		f.refused++
	case response.StatusCode == http.StatusBadGateway:
		f.failed++
	default:
		f.faults = append(f.faults, fmt.Sprintf("%s: %s %s", url, response.Status, body))
	}
}

// expectNoDials sends requests while nobody else does, and checks that gateways connect to no other one.
func (f *forger) expectNoDials(t *testing.T, when string, gateways []*testcluster.Process) {
	t.Helper()
	const count = 240
	before, refused := dialsOf(t, gateways), f.refused
	f.send(t.Context(), count)
	atLeast(t, "forged session IDs refused "+when, float64(f.refused-refused), count)
	atMost(t, "connections between gateways meanwhile", dialsOf(t, gateways)-before, 0)
}

func dialsOf(t *testing.T, gateways []*testcluster.Process) (sum float64) {
	t.Helper()
	for _, gateway := range gateways {
		sum += gateway.Metric(t, "atlas_gateway_peer_dials_total")
	}
	return sum
}
