package outage

import (
	"math"
	"testing"

	"atlasstream/pkg/atlas"
)

func TestCells(t *testing.T) {
	for _, test := range []struct {
		latitude, longitude float64
		want                string
	}{{52.37, 4.9, "52,4"}, {-33.9, 18.4, "-34,18"}, {0, 0, "0,0"}, {-0.1, -0.1, "-1,-1"}, {90, 180, "89,-180"}, {-90, -180, "-90,-180"}} {
		if got := CellAt(test.latitude, test.longitude).String(); got != test.want {
			t.Errorf("%v, %v: got %s, want %s", test.latitude, test.longitude, got, test.want)
		}
	}
	for _, nowhere := range [][2]float64{{91, 0}, {0, 181}, {math.NaN(), 0}, {0, math.Inf(1)}} {
		if got := CellAt(nowhere[0], nowhere[1]); got != (Cell{}) {
			t.Errorf("%v: got %s, want none", nowhere, got)
		}
	}
	amsterdam := CellAt(52.4, 4.9)
	for _, test := range []struct {
		latitude, longitude float64
		want                bool
	}{{52.4, 4.9, true}, {53.4, 5.9, true}, {51, 3, true}, {52.4, 6.1, false}, {50.9, 4.9, false}} {
		if got := amsterdam.touches(CellAt(test.latitude, test.longitude)); got != test.want {
			t.Errorf("%v, %v touches 52,4: got %t", test.latitude, test.longitude, got)
		}
	}
	if !CellAt(10, 179.5).touches(CellAt(10, -179.5)) || CellAt(10, 179.5).touches(CellAt(10, 0)) {
		t.Error("the map does not end at 180 degrees")
	}
}

func TestDigestSaysWhatMatters(t *testing.T) {
	base := func() map[atlas.ProbeID]ProbeInfo {
		return map[atlas.ProbeID]ProbeInfo{1: {Country: "NL", ASN: 1, Cell: CellAt(1, 1), Connected: true}, 2: {Country: "BE"}}
	}
	same := NewRegistry(base()).Digest()
	if same != NewRegistry(base()).Digest() {
		t.Error("equal registries differ")
	}
	for name, change := range map[string]ProbeInfo{
		"country": {Country: "DE", ASN: 1, Cell: CellAt(1, 1), Connected: true},
		"ASN":     {Country: "NL", ASN: 2, Cell: CellAt(1, 1), Connected: true},
		"cell":    {Country: "NL", ASN: 1, Cell: CellAt(2, 1), Connected: true},
		"status":  {Country: "NL", ASN: 1, Cell: CellAt(1, 1)},
	} {
		probes := base()
		probes[1] = change
		if NewRegistry(probes).Digest() == same {
			t.Errorf("another %s does not show", name)
		}
	}
}

func TestProbeOf(t *testing.T) {
	object, err := atlas.ParseProbe([]byte(`{"id":7,"country_code":"NL","asn_v4":3333,"geometry":{"type":"Point","coordinates":[4.9,52.4]},"status":{"id":1}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := ProbeOf(&object), (ProbeInfo{Country: "NL", ASN: 3333, Cell: CellAt(52.4, 4.9), Connected: true}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := ProbeOf(&atlas.Probe{ID: 7}); got != (ProbeInfo{}) {
		t.Errorf("of an object that says nothing: got %+v", got)
	}
}
