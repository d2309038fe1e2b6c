//go:build pages

package main

import (
	"encoding/json"
	"testing"
	"time"
)

// Every page in both themes and at three widths, and by the keyboard alone: `make pages`. It takes minutes, so it is no part of `make test`.
func TestPagesInEveryLook(t *testing.T) {
	house, _ := startStandalone(t, settings{Simulate: true, Rate: 100, Seed: 1, Past: time.Minute})
	usePages(t, "matrix", house, map[string]func(json.RawMessage) any{
		"checked": func(what json.RawMessage) any {
			t.Logf("checked %s", what)
			return nil
		},
	})
}
