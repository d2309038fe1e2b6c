// Package abuse attacks the services from one address, within all limits. A client at another address must not notice, and the attack must cost the services
// little: every attack has budgets of memory, CPU time, descriptors and bytes.
package abuse

import (
	"testing"

	"atlasstream/services/e2e/internal/testcluster"
)

func TestMain(m *testing.M) { testcluster.Main(m) }
