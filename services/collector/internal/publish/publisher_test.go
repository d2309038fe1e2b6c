package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/collector/internal/split"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

const limit = 512 << 10

// fakeLog is a Log that keeps what it gets, unless fail says otherwise.
type fakeLog struct {
	events  []atlas.Event
	objects []atlas.Object
	appends []int
	fail    func(events []atlas.Event) error
}

func (m *fakeLog) AppendPlaced(_ context.Context, _ string, events []atlas.Event) (places []eventlog.Place, err error) {
	m.appends = append(m.appends, len(events))
	if m.fail != nil {
		return nil, m.fail(events)
	}
	for _, event := range events {
		places = append(places, eventlog.Place{Offset: int64(len(m.events))})
		m.events = append(m.events, event)
	}
	return places, nil
}

func (m *fakeLog) AppendObjects(_ context.Context, _ string, objects []atlas.Object) error {
	m.appends = append(m.appends, len(objects))
	if m.fail != nil {
		return m.fail(nil)
	}
	m.objects = append(m.objects, objects...)
	return nil
}

func result(number int) string {
	return fmt.Sprintf(`{"msm_id":%d,"prb_id":7,"timestamp":1426633200,"type":"ping"}`, number)
}

func values(texts ...string) []split.Value {
	var all []split.Value
	for i, text := range texts {
		all = append(all, split.Value{Line: i + 1, Raw: []byte(text)})
	}
	return all
}

func TestBadValuesCostNoGoodOnes(t *testing.T) {
	log := &fakeLog{}
	body := values(result(1), `{"msm_id":2}`, result(3), `{"a":"`+strings.Repeat("x", limit)+`"}`, result(5))
	body = append(body, split.Value{Line: 6, Err: errors.New("cut off")})
	outcome, err := New(log, limit, "test", nil).Publish(t.Context(), Results, body)
	if err != nil || outcome.Accepted != 3 || outcome.RejectedTotal != 3 || len(log.events) != 3 {
		t.Fatalf("got %+v, %v, and %d events", outcome, err, len(log.events))
	}
	want := []Rejection{{2, "prb_id: missing"}, {4, "longer than 524288 bytes, the limit of one record"}, {6, "cut off"}}
	if !slices.Equal(outcome.Rejected, want) {
		t.Errorf("got %+v, want %+v", outcome.Rejected, want)
	}
}

func TestOnlyTheFirstReasonsAreListed(t *testing.T) {
	publisher := New(&fakeLog{}, limit, "test", nil)
	outcome, err := publisher.Publish(t.Context(), Results, values(make([]string, MaxReasons+500)...))
	if err != nil || outcome.RejectedTotal != MaxReasons+500 || len(outcome.Rejected) != MaxReasons {
		t.Fatalf("got %d rejected, %d reasons, %v", outcome.RejectedTotal, len(outcome.Rejected), err)
	}
	total := Outcome{Accepted: 1}
	total.Add(Outcome{Accepted: 2, RejectedTotal: 1, Rejected: []Rejection{{1, "first"}}})
	total.Add(outcome)
	if total.Accepted != 3 || total.RejectedTotal != MaxReasons+501 || len(total.Rejected) != MaxReasons || total.Rejected[0].Reason != "first" {
		t.Errorf("in sum: got %d, %d, %d reasons", total.Accepted, total.RejectedTotal, len(total.Rejected))
	}
}

func TestAppendsAreBoundedAndInOrder(t *testing.T) {
	log := &fakeLog{}
	var body []split.Value
	for i := range 10_000 {
		body = append(body, split.Value{Line: i + 1, Raw: []byte(result(i + 1))})
	}
	if _, err := New(log, limit, "test", nil).Publish(t.Context(), Results, body); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(log.appends, []int{4096, 4096, 1808}) {
		t.Errorf("got appends of %v", log.appends)
	}
	for i, event := range log.events {
		if event.Measurement != atlas.MeasurementID(i+1) {
			t.Fatalf("event %d is of measurement %d", i+1, event.Measurement)
		}
	}
}

