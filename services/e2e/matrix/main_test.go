// Package matrix tests real clients: each of them on each of its transports.
package matrix

import (
	"testing"

	"atlasstream/services/e2e/internal/testcluster"
)

func TestMain(m *testing.M) { testcluster.Main(m) }
