package ingest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	ingestv1 "atlasstream/proto/ingest/v1"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip" // clients may compress
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
)

// Limits of a gRPC connection.
const (
	connectTimeout  = 10 * time.Second
	idleTimeout     = 5 * time.Minute
	minPingInterval = 10 * time.Second
	maxHeaderBytes  = 16 << 10
	ageGrace        = 5 * time.Minute // for the requests of a connection that is to be closed for its age
)

// GRPC serves ingest.v1.
type GRPC struct {
	server  *grpc.Server
	health  *health.Server
	limits  Limits
	load    *Load
	metrics *grpcMetrics
}

// NewGRPC returns a server of ingest.v1 and gRPC's health service. The load is shared with HTTP; encryption is nil for none; the registerer may be nil.
func NewGRPC(publisher Publisher, limits Limits, load *Load, encryption *tls.Config, logger *zap.Logger, registerer prometheus.Registerer) *GRPC {
	g := &GRPC{health: health.NewServer(), limits: limits, load: load, metrics: newGRPCMetrics(registerer)}
	g.server = grpc.NewServer(
		grpc.Creds(transportCredentials(encryption)),
		grpc.MaxRecvMsgSize(limits.MessageBytes),
		grpc.MaxHeaderListSize(maxHeaderBytes),
		grpc.MaxConcurrentStreams(g.streams()),
		grpc.ConnectionTimeout(connectTimeout),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionIdle: idleTimeout, MaxConnectionAge: limits.ConnectionAge, MaxConnectionAgeGrace: ageGrace, // gRPC itself varies the age by a tenth
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minPingInterval, PermitWithoutStream: true}),
		grpc.InTapHandle(g.admit),
		grpc.ForceServerCodecV2(newCodec()),
		grpc.WaitForHandlers(true),
	)
	g.server.RegisterService(g.service(), &ingestService{intake: intake{publisher, load, logger, "number"}, limits: limits})
	healthv1.RegisterHealthServer(g.server, g.health)
	g.SetReady(false)
	return g
}

func transportCredentials(encryption *tls.Config) credentials.TransportCredentials {
	if encryption == nil {
		return insecure.NewCredentials()
	}
	return credentials.NewTLS(encryption)
}

// SetReady sets what the health service answers.
func (g *GRPC) SetReady(ready bool) {
	state := healthv1.HealthCheckResponse_NOT_SERVING
	if ready {
		state = healthv1.HealthCheckResponse_SERVING
	}
	g.health.SetServingStatus("", state)
	g.health.SetServingStatus(ingestv1.IngestService_ServiceDesc.ServiceName, state)
}

// Drain has the health service answer from now on that other servers are to be asked. Requests are served as before.
func (g *GRPC) Drain() { g.health.Shutdown() }

// Serve serves until ctx ends, then refuses new connections and waits for running requests. Those that outlive the grace period are cut off, which is an
// error. It closes the listener.
func (g *GRPC) Serve(ctx context.Context, listener net.Listener, grace time.Duration) error {
	ended := make(chan error, 1)
	go func() { ended <- g.server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serving gRPC on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	return errors.Join(g.stop(grace), <-ended)
}

func (g *GRPC) stop(grace time.Duration) error {
	g.health.Shutdown()
	stopped := make(chan struct{})
	go func() {
		g.server.GracefulStop()
		close(stopped)
	}()
	defer func() { <-stopped }()
	select {
	case <-stopped:
		return nil
	case <-time.After(grace):
		g.server.Stop()
		return fmt.Errorf("gRPC requests still ran after %s and were cut off; raise --stop-timeout if that happens often", grace)
	}
}

// streams is how many requests a connection may have at once, so that a client waits rather than exceed the share of memory that an address has.
func (g *GRPC) streams() uint32 {
	return uint32(max(1, g.limits.ReadingBytes/addressShare/int64(g.limits.MessageBytes)))
}
