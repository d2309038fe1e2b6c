package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/ratelimit"
)

// measurementList is what a page needs of /api/measurements.
type measurementList struct {
	Measurements []struct {
		ID     int64
		Source string
		Public bool
		Rate   *float64
	}
	Next    *int64
	Quality string
	Read    struct{ Records int64 }
}

func (l *measurementList) ids() (ids []int64) {
	for _, m := range l.Measurements {
		ids = append(ids, m.ID)
	}
	return ids
}

// knowMeasurements has some measurements known, and the registry read.
func (s *testServer) knowMeasurements() {
	s.registry.ApplyMeasurements([]atlas.Object{
		{ID: 1001, Value: []byte(`{"id":1001,"type":"ping","af":4,"description":"Ping of K","target":"k.root-servers.net","interval":240,"participant_count":150,` +
			`"status":{"id":2,"name":"Ongoing"},"start_time":1426633200,"is_public":true}`)},
		{ID: 1002, Value: []byte(`{"id":1002,"type":"dns","af":6,"status":{"id":4,"name":"Stopped"},"stop_time":1426636800}`), Position: atlas.Position{Offset: 1}},
		{ID: 1003, Value: []byte(`{"id":1003,"type":"ping","is_public":false,"description":"secret of K"}`), Position: atlas.Position{Offset: 2}},
	})
	s.registry.MarkMeasurementsCaughtUp()
}

func TestMeasurements(t *testing.T) {
	server := serve(t, Settings{}, ratelimit.Limits{})
	server.knowMeasurements()
	const want = `{"measurements":[{"id":1001,"type":"ping","description":"Ping of K","target":"k.root-servers.net","af":4,"interval":240,"participants":150,` +
		`"status":"Ongoing","stopped":false,"public":true,"start":1426633200,"stop":null,"source":"registry","rate":null}],"next":null,"quality":"exact",` +
		`"read":{"records":0,"bytes":0,"ms":0}}` + "\n"
	if got := server.ask("/api/measurements?q=K+ROOT").Body.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, test := range []struct {
		query string
		want  []int64
		next  int64
	}{
		{"", []int64{1001, 1002}, 0},
		{"?q=%20", []int64{1001, 1002}, 0},
		{"?q=100", []int64{1001, 1002}, 0},
		{"?q=1002", []int64{1002}, 0},
		{"?q=secret", nil, 0},
		{"?q=secret&token=" + tokenOfNonPublic, []int64{1003}, 0},
		{"?q=secret&token=" + tokenOfHistory, nil, 0},
		{"?type=dns&af=6&status=stopped", []int64{1002}, 0},
		{"?status=running&source=registry", []int64{1001}, 0},
		{"?limit=1", []int64{1001}, 1001},
		{"?limit=1&after=1001", []int64{1002}, 1002},
		{"?limit=1&after=1001&token=" + tokenOfNonPublic, []int64{1002}, 1002},
		{"?after=9007199254740991", nil, 0},
	} {
		got := get[measurementList](t, server, "/api/measurements"+test.query)
		if !slices.Equal(got.ids(), test.want) || (got.Next != nil) != (test.next != 0) || got.Next != nil && *got.Next != test.next {
			t.Errorf("%s: got %v, next %v, want %v", test.query, got.ids(), got.Next, test.want)
		}
	}
}

func TestMeasurementsAreRefused(t *testing.T) {
	server := serve(t, Settings{History: HistoryPolicy{Mode: "off"}}, ratelimit.Limits{})
	if answer := server.ask("/api/measurements"); answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), "[unavailable] this gateway has not read the measurements yet") {
		t.Errorf("before they are known: got %d %s", answer.Code, answer.Body)
	}
	server.knowMeasurements()
	for query, want := range map[string]string{
		"q=" + strings.Repeat("x", 201): "[invalid_parameter] q: got",
		"q=" + strings.Repeat("x+", 21): "[invalid_parameter] q: got",
		"af=5":                          `[invalid_parameter] af: got \"5\", want 4 or 6`,
		"af=7":                          "[invalid_parameter] af: got",
		"type=telnet":                   `[invalid_parameter] type: got \"telnet\", want one of ping, traceroute`,
		"status=Ongoing":                "[invalid_parameter] status: got",
		"limit=0":                       "[invalid_parameter] limit: got",
		"limit=501":                     "[invalid_parameter] limit: got",
		"after=x":                       "[invalid_parameter] after: got",
		"source=memory":                 "[invalid_parameter] source: got",
		"source=log":                    "[unserved_parameter] source: this gateway does not read the past",
		"words=x":                       `[unknown_parameter] \"words\": there is no such parameter; there are q, type, af, status, source, after and limit`,
	} {
		if answer := server.ask("/api/measurements?" + query); answer.Code != http.StatusBadRequest || !strings.Contains(answer.Body.String(), want) {
			t.Errorf("%s: got %d %s, want %s", query, answer.Code, answer.Body, want)
		}
	}
}

