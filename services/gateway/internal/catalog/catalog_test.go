package catalog

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"
	"go.uber.org/zap/zaptest/observer"

	"atlasstream/pkg/atlas"
)

// realProbes are the objects of the probes that took part in measurement 1768147.
func realProbes(t testing.TB) []atlas.Object {
	t.Helper()
	file, err := os.Open("../../../../pkg/atlas/testdata/probes.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var objects []atlas.Object
	for scanner := bufio.NewScanner(lines); scanner.Scan(); {
		object, err := atlas.ProbeObject([]byte(scanner.Text()))
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, object)
	}
	if len(objects) != 125 {
		t.Fatalf("read %d probes, want 125", len(objects))
	}
	return objects
}

// measurementObject is made to the shape of RIPE's API, with members that the catalog does not ask for.
func measurementObject(id int64, members string) atlas.Object {
	return atlas.Object{ID: id, Value: fmt.Appendf(nil, `{"id":%d,"type":"ping","description":"a \u003ctest\u003e","af":4,"result":"https://x/%d"%s}`, id, id, members)}
}

func deleted(id int64) atlas.Object { return atlas.Object{ID: id} }

// reported collects the changes of a catalog.
type reported struct{ changes []string }

func (r *reported) take(change Change) {
	describe := func(m *atlas.Measurement) string {
		if m == nil {
			return "-"
		}
		return fmt.Sprintf("%d:%t:%s", m.ID, m.Public, m.StatusName)
	}
	r.changes = append(r.changes, fmt.Sprintf("%d %s>%s", change.Object.ID, describe(change.Before), describe(change.Now)))
}

func (r *reported) want(t *testing.T, want ...string) {
	t.Helper()
	if got := fmt.Sprint(r.changes); got != fmt.Sprint(want) {
		t.Errorf("changes: got %s, want %s", got, want)
	}
	r.changes = nil
}

func newTestCatalog(t testing.TB) (*Catalog, *reported) {
	t.Helper()
	var changes reported
	return New(changes.take, zaptest.NewLogger(t), prometheus.NewRegistry()), &changes
}

func caughtUp(r *Catalog) *Catalog {
	r.MarkMeasurementsCaughtUp()
	r.MarkProbesCaughtUp()
	r.MarkConnectionsCaughtUp()
	return r
}

func TestMeasurementsOfTheStart(t *testing.T) {
	r, changes := newTestCatalog(t)
	value := []byte(`{"id":1,"is_public":true}`)
	r.ApplyMeasurements([]atlas.Object{{ID: 1, Value: value}, measurementObject(2, ""), measurementObject(3, "")})
	copy(value, `{"id":9,"is_public":fals`) // what is applied is not kept
	r.ApplyMeasurements([]atlas.Object{measurementObject(2, `,"status":{"id":4,"name":"Stopped"}`), deleted(3), deleted(4)})
	r.MarkMeasurementsCaughtUp()
	if got, known := r.Measurement(1); !known || !got.Public || got.ID != 1 {
		t.Errorf("1: got %+v, %t", got, known)
	}
	if got, known := r.Measurement(2); !known || !got.Public || !got.Stopped {
		t.Errorf("2: got %+v, %t", got, known)
	}
	if got, known := r.Measurement(3); known {
		t.Errorf("3, deleted: got %+v", got)
	}
	changes.want(t)
}

func TestChangesAreReported(t *testing.T) {
	r, changes := newTestCatalog(t)
	ongoing, stopped := `,"status":{"id":2,"name":"Ongoing"}`, `,"status":{"id":4,"name":"Stopped"}`
	r.ApplyMeasurements([]atlas.Object{measurementObject(1, ongoing)})
	r.MarkMeasurementsCaughtUp()
	r.ApplyMeasurements([]atlas.Object{measurementObject(1, ongoing)})
	changes.want(t)
	r.ApplyMeasurements([]atlas.Object{
		measurementObject(2, ""), measurementObject(1, stopped), measurementObject(1, stopped), measurementObject(2, `,"is_public":false`),
		measurementObject(1, stopped+" "), deleted(2), deleted(2), deleted(3),
	})
	changes.want(t, "2 ->2:true:", "1 1:true:Ongoing>1:true:Stopped", "2 2:true:>2:false:", "1 1:true:Stopped>1:true:Stopped", "2 2:false:>-")
	if _, known := r.Measurement(2); known {
		t.Error("a deleted measurement is known")
	}
}

// When a change is reported, Measurement has the new state already: subscriptions are checked against it.
func TestMeasurementIsKnownWhenItsChangeIsReported(t *testing.T) {
	var r *Catalog
	told := 0
	r = New(func(change Change) {
		told++
		if now, known := r.Measurement(atlas.MeasurementID(change.Object.ID)); known != (change.Now != nil) || known && now != *change.Now {
			t.Errorf("got %+v, want %+v", now, change.Now)
		}
	}, zaptest.NewLogger(t), prometheus.NewRegistry())
	caughtUp(r).ApplyMeasurements([]atlas.Object{measurementObject(1, ""), measurementObject(1, `,"is_public":false`), deleted(1)})
	if told != 3 {
		t.Errorf("got %d changes, want 3", told)
	}
}

