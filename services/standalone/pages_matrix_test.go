//go:build pages

package main

import (
	"encoding/json"
	"testing"
	"time"
)

// What `make pages` does beside what `make test` does. It takes minutes.

// troubledNetwork starts the service with a day behind it in which regions, providers and controllers have failed.
func troubledNetwork(t *testing.T) *house {
	t.Helper()
	h, _ := startStandalone(t, settings{Simulate: true, Rate: 5, Seed: 1, Probes: 1200, Past: 26 * time.Hour, Incidents: "hard"})
	eventually(t, "outages are known", func() bool {
		var told outagesTold
		return h.getJSON(t, "/api/outages", &told) && len(told.Outages) > 0
	})
	return h
}

// checking logs what a scenario has checked.
func checking(t *testing.T) map[string]func(json.RawMessage) any {
	t.Helper()
	return map[string]func(json.RawMessage) any{
		"checked": func(what json.RawMessage) any {
			t.Logf("checked %s", what)
			return nil
		},
	}
}

// Pictures of every page in both themes, on a phone, a screen and a wide one, are kept in .cache/screenshots for a person to look at.
func TestMatrixOfLooks(t *testing.T) {
	usePages(t, "looks", troubledNetwork(t), checking(t))
}

// Axe finds nothing in any state of a page.
func TestMatrixOfStates(t *testing.T) {
	h := troubledNetwork(t)
	for _, title := range []string{"Explore", "Replay", "Instances", "Probes"} {
		t.Run(title, func(t *testing.T) {
			asked := checking(t)
			asked["page"] = func(json.RawMessage) any { return title }
			usePages(t, "states", h, asked)
		})
	}
}

// Whoever has no mouse can do all that the pages are for.
func TestMatrixOfKeys(t *testing.T) {
	usePages(t, "keyboard", troubledNetwork(t), checking(t))
}
