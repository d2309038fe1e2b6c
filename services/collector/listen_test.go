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

// Whoever says nothing opens no door to other machines.
func TestDoorsAreLocalUnlessToldOtherwise(t *testing.T) {
	cfg := Config{}.withDefaults()
	for _, address := range []string{cfg.Listen, cfg.GRPC} {
		if host, _, err := net.SplitHostPort(address); err != nil || !net.ParseIP(host).IsLoopback() {
			t.Errorf("got %q, %v", address, err)
		}
	}
}

func TestOpenDoorsAreWarnedOf(t *testing.T) {
	for address, want := range map[string]int{"127.0.0.1:0": 0, "[::1]:0": 0, "localhost:0": 0, "0.0.0.0:0": 2, ":0": 2} {
		core, logs := observer.New(zap.WarnLevel)
		c := &collector{cfg: Config{Listen: address, GRPC: address, Admin: "127.0.0.1:0", Logger: zap.New(core)}, registry: service.NewRegistry()}
		doors, err := c.listen()
		if err != nil {
			t.Fatal(err)
		}
		for _, door := range []net.Listener{doors.http, doors.grpc, doors.admin} {
			if err := door.Close(); err != nil {
				t.Error(err)
			}
		}
		if got := logs.FilterMessageSnippet("clients are not authenticated").Len(); got != want {
			t.Errorf("%s: %d warnings, want %d", address, got, want)
		}
	}
}

// A client that knows of HTTP/2 needs no upgrade, and its idle connection holds up no stop.
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