// A known measurement stays as it is; an unknown one is taken for not public, before catching up and after.
func TestUnreadableMeasurements(t *testing.T) {
	for _, late := range []bool{false, true} {
		t.Run(fmt.Sprintf("late=%t", late), func(t *testing.T) {
			r, changes := newTestCatalog(t)
			if late {
				r.MarkMeasurementsCaughtUp()
			}
			r.ApplyMeasurements([]atlas.Object{
				{ID: 1, Value: []byte(`{"id":1,"is_public":tru`)},
				{ID: 2, Value: []byte(`{"id":1}`)},
				{ID: 3, Value: []byte(`null`)}, measurementObject(3, ""),
			})
			r.MarkMeasurementsCaughtUp()
			for id, public := range map[atlas.MeasurementID]bool{1: false, 2: false, 3: true} {
				if got, known := r.Measurement(id); !known || got.Public != public || got.ID != id {
					t.Errorf("%d: got %+v, %t", id, got, known)
				}
			}
			if late { // who has something of them learns that they are not public
				changes.want(t, "1 ->1:false:", "2 ->2:false:", "3 ->3:false:", "3 3:false:>3:true:")
			}
			changes.want(t)
			r.ApplyMeasurements([]atlas.Object{{ID: 3, Value: []byte(`{}`)}})
			changes.want(t)
			if got, _ := r.Measurement(3); !got.Public {
				t.Errorf("an object that cannot be parsed changed the known measurement to %+v", got)
			}
			r.ApplyMeasurements([]atlas.Object{measurementObject(1, "")})
			changes.want(t, "1 1:false:>1:true:")
		})
	}
}

func TestReadyNamesWhatIsMissing(t *testing.T) {
	r, _ := newTestCatalog(t)
	r.MarkProbesCaughtUp()
	err := r.Ready(context.Background())
	if want := "catalog: still being read: measurements, connections"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if err := caughtUp(r).Ready(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestCatalogIsBounded(t *testing.T) {
	r, changes := newTestCatalog(t)
	core, logs := observer.New(zap.WarnLevel)
	r.measurements.logger = zap.New(core)
	r.LimitMeasurements(1)
	caughtUp(r).ApplyMeasurements([]atlas.Object{measurementObject(1, ""), measurementObject(2, ""), measurementObject(1, `,"is_public":false`)})
	changes.want(t, "1 ->1:true:", "2 ->2:false:", "1 1:true:>1:false:") // who has something of 2 learns that it is not public
	if measurement, known := r.Measurement(2); !known || measurement.Public || measurement.Type != "" {
		t.Errorf("got %+v of a measurement beyond the limit, want one that is not public", measurement)
	}
	r.ApplyMeasurements([]atlas.Object{measurementObject(3, "")})
	changes.want(t, "3 ->3:false:")
	if told := logs.FilterMessageSnippet("the limit of objects is reached").Len(); told != 1 || testutil.ToFloat64(r.measurements.metrics.full) != 1 {
		t.Errorf("logged %d times, and the gauge is %v", told, testutil.ToFloat64(r.measurements.metrics.full))
	}
	r.ApplyMeasurements([]atlas.Object{deleted(1), measurementObject(2, "")})
	changes.want(t, "1 1:false:>-", "2 ->2:true:")
}

func TestMetrics(t *testing.T) {
	registerer := prometheus.NewRegistry()
	r := New(func(Change) {}, zaptest.NewLogger(t), registerer)
	r.ApplyProbes(realProbes(t))
	r.MarkProbesCaughtUp()
	r.ApplyProbes([]atlas.Object{{ID: 7, Value: []byte(`[]`)}, {ID: 227}})
	r.ApplyConnections([]atlas.Record{{}})
	for _, test := range []struct {
		name string
		got  float64
		want float64
	}{
		{"probes", testutil.ToFloat64(r.probes.metrics.objects), 124},
		{"rejected", testutil.ToFloat64(r.probes.metrics.rejected), 1},
		{"rejected connections", testutil.ToFloat64(r.connections.metrics.rejected), 1},
		{"caught up", testutil.ToFloat64(r.probes.metrics.caughtUp), 1},
		{"measurements caught up", testutil.ToFloat64(r.measurements.metrics.caughtUp), 0},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, test.got, test.want)
		}
	}
	if testutil.ToFloat64(r.probes.metrics.changed) == 0 {
		t.Error("the time of the last change is not set")
	}
	if got, err := testutil.GatherAndCount(registerer, "atlas_gateway_registry_abridged_total"); err != nil || got != 1 {
		t.Errorf("%d tables count objects without texts, %v; want only that of measurements", got, err)
	}
	if problems, err := testutil.GatherAndLint(registerer); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

// members decodes an object for comparisons.
func members(t testing.TB, object []byte) map[string]json.RawMessage {
	t.Helper()
	var decoded map[string]json.RawMessage
	if err := json.Unmarshal(object, &decoded); err != nil {
		t.Fatalf("%v in %s", err, object)
	}
	return decoded
}
