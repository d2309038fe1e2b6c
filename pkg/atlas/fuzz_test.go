package atlas

import (
	"bytes"
	"encoding/json"
	"testing"
)

func FuzzParseResult(f *testing.F) {
	for _, name := range []string{"dns", "http", "ntp", "ping", "sslcert", "wifi"} {
		f.Add(realRows(f, name)[0])
	}
	f.Add([]byte(`{"msm_id":"1","prb_id":2,"timestamp":3,"type":"x"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		event, err := ParseResult(raw)
		if err != nil {
			return
		}
		if !json.Valid(event.Value) || bytes.ContainsAny(event.Value, "\r\n") {
			t.Fatalf("accepted %q, which is not one line of JSON", event.Value)
		}
		again, err := ParseResult(event.Value)
		if err != nil || again.ID != event.ID || again.Measurement != event.Measurement {
			t.Fatalf("the value of an accepted result parses to %+v, %v", again, err)
		}
	})
}

func FuzzParseProbeStatus(f *testing.F) {
	f.Add([]byte(`{"type":"connection","event":"connect","prb_id":12,"timestamp":1426633200,"controller":"ctr-ams01","asn":3333,"prefix":"193.0.0.0/21"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		event, err := ParseProbeStatus(raw)
		if err == nil && (event.Measurement != ConnectionMeasurement || !json.Valid(event.Value)) {
			t.Fatalf("accepted %+v", event)
		}
	})
}

// An archive accepts what one of the live topics accepts, and nothing else.
func FuzzParseArchived(f *testing.F) {
	f.Add([]byte(`{"type":"connection","event":"connect","prb_id":12,"timestamp":1426633200}`))
	f.Add([]byte(`{"msm_id":"1","prb_id":2,"timestamp":3,"type":"x"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		event, err := ParseArchived(raw)
		result, resultErr := ParseResult(raw)
		status, statusErr := ParseProbeStatus(raw)
		if (err == nil) != (resultErr == nil || statusErr == nil) || err == nil && event.ID != result.ID && event.ID != status.ID {
			t.Fatalf("got %+v, %v of %q", event, err, raw)
		}
	})
}

func FuzzParseProbe(f *testing.F) {
	f.Add([]byte(apiProbe))
	f.Add([]byte(archiveProbe))
	f.Add(realRows(f, "probes")[0])
	f.Fuzz(func(t *testing.T, raw []byte) { checkObject(t, ProbeObject, raw) })
}

func FuzzParseMeasurement(f *testing.F) {
	f.Add([]byte(apiMeasurement))
	f.Add([]byte(`{"id":5,"type":{"name":"ping"},"status":{"name":"Archived"},"stop_time":"2015-03-18T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, raw []byte) { checkObject(t, MeasurementObject, raw) })
}

func checkObject(t *testing.T, parse func([]byte) (Object, error), raw []byte) {
	object, err := parse(raw)
	if err != nil {
		return
	}
	if !json.Valid(object.Value) || bytes.ContainsAny(object.Value, "\r\n") || object.ID < 1 || object.ID > MaxID {
		t.Fatalf("accepted %d, %q", object.ID, object.Value)
	}
	again, err := parse(object.Value)
	if err != nil || again.ID != object.ID || !bytes.Equal(again.Value, object.Value) {
		t.Fatalf("the value of an accepted object parses to %+v, %v", again, err)
	}
}
