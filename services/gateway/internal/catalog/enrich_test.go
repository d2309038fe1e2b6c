package catalog

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"atlasstream/pkg/atlas"
)

const apiProbe = `{"address_v4":"193.0.0.78","address_v6":null,"asn_v4":3333,"asn_v6":null,"country_code":"NL","description":"x","first_connected":1288367583,` +
	`"geometry":{"type":"Point","coordinates":[4.8975,52.3795]},"id":12,"is_anchor":false,"is_public":true,"last_connected":1426633100,` +
	`"prefix_v4":"193.0.0.0/21","prefix_v6":null,"status":{"id":1,"name":"Connected","since":"2015-03-17T00:00:00Z"},"status_since":1426550400,` +
	`"tags":[{"name":"system: V1","slug":"system-v1"},{"name":"NAT","slug":"nat"}],"total_uptime":129000000,"type":"Probe"}`

const apiStatus = `"status_id":1,"status_name":"Connected","status_since":1426550400`

func enrichedProbe(status string) string {
	return `{"id":12,"lat":52.3795,"long":4.8975,"country_code":"NL","asn_v4":3333,"asn_v6":null,"prefix_v4":"193.0.0.0/21","prefix_v6":null,` +
		`"address_v4":"193.0.0.78","address_v6":null,"is_anchor":false,"is_public":true,` + status +
		`,"first_connected":1288367583,"total_uptime":129000000,"tags":["system-v1","nat"]}`
}

func withAPIProbe(t testing.TB) *Catalog {
	r, _ := newTestCatalog(t)
	object, err := atlas.ProbeObject([]byte(apiProbe))
	if err != nil {
		t.Fatal(err)
	}
	caughtUp(r).ApplyProbes([]atlas.Object{object})
	return r
}

func result(value string) *atlas.Record {
	return &atlas.Record{Event: atlas.Event{Stream: atlas.StreamResult, Probe: 12, Value: []byte(value)}}
}

func connectionEvent(probe atlas.ProbeID, event string, at time.Time, offset int64) atlas.Record {
	return atlas.Record{
		Event: atlas.Event{
			Stream: atlas.StreamProbeStatus, Measurement: atlas.ConnectionMeasurement, Probe: probe, Type: "connection", Time: at,
			Value: []byte(`{"type":"connection","event":"` + event + `"}`),
		},
		Position: atlas.Position{Offset: offset},
	}
}

