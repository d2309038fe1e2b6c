package api

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/ratelimit"
)

// If the topic of measurements was recreated, the catalog's position of an object may have another one. Clients without the right to
// it do not get it, and nobody gets it as another measurement.
func TestObjectThatIsAnother(t *testing.T) {
	server := serve(t, Settings{History: HistoryPolicy{Mode: "off"}}, ratelimit.Limits{})
	server.knowMeasurements()
	for object, want := range map[string]int{
		`{"id":1001,"is_public":true}`: http.StatusOK, `{"id":1003,"is_public":true}`: http.StatusNotFound, `{"id":1001,"is_public":false}`: http.StatusNotFound,
		``: http.StatusOK, `no JSON`: http.StatusOK,
	} {
		server.log.objects = map[int64]string{0: object}
		answer := server.ask("/api/measurements/1001")
		if answer.Code != want {
			t.Errorf("%s: got %d %s, want %d", object, answer.Code, answer.Body, want)
		}
		if unknown := server.ask("/api/measurements/1003"); want == http.StatusNotFound && len(answer.Body.String()) != len(unknown.Body.String()) {
			t.Errorf("%s: got %s, which is not as for one that is unknown: %s", object, answer.Body, unknown.Body)
		}
	}
}

// How many measurements there are that are not public is not told to those who may not see them.
func TestPrivateMeasurementsAreNotCounted(t *testing.T) {
	server := serve(t, Settings{}, ratelimit.Limits{})
	server.knowMeasurements()
	count := func(header ...string) int {
		return get[gatewayState](t, server, "/api/gateway", header...).Registry.Measurements
	}
	public := count()
	if all := count(bearer(tokenOfNonPublic)...); public >= all || all != 3 {
		t.Errorf("%d measurements are public, and %d are counted with a token, want 3", public, all)
	}
	server.registry.ApplyMeasurements([]atlas.Object{{ID: 1001, Value: []byte(`{"id":1001,"is_public":false}`), Position: atlas.Position{Offset: 9}}})
	if now := count(); now != public-1 {
		t.Errorf("one has turned private: %d are counted, want %d", now, public-1)
	}
	server.registry.ApplyMeasurements([]atlas.Object{{ID: 1001, Position: atlas.Position{Offset: 10}}, {ID: 5, Value: []byte(`{"id":5,"is_public":true}`)}})
	if now := count(); now != public {
		t.Errorf("it is deleted, and there is another one: %d are counted, want %d", now, public)
	}
}

// No path shows records older than the limit, even if they come after newer ones in the log.
func TestHistoryBackBoundsWhatIsReadOfTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, Settings{History: HistoryPolicy{MaxAge: time.Hour}}, ratelimit.Limits{})
		server.knowMeasurements()
		now := time.Now()
		server.log.topics[archivePrefix+"old"] = []fakePartition{{}}
		server.log.add(archivePrefix+"old", 77, now.Add(-48*time.Hour), now.Add(-30*time.Hour))
		server.log.add(archivePrefix+"old", 1001, now.Add(-40*time.Hour), now.Add(-time.Minute), now.Add(-47*time.Hour))
		server.log.add(liveResults, 1001, now.Add(-3*time.Hour), now.Add(-2*time.Hour), now.Add(-30*time.Minute), now.Add(-20*time.Minute))
		server.log.add(liveResults, 55, now.Add(-3*time.Hour))
		got := get[measurementInLog](t, server, "/api/measurements/1001")
		if *got.First != float64(now.Add(-30*time.Minute).Unix()) || *got.Last != float64(now.Add(-time.Minute).Unix()) {
			t.Errorf("from %f to %f", *got.First, *got.Last)
		}
		earliest := float64(now.Add(-time.Hour).Unix())
		for _, part := range got.Parts {
			if part.From != nil && *part.From < earliest || part.To != nil && *part.To < earliest || part.Records > 3 {
				t.Errorf("part %+v", part)
			}
		}
		met := get[struct{ Measurements []struct{ ID int64 } }](t, server, "/api/measurements?source=log")
		if len(met.Measurements) != 1 || met.Measurements[0].ID != 1001 {
			t.Errorf("of the log: got %+v", met)
		}
	})
}
