package testcluster

import (
	"context"
	"sync"
	"testing"

	"atlasstream/services/standalone/stack"
)

// StartStandalone runs all in one process, as `make run` does, but on free ports. It returns a function that stops it before the test ends.
func StartStandalone(t *testing.T, cfg stack.Config) (cluster *Cluster, stop func()) {
	t.Helper()
	free := FreeAddresses(t, 4)
	cluster = &Cluster{Public: free[0], Ingest: free[1], Kafka: free[2], Admins: free[3:]}
	cfg.Listen, cfg.Admin, cfg.Ingest, cfg.GRPC, cfg.KafkaListen = cluster.Public, cluster.Admins[0], cluster.Ingest, "127.0.0.1:0", cluster.Kafka
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- stack.Run(ctx, cfg, warnings(t)) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("standalone: %v", err)
		}
	})
	t.Cleanup(stop)
	cluster.AwaitReady(t)
	return cluster, stop
}
