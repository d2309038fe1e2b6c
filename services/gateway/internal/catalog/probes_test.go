package catalog

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"atlasstream/pkg/atlas"
)

// The list of probes has the same of each probe as an enriched record, whatever the order of events.
func TestListedProbesAreThoseOfEnriching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		for range 20 {
			r, _ := newTestCatalog(t)
			caughtUp(r).ApplyProbes(realProbes(t))
			ageUntil(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			ids := r.Probes()
			for offset := range int64(100) {
				event := []string{"connect", "disconnect"}[random.IntN(2)]
				at := time.Now().Add(-time.Duration(random.IntN(30)) * time.Hour)
				r.ApplyConnections([]atlas.Record{connectionEvent(ids[random.IntN(len(ids))].ID, event, at, offset)})
			}
			events := 0
			for i, listed := range r.Probes() {
				if i > 0 && listed.ID <= ids[i-1].ID {
					t.Fatalf("probe %d comes after %d", listed.ID, ids[i-1].ID)
				}
				record := *result(`{}`)
				record.Probe = listed.ID
				checkListed(t, &listed, gjson.GetBytes(r.Enrich(&record), "probe"))
				if listed.FromEvent {
					events++
				}
			}
			if events == 0 || events == len(ids) {
				t.Errorf("%d of %d probes have the status of an event", events, len(ids))
			}
		}
	})
}

func checkListed(t *testing.T, listed *ListedProbe, enriched gjson.Result) {
	t.Helper()
	asn := enriched.Get("asn_v4").Int()
	if asn == 0 {
		asn = enriched.Get("asn_v6").Int()
	}
	if listed.Country != enriched.Get("country_code").String() || listed.ASN != asn {
		t.Errorf("listed is %+v, enriched %s", listed, enriched.Raw)
	}
	for name, value := range map[string]*float64{"lat": listed.Latitude, "long": listed.Longitude} {
		if known := enriched.Get(name); (value == nil) != (known.Type == gjson.Null) || value != nil && *value != known.Float() {
			t.Errorf("%s: listed is %v, enriched %s", name, value, known.Raw)
		}
	}
	status, since := enriched.Get("status_id"), enriched.Get("status_since").Int()
	if (listed.Status == nil) != (status.Type == gjson.Null) || listed.Status != nil && *listed.Status != status.Int() ||
		!listed.Since.IsZero() && listed.Since.Unix() != since || listed.Since.IsZero() && since != 0 {
		t.Errorf("listed is %v since %s, enriched %s", listed.Status, listed.Since, enriched.Raw)
	}
}

// After a topic is recreated its new offsets count, although they are lower.
func TestProbesOfARecreatedTopic(t *testing.T) {
	r, _ := newTestCatalog(t)
	probeAt := func(offset int64) []atlas.Object {
		return []atlas.Object{{ID: 1, Value: []byte(`{"id":1}`), Position: atlas.Position{Offset: offset}}}
	}
	eventAt := func(offset int64) []atlas.Record {
		return []atlas.Record{connectionEvent(1, "connect", time.Now(), offset)}
	}
	r.ApplyProbes(probeAt(70))
	r.ApplyConnections(eventAt(90))
	r.ApplyConnections(eventAt(80)) // they come in any order
	if at := r.ProbesState(); at.Objects != 70 || at.Connections != 90 {
		t.Errorf("got %+v", at)
	}
	r.ApplyProbes(probeAt(7))
	r.ResetConnections(5)
	if at := r.ProbesState(); at.Objects != 7 || at.Connections != 4 {
		t.Errorf("of a shorter log: got %+v", at)
	}
	r.ApplyConnections(eventAt(9))
	r.ResetConnections(20) // retention took some
	if at := r.ProbesState(); at.Connections != 9 {
		t.Errorf("after a gap: got %+v", at)
	}
}
