package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/gateway/internal/keyring"
)

// What the log says of the key is told with what to do about it.
func TestKeyOfLog(t *testing.T) {
	for name, test := range map[string]struct {
		err        error
		want       string
		unreadable bool
	}{
		"no topic":   {fmt.Errorf("atlas.keys: %w", eventlog.ErrNoTopic), "a collector has to make it: atlas.keys: " + eventlog.ErrNoTopic.Error(), false},
		"unreadable": {eventlog.ErrCursorKeyUnreadable, eventlog.ErrCursorKeyUnreadable.Error(), true},
		"no Kafka":   {context.DeadlineExceeded, context.DeadlineExceeded.Error(), false},
	} {
		_, err := keyOfLog(func(context.Context) ([]byte, error) { return nil, test.err })(t.Context())
		if _, unreadable := errors.AsType[*keyring.UnreadableError](err); err == nil || err.Error() != test.want || unreadable != test.unreadable {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
}

// A gateway is ready once a collector has made the key.
func TestReadinessNamesTheCursorKey(t *testing.T) {
	broker, err := embedded.Start(embedded.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	log, err := eventlog.Open(eventlog.Config{Brokers: broker.Addrs()}, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if err := log.EnsureTopics(t.Context(), eventlog.ResultsSpec(1), eventlog.ProbeStatusSpec(), eventlog.ProbesSpec(), eventlog.MeasurementsSpec()); err != nil {
		t.Fatal(err)
	}
	public, admin := listen(t), listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended, told := make(chan error, 1), make(chan struct{})
	tell := sync.OnceFunc(func() { close(told) })
	logger := zaptest.NewLogger(t, zaptest.WrapOptions(zap.Hooks(func(entry zapcore.Entry) error {
		if entry.Message == "ready" {
			tell()
		}
		return nil
	})))
	go func() {
		ended <- Run(ctx, Config{Kafka: broker.Addrs(), Listener: public, AdminListener: admin, Logger: logger})
	}()
	awaitReadiness(t, admin.Addr().String(), http.StatusServiceUnavailable, "atlas.keys: no such topic")
	if _, err := log.EnsureCursorKey(t.Context(), eventlog.KeysSpec()); err != nil {
		t.Fatal(err)
	}
	awaitReadiness(t, admin.Addr().String(), http.StatusOK, "")
	<-told
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func awaitReadiness(t *testing.T, admin string, want int, words string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		status, body := get(t, "http://"+admin+"/readyz")
		if status == want && strings.Contains(body, words) {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("got %d %q, want %d %q", status, body, want, words)
		}
	}
}
