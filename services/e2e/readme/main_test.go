// Package readme runs the commands of the READMEs.
package readme

import (
	"testing"

	"atlasstream/services/e2e/internal/testcluster"
)

func TestMain(m *testing.M) { testcluster.Main(m) }