func TestEnrichAddsTheProbe(t *testing.T) {
	r := withAPIProbe(t)
	probe := `"probe":` + enrichedProbe(apiStatus)
	for _, test := range []struct{ name, value, want string }{
		{"result", `{"msm_id":1001,"prb_id":12}`, `{"msm_id":1001,"prb_id":12,` + probe + `}`},
		{"empty", `{}`, `{` + probe + `}`},
		{"empty with space", "{ }", `{` + probe + `}`},
		{"space", " {\"a\": {\"b\":[1, 2]} } \n", `{"a": {"b":[1, 2]},` + probe + `}`},
		{"a probe already", `{"probe":{"id":1},"a": 1}`, `{"a":1,` + probe + `}`},
		{"nothing but a probe", `{"probe":{"id":1}}`, `{` + probe + `}`},
		{"probes twice, escaped", `{"p\u0072obe":1,"a":"\u00e9","probe":2}`, `{"a":"\u00e9",` + probe + `}`},
		{"an escaped probe", `{"prob\u0065":1,"a":2}`, `{"a":2,` + probe + `}`},
		{"a probe in depth", `{"a":{"probe":1},"b":"probe"}`, `{"a":{"probe":1},"b":"probe",` + probe + `}`},
		{"escapes", `{"a":"\\\"}"}`, `{"a":"\\\"}",` + probe + `}`},
		{"list", `[1]`, `[1]`},
		{"brace", `{`, `{`},
		{"nothing", ``, ``},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := string(r.Enrich(result(test.value))); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestEnrichLeavesRecordsOfUnknownProbes(t *testing.T) {
	r := withAPIProbe(t)
	for _, record := range []atlas.Record{
		{Event: atlas.Event{Stream: atlas.StreamResult, Probe: 13, Value: []byte(`{"a":1,"probe":2}`)}},
		connectionEvent(13, "connect", time.Now(), 1),
	} {
		if got := r.Enrich(&record); !bytes.Equal(got, record.Value) {
			t.Errorf("got %s, want %s", got, record.Value)
		}
		if got := r.EnrichPast(&record); !bytes.Equal(got, record.Value) {
			t.Errorf("in the past: got %s, want %s", got, record.Value)
		}
	}
	record := result(`{"a":1}`)
	r.ApplyProbes([]atlas.Object{{ID: 12}})
	if got := r.Enrich(record); !bytes.Equal(got, record.Value) {
		t.Errorf("of a deleted probe: got %s", got)
	}
}

// Every enriched record has all members, in the order of the contract, whatever the object lacks.
func TestEnrichFromRealProbes(t *testing.T) {
	r, _ := newTestCatalog(t)
	objects := realProbes(t)
	r.ApplyProbes(objects)
	caughtUp(r)
	const rest = `,"prefix_v4":null,"prefix_v6":null,"address_v4":null,"address_v6":null,"is_anchor":null,"is_public":null,"status_id":null,` +
		`"status_name":null,"status_since":null,"first_connected":null,"total_uptime":null,"tags":[]}}`
	for _, object := range objects {
		record := result(`{"a":1}`)
		record.Probe = atlas.ProbeID(object.ID)
		enriched := r.Enrich(record)
		var got struct {
			Probe struct {
				ID            int64
				Lat, Long     float64
				Country       string `json:"country_code"`
				ASNv4         *int64 `json:"asn_v4"`
				ASNv6         *int64 `json:"asn_v6"`
				UnexpectedGeo any    `json:"geometry"`
			}
		}
		var want struct {
			ID       int64
			Country  string `json:"country_code"`
			ASNv4    *int64 `json:"asn_v4"`
			ASNv6    *int64 `json:"asn_v6"`
			Geometry struct{ Coordinates [2]float64 }
		}
		if err := json.Unmarshal(enriched, &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(object.Value, &want); err != nil {
			t.Fatal(err)
		}
		if got.Probe.ID != want.ID || got.Probe.Long != want.Geometry.Coordinates[0] || got.Probe.Lat != want.Geometry.Coordinates[1] ||
			got.Probe.Country != want.Country || !equal(got.Probe.ASNv4, want.ASNv4) || !equal(got.Probe.ASNv6, want.ASNv6) || got.Probe.UnexpectedGeo != nil {
			t.Fatalf("got %s\nof %s", enriched, object.Value)
		}
		if !strings.HasSuffix(string(enriched), rest) {
			t.Fatalf("got %s\nwant it to end in %s", enriched, rest)
		}
	}
}

func equal(a, b *int64) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

func TestStatusOfTheNewest(t *testing.T) {
	since := time.Unix(1426550400, 0) // in the object
	for _, test := range []struct {
		name   string
		events []atlas.Record
		record atlas.Record
		want   string
	}{
		{"event newer than the object", []atlas.Record{connectionEvent(12, "disconnect", since.Add(time.Hour), 1)}, *result(`{}`),
			`"status_id":2,"status_name":"Disconnected","status_since":1426554000`},
		{"event of the same second", []atlas.Record{connectionEvent(12, "disconnect", since, 1)}, *result(`{}`),
			`"status_id":2,"status_name":"Disconnected","status_since":1426550400`},
		{"object newer than the event", []atlas.Record{connectionEvent(12, "disconnect", since.Add(-time.Second), 1)}, *result(`{}`), apiStatus},
		{"events out of order", []atlas.Record{connectionEvent(12, "connect", since.Add(2*time.Hour), 2), connectionEvent(12, "disconnect", since.Add(time.Hour), 1)},
			*result(`{}`), `"status_id":1,"status_name":"Connected","status_since":1426557600`},
		{"events of one second", []atlas.Record{connectionEvent(12, "connect", since.Add(time.Hour), 2), connectionEvent(12, "disconnect", since.Add(time.Hour), 1)},
			*result(`{}`), `"status_id":1,"status_name":"Connected","status_since":1426554000`},
		{"the record is the newest", []atlas.Record{connectionEvent(12, "disconnect", since.Add(time.Hour), 1)}, connectionEvent(12, "connect", since.Add(2*time.Hour), 2),
			`"status_id":1,"status_name":"Connected","status_since":1426557600`},
		{"the record is an older one", []atlas.Record{connectionEvent(12, "disconnect", since.Add(time.Hour), 3)}, connectionEvent(12, "connect", since.Add(time.Hour), 2),
			`"status_id":2,"status_name":"Disconnected","status_since":1426554000`},
		{"the record is older than the object", nil, connectionEvent(12, "disconnect", since.Add(-time.Second), 2), apiStatus},
		{"another probe's event", []atlas.Record{connectionEvent(13, "disconnect", since.Add(time.Hour), 1)}, *result(`{}`), apiStatus},
		{"no event", []atlas.Record{connectionEvent(12, "reboot", since.Add(time.Hour), 1)}, *result(`{}`), apiStatus},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := withAPIProbe(t)
				ageUntil(since.Add(3 * time.Hour))
				r.ApplyConnections(test.events)
				if got := string(r.Enrich(&test.record)); !strings.HasSuffix(got, `"probe":`+enrichedProbe(test.want)+`}`) {
					t.Errorf("got  %s\nwant %s", got, test.want)
				}
			})
		})
	}
}

// ageUntil advances a synctest bubble's clock, which begins in 2000, to at.
func ageUntil(at time.Time) { time.Sleep(time.Until(at)) }

func TestEventsExpireAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newTestCatalog(t)
		caughtUp(r).ApplyProbes([]atlas.Object{{ID: 12, Value: []byte(`{"id":12}`)}})
		start := time.Now()
		r.ApplyConnections([]atlas.Record{
			connectionEvent(12, "connect", start.Add(-EventMaxAge), 1),
			connectionEvent(13, "connect", start.Add(-EventMaxAge-time.Second), 2),
			connectionEvent(14, "connect", start.Add(EventMaxAhead+time.Second), 3),
		})
		if count := r.connections.count(); count != 1 {
			t.Errorf("got %d events, want 1", count)
		}
		isConnected := func() bool { return strings.Contains(string(r.Enrich(result(`{}`))), `"Connected"`) }
		if !isConnected() {
			t.Error("an event of 24 hours ago does not count")
		}
		time.Sleep(time.Second)
		if isConnected() {
			t.Error("an event of more than 24 hours ago counts")
		}
		time.Sleep(sweepEvery)
		r.ApplyConnections(nil)
		if count := r.connections.count(); count != 0 {
			t.Errorf("%d events are kept, want none", count)
		}
	})
}

// The object of a probe may come after its events.
func TestEventBeforeItsProbe(t *testing.T) {
	r, _ := newTestCatalog(t)
	now := time.Now()
	caughtUp(r).ApplyConnections([]atlas.Record{connectionEvent(12, "disconnect", now, 1)})
	r.ApplyProbes([]atlas.Object{{ID: 12, Value: []byte(apiProbe)}})
	if got := string(r.Enrich(result(`{}`))); !strings.Contains(got, `"status_name":"Disconnected"`) {
		t.Errorf("got %s", got)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	r := withAPIProbe(t)
	r.connections.maxEvents = 2
	now := time.Now()
	if full := testutil.ToFloat64(r.connections.metrics.full); full != 0 {
		t.Errorf("registry_full is %v before the limit", full)
	}
	r.ApplyConnections([]atlas.Record{
		connectionEvent(100, "connect", now, 1), connectionEvent(101, "connect", now, 2), // fill it
		connectionEvent(13, "disconnect", now, 3), connectionEvent(12, "disconnect", now, 4),
	})
	if _, found := r.connections.get(13); found {
		t.Error("an event of an unknown probe was kept beyond the limit")
	}
	if _, found := r.connections.get(12); !found {
		t.Error("an event of a known probe did not replace one of an unknown probe")
	}
	r.ApplyConnections([]atlas.Record{connectionEvent(12, "connect", now, 5)})
	if newest, _ := r.connections.get(12); !newest.connected {
		t.Error("at the limit, a probe's newer event does not count")
	}
	if count := r.connections.count(); count != 2 {
		t.Errorf("got %d events, want 2", count)
	}
	if full := testutil.ToFloat64(r.connections.metrics.full); full != 1 {
		t.Errorf("registry_full is %v at the limit", full)
	}
}

func TestEnrichPastHasTheStatusOfTheRecord(t *testing.T) {
	r := withAPIProbe(t)
	now := time.Now()
	r.ApplyConnections([]atlas.Record{connectionEvent(12, "connect", now, 9)})
	event := connectionEvent(12, "disconnect", time.Unix(1300000000, 0), 1)
	for _, test := range []struct {
		name   string
		record *atlas.Record
		status string
	}{
		{"connection event", &event, `"status_id":2,"status_name":"Disconnected","status_since":1300000000`},
		{"result", result(`{"a":1}`), unknownStatus},
	} {
		if got := string(r.EnrichPast(test.record)); !strings.HasSuffix(got, `,"probe":`+enrichedProbe(test.status)+`}`) {
			t.Errorf("%s: got %s", test.name, got)
		}
	}
}

func FuzzEnrich(f *testing.F) {
	f.Add([]byte(`{"a":1}`))
	f.Add([]byte(` { "probe" : {}, "a":[{"probe":2}] } `))
	f.Add([]byte(`{"p\u0072obe":"\u00e9\\","b":"}"}`))
	f.Add([]byte(`{}`))
	r := withAPIProbe(f)
	f.Fuzz(func(t *testing.T, value []byte) {
		enriched := r.Enrich(result(string(value)))
		var before map[string]json.RawMessage
		if json.Unmarshal(value, &before) != nil || before == nil {
			return
		}
		after := members(t, enriched)
		if got := string(after["probe"]); got != enrichedProbe(apiStatus) {
			t.Fatalf("got probe %s", got)
		}
		delete(before, "probe")
		delete(after, "probe")
		if len(before) != len(after) {
			t.Fatalf("got %s", enriched)
		}
		for name, member := range before {
			if !bytes.Equal(member, after[name]) {
				t.Fatalf("%q: got %s, want %s", name, after[name], member)
			}
		}
		for event := range bytes.SplitSeq(value, []byte("\n")) { // events are read from what anybody may have written
			_, _ = connectionOf(&atlas.Record{Event: atlas.Event{Stream: atlas.StreamProbeStatus, Value: event}})
		}
	})
}
