// Package programs tests the settings of all programs, and the data folder of the program standalone.
package programs

import (
	"testing"

	"atlasstream/services/e2e/internal/testcluster"
)

func TestMain(m *testing.M) { testcluster.Main(m) }
