package subscription

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"atlasstream/pkg/atlas"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		name, parameters string
		stream           atlas.Stream
		source           atlas.Stream
		measurement      atlas.MeasurementID
		probe            atlas.ProbeID
	}{
		{"RIPE's snippet", `{"stream_type":"result","msm":1001}`, "result", "result", 1001, 0},
		{"default stream", `{"msm":1001}`, "result", "result", 1001, 0},
		{"camelCase and strings", `{"streamType":"result","msm":"1001","prb":"7"}`, "result", "result", 1001, 7},
		{"connection events", `{"stream_type":"probestatus"}`, "probestatus", "probestatus", 7000, 0},
		{"alias, one probe", `{"stream_type":"probe","prb":7}`, "probestatus", "probestatus", 7000, 7},
		{"connection events as results", `{"msm":7000}`, "result", "probestatus", 7000, 0},
		{"switched off", `{"msm":1001,"sendBacklog":false,"buffering":"false","enrichProbes":false}`, "result", "result", 1001, 0},
		{"white space", " {\n\"msm\" : 1001 } ", "result", "result", 1001, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Parse([]byte(test.parameters))
			if err != nil {
				t.Fatal(err)
			}
			if got.Stream != test.stream || got.Measurement != test.measurement || got.Probe != test.probe || got.Source() != test.source {
				t.Errorf("got %+v from %s", got, got.Source())
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct{ name, parameters, want string }{
		{"nothing", ``, `[malformed] parameters: got nothing, want a JSON object`},
		{"null", `null`, `[malformed] parameters: got null`},
		{"a string", `"1001"`, `[malformed] parameters: got "1001"`},
		{"half an object", `{"msm":`, `[malformed] parameters: got {"msm":`},
		{"no measurement", `{"stream_type":"result"}`, `[missing_parameter] msm: missing`},
		{"zero", `{"msm":0}`, `[invalid_parameter] msm: got 0, want a whole number from 1 to 9007199254740991`},
		{"fraction", `{"msm":1.5}`, `[invalid_parameter] msm: got 1.5`},
		{"words", `{"msm":"all"}`, `[invalid_parameter] msm: got "all"`},
		{"null measurement", `{"msm":null}`, `[invalid_parameter] msm: got null`},
		{"list", `{"msm":[1001]}`, `[invalid_parameter] msm: got [1001]`},
		{"probe", `{"msm":1001,"prb":-1}`, `[invalid_parameter] prb: got -1`},
		{"stream", `{"stream_type":"results","msm":1}`, `[invalid_parameter] stream_type: got "results", want "result" or "probestatus"`},
		{"unserved stream", `{"stream_type":"metadata"}`, `[unserved_parameter] stream_type: this service does not serve "metadata" yet`},
		{"unknown", `{"msm":1,"probe":3}`, `[unknown_parameter] probe: there is no such parameter; there are stream_type, msm, prb and acceptedFields`},
		{"unserved", `{"msm":1,"startTime":1426633200}`, `[unserved_parameter] startTime: this service does not serve it yet`},
		{"switched on", `{"msm":1,"buffering":true}`, `[unserved_parameter] buffering: this service does not serve it yet`},
		{"long name", `{"` + strings.Repeat("_", 1000) + `msm":"x"}`, `: got "x", want a whole number`},
		{"both styles", `{"stream_type":"result","streamType":"result","msm":1}`, `[repeated_parameter] streamType: came before, as stream_type`},
		{"twice", `{"msm":1,"msm":2}`, `[repeated_parameter] msm: came before, as msm`},
		{"measurement of connections", `{"stream_type":"probestatus","msm":1001}`, `[invalid_parameter] msm: got 1001, want 7000 or none`},
		{"fields", `{"msm":1,"acceptedFields":"prb_id"}`, `[invalid_parameter] acceptedFields: got "prb_id", want a list of member names`},
		{"no fields", `{"msm":1,"acceptedFields":[]}`, `[invalid_parameter] acceptedFields: got 0 names, want 1 to 100`},
		{"field", `{"msm":1,"acceptedFields":[1]}`, `[invalid_parameter] acceptedFields: got 1, want names of 1 to 100 bytes`},
		{"long field", `{"msm":1,"acceptedFields":["` + strings.Repeat("x", 101) + `"]}`, `want names of 1 to 100 bytes`},
		{"many fields", `{"msm":1,"acceptedFields":[` + strings.Repeat(`"x",`, 100) + `"x"]}`, `got 101 names, want 1 to 100`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.parameters))
			var refusal *Error
			if !errors.As(err, &refusal) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestKeyIgnoresOrderAndStyle(t *testing.T) {
	key := func(parameters string) string {
		parsed, err := Parse([]byte(parameters))
		if err != nil {
			t.Fatal(err)
		}
		return parsed.Key()
	}
	same := key(`{"stream_type":"result","msm":1001,"prb":7,"acceptedFields":["b","a"]}`)
	if other := key(`{"acceptedFields":["a","b","a"],"prb":"7","msm":"1001"}`); other != same {
		t.Errorf("keys differ: %q and %q", same, other)
	}
	for _, different := range []string{`{"msm":1001,"prb":7}`, `{"msm":1001,"acceptedFields":["a","b"]}`, `{"msm":7001,"prb":7,"acceptedFields":["a","b"]}`} {
		if key(different) == same {
			t.Errorf("%s has the same key", different)
		}
	}
}

func TestPrune(t *testing.T) {
	value := []byte(`{"msm_id":1001,"result":[{"rtt":1.50}],"n\u0061me":"é","prb_id":7}`)
	for _, test := range []struct {
		fields Fields
		want   string
	}{
		{Fields{}, string(value)},
		{NewFields([]string{"prb_id", "result"}), `{"result":[{"rtt":1.50}],"prb_id":7}`},
		{NewFields([]string{"name"}), `{"n\u0061me":"é"}`},
		{NewFields([]string{"rtt"}), `{}`},
		{NewFields([]string{"prb_id"}).Union(NewFields([]string{"msm_id"})), `{"msm_id":1001,"prb_id":7}`},
		{NewFields([]string{"prb_id"}).Union(Fields{}), string(value)},
	} {
		if got := test.fields.Prune(value); string(got) != test.want {
			t.Errorf("%q: got %s, want %s", test.fields.key, got, test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"stream_type":"result","msm":1001,"prb":"7","acceptedFields":["a","b"]}`))
	f.Add([]byte(`{"streamType":"probe","msm":7000}`))
	f.Fuzz(func(t *testing.T, parameters []byte) {
		parsed, err := Parse(parameters)
		if err != nil {
			if len(err.Error()) > 1000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		if parsed.Measurement < 1 || parsed.Probe < 0 || !json.Valid(parameters) {
			t.Errorf("accepted %s as %+v", parameters, parsed)
		}
	})
}

func FuzzPrune(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":[{"c":"d"}],"e":{}}`), "a", "e")
	f.Fuzz(func(t *testing.T, value []byte, first, second string) {
		var members map[string]json.RawMessage
		if json.Unmarshal(value, &members) != nil || members == nil || first == "" || second == "" {
			return
		}
		if pruned := NewFields([]string{first, second}).Prune(value); !json.Valid(pruned) {
			t.Errorf("%s pruned to %s", value, pruned)
		}
	})
}
