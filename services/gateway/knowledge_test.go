package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/session"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/subscription"
)

// listener is a client that keeps what it is told.
type listener struct{ told []string }

func (l *listener) Encoding() delivery.Encoding        { return named{} }
func (l *listener) Flush()                             {}
func (l *listener) Overflow()                          {}
func (l *listener) Writable() (<-chan struct{}, error) { return nil, nil }

func (l *listener) BeginCursors() bool { return false }

func (l *listener) Complaint(refusal *protocol.Error) *sendqueue.Message {
	return delivery.ErrorMessage(named{}, refusal)
}

func (l *listener) EnqueueControl(message *sendqueue.Message) error { return l.Enqueue(message) }

func (l *listener) Enqueue(message *sendqueue.Message) error {
	l.told = append(l.told, string(message.Payload()))
	return nil
}

type named struct{}

func (named) Event(name string, _ []byte) *sendqueue.Message { return sendqueue.Text([]byte(name)) }

func (named) Cursor(string) *sendqueue.Message { return nil }

func (named) EventAt(name string, _ []byte, _ string) *sendqueue.Message {
	return sendqueue.Text([]byte(name))
}

// A measurement that is deleted is unknown, and so are the subscriptions to it where unknown ones are refused.
func TestDeletedMeasurement(t *testing.T) {
	for refuse, want := range map[bool][]string{
		true:  {"atlas_subscribed", "atlas_error", "atlas_unsubscribed"},
		false: {"atlas_subscribed"},
	} {
		t.Run(fmt.Sprintf("refuse=%t", refuse), func(t *testing.T) {
			metrics := prometheus.NewRegistry()
			known := newKnowledge(nil, zap.NewNop(), metrics)
			known.hub = session.NewHub(session.Settings{
				Limits: session.Limits{Clients: 1, Subscriptions: 1}, Measurements: known, RefuseUnknown: refuse,
			}, metrics)
			known.hub.AddSource(atlas.StreamResult, session.Untailed)
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

// Whoever has subscribed to a measurement that is unknown loses it when there is an object of it that cannot be read: that may say that it is not public.
// Nobody is sent such an object.
func TestUnreadableObjectOfUnknownMeasurement(t *testing.T) {
	metrics := prometheus.NewRegistry()
	known := newKnowledge(nil, zap.NewNop(), metrics)
	known.hub = session.NewHub(session.Settings{Limits: session.Limits{Clients: 2, Subscriptions: 1}, Measurements: known}, metrics)
	known.hub.AddSource(atlas.StreamResult, session.Untailed)
	known.metadata = known.hub.AddSource(atlas.StreamMetadata, session.Untailed)
	known.MarkMeasurementsCaughtUp()
	client, insider := &listener{}, &listener{}
	subscribe(t, known.hub, client, `{"msm":1001}`)
	subscribeWith(t, known.hub, insider, delivery.Rights{NonPublic: true}, `{"stream_type":"metadata"}`)
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
	subscribeWith(t, hub, client, delivery.Rights{}, parameters)
}

func subscribeWith(t *testing.T, hub *session.Hub, client delivery.Client, rights delivery.Rights, parameters string) {
	t.Helper()
	subscriber, err := hub.Join(client, rights)
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := subscription.Parse([]byte(parameters))
	if err != nil {
		t.Fatal(err)
	}
	if err := subscriber.Subscribe(t.Context(), wanted, []byte(parameters)); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsTriedAgainIsLoggedOnceForEachReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.WarnLevel)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		known := newKnowledge(nil, zap.New(core), prometheus.NewRegistry())
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
