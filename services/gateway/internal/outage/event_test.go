package outage

import (
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
)

func connectionRecord(value string) *atlas.Record {
	return &atlas.Record{
		Event:    atlas.Event{Stream: atlas.StreamProbeStatus, Probe: 7, Time: time.Unix(1000, 0), Value: []byte(value)},
		Position: atlas.Position{Offset: 12},
	}
}

func TestEventOf(t *testing.T) {
	base := ConnectionEvent{Offset: 12, Time: time.Unix(1000, 0), Probe: 7}
	with := func(change func(*ConnectionEvent)) ConnectionEvent { e := base; change(&e); return e }
	for value, want := range map[string]ConnectionEvent{
		`{"event":"connect","controller":"ctr-ams01","asn":3333}`:                    with(func(e *ConnectionEvent) { e.Connected, e.Controller, e.ASN = true, "ctr-ams01", 3333 }),
		`{"event":"disconnect"}`:                                                     base,
		`{"event":"disconnect","controller":null,"asn":""}`:                          base,
		`{"event":"disconnect","asn":-1}`:                                            base,
		`{"event":"disconnect","asn":1e30}`:                                          base,
		`{"event":"disconnect","controller":"` + strings.Repeat("x", 101) + `"}`:     base,
		`{"event":"disconnect","controller":{"controller":"x"},"asn":[1],"x":"\u0"}`: base,
	} {
		if got, err := EventOf(connectionRecord(value)); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", value, got, err, want)
		}
	}
	if _, err := EventOf(connectionRecord(`{"event":"reboot"}`)); err == nil || !strings.Contains(err.Error(), `event: got "reboot", want "connect" or "disconnect"`) {
		t.Errorf("got %v", err)
	}
	if _, err := EventOf(&atlas.Record{Event: atlas.Event{Stream: atlas.StreamResult}}); err == nil {
		t.Error("a result was taken for an event")
	}
}

func FuzzEventOf(f *testing.F) {
	f.Add([]byte(`{"event":"connect","controller":"ctr-ams01","asn":3333}`))
	f.Add([]byte(`{"event":"disconnect","asn":"AS1"}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		event, err := EventOf(connectionRecord(string(value)))
		if err == nil && (event.ASN < 0 || event.ASN > maxASN || len(event.Controller) > longestController) {
			t.Errorf("%s: got %+v", value, event)
		}
	})
}
