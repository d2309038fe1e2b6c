package collector

import (
	"testing"

	"atlasstream/pkg/service/settingtest"
)

func TestREADMEHasTheSettings(t *testing.T) {
	for _, config := range []any{Config{}, ImportConfig{}, SimulateConfig{}} {
		settingtest.CheckREADME(t, "README.md", config)
	}
}
