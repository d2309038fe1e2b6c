package main

import (
	"testing"

	"atlasstream/pkg/service/settingtest"
)

func TestSettingsArePassedOn(t *testing.T) {
	var c commands
	settingtest.Fill(&c)
	settingtest.Check(t, &c.Serve, c.Serve.config())
	settingtest.Check(t, &c.Import, c.Import.config())
	settingtest.Check(t, &c.Simulate, c.Simulate.config())
}
