package atlas

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

const apiProbe = `{"address_v4":"193.0.0.78","address_v6":null,"asn_v4":3333,"asn_v6":null,"country_code":"NL","description":"Prób","firmware_version":5080,
"first_connected":1288367583,"geometry":{"type":"Point","coordinates":[4.9275,52.3475]},"id":1,"is_anchor":false,"is_public":true,"last_connected":1753878327,
"prefix_v4":"193.0.0.0/21","prefix_v6":null,"status":{"id":1,"name":"Connected","since":"2025-07-30T12:25:27Z"},"status_since":1753878327,
"tags":[{"name":"system: V3","slug":"system-v3"},{"name":"Home","slug":"home"}],"total_uptime":412345678,"type":"Probe"}`

const archiveProbe = `{"id":1,"address_v4":"193.0.0.78","address_v6":null,"asn_v4":3333,"asn_v6":null,"prefix_v4":"193.0.0.0/21","prefix_v6":null,"is_anchor":false,
"is_public":true,"status":1,"status_since":1753878327,"first_connected":1288367583,"total_uptime":412345678,"tags":["system-v3","home"],"country_code":"NL",
"latitude":52.3475,"longitude":4.9275,"day":"20250731","probe":"https://atlas.ripe.net/api/v2/probes/1/","status_name":"Connected"}`

const apiMeasurement = `{"af":4,"creation_time":1377742856,"credits_per_result":10,"description":"to K","group":null,"group_id":1021779,"id":1021779,
"include_probe_id":null,"interval":240,"is_all_scheduled":false,"is_oneoff":false,"is_public":true,"participant_count":25,"probes_requested":30,"probes_scheduled":25,
"resolved_ips":["193.0.14.129"],"result":"https://atlas.ripe.net/api/v2/measurements/1021779/results/","spread":null,"start_time":1377742856,
"status":{"id":2,"name":"Ongoing","when":null},"stop_time":null,"tags":[],"target":"k.root-servers.net","target_asn":25152,"type":"ping"}`

func TestParseProbeReadsBothShapes(t *testing.T) {
	want := Probe{
		ID: 1, Latitude: new(52.3475), Longitude: new(4.9275), CountryCode: "NL", ASNv4: new(int64(3333)), PrefixV4: "193.0.0.0/21",
		AddressV4: "193.0.0.78", Anchor: new(false), Public: new(true), StatusID: new(int64(1)), StatusName: "Connected",
		StatusSince: time.Unix(1753878327, 0).UTC(), FirstConnected: time.Unix(1288367583, 0).UTC(), TotalUptime: new(int64(412345678)),
		Tags: []string{"system-v3", "home"},
	}
	for name, raw := range map[string]string{"API": apiProbe, "archive": archiveProbe} {
		got, err := ParseProbe([]byte(raw))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v\nwant %+v", name, got, err, want)
		}
	}
}

func TestParseProbeTakesWhatIsMissingForUnknown(t *testing.T) {
	zero := time.Time{}
	for _, raw := range []string{
		`{"id":7}`,
		`{"id":"7","geometry":null,"latitude":null,"asn_v4":null,"asn_v6":"","country_code":null,"status":null,"tags":null,"is_public":null,"total_uptime":null}`,
		`{"id":7,"geometry":{"type":"Point","coordinates":[null,null]},"status":{"id":null,"name":"","since":null},"first_connected":"","prefix_v4":""}`,
		`{"id":7,"geometry":{},"status":{}}`,
	} {
		probe, err := ParseProbe([]byte(raw))
		if err != nil || !reflect.DeepEqual(probe, Probe{ID: 7, StatusSince: zero, FirstConnected: zero}) {
			t.Errorf("%s: got %+v, %v", raw, probe, err)
		}
	}
	probe, err := ParseProbe([]byte(`{"id":7,"latitude":0,"asn_v4":0,"status":0,"is_anchor":false,"total_uptime":0,"tags":[],"status_since":0}`))
	if err != nil || probe.Latitude == nil || probe.ASNv4 == nil || probe.StatusID == nil || probe.Anchor == nil || probe.TotalUptime == nil || probe.Tags == nil ||
		probe.StatusSince.IsZero() {
		t.Errorf("zeros are taken for nothing: %+v, %v", probe, err)
	}
}

