// Package replay tests the replay of history at every transport.
package replay

import (
	"testing"

	"atlasstream/services/e2e/internal/testcluster"
)

func TestMain(m *testing.M) { testcluster.Main(m) }
