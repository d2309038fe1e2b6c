//go:build compose

package compose

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/testcluster"
)

// scale starts one gateway more, which gets its part of new clients without that the balancer is told of it.
func (s *stack) scale(t *testing.T, r *report, l *load) {
	t.Helper()
	service := map[string]string{"one": "gateway", "three": "gateway-three"}[s.profile]
	before, began := len(s.containers(t, service, "{{.ID}}")), time.Now()
	s.compose(t, "up", "--detach", "--no-recreate", "--scale", fmt.Sprintf("%s=%d", service, before+1))
	s.awaitHealthy(t)
	newest := s.run(t, "docker", "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", s.containers(t, service, "{{.ID}}")[0])
	l.await(t, "the gateway that was added has a client", func() bool {
		conn := connection.MustSubscribe(t, connection.WebSocket, connection.Options{Gateway: s.cluster.Public, Parameters: json.RawMessage(`{"msm":1001}`)})
		defer conn.Close()
		clients, err := testcluster.ReadMetric(newest+":9090", "atlas_gateway_clients")
		return err == nil && clients > 0
	})
	r.add(fmt.Sprintf("  after docker-compose up --scale %s=%d", service, before+1), "a client at the gateway that was added after %s", time.Since(began).Round(time.Second))
	l.awaitProgress(t, "clients receive results after a gateway was added")
}
