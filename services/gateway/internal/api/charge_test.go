package api

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/footprint"
	"atlasstream/services/gateway/internal/endpoint"
	"atlasstream/services/gateway/internal/ratelimit"
)

// A long answer costs the address more messages than a short one, and so does looking through what was sampled for somebody else. Who has the list of probes
// already pays for the request alone.
func TestAbuseAnswersAreCharged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, Settings{}, ratelimit.Limits{Messages: 20}) // 200 at once, of which reading leaves 100
		server.knowMeasurements()
		var objects []atlas.Object
		for id := int64(1); id <= 10_000; id++ {
			objects = append(objects, atlas.Object{ID: id, Value: fmt.Appendf(nil, `{"id":%d,"country_code":"NL","asn_v4":3333}`, id)})
		}
		server.registry.ApplyProbes(objects)
		server.log.add(liveResults, 1001, time.Now())
		took := func(path string, count, status int, header ...string) time.Duration {
			time.Sleep(time.Minute) // all messages are there again
			began := time.Now()
			for range count {
				if answer := server.ask(path, header...); answer.Code != status {
					t.Errorf("%s: got %d %s", path, answer.Code, answer.Body)
				}
			}
			return time.Since(began)
		}
		etag := server.ask("/api/probes").Header().Get("ETag")
		server.ask("/api/measurements?source=log")
		if waited := took("/api/gateway", 60, http.StatusOK); waited > 0 {
			t.Errorf("short answers took %s", waited)
		}
		if waited := took("/api/probes", 60, http.StatusNotModified, "If-None-Match", etag); waited > 0 {
			t.Errorf("the list of probes that has not changed took %s", waited)
		}
		if waited := took("/api/probes", 60, http.StatusOK); waited < 5*time.Second {
			t.Errorf("the list of probes took %s", waited)
		}
		if waited := took("/api/measurements?source=log", 60, http.StatusOK); waited == 0 {
			t.Error("what was sampled before costs nothing")
		}
	})
}

// Who waits until it can pay for an answer keeps none of it in memory meanwhile.
func TestAbuseWaitingToPayHoldsLittleMemory(t *testing.T) {
	for path, accept := range map[string]string{
		"/api/outages": "application/json", "/api/outages?watch=AA": endpoint.MediaEvents, "/api/connections?step=600&country=all": "application/json",
	} {
		synctest.Test(t, func(t *testing.T) {
			const clients, most = 40, 30_000
			server := troubled(t, 4000, 50)
			defer server.watch(t)()
			ctx, cancel := context.WithCancel(t.Context())
			var asking sync.WaitGroup
			ask := func(path string, count int) {
				for range count {
					request := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
					request.Header.Set("Accept", accept)
					asking.Go(func() { server.ServeHTTP(httptest.NewRecorder(), request) })
				}
				synctest.Wait()
			}
			ask("/api/connections", 20) // more than can be paid for now
			ask(path, 1)                // what all share is made
			before, waiting := footprint.Heap(), server.responses.Len()
			ask(path, clients)
			if each := (footprint.Heap() - before) / clients; each > most || server.responses.Len() != waiting+clients {
				t.Errorf("%s: %d of %d wait with %d bytes each, want %d at most", path, server.responses.Len()-waiting, clients, each, most)
			}
			cancel()
			asking.Wait()
		})
	}
}

// Who has paid for connections to be counted holds little until its turn has come, as that takes much memory.
func TestAbuseConnectionsAreCountedOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients, most = 40, 30_000
		server := troubled(t, 4000, 100_000)
		release, err := server.connectionsPool.Acquire(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		before := footprint.Heap()
		var asking sync.WaitGroup
		for range clients {
			asking.Go(func() {
				if answer := server.ask("/api/connections"); answer.Code != http.StatusOK {
					t.Errorf("got %d %s", answer.Code, answer.Body)
				}
			})
		}
		synctest.Wait()
		if each := (footprint.Heap() - before) / clients; each > most || server.responses.Len() != clients {
			t.Errorf("%d of %d wait with %d bytes each, want %d at most", server.responses.Len(), clients, each, most)
		}
		release()
		asking.Wait()
	})
}
