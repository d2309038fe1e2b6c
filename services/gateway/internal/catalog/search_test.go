package catalog

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
)

func measurementsFound(r *Catalog, search Search, look, most int) (ids []int64) {
	behind := atlas.MeasurementID(0)
	for {
		found, goesOn := r.Search(&search, behind, look, most)
		for _, m := range found {
			ids = append(ids, int64(m.ID))
		}
		if behind = goesOn; behind == 0 {
			return ids
		}
	}
}

func TestSearch(t *testing.T) {
	r, _ := newTestCatalog(t)
	caughtUp(r).ApplyMeasurements([]atlas.Object{
		{ID: 10301, Value: []byte(`{"id":10301,"type":"dns","af":4,"description":"hostname.bind of K-Root","target":"k.root-servers.net","status":2}`)},
		{ID: 103, Value: []byte(`{"id":103,"type":"ping","af":6,"description":"Ärger mit IPv6","target_ip":"2001:DB8::1","status":4}`)},
		{ID: 1001, Value: []byte(`{"id":1001,"type":"ping","af":4,"description":"Ping to 103 hosts"}`)},
		{ID: 9, Value: []byte(`{"id":9,"type":"dns","is_public":false,"description":"of K-root too"}`)},
		{ID: 8, Value: []byte(`{"id":8,"type":7}`)}, // cannot be read
	})
	for _, test := range []struct {
		name   string
		search Search
		want   []int64
	}{
		{"everything", Search{}, []int64{103, 1001, 10301}},
		{"what is not public too", Search{NonPublic: true}, []int64{8, 9, 103, 1001, 10301}},
		{"a word, whatever its capitals", Search{Words: []string{"k-root"}}, []int64{10301}},
		{"a word of the target", Search{Words: []string{"servers"}}, []int64{10301}},
		{"an address", Search{Words: []string{"2001:db8"}}, []int64{103}},
		{"a letter beyond ASCII", Search{Words: []string{"ärger"}}, []int64{103}},
		{"the beginning of an ID, or a number in a text", Search{Words: []string{"103"}}, []int64{103, 1001, 10301}},
		{"all words", Search{Words: []string{"103", "bind"}}, []int64{10301}},
		{"a word and a type", Search{Words: []string{"ping"}, Type: "dns"}, nil},
		{"a type as a word", Search{Words: []string{"dns"}, NonPublic: true}, []int64{9, 10301}},
		{"an address family", Search{AF: 6}, []int64{103}},
		{"running", Search{Running: true}, []int64{1001, 10301}},
		{"stopped", Search{Stopped: true}, []int64{103}},
	} {
		for _, most := range []int{1, 2, 10} {
			if got := measurementsFound(r, test.search, most, 10); !slices.Equal(got, test.want) {
				t.Errorf("%s, looking at %d: got %v, want %v", test.name, most, got, test.want)
			}
			if got := measurementsFound(r, test.search, 10, most); !slices.Equal(got, test.want) {
				t.Errorf("%s, %d at a time: got %v, want %v", test.name, most, got, test.want)
			}
		}
	}
	r.ApplyMeasurements([]atlas.Object{{ID: 103}, {ID: 5, Value: []byte(`{"id":5}`)}, {ID: 10301, Value: []byte(`{"id":10301,"is_public":false}`)}})
	if got := measurementsFound(r, Search{}, 10, 10); !slices.Equal(got, []int64{5, 1001}) {
		t.Errorf("after changes: got %v", got)
	}
}

// Searches that continue after one another find every measurement once, in order.
func TestSearchInPieces(t *testing.T) {
	r, _ := newTestCatalog(t)
	random := rand.New(rand.NewPCG(1, 2))
	want := random.Perm(500)
	for _, id := range want {
		caughtUp(r).ApplyMeasurements([]atlas.Object{measurementObject(int64(id)+1, "")})
	}
	for range 20 {
		got := measurementsFound(r, Search{}, 1+random.IntN(100), 1+random.IntN(100))
		if len(got) != len(want) || !slices.IsSorted(got) {
			t.Fatalf("got %d, want %d: %v", len(got), len(want), got)
		}
	}
}

func TestTextsAreTruncated(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{strings.Repeat("x", maxTextBytes), strings.Repeat("x", maxTextBytes)},
		{strings.Repeat("x", maxTextBytes+1), strings.Repeat("x", maxTextBytes) + "…"},
		{strings.Repeat("x", maxTextBytes-1) + "ä", strings.Repeat("x", maxTextBytes-1) + "…"},
	} {
		r, _ := newTestCatalog(t)
		r.ApplyMeasurements([]atlas.Object{{ID: 5, Value: fmt.Appendf(nil, `{"id":5,"description":%q,"target":%q}`, test.text, "before "+test.text)}})
		if got, _ := r.Measurement(5); got.Description != test.want || !strings.HasPrefix(got.Target, "before x") || len(got.Target) > maxTextBytes+len("…") {
			t.Errorf("got %q and %q, want %q", got.Description, got.Target, test.want)
		}
	}
}

// The position of an object is that of its newest record, even if the bytes are the same: compaction deletes the older one.
func TestMeasurementPositions(t *testing.T) {
	r, reported := newTestCatalog(t)
	object := measurementObject(7, "")
	for offset := range int64(3) {
		object.Position = atlas.Position{Topic: "atlas.measurements", Offset: offset}
		caughtUp(r).ApplyMeasurements([]atlas.Object{object})
		if position, known := r.MeasurementPosition(7); !known || position.Offset != offset {
			t.Errorf("got %+v, %t, want offset %d", position, known, offset)
		}
	}
	if len(reported.changes) > 1 {
		t.Errorf("the same object is reported as a change: %v", reported.changes)
	}
	r.ApplyMeasurements([]atlas.Object{deleted(7)})
	if position, known := r.MeasurementPosition(7); known {
		t.Errorf("got %+v of a deleted measurement", position)
	}
}

// The catalog of the real network takes little memory, compared with clients. A part of it is measured.
func TestMemoryOfTheRealNetwork(t *testing.T) {
	const part = 20
	measurements, probes := measurementsOf2026()[:realMeasurements/part], probesOf2026()[:realProbesCount/part]
	before := heap()
	r, _ := newTestCatalog(t)
	applyInBatches(measurements, r.ApplyMeasurements)
	applyInBatches(probes, r.ApplyProbes)
	caughtUp(r).Search(&Search{}, 0, 1, 1)
	kept := part * float64(heap()-before) / (1 << 20)
	runtime.KeepAlive(measurements)
	runtime.KeepAlive(probes)
	runtime.KeepAlive(r)
	if kept > 40 {
		t.Errorf("%.1f MiB are kept of %d measurements and %d probes, want at most 40", kept, realMeasurements, realProbesCount)
	}
}

// BenchmarkSearch searches all measurements of the real network for words that none has.
func BenchmarkSearch(b *testing.B) {
	r := New(func(Change) {}, zap.NewNop(), prometheus.NewRegistry())
	objects := measurementsOf2026()
	slices.SortFunc(objects, func(a, c atlas.Object) int { return cmp.Compare(a.ID, c.ID) })
	caughtUp(r).ApplyMeasurements(objects)
	for b.Loop() {
		if found := measurementsFound(r, Search{Words: []string{"host", "nothing"}}, 1<<20, 50); len(found) > 0 {
			b.Fatal(found)
		}
	}
}
