package main

import (
	"testing"
	"time"

	"atlasstream/pkg/atlas"
)

// Who reads the events finds each probe leaving and coming back in turns, and a few away at any time.
func TestProbesLeaveAndComeBack(t *testing.T) {
	n := newNetwork(300)
	at, away := time.Now(), map[atlas.ProbeID]bool{}
	events, err := n.change(1000, at)
	if err != nil || len(events) != 1000 {
		t.Fatalf("got %d events, %v", len(events), err)
	}
	for _, event := range events {
		if event.Type != "connection" || event.Time.Unix() != at.Unix() {
			t.Fatalf("got %s at %s, want a connection at %s", event.Type, event.Time, at)
		}
		away[event.Probe] = !away[event.Probe]
	}
	left := 0
	for _, isAway := range away {
		if isAway {
			left++
		}
	}
	if left != len(n.away) || left == 0 || left > 10 {
		t.Errorf("%d are away, and %d by the network's own count, want a few", left, len(n.away))
	}
}

func TestRegistryIsValid(t *testing.T) {
	for _, probe := range newNetwork(100).probes {
		object, err := atlas.ParseProbe(probe.object(time.Now()))
		if err != nil || int(object.ID) != probe.id || object.Latitude == nil || *object.StatusID != 1 {
			t.Errorf("got %+v, %v of %+v", object, err, probe)
		}
	}
}
