// Package examples tests the clients in examples/ by the commands of their README, and the snippets that the pages show.
package examples

import (
	"testing"

	"atlasstream/services/e2e/internal/testcluster"
)

func TestMain(m *testing.M) { testcluster.Main(m) }
