package api

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/admission"
)

// A long answer costs the address more messages than a short one, and so does looking through what was sampled for somebody else. Who has the list of probes
// already pays for the request alone.
func TestAbuseAnswersAreCharged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, Settings{}, admission.Limits{Messages: 20}) // 200 at once, of which reading leaves 100
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
