//go:build fleet

package fleet

import (
	"testing"
	"time"

	"atlasstream/services/e2e/internal/testcluster"
)

func TestMain(m *testing.M) {
	testcluster.Lifetime = 30 * time.Minute
	testcluster.Main(m, printFigures)
}
