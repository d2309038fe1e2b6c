package gateway

import (
	"testing"

	"atlasstream/pkg/service/settingtest"
)

func TestREADMEHasTheSettings(t *testing.T) {
	settingtest.CheckREADME(t, "README.md", Config{})
}
