package collector

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"atlasstream/pkg/service"
)

// By default, other machines do not reach a collector.
func TestListenersAreLocalByDefault(t *testing.T) {
	cfg := Config{}.withDefaults()
	for _, address := range []string{cfg.Listen, cfg.GRPC} {
		if host, _, err := net.SplitHostPort(address); err != nil || !net.ParseIP(host).IsLoopback() {
			t.Errorf("got %q, %v", address, err)
		}
	}
}

func TestPublicListenersAreWarnedAbout(t *testing.T) {
	for address, want := range map[string]int{"127.0.0.1:0": 0, "[::1]:0": 0, "localhost:0": 0, "0.0.0.0:0": 2, ":0": 2} {
		core, logs := observer.New(zap.WarnLevel)
		cfg := Config{Listen: address, GRPC: address, Admin: "127.0.0.1:0", Logger: zap.New(core), SourceSettings: SourceSettings{Open: true}}
		c := &collector{cfg: cfg, registry: service.NewRegistry()}
		listeners, err := c.listen()
		if err != nil {
			t.Fatal(err)
		}
		for _, listener := range []net.Listener{listeners.http, listeners.grpc, listeners.admin} {
			if err := listener.Close(); err != nil {
				t.Error(err)
			}
		}
		if got := logs.FilterMessageSnippet("clients are not authenticated").Len(); got != want {
			t.Errorf("%s: %d warnings, want %d", address, got, want)
		}
	}
}

// A client may use HTTP/2 without an upgrade, and its idle connection does not delay the stop.
func TestHTTP2ByPriorKnowledge(t *testing.T) {
	b := broker(t, "")
	r := run(t, Config{Kafka: b.Addrs(), TopicSettings: TopicSettings{Partitions: 1}})
	r.awaitReady(t)
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	for body, want := range map[string]int{result(1): http.StatusOK, strings.Repeat("[", 1<<20): http.StatusBadRequest} {
		response, err := (&http.Client{Transport: transport}).Post("http://"+r.http+"/v1/results", "", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil || response.ProtoMajor != 2 || response.StatusCode != want {
			t.Errorf("got HTTP/%d, status %d, %v", response.ProtoMajor, response.StatusCode, err)
		}
	}
	if err := r.wait(); err != nil {
		t.Error(err)
	}
}
