// Package outages tests that outages of the simulated network are detected.
package outages

import (
	"testing"

	"atlasstream/services/e2e/internal/testcluster"
)

func TestMain(m *testing.M) { testcluster.Main(m) }
