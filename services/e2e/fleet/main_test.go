// Package fleet tests several gateways behind a load balancer, which come and go under load. Its tests take minutes: make fleet runs them.
package fleet

import (
	"testing"

	"atlasstream/services/e2e/internal/testcluster"
)

func TestMain(m *testing.M) { testcluster.Main(m) }