func TestClocksThatRunAheadAreClamped(t *testing.T) {
	log := &fakeLog{}
	ahead := time.Now().Add(48 * time.Hour)
	body := values(fmt.Sprintf(`{"msm_id":1,"prb_id":7,"timestamp":%d,"type":"ping"}`, ahead.Unix()), result(2))
	if _, err := New(log, limit, "test", nil).Publish(t.Context(), Results, body); err != nil {
		t.Fatal(err)
	}
	if got := time.Until(log.events[0].Time); got > 11*time.Minute {
		t.Errorf("the record's time is %s ahead", got)
	}
	if got := log.events[1].Time.Unix(); got != 1426633200 {
		t.Errorf("got time %d", got)
	}
}

func TestFailuresAreCounted(t *testing.T) {
	lost := errors.New("leader lost")
	for _, test := range []struct {
		name     string
		fail     error
		accepted int
		failed   int
	}{
		{"all", eventlog.ErrBusy, 0, 3},
		{"some", &eventlog.AppendError{Outcomes: []error{nil, lost, nil}}, 2, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			registry := prometheus.NewRegistry()
			publisher := New(&fakeLog{fail: func([]atlas.Event) error { return test.fail }}, limit, "test", registry)
			outcome, err := publisher.Publish(t.Context(), Results, values(result(1), "x", result(3), result(4)))
			var failed *FailedError
			if !errors.As(err, &failed) || failed.Failed != test.failed || !errors.Is(err, test.fail) {
				t.Errorf("got error %v", err)
			}
			if outcome.Accepted != test.accepted || outcome.RejectedTotal != 1 {
				t.Errorf("got %+v", outcome)
			}
			for name, want := range map[string]int{"accepted": test.accepted, "rejected": 1, "failed": test.failed} {
				if got := testutil.ToFloat64(publisher.metrics.records.WithLabelValues(eventlog.ResultsTopic, name)); got != float64(want) {
					t.Errorf("metric %s: got %v, want %d", name, got, want)
				}
			}
		})
	}
}

func TestNothingIsSentAfterAFailure(t *testing.T) {
	log := &fakeLog{fail: func([]atlas.Event) error { return eventlog.ErrBusy }}
	body := slices.Repeat(values(result(1)), 10_000)
	if _, err := New(log, limit, "test", nil).Publish(t.Context(), Results, body); err == nil || len(log.appends) != 1 {
		t.Errorf("got %d appends, %v", len(log.appends), err)
	}
}

// Objects are published like events: invalid ones do not affect the others, and failures are reported.
func TestObjectsArePublished(t *testing.T) {
	log := &fakeLog{}
	body := values(`{"id":1}`, `{"id":"x"}`, `{"id":2,
		"is_public":false}`, `{"id":3,"description":"`+strings.Repeat("x", limit)+`"}`)
	outcome, err := New(log, limit, "test", nil).Publish(t.Context(), Measurements, body)
	if err != nil || outcome.Accepted != 2 || outcome.RejectedTotal != 2 || outcome.Rejected[0].Line != 2 || outcome.Rejected[1].Line != 4 {
		t.Fatalf("got %+v, %v", outcome, err)
	}
	if len(log.objects) != 2 || log.objects[1].ID != 2 || string(log.objects[1].Value) != `{"id":2,"is_public":false}` || len(log.events) != 0 {
		t.Errorf("got %+v", log.objects)
	}
	log.fail = func([]atlas.Event) error { return eventlog.ErrBusy }
	outcome, err = New(log, limit, "test", nil).Publish(t.Context(), Probes, values(`{}`, `{"id":1}`))
	var failed *FailedError
	if !errors.As(err, &failed) || failed.Failed != 1 || !errors.Is(err, eventlog.ErrBusy) || outcome.RejectedTotal != 1 {
		t.Errorf("got %+v, %v", outcome, err)
	}
}
