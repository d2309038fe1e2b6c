package api

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/ratelimit"
)

// knowProbes has two probes known, of which the first has connected and the second says nothing of itself.
func (s *testServer) knowProbes(at time.Time) {
	s.registry.ApplyProbes([]atlas.Object{
		{ID: 13, Value: []byte(`{"id":13,"asn_v6":3333}`), Position: atlas.Position{Offset: 4}},
		{ID: 12, Value: []byte(`{"id":12,"country_code":"NL","asn_v4":1136,"asn_v6":3333,"latitude":52.37514,"longitude":-4.89551,"status":2,"status_since":915148800}`),
			Position: atlas.Position{Offset: 5}},
	})
	s.connect(12, "connect", at, 77)
}

func (s *testServer) connect(probe atlas.ProbeID, event string, at time.Time, offset int64) {
	s.registry.ApplyConnections([]atlas.Record{{
		Event:    atlas.Event{Stream: atlas.StreamProbeStatus, Probe: probe, Time: at, Value: fmt.Appendf(nil, `{"event":%q}`, event)},
		Position: atlas.Position{Offset: offset},
	}})
}

func TestProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, Settings{}, ratelimit.Limits{})
		at := time.Now().Add(-time.Hour)
		server.knowProbes(at)
		want := fmt.Sprintf(`{"as_of":{"registry":5,"connections":77},"id":[12,13],"lat":[52.375,null],"lon":[-4.896,null],"country":["NL",null],`+
			`"asn":[1136,3333],"status":[1,null],"since":[%d,null],"event":[1,0]}`+"\n", at.Unix())
		answer := server.ask("/api/probes")
		if answer.Code != http.StatusOK || answer.Body.String() != want || answer.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("got %d %v %s, want %s", answer.Code, answer.Header(), answer.Body, want)
		}
		if compressed := server.ask("/api/probes", "Accept-Encoding", "br, gzip;q=0.5"); compressed.Header().Get("Content-Encoding") != "gzip" {
			t.Errorf("got %v", compressed.Header())
		} else if reader, err := gzip.NewReader(compressed.Body); err != nil {
			t.Error(err)
		} else if text, err := io.ReadAll(reader); err != nil || string(text) != want {
			t.Errorf("got %v %s, want %s", err, text, want)
		}
		if head := server.askBy(http.MethodHead, "/api/probes"); head.Code != http.StatusOK || head.Body.Len() > 0 || head.Header().Get("ETag") == "" {
			t.Errorf("HEAD: got %d %v %s", head.Code, head.Header(), head.Body)
		}
	})
}

// Who has the list of probes is told only of changes: of the registry, of connections, and of connections that are too old to count.
func TestProbesAreSentWhenTheyHaveChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, Settings{}, ratelimit.Limits{})
		server.knowProbes(time.Now())
		etag := server.ask("/api/probes").Header().Get("ETag")
		for name, step := range map[string]func(){
			"of the registry": func() { server.registry.ApplyProbes([]atlas.Object{{ID: 14, Value: []byte(`{"id":14}`)}}) },
			"of connections":  func() { server.connect(13, "disconnect", time.Now(), 78) },
			"by age":          func() { time.Sleep(25 * time.Hour) },
		} {
			if answer := server.ask("/api/probes", "If-None-Match", `"x", `+etag); answer.Code != http.StatusNotModified || answer.Body.Len() > 0 {
				t.Errorf("%s: before, got %d %s", name, answer.Code, answer.Body)
			}
			step()
			time.Sleep(probesInterval)
			answer := server.ask("/api/probes", "If-None-Match", etag)
			if answer.Code != http.StatusOK || answer.Header().Get("ETag") == etag {
				t.Errorf("%s: got %d with %s, which was there before", name, answer.Code, answer.Header().Get("ETag"))
			}
			etag = answer.Header().Get("ETag")
		}
	})
}

func TestAcceptsGzip(t *testing.T) {
	for line, want := range map[string]bool{
		"": false, "gzip": true, "deflate, GZIP ; q=1": true, "gzip;q=0": false, "gzip;q=0.001": true, "x-gzip": false, "identity": false, "gzip;q=no": false,
	} {
		if got := acceptsGzip([]string{line}); got != want {
			t.Errorf("%q: got %t", line, got)
		}
	}
}

// BenchmarkProbes writes the list of the real network.
func BenchmarkProbes(b *testing.B) {
	server := serve(b, Settings{}, ratelimit.Limits{})
	objects := make([]atlas.Object, 13_421)
	for i := range objects {
		objects[i] = atlas.Object{ID: int64(i + 1), Value: fmt.Appendf(nil,
			`{"id":%d,"country_code":"NL","asn_v4":%d,"latitude":%f,"longitude":%f,"status":1,"status_since":%d}`,
			i+1, 1000+i%4000, float64(i%90)+0.1234, float64(i%180)+0.4321, 1787541890-i)}
	}
	server.registry.ApplyProbes(objects)
	var list probesList
	for b.Loop() {
		list.write(server.registry.ProbesState(), server.registry.Probes())
	}
	b.ReportMetric(float64(len(list.text)), "bytes")
	b.ReportMetric(float64(len(list.compressed)), "gzip-bytes")
}
