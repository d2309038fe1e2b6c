package catalogsync

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/encode"
	"atlasstream/services/gateway/internal/probeactivity"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/wsframe"
)

// listener is a client that keeps what it is told.
type listener struct{ told []string }

func (l *listener) Encoding() encode.Encoding          { return named{} }
func (l *listener) Flush()                             {}
func (l *listener) Overflow()                          {}
func (l *listener) Writable() (<-chan struct{}, error) { return nil, nil }

func (l *listener) BeginCursors() bool { return false }

func (l *listener) Complaint(refusal *protocol.Error) *wsframe.Message {
	return encode.ErrorMessage(named{}, refusal)
}

func (l *listener) EnqueueControl(message *wsframe.Message) error { return l.Enqueue(message) }

func (l *listener) Enqueue(message *wsframe.Message) error {
	l.told = append(l.told, string(message.Payload()))
	return nil
}

type named struct{}

func (named) Event(name string, _ []byte) *wsframe.Message { return wsframe.Text([]byte(name)) }

func (named) Cursor(string) *wsframe.Message { return nil }

func (named) EventAt(name string, _ []byte, _ string) *wsframe.Message {
	return wsframe.Text([]byte(name))
}

// A measurement that is deleted is unknown, and so are the subscriptions to it where unknown ones are refused.
func TestDeletedMeasurement(t *testing.T) {
	for refuse, want := range map[bool][]string{
		true:  {"atlas_subscribed", "atlas_error", "atlas_unsubscribed"},
		false: {"atlas_subscribed"},
	} {
		t.Run(fmt.Sprintf("refuse=%t", refuse), func(t *testing.T) {
			metrics := prometheus.NewRegistry()
			known := New(nil, nil, zap.NewNop(), metrics)
			known.hub = session.NewHub(session.Settings{
				Limits: session.Limits{Clients: 1, Subscriptions: 1}, Measurements: known, RefuseUnknown: refuse,
			}, metrics)
			known.hub.AddStream(atlas.StreamResult, session.Untailed)
			known.ApplyMeasurements([]atlas.Object{{ID: 1001, Value: []byte(`{"id":1001,"type":"ping","status":{"id":2,"name":"Ongoing"}}`)}})
			known.MarkMeasurementsCaughtUp()
			client := &listener{}
			subscribe(t, known.hub, client, `{"msm":1001}`)
			known.ApplyMeasurements([]atlas.Object{{ID: 1001}})
			if !slices.Equal(client.told, want) {
				t.Errorf("got %q, want %q", client.told, want)
			}
		})
	}
}

// A subscription to an unknown measurement ends when there is an unreadable object of it, which may say that it is not public.
// Nobody is sent such an object.
func TestUnreadableObjectOfUnknownMeasurement(t *testing.T) {
	metrics := prometheus.NewRegistry()
	known := New(nil, nil, zap.NewNop(), metrics)
	known.hub = session.NewHub(session.Settings{Limits: session.Limits{Clients: 2, Subscriptions: 1}, Measurements: known}, metrics)
	known.hub.AddStream(atlas.StreamResult, session.Untailed)
	known.metadata = known.hub.AddStream(atlas.StreamMetadata, session.Untailed)
	known.MarkMeasurementsCaughtUp()
	client, insider := &listener{}, &listener{}
	subscribe(t, known.hub, client, `{"msm":1001}`)
	subscribeWith(t, known.hub, insider, access.Rights{NonPublic: true}, `{"stream_type":"metadata"}`)
	known.ApplyMeasurements([]atlas.Object{{ID: 1001, Value: []byte(`{"id":1001,"is_public":fal`)}})
	if want := []string{"atlas_subscribed", "atlas_error", "atlas_unsubscribed"}; !slices.Equal(client.told, want) {
		t.Errorf("got %q, want %q", client.told, want)
	}
	if want := []string{"atlas_subscribed"}; !slices.Equal(insider.told, want) {
		t.Errorf("one who may see everything got %q, want %q", insider.told, want)
	}
}

func subscribe(t *testing.T, hub *session.Hub, client delivery.Client, parameters string) {
	t.Helper()
	subscribeWith(t, hub, client, access.Rights{}, parameters)
}

func subscribeWith(t *testing.T, hub *session.Hub, client delivery.Client, rights access.Rights, parameters string) {
	t.Helper()
	joined, err := hub.Join(client, rights)
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := subscription.Parse([]byte(parameters))
	if err != nil {
		t.Fatal(err)
	}
	if err := joined.Subscribe(t.Context(), wanted, []byte(parameters)); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsTriedAgainIsLoggedOnceForEachReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.WarnLevel)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		known := New(nil, nil, zap.New(core), prometheus.NewRegistry())
		tries := 0
		err := known.retry(ctx, func() error {
			if tries++; tries < 10 {
				return errors.New("no topic")
			}
			return errors.New("no broker")
		})
		if !errors.Is(err, context.DeadlineExceeded) || tries < 3000 || logs.Len() != 2 {
			t.Errorf("got %v after %d tries with %d lines in the log", err, tries, logs.Len())
		}
	})
}

// damagedLog has a connection event in each hour of a day, of which those at some offsets cannot be read.
type damagedLog struct {
	Log
	began      time.Time
	unreadable []int64
}

func (d damagedLog) ReadableEvents(_ context.Context, from, to int64, leftOut func(why error)) iter.Seq2[atlas.Record, error] {
	return func(yield func(atlas.Record, error) bool) {
		for offset := from; offset < to; offset++ {
			if slices.Contains(d.unreadable, offset) {
				leftOut(errors.New("a bad checksum"))
				continue
			}
			at := d.began.Add(time.Duration(offset)*time.Hour + time.Minute)
			event := atlas.Event{Stream: atlas.StreamProbeStatus, Probe: 1, Time: at, Value: []byte(`{"event":"connect"}`)}
			if !yield(atlas.Record{Event: event, Position: atlas.Position{Offset: offset}}, nil) {
				return
			}
		}
	}
}

// Of connection events that cannot be read, it is not said that there were none.
func TestConnectionEventsThatCannotBeReadAreNotKnown(t *testing.T) {
	for _, test := range []struct {
		unreadable []int64
		known      int // hours, up to now; of the first one a minute is not
	}{{nil, 23}, {[]int64{3}, 19}, {[]int64{0}, 22}, {[]int64{5, 20}, 2}, {[]int64{23}, 0}} {
		t.Run(fmt.Sprint(test.unreadable), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // which begins at midnight
				log := damagedLog{began: time.Now().Add(-24 * time.Hour), unreadable: test.unreadable}
				known := New(log, probeactivity.NewDay(), zap.NewNop(), prometheus.NewRegistry())
				since, err := known.applyConnections(t.Context(), 0, 24)
				if err != nil || since.IsZero() != (test.unreadable == nil) {
					t.Fatalf("got %s, %v", since, err)
				}
				known.activity.SetKnownSince(since)
				counts := known.activity.Count(probeactivity.Query{Step: time.Hour, Now: time.Now().Add(-time.Second)})
				hours := slices.DeleteFunc(counts.Known, func(is bool) bool { return !is })
				if len(hours) != test.known {
					t.Errorf("%d hours are known, want %d", len(hours), test.known)
				}
			})
		})
	}
}
