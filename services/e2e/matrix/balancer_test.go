package matrix

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/testcluster"
)

// Behind a balancer that sends each request to another gateway, every client that polls does what it does with one gateway.
func TestEveryClientBehindABalancer(t *testing.T) {
	cluster := testcluster.StartReplicas(t, testcluster.StartBroker(t, embedded.Config{}).Addrs(), 2)
	var measurement atomic.Int64
	measurement.Store(400_000_000)
	var atOnce errgroup.Group
	atOnce.SetLimit(6)
	for _, config := range slices.DeleteFunc(slices.Concat(realclient.NodeConfigs(), realclient.CousteauConfigs()), func(c realclient.Config) bool { return !c.Polls && c.Upgrades == realclient.Never }) {
		atOnce.Go(func() error {
			t.Run(config.Name, func(t *testing.T) { check(t, &config, cluster, measurement.Add(1)) })
			return nil
		})
	}
	_ = atOnce.Wait() // the subtests have failed themselves
	for _, admin := range cluster.Admins[:2] {
		if passed, err := testcluster.ReadMetric(admin, `atlas_gateway_passed_on_requests_total{result="answered"}`); err != nil || passed == 0 {
			t.Errorf("a gateway has passed on %v requests: %v", passed, err)
		}
		for _, result := range []string{"unknown", "unreachable", "distrusted", "full"} {
			if failed, err := testcluster.ReadMetric(admin, fmt.Sprintf("atlas_gateway_passed_on_requests_total{result=%q}", result)); err != nil || failed != 0 {
				t.Errorf("%v requests were not passed on (%s): %v", failed, result, err)
			}
		}
	}
}