// What is in the log is met at its end, whether the registry knows it or not, but not what is not public.
func TestMeasurementsInTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, Settings{}, ratelimit.Limits{})
		server.knowMeasurements()
		server.log.topics[archivePrefix+"old"] = []fakePartition{{}}
		for i := range 500 { // partition 1 has three records a second, of which 1001 has one, 1003 one and 5 one; it had another measurement long before
			at := time.Now().Add(time.Duration(i-500) * time.Second)
			if i == 0 {
				server.log.add(liveResults, 9, at)
			}
			for _, id := range []atlas.MeasurementID{1001, 1003, 5} {
				server.log.add(liveResults, id, at)
			}
		}
		server.log.add(archivePrefix+"old", 1768147, time.Unix(1426633200, 0))
		got := get[measurementList](t, server, "/api/measurements?source=log")
		if !slices.Equal(got.ids(), []int64{5, 1001, 1768147}) || got.Quality != "sampled" || got.Read.Records != 201 {
			t.Fatalf("got %+v", got)
		}
		for i, want := range []string{"log", "registry", "log"} {
			one := got.Measurements[i]
			if one.Source != want || (one.Rate == nil) != (one.ID == 1768147) || one.Rate != nil && (*one.Rate < 0.9 || *one.Rate > 1.1) {
				t.Errorf("got %+v, want it from the %s", one, want)
			}
		}
		scans := server.log.scans
		for query, want := range map[string][]int64{
			"": {5, 1001, 1768147}, "&q=176": {1768147}, "&limit=1&after=5": {1001}, "&type=ping": {1001}, "&status=running": {1001},
			"&token=" + tokenOfNonPublic: {5, 1001, 1003, 1768147},
		} {
			if got := get[measurementList](t, server, "/api/measurements?source=log"+query); !slices.Equal(got.ids(), want) {
				t.Errorf("%s: got %v, want %v", query, got.ids(), want)
			}
		}
		if server.log.scans != scans {
			t.Error("what was met a moment ago was looked for again")
		}
		time.Sleep(sampleAge)
		if get[measurementList](t, server, "/api/measurements?source=log"); server.log.scans == scans {
			t.Error("what was met a minute ago was not looked for again")
		}
	})
}

// Where unknown measurements are refused, what the registry does not know is not met.
func TestUnknownMeasurementsInTheLog(t *testing.T) {
	server := serve(t, Settings{RefuseUnknown: true}, ratelimit.Limits{})
	server.knowMeasurements()
	server.log.add(liveResults, 5, time.Now())
	server.log.add(liveResults, 1001, time.Now())
	if got := get[measurementList](t, server, "/api/measurements?source=log"); !slices.Equal(got.ids(), []int64{1001}) {
		t.Errorf("got %v", got.ids())
	}
}

// A search costs more messages than other requests where it looks at many measurements.
func TestAbuseSearchesCostMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, Settings{}, ratelimit.Limits{Messages: 100})
		objects := make([]atlas.Object, 10*searchBatch)
		for i := range objects {
			objects[i] = atlas.Object{ID: int64(i + 1), Value: fmt.Appendf(nil, `{"id":%d}`, i+1)}
		}
		server.registry.ApplyMeasurements(objects)
		server.registry.MarkMeasurementsCaughtUp()
		for range 9 { // half a burst is 500 messages
			get[measurementList](t, server, "/api/measurements?q=nothing")
		}
		left := 1000 - 9*(1+10)
		for server.ask("/api/gateway").Code == http.StatusOK {
			left--
		}
		if left != 0 {
			t.Errorf("%d messages are left of 1,000, want none", left)
		}
	})
}
