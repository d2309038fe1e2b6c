package subscription

import (
	"fmt"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/jsonpath"
)

// registry is an Enricher that counts its calls.
type registry struct{ asked int }

func (r *registry) Enrich(record *atlas.Record) []byte {
	r.asked++
	return fmt.Appendf(nil, `%s,"probe":{"id":%d,"country_code":"NL"}}`, record.Value[:len(record.Value)-1], record.Probe)
}

func indexOf(t testing.TB, parameters ...string) *Index[int] {
	var index Index[int]
	for i, parameters := range parameters {
		index.Add(i, parse(t, parameters))
	}
	return &index
}

func TestByMeasurementAndProbeNothingIsParsed(t *testing.T) {
	registry := &registry{}
	view := NewRecordView(registry)
	index := indexOf(t, `{"msm":1}`, `{"msm":1,"prb":7}`, `{"msm":1,"prb":8,"enrichProbes":true}`, `{"msm":1,"type":"ping","enrichProbes":true}`)
	view.Reset(&atlas.Record{Event: atlas.Event{Measurement: 1, Probe: 7, Type: "ping", Value: []byte(`{"prb_id":7}`)}})
	matched := 0
	for _, candidate := range index.Candidates(1) {
		if projection, matches := candidate.Match(view); matches {
			matched++
			if !projection.Enriched {
				view.Payload(projection)
			}
		}
	}
	if matched != 3 {
		t.Errorf("%d match, want 3", matched)
	}
	if read := view.Stats().Bytes; read > 0 || registry.asked != 0 {
		t.Errorf("%d bytes were read, registry asked %d times", read, registry.asked)
	}
}

func TestEnrichedBeforeConditionsAndOnce(t *testing.T) {
	registry := &registry{}
	view := NewRecordView(registry)
	index := indexOf(t,
		`{"msm":1,"equalsTo":{"probe.country_code":"NL"}}`, // does not enrich: there is no such member for it
		`{"msm":1,"enrichProbes":true,"equalsTo":{"probe.country_code":"NL"}}`,
		`{"msm":1,"enrichProbes":true,"equalsTo":{"probe.country_code":"DE"}}`,
		`{"msm":1,"enrichProbes":true,"acceptedFields":["probe.id"]}`,
		`{"msm":1}`,
	)
	for round := 1; round <= 2; round++ {
		view.Reset(&atlas.Record{Event: atlas.Event{Measurement: 1, Probe: atlas.ProbeID(round), Value: []byte(`{"a":1}`)}})
		got := make(map[int]string)
		for _, candidate := range index.Candidates(1) {
			if projection, matches := candidate.Match(view); matches {
				got[candidate.Subscriber] = string(view.Payload(projection))
			}
		}
		want := map[int]string{
			1: fmt.Sprintf(`{"a":1,"probe":{"id":%d,"country_code":"NL"}}`, round), 3: fmt.Sprintf(`{"probe":{"id":%d}}`, round), 4: `{"a":1}`,
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
		if registry.asked != round {
			t.Errorf("the registry was asked %d times for %d records", registry.asked, round)
		}
	}
}

func TestProjectionOfSeveralSubscriptions(t *testing.T) {
	var index Index[string]
	for _, parameters := range []string{
		`{"msm":1,"buffering":true,"acceptedFields":["a"]}`,
		`{"msm":1,"buffering":true,"acceptedFields":["b"],"equalsTo":{"b":1}}`,
		`{"msm":1,"enrichProbes":true,"buffering":true,"acceptedFields":["b"],"equalsTo":{"b":2}}`,
		`{"msm":1,"prb":8}`,
	} {
		index.Add("a", parse(t, parameters))
	}
	for _, test := range []struct {
		probe   atlas.ProbeID
		value   string
		want    Projection
		payload string
	}{
		{7, `{"a":0,"c":0}`, Projection{Buffered: true}, `{"a":0}`},
		{7, `{"a":0,"b":1,"c":0}`, Projection{Buffered: true}, `{"a":0,"b":1}`},
		{7, `{"b":2,"c":0}`, Projection{Buffered: true, Enriched: true}, `{"b":2}`},
		{8, `{"b":1,"c":0}`, Projection{}, `{"b":1,"c":0}`},
		{8, `{"b":2,"c":0}`, Projection{Enriched: true}, `{"b":2,"c":0}`},
	} {
		view := NewRecordView(nil)
		view.Reset(&atlas.Record{Event: atlas.Event{Measurement: 1, Probe: test.probe, Value: []byte(test.value)}})
		projection, matches := index.Candidates(1)[0].Match(view)
		payload := view.Payload(projection)
		if projection.Members = 0; !matches || projection != test.want || string(payload) != test.payload {
			t.Errorf("probe %d, %s: got %v, %t, %s, want %v, %s", test.probe, test.value, projection, matches, payload, test.want, test.payload)
		}
	}
}

func TestMetadataOfOneAndOfEveryMeasurement(t *testing.T) {
	var index Index[string]
	index.Add("a", parse(t, `{"stream_type":"metadata"}`))
	index.Add("a", parse(t, `{"stream_type":"metadata","msm":1,"acceptedFields":["id"]}`))
	index.Add("b", parse(t, `{"stream_type":"metadata","msm":1,"acceptedFields":["id"]}`))
	index.Add("c", parse(t, `{"stream_type":"metadata","equalsTo":{"status.name":"Stopped"}}`))
	index.Add("d", parse(t, `{"msm":1}`))
	view := NewRecordView(nil)
	for measurement, want := range map[atlas.MeasurementID]string{1: `map[a:{"id":1,"status":{"name":"Stopped"}} b:{"id":1} c:{"id":1,"status":{"name":"Stopped"}} d:{"id":1,"status":{"name":"Stopped"}}]`,
		2: `map[a:{"id":2,"status":{"name":"Ongoing"}}]`} {
		value := fmt.Sprintf(`{"id":%d,"status":{"name":"%s"}}`, measurement, map[atlas.MeasurementID]string{1: "Stopped", 2: "Ongoing"}[measurement])
		view.Reset(&atlas.Record{Event: atlas.Event{Stream: atlas.StreamMetadata, Measurement: measurement, Value: []byte(value)}})
		got := make(map[string]string)
		for _, candidate := range index.Candidates(measurement) {
			if projection, matches := candidate.Match(view); matches {
				got[candidate.Subscriber] += string(view.Payload(projection))
			}
		}
		if fmt.Sprint(got) != want {
			t.Errorf("measurement %d\ngot  %v\nwant %s", measurement, got, want)
		}
	}
}

func TestAPayloadIsWrittenOnce(t *testing.T) {
	view := viewOf("ping", `{"a":1,"b":2}`)
	first := view.pruned("a")
	view.pruned("b")
	for name, again := range map[string][]byte{
		"the same set": view.pruned("a"), "another that keeps the same": view.pruned("a", "a.x", "z"),
		"two that do": view.Payload(view.project(Projection{Buffered: true}, jsonpath.NewPathSet([]string{"z"}), jsonpath.NewPathSet([]string{"a"}))),
	} {
		if string(again) != `{"a":1}` || &again[0] != &first[0] {
			t.Errorf("%s: got another %s", name, again)
		}
	}
	if payload := view.Payload(Projection{Enriched: true}); string(payload) != `{"a":1,"b":2}` {
		t.Errorf("without an enricher: got %s", payload)
	}
}
