package publish

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

const lateness = time.Hour

// aged is a result, or a connection event, that is older than the clock by that much.
func aged(age time.Duration) string {
	return fmt.Sprintf(`{"msm_id":1,"prb_id":7,"timestamp":%d,"type":"ping"}`, time.Now().Add(-age).Unix())
}

func agedConnection(age time.Duration) string {
	return fmt.Sprintf(`{"type":"connection","event":"connect","prb_id":7,"timestamp":%d}`, time.Now().Add(-age).Unix())
}

func (p *Publisher) lateIn(to Destination) float64 {
	return testutil.ToFloat64(p.metrics.late.WithLabelValues(to.Topic))
}

// The clock of a synctest bubble does not advance here, so the limit is exact.
func TestLateOnesAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		publisher := New(&fakeLog{}, limit, "test", nil)
		publisher.CountLate(lateness)
		for _, test := range []struct {
			name string
			to   Destination
			text string
			want float64
		}{
			{"ahead", Results, aged(-time.Minute), 0},
			{"of now", Results, aged(0), 0},
			{"as late as may be", Results, aged(lateness), 0},
			{"late", Results, aged(lateness + time.Second), 1},
			{"of long ago", Results, aged(20 * 365 * 24 * time.Hour), 2},
			{"no result", Results, `{"msm_id":1,"timestamp":1}`, 2},
			{"event in time", ProbeStatus, agedConnection(lateness), 0},
			{"late event", ProbeStatus, agedConnection(2 * lateness), 1},
			{"of an archive", Archive("atlas.archive.march-2015"), aged(2 * lateness), 0},
			{"object", Probes, `{"id":1}`, 0},
		} {
			before := publisher.lateIn(test.to)
			outcome, err := publisher.Publish(t.Context(), test.to, values(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if late := test.want - before; float64(outcome.Late) != late || (outcome.Hint != "") != (late > 0) {
				t.Errorf("%s: got %d late, hint %q", test.name, outcome.Late, outcome.Hint)
			}
			if got := publisher.lateIn(test.to); got != test.want {
				t.Errorf("%s: got %v late in %s, want %v", test.name, got, test.to.Topic, test.want)
			}
		}
	})
}

// Records that Kafka did not take are not late: they are not in the log, and are sent again.
func TestOnlyAcceptedOnesAreLate(t *testing.T) {
	lost := errors.New("leader lost")
	for _, test := range []struct {
		name string
		fail error
		want float64
	}{
		{"none", eventlog.ErrBusy, 0},
		{"some", &eventlog.AppendError{Outcomes: []error{nil, lost, nil, nil}}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			publisher := New(&fakeLog{fail: func([]atlas.Event) error { return test.fail }}, limit, "test", nil)
			publisher.CountLate(lateness)
			body := values(aged(2*lateness), aged(2*lateness), aged(0), aged(2*lateness))
			if _, err := publisher.Publish(t.Context(), Results, body); !errors.Is(err, test.fail) || publisher.lateIn(Results) != test.want {
				t.Errorf("got %v late, %v", publisher.lateIn(Results), err)
			}
		})
	}
}

// The simulator publishes its past in the order of time, so nothing of it is late.
func TestLateEventsAreNotCountedByDefault(t *testing.T) {
	registry := prometheus.NewRegistry()
	if _, err := New(&fakeLog{}, limit, "test", registry).Publish(t.Context(), Results, values(aged(2*lateness))); err != nil {
		t.Fatal(err)
	}
	if got, err := testutil.GatherAndCount(registry, "atlas_collector_late_results_total"); err != nil || got != 0 {
		t.Errorf("got %d metrics, %v", got, err)
	}
}
