package abuse

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"atlasstream/services/e2e/internal/await"
)

// attacksByConnections hold many connections.
func attacksByConnections() []attack {
	const idle, mostIdle = 2500, 2 * 1000 // twice --address-connections, as a client that polls has two
	const long, kept = 200, 16 << 10
	text := strings.Repeat("x", 14_000)
	header := http.Header{"X-Filler": {text}}
	longSession := func(path string) func(*testing.T, *testbed) {
		return func(t *testing.T, b *testbed) {
			for range long {
				if _, err := b.attacker.connect(t, path+"client="+text, header); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return []attack{
		{
			name:    "connections without a request",
			launch:  func(t *testing.T, b *testbed) { connectIdly(t, b, idle, "") },
			budgets: []budget{{"descriptors held", ofGateway, counted("process_open_fds"), mostIdle + 20, launching}},
		},
		{
			name:        "connections that are kept alive, and few descriptors",
			descriptors: 1024,
			launch: func(t *testing.T, b *testbed) {
				connectIdly(t, b, idle, "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
			},
		},
		{
			name:      "connections from many networks of a site",
			arguments: []string{"--trusted-proxies", attackerAddress + "/32", "--address-connections", "20"},
			launch:    func(t *testing.T, b *testbed) { connectFromSite(t, b, 7, 20) },
			budgets:   []budget{{"clients", ofGateway, counted("atlas_gateway_clients"), 4 * 20, launching}},
		},
		{
			name:    "long requests for a WebSocket",
			launch:  longSession(webSocketPath + "?"),
			budgets: []budget{{"bytes kept", ofGateway, bytesKept, spare/2 + long*kept, launching}},
		},
		{
			name:    "long requests for Socket.IO",
			launch:  longSession(socketIOPath + "&"),
			budgets: []budget{{"bytes kept", ofGateway, bytesKept, spare/2 + long*kept, launching}},
		},
	}
}

// connectIdly opens connections that send one request and no more. The operator and another client must still be able to connect.
func connectIdly(t *testing.T, b *testbed, count int, request string) {
	t.Helper()
	for range count {
		conn, err := dialFrom(attackerAddress)(t.Context(), "tcp", b.gateway.Public)
		if err != nil {
			continue // it was refused
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, _ = conn.Write([]byte(request)) // it may have been refused
	}
	operator := &http.Client{Timeout: await.Patience, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := operator.Get("http://" + b.gateway.Admins[0] + "/readyz")
	if err != nil {
		t.Fatalf("the operator: %v", err)
	}
	if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
		t.Errorf("the operator got %s", response.Status)
	}
	if err := b.honest.connect(t).Subscribe(`{"msm":1}`); err != nil {
		t.Errorf("another client: %v", err)
	}
}

// connectFromSite opens as many connections as an address may have from each of several /64s of a /48, through a proxy.
func connectFromSite(t *testing.T, b *testbed, networks, each int) {
	t.Helper()
	for network := range networks {
		header := http.Header{"X-Forwarded-For": {fmt.Sprintf("2001:db8:1:%x::1", network)}}
		for range each {
			if _, err := b.attacker.connect(t, webSocketPath, header); err != nil {
				t.Logf("network %d: %v", network, err)
				break
			}
		}
	}
}
