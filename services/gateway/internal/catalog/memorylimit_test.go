package catalog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"atlasstream/pkg/atlas"
)

func longMeasurement(id int64, members string) atlas.Object {
	return measurementObject(id, `,"target":"`+strings.Repeat("x", maxTextBytes)+`"`+members)
}

// longProbe is a probe with as many and as long tags as one may have.
func longProbe(id int64) atlas.Object {
	tags := strings.Repeat(`"`+strings.Repeat("x", 200)+`",`, 200)
	return atlas.Object{ID: id, Value: fmt.Appendf(nil, `{"id":%d,"tags":[%s]}`, id, strings.TrimSuffix(tags, ","))}
}

// However long its objects are, a catalog stays within its memory limit, but for a little of each measurement: whether it is public is known in any case.
func TestAbuseLongObjects(t *testing.T) {
	r, changes := newTestCatalog(t)
	core, logs := observer.New(zap.WarnLevel)
	r.measurements.logger, r.probes.logger = zap.New(core), zap.New(core)
	r.measurements.memory.bytes, r.probes.memory.bytes = 2*measurementBytes, 64<<10
	caughtUp(r)
	r.ApplyMeasurements([]atlas.Object{longMeasurement(1, ""), longMeasurement(2, ""), longMeasurement(3, `,"is_public":false`)})
	changes.want(t, "1 ->1:true:", "2 ->2:true:", "3 ->3:false:")
	if got, known := r.Measurement(1); !known || len(got.Target) != maxTextBytes {
		t.Errorf("got %+v, want all of the first measurement", got)
	}
	if took, most := r.measurements.bytes, r.measurements.memory.bytes+objectOverhead; took > most {
		t.Errorf("measurements take %d bytes, want %d at most", took, most)
	}
	if got, known := r.Measurement(3); !known || got.Public || got.ID != 3 || got.Target != "" {
		t.Errorf("got %+v, %t of the last measurement, want it without texts", got, known)
	}
	r.ApplyProbes([]atlas.Object{longProbe(1), longProbe(2), {ID: 3, Value: []byte(`{"id":3}`)}, longProbe(3)})
	if _, _, probes := r.Count(); probes != 2 || r.probes.get(2) != nil || len(r.probes.get(3).tail) > 100 {
		t.Errorf("got %d probes, want the first and the last as it was when it was short", probes)
	}
	for name, test := range map[string]struct {
		got  float64
		want float64
	}{
		"measurements": {testutil.ToFloat64(r.measurements.memory.abridged), 1},
		"probes":       {testutil.ToFloat64(r.probes.metrics.rejected), 2},
		"full":         {testutil.ToFloat64(r.measurements.metrics.full) + testutil.ToFloat64(r.probes.metrics.full), 2},
		"logged":       {float64(logs.FilterMessageSnippet("the memory limit for objects is reached: ").Len()), 2},
		"bytes":        {testutil.ToFloat64(r.probes.metrics.bytes), float64(r.probes.bytes)},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %v, want %v", name, test.got, test.want)
		}
	}
}

// Deleted objects free memory for others.
func TestDeletedObjectsFreeMemory(t *testing.T) {
	r, _ := newTestCatalog(t)
	r.probes.memory.bytes = 64 << 10
	for id := range int64(10) {
		r.ApplyProbes([]atlas.Object{longProbe(id + 1), longProbe(id + 1), deleted(id + 1)})
	}
	if rejected := testutil.ToFloat64(r.probes.metrics.rejected); rejected != 0 || r.probes.bytes != 0 {
		t.Errorf("%v were rejected, and %d bytes are counted at the end", rejected, r.probes.bytes)
	}
}

// A measurement that was kept without its texts gets them when the object is written again and there is memory. Subscribers had the object already, so no
// change is reported.
func TestTextsReturn(t *testing.T) {
	r, changes := newTestCatalog(t)
	r.measurements.memory.bytes = 2 * measurementBytes
	caughtUp(r)
	r.ApplyMeasurements([]atlas.Object{longMeasurement(1, ""), longMeasurement(2, ""), longMeasurement(3, "")})
	changes.want(t, "1 ->1:true:", "2 ->2:true:", "3 ->3:true:")
	expect := func(what string, length int, abridged float64) {
		t.Helper()
		r.ApplyMeasurements([]atlas.Object{longMeasurement(3, "")})
		changes.want(t)
		got, _ := r.Measurement(3)
		if got.Type != "ping" { // by which clients choose metadata
			t.Errorf("%s: got the type %q", what, got.Type)
		}
		if counted := testutil.ToFloat64(r.measurements.memory.abridged); len(got.Target) != length || counted != abridged {
			t.Errorf("%s: got a target of %d bytes and %v that were abridged, want %d and %v", what, len(got.Target), counted, length, abridged)
		}
	}
	expect("without room", 0, 2)
	r.ApplyMeasurements([]atlas.Object{deleted(1)})
	changes.want(t, "1 1:true:>-")
	expect("with room", maxTextBytes, 2)
	if shown := testutil.ToFloat64(r.measurements.metrics.bytes); shown != float64(r.measurements.bytes) {
		t.Errorf("%v bytes are shown of %d", shown, r.measurements.bytes)
	}
}
