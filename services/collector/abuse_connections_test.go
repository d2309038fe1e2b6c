package collector

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/service"
)

// Idle connections over HTTP and gRPC do not affect the admin port and other addresses.
func TestAbuseByIdleConnections(t *testing.T) {
	c := run(t, Config{Kafka: []string{"127.0.0.1:1"}, MaxConnections: 12, AddressConnections: 4})
	for i := range 100 {
		conn, err := net.Dial("tcp", []string{c.http, c.grpc}[i%2])
		if err != nil {
			continue // it was closed while it was made
		}
		defer conn.Close()
	}
	status, body := get(t, http.DefaultClient, "http://"+c.admin+"/healthz")
	if status != http.StatusOK || body != "alive\n" {
		t.Errorf("the admin port: status %d, %q", status, body)
	}
	other := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}, Timeout: time.Minute}
	client := &http.Client{Transport: &http.Transport{DialContext: other.DialContext, DisableKeepAlives: true}, Timeout: time.Minute}
	if status, body := get(t, client, "http://"+c.http+"/"); status != http.StatusNotFound || !strings.Contains(body, "no such path") {
		t.Errorf("another address: status %d, %q", status, body)
	}
	if !strings.Contains(c.metrics(t), `atlas_service_connections_refused_total{door="gRPC",limit="address"}`) {
		t.Error("the metrics do not count refused connections over gRPC")
	}
}

// A trusted proxy may have more connections than one address, within the total.
func TestConnectionsOfAProxyCountInTheTotalOnly(t *testing.T) {
	c := run(t, Config{Kafka: []string{"127.0.0.1:1"}, MaxConnections: 12, AddressConnections: 1, Proxies: service.Proxies{TrustedProxies: []string{"127.0.0.2"}}})
	proxy := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}, Timeout: time.Minute}
	for range 3 {
		client := &http.Client{Transport: &http.Transport{DialContext: proxy.DialContext}, Timeout: time.Minute}
		defer client.CloseIdleConnections()
		if status, body := get(t, client, "http://"+c.http+"/"); status != http.StatusNotFound || !strings.Contains(body, "no such path") {
			t.Fatalf("the proxy: status %d, %q", status, body)
		}
	}
}