func TestParseProbeReadsRealRows(t *testing.T) {
	rows := realRows(t, "probes")
	if len(rows) != 125 {
		t.Fatalf("read %d rows, want 125", len(rows))
	}
	for _, row := range rows {
		probe, err := ParseProbe(row)
		if err != nil || probe.ID == 0 || probe.Latitude == nil || probe.CountryCode == "" || probe.ASNv4 == nil {
			t.Errorf("%s: got %+v, %v", row, probe, err)
		}
	}
	if probe, _ := ParseProbe(rows[0]); *probe.Longitude != 23.9985 || *probe.Latitude != -28.9995 || *probe.ASNv6 != 6083 {
		t.Errorf("the first row is read as %+v", probe)
	}
}

func TestParseProbeRefuses(t *testing.T) {
	for raw, want := range map[string]string{
		`[]`:                        `not a JSON object but an array`,
		`{}`:                        `id: missing`,
		`{"id":null}`:               `id: missing`,
		`{"id":0}`:                  `id: got 0, want a whole number from 1 to 9007199254740991`,
		`{"id":1.5}`:                `id: got 1.5`,
		`{"id":1,"id":1}`:           `id: given twice`,
		`{"id":1,"is_public":1}`:    `is_public: got 1, want true or false`,
		`{"id":1,"latitude":"x"}`:   `latitude: got "x", want a number`,
		`{"id":1,"latitude":1e999}`: `latitude: got 1e999, want a number`,
		`{"id":1,"geometry":{"coordinates":[1]}}`:                   `geometry: coordinates: got [1], want longitude and latitude`,
		`{"id":1,"geometry":{"coordinates":"1"}}`:                   `geometry: coordinates: got "1", want an array`,
		`{"id":1,"geometry":[1,2]}`:                                 `geometry: not a JSON object but an array`,
		`{"id":1,"country_code":3}`:                                 `country_code: got 3, want a string`,
		`{"id":1,"asn_v4":"AS3333"}`:                                `asn_v4: got "AS3333", want a whole number`,
		`{"id":1,"status":{"since":"yesterday"}}`:                   `status: since: got "yesterday", want seconds`,
		`{"id":1,"status":"Connected"}`:                             `status: got "Connected"`,
		`{"id":1,"status_name":"` + strings.Repeat("x", 201) + `"}`: `status_name: got a string of 201 bytes, want one of at most 200`,
		`{"id":1,"tags":["` + strings.Repeat("x", 201) + `"]}`:      `tags: got a string of 201 bytes, want one of at most 200`,
		`{"id":1,"tags":["a"` + strings.Repeat(`,"a"`, 200) + `]}`:  `tags: got more than 200 tags, want at most that many`,
		`{"id":1,"tags":"home"}`:                                    `tags: got "home", want an array`,
		`{"id":1,"tags":[1]}`:                                       `tags: got 1, want slugs or objects with "slug"`,
		`{"id":1,"first_connected":-1}`:                             `first_connected: got -1`,
		`{"id":1,"address_v4":"` + strings.Repeat("\xff", 4) + `"}`: `not valid UTF-8`,
		`{"id":1} {}`: `more than one JSON value`,
		`{"id":1,"description":"` + strings.Repeat("x", 10) + `"`:        `unexpected end`,
		`{"id":1,"total_uptime":` + strings.Repeat("9", 60) + `}`:        `total_uptime: got ` + strings.Repeat("9", 40) + `…, want`,
		`{"id":1,"status":{"id":1,"id":2}}`:                              `id: given twice`,
		`{"id":1,"geometry":{"coordinates":[true,false]},"tags":[true]}`: `geometry: coordinates: got true, want a number`,
	} {
		if _, err := ParseProbe([]byte(raw)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want one with %q", raw, err, want)
		}
	}
}

