package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/ratelimit"
)

// troubled is a server that knows trouble of the platform, which has hit many probes.
func troubled(b testing.TB, probes, messages int) *testServer {
	b.Helper()
	server := serve(b, Settings{}, ratelimit.Limits{Messages: messages})
	server.activity.SetKnownWhole()
	var objects []atlas.Object
	for i := range probes {
		objects = append(objects, atlas.Object{ID: int64(1 + i), Position: atlas.Position{Offset: int64(i)}, Value: fmt.Appendf(nil,
			`{"id":%d,"country_code":"%c%c","asn_v4":%d,"status":{"id":1}}`, 1+i, 'A'+i%20, 'A'+i/20%8, 1+i%3000)})
	}
	server.registry.ApplyProbes(objects)
	began := time.Now().Add(-time.Hour)
	all := probesFrom(1, probes)
	server.comeTogether("connect", began.Add(-time.Minute), all)
	server.comeTogether("disconnect", began, all)
	server.come("connect", began.Add(3*time.Minute), all[:10]...)
	return server
}

func (s *testServer) comeTogether(kind string, at time.Time, probes []atlas.ProbeID) {
	for i := range probes {
		s.come(kind, at.Add(time.Duration(i)*time.Millisecond), probes[i])
	}
}

// BenchmarkOutages asks after each event.
func BenchmarkOutages(b *testing.B) {
	for _, query := range []string{"", "?watch=AA,AS17", "?watch=" + manyNames()} {
		b.Run(fmt.Sprintf("%.12s", query), func(b *testing.B) {
			server := troubled(b, 13_421, 1_000_000_000)
			defer server.watch(b)()
			length := 0
			back := probesFrom(11, 13_000)
			for i := 0; b.Loop(); i++ {
				server.come("connect", time.Now().Add(-30*time.Minute), back[i%len(back)])
				request := httptest.NewRequest(http.MethodGet, "/api/outages"+query, nil)
				request.Header.Set("Accept-Encoding", "gzip")
				answer := httptest.NewRecorder()
				server.ServeHTTP(answer, request)
				length = answer.Body.Len()
				if answer.Code != http.StatusOK {
					b.Fatal(answer.Body)
				}
			}
			b.ReportMetric(float64(length), "bytes")
		})
	}
}

// manyNames are as many as may be watched, which nothing hits.
func manyNames() string {
	names := "ZZ"
	for i := range maxWatched - 1 {
		names += fmt.Sprintf(",AS%d", 900_000+i)
	}
	return names
}
