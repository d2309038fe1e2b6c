package testcluster

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"sync/atomic"
	"testing"

	"atlasstream/services/collector"
	"atlasstream/services/gateway"
)

// StartReplicas starts a collector and several gateways that are peers, behind a balancer that sends each request to the next one. The addresses are those of
// the balancer and of the collector; the first admin ports are those of the gateways.
func StartReplicas(t *testing.T, kafka []string, count int) *Cluster {
	t.Helper()
	peers := make([]gateway.Config, count)
	var addresses, public []string
	for i := range peers {
		peers[i].PeerListener = Listen(t)
		addresses = append(addresses, peers[i].PeerListener.Addr().String())
	}
	cluster := &Cluster{Kafka: kafka[0]}
	for i := range peers {
		peers[i].Peers, peers[i].PeerKey = addresses, peerKey
		peers[i].Kafka, peers[i].Listener, peers[i].AdminListener = kafka, Listen(t), Listen(t)
		peers[i].Logger = warnings(t).Named("gateway")
		public = append(public, peers[i].Listener.Addr().String())
		cluster.Admins = append(cluster.Admins, peers[i].AdminListener.Addr().String())
		runUntilTestEnds(t, "gateway", func(ctx context.Context) error { return gateway.Run(ctx, peers[i]) })
	}
	c := collector.Config{
		Kafka: kafka, TopicSettings: collector.TopicSettings{Partitions: Partitions},
		Listener: Listen(t), GRPCListener: Listen(t), AdminListener: Listen(t), Logger: warnings(t).Named("collector"),
	}
	runUntilTestEnds(t, "collector", func(ctx context.Context) error { return collector.Run(ctx, c) })
	cluster.Ingest, cluster.Admins = c.Listener.Addr().String(), append(cluster.Admins, c.AdminListener.Addr().String())
	cluster.Public = startBalancer(t, public)
	cluster.AwaitReady(t)
	return cluster
}

// startBalancer starts a proxy that sends each request to the next of several gateways, on a connection of its own.
func startBalancer(t *testing.T, gateways []string) (address string) {
	t.Helper()
	var next atomic.Uint64
	balancer := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(request *httputil.ProxyRequest) {
			request.Out.URL.Scheme, request.Out.URL.Host = "http", gateways[next.Add(1)%uint64(len(gateways))]
		},
		Transport:     &http.Transport{DisableKeepAlives: true},
		FlushInterval: -1,
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	})
	t.Cleanup(balancer.CloseClientConnections)
	t.Cleanup(balancer.Close)
	return strings.TrimPrefix(balancer.URL, "http://")
}