func TestParseMeasurement(t *testing.T) {
	for raw, want := range map[string]Measurement{
		apiMeasurement: {
			ID: 1021779, Type: "ping", Public: true, StatusID: 2, StatusName: "Ongoing", Start: time.Unix(1377742856, 0).UTC(), Interval: 4 * time.Minute,
			Participants: 25, ProbesRequested: 30, Description: "to K", Target: "k.root-servers.net", AF: 4,
		},
		`{"id":5,"target":null,"target_ip":"2001:db8::1","description":"Zo\u00eb","af":6}`: {
			ID: 5, Public: true, StatusID: StatusUnknown, Target: "2001:db8::1", Description: "Zoë", AF: 6},
		`{"id":5,"target_ip":"192.0.2.1","target":"x.example","af":5,"description":["what decides nothing"]}`: {
			ID: 5, Public: true, StatusID: StatusUnknown, Target: "x.example"},
		`{"id":5,"target":"x.example","target_ip":"192.0.2.1","af":"4","description":7}`: {ID: 5, Public: true, StatusID: StatusUnknown, Target: "x.example"},
		`{"id":5}`: {ID: 5, Public: true, StatusID: StatusUnknown},
		`{"id":5,"is_public":null,"type":null,"interval":null,"status":{"id":null,"name":null}}`: {ID: 5, Public: true, StatusID: StatusUnknown},
		`{"id":5,"is_public":false,"is_oneoff":true,"probes_requested":-1}`:                      {ID: 5, StatusID: StatusUnknown, Oneoff: true, ProbesRequested: -1},
		`{"id":5,"type":{"id":2,"name":"traceroute","af":6},"stop_time":"2015-03-18T00:00:00Z"}`: {
			ID: 5, Public: true, StatusID: StatusUnknown, Type: "traceroute", AF: 6, Stop: time.Date(2015, 3, 18, 0, 0, 0, 0, time.UTC)},
	} {
		got, err := ParseMeasurement([]byte(raw))
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v\nwant %+v", raw, got, err, want)
		}
	}
}

func TestParseMeasurementKnowsWhatHasStopped(t *testing.T) {
	for status, stopped := range map[string]bool{
		`{"id":0,"name":"Specified"}`: false, `{"id":1,"name":"Scheduled"}`: false, `{"id":2,"name":"Ongoing"}`: false, `{"id":3}`: false, `null`: false,
		`{"id":4,"name":"Stopped"}`: true, `{"id":5,"name":"Forced to stop"}`: true, `{"id":6,"name":"No suitable probes"}`: true, `{"id":7,"name":"Failed"}`: true,
		`{"id":8,"name":"Denied"}`: true, `{"id":9,"name":"Canceled"}`: true, `{"id":10}`: false,
		`{"name":"Forced to stop"}`: true, `{"name":"Archived"}`: true, `{"name":"Ongoing"}`: false, `4`: true, `2`: false,
	} {
		measurement, err := ParseMeasurement([]byte(`{"id":5,"status":` + status + `}`))
		if err != nil || measurement.Stopped != stopped {
			t.Errorf("status %s: got stopped %t, %v, want %t", status, measurement.Stopped, err, stopped)
		}
	}
}

func TestParseMeasurementRefuses(t *testing.T) {
	for raw, want := range map[string]string{
		`{"is_public":false}`:                                           `id: missing`,
		`{"id":5,"is_public":"false"}`:                                  `is_public: got "false", want true or false`,
		`{"id":5,"is_public":false,"is_public":true}`:                   `is_public: given twice`,
		`{"id":5,"interval":-1}`:                                        `interval: got -1`,
		`{"id":5,"interval":9999999999999}`:                             `interval: got 9999999999999, want a whole number from 0 to 3162240000`,
		`{"id":5,"participant_count":"x"}`:                              `participant_count: got "x"`,
		`{"id":5,"status":"x"}`:                                         `status: got "x"`,
		`{"id":5,"type":7}`:                                             `type: got 7, want a string`,
		`{"id":5,"type":"` + strings.Repeat("x", 201) + `"}`:            `type: got a string of 201 bytes, want one of at most 200`,
		`{"id":5,"status":{"name":"` + strings.Repeat("x", 201) + `"}}`: `status: name: got a string of 201 bytes, want one of at most 200`,
	} {
		if _, err := ParseMeasurement([]byte(raw)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want one with %q", raw, err, want)
		}
	}
}

func TestObjectsAreOnOneLine(t *testing.T) {
	for name, test := range map[string]struct {
		make func([]byte) (Object, error)
		raw  string
	}{"probe": {ProbeObject, apiProbe}, "measurement": {MeasurementObject, apiMeasurement}} {
		object, err := test.make([]byte(" " + test.raw + "\r\n"))
		if err != nil || string(object.Value) != strings.ReplaceAll(test.raw, "\n", "") {
			t.Errorf("%s: got %s, %v", name, object.Value, err)
		}
		if _, err := test.make([]byte(`{"id":-1}`)); err == nil {
			t.Errorf("%s: an object without a usable ID is accepted", name)
		}
	}
	if key := (&Object{ID: math.MaxInt32}).Key(); key != "2147483647" {
		t.Errorf("got key %q", key)
	}
}

func BenchmarkParseObjects(b *testing.B) {
	b.Run("probe", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ParseProbe([]byte(apiProbe)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("measurement", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ParseMeasurement([]byte(apiMeasurement)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
