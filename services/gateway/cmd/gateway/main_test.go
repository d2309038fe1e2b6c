package main

import (
	"testing"

	"atlasstream/pkg/service/settingtest"
)

func TestSettingsArePassedOn(t *testing.T) {
	var s settings
	settingtest.Fill(&s)
	settingtest.Check(t, &s, s.config())
}
