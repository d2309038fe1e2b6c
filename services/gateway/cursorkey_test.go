package gateway

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"
	"go.uber.org/zap/zaptest/observer"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/gateway/internal/cursor"
)

// keyTopic is the topic of the key, as a test has it.
type keyTopic struct{ answer atomic.Pointer[keyAnswer] }

type keyAnswer struct {
	key []byte
	err error
}

func (k *keyTopic) read(context.Context) ([]byte, error) {
	answer := k.answer.Load()
	return answer.key, answer.err
}

// A key that Kafka does not have yet is named by readiness and waited for; one that is another later is taken, and one that is gone stays.
func TestCursorKeyFollowsTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		topic := &keyTopic{}
		topic.answer.Store(&keyAnswer{err: fmt.Errorf("atlas.keys: %w", eventlog.ErrNoTopic)})
		codec := &cursor.Codec{}
		key := newCursorKey(codec, Config{}.cursorKeys(topic.read), zap.NewNop())
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go key.watch(ctx)
		synctest.Wait()
		if err := key.ready(); !errors.Is(err, eventlog.ErrNoTopic) || !strings.Contains(err.Error(), "atlas.keys") {
			t.Errorf("without a key: got %v", err)
		}
		hasty, give := context.WithTimeout(ctx, time.Second/2)
		defer give()
		if err := key.AwaitKey(hasty); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, eventlog.ErrNoTopic) {
			t.Errorf("for want of a key: got %v", err)
		}
		topic.answer.Store(&keyAnswer{key: []byte("first")})
		if err := key.AwaitKey(ctx); err != nil || key.ready() != nil {
			t.Fatal(err, key.ready())
		}
		given := sealedBy(codec)
		topic.answer.Store(&keyAnswer{err: eventlog.ErrNoTopic})
		time.Sleep(keyInterval + keyPause)
		synctest.Wait()
		if _, err := codec.Open(given); err != nil || key.ready() != nil {
			t.Errorf("once the topic is gone: got %v, %v", err, key.ready())
		}
		topic.answer.Store(&keyAnswer{key: []byte("second")})
		time.Sleep(keyInterval + keyPause)
		synctest.Wait()
		if _, err := codec.Open(given); !errors.Is(err, cursor.ErrOtherKey) {
			t.Errorf("once there is another key: got %v, want ErrOtherKey", err)
		}
	})
}

// What cannot be read is told with what to do about it, and the key is taken once that is done.
func TestUnreadableCursorKeyIsToldUntilItIsMended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unreadable := &keyAnswer{err: fmt.Errorf("%w: its checksum is another one", eventlog.ErrCursorKeyUnreadable)}
		topic := &keyTopic{}
		topic.answer.Store(unreadable)
		core, logged := observer.New(zap.WarnLevel)
		key := newCursorKey(&cursor.Codec{}, Config{}.cursorKeys(topic.read), zap.New(core))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go key.watch(ctx)
		synctest.Wait()
		if err := key.ready(); err == nil || !strings.Contains(err.Error(), "restore the topic from a replica, or delete it") {
			t.Errorf("without a key: got %v", err)
		}
		if logged.FilterMessageSnippet("cannot be read, and nobody can subscribe with a cursor").Len() == 0 {
			t.Errorf("without a key: logged %v", logged.TakeAll())
		}
		topic.answer.Store(&keyAnswer{key: []byte("mended")})
		if err := key.AwaitKey(ctx); err != nil || key.ready() != nil {
			t.Fatal(err, key.ready())
		}
		topic.answer.Store(unreadable)
		time.Sleep(keyInterval + keyPause)
		synctest.Wait()
		if logged.FilterMessageSnippet("cannot be read, and the one from before stays in force").Len() == 0 || key.ready() != nil {
			t.Errorf("with a key: logged %v, %v", logged.TakeAll(), key.ready())
		}
	})
}

// Gateways with the same secret of the operator have the same key, without asking Kafka, be it given by itself or in a file.
func TestCursorKeyOfTheOperator(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys")
	writeKeys(t, file, "a secret of the operator")
	codecs := map[string]*cursor.Codec{}
	for name, config := range map[string]Config{
		"one": {CursorKey: "a secret of the operator"}, "same": {CursorKey: "a secret of the operator"}, "file": {CursorKeyFile: file},
		"another": {CursorKey: "another secret than that"},
	} {
		codecs[name] = &cursor.Codec{}
		startKey(t, codecs[name], config)
	}
	text := sealedBy(codecs["one"])
	for name, want := range map[string]error{"same": nil, "file": nil, "another": cursor.ErrOtherKey} {
		if _, err := codecs[name].Open(text); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
	}
}

// startKey follows the keys of a configuration until the test ends, and returns once there are some.
// sealedBy gives a cursor.
func sealedBy(codec *cursor.Codec) string {
	return codec.Seal(cursor.At(cursor.Checkpoint{Measurement: 1, Live: cursor.Live{Topic: "atlas.results"}}, time.Now()))
}

func startKey(t *testing.T, codec *cursor.Codec, config Config) {
	t.Helper()
	key := newCursorKey(codec, config.cursorKeys(nil), zaptest.NewLogger(t))
	ctx, stop := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	t.Cleanup(watching.Wait)
	t.Cleanup(stop)
	watching.Go(func() { key.watch(ctx) })
	if err := errors.Join(key.AwaitKey(t.Context()), key.ready()); err != nil {
		t.Fatal(err)
	}
}

func writeKeys(t *testing.T, file string, secrets ...string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(strings.Join(secrets, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// What is wrong with the file is told while a gateway runs, and the keys from before stay.
func TestFaultsOfTheFileOfCursorKeysAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "keys")
		writeKeys(t, file, "a secret of the operator")
		core, logged := observer.New(zap.WarnLevel)
		codec := &cursor.Codec{}
		key := newCursorKey(codec, Config{CursorKeyFile: file}.cursorKeys(nil), zap.New(core))
		ctx, stop := context.WithCancel(t.Context())
		var watching sync.WaitGroup
		watching.Go(func() { key.watch(ctx) })
		if err := key.AwaitKey(ctx); err != nil {
			t.Fatal(err)
		}
		given := sealedBy(codec)
		for want, change := range map[string]func(){
			"line 2: got 5 bytes": func() { writeKeys(t, file, "a secret of the operator", "short") },
			"has no secret":       func() { writeKeys(t, file, "") },
			"no such file":        func() { _ = os.Remove(file) },
		} {
			change()
			time.Sleep(2 * keyInterval)
			synctest.Wait()
			entries := logged.TakeAll()
			if len(entries) != 1 || !strings.Contains(fmt.Sprint(entries[0].ContextMap()["error"]), want) {
				t.Errorf("logged %v, want %q once", entries, want)
			}
			if _, err := codec.Open(given); err != nil {
				t.Error(err)
			}
		}
		stop()
		watching.Wait()
	})
}

// An operator changes the key of all gateways, one gateway after the other, without a cursor that is refused.
func TestCursorKeyIsChangedWithoutLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const before, after = "the secret until now", "the secret from now on"
		files, codecs := make([]string, 2), []*cursor.Codec{{}, {}}
		for i := range files {
			files[i] = filepath.Join(t.TempDir(), "keys")
			writeKeys(t, files[i], before)
			startKey(t, codecs[i], Config{CursorKeyFile: files[i]})
		}
		given := []string{sealedBy(codecs[0])}
		for _, step := range [][]string{{before, after}, {after, before}} {
			for i := range files {
				writeKeys(t, files[i], step...)
				time.Sleep(2 * keyInterval)
				synctest.Wait()
				given = append(given, sealedBy(codecs[i]))
				for _, text := range given {
					for number, codec := range codecs {
						if _, err := codec.Open(text); err != nil {
							t.Fatalf("gateway %d, with %v in %d: %v", number, step, i, err)
						}
					}
				}
			}
		}
		for i := range files {
			writeKeys(t, files[i], after)
		}
		time.Sleep(2 * keyInterval)
		synctest.Wait()
		if _, err := codecs[1].Open(given[0]); !errors.Is(err, cursor.ErrOtherKey) {
			t.Errorf("once the old key is gone: got %v, want ErrOtherKey", err)
		}
	})
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

// What everybody may know of Kafka, such as the ID of its cluster, makes no cursor that is read.
func TestAbuseCursorsAreNotMadeOfWhatKafkaTells(t *testing.T) {
	forged := &cursor.Codec{}
	key := sha256.Sum256([]byte("atlas-stream cursors: cluster atlas-stream-embedded"))
	forged.SetKeys(key[:])
	given := sealedBy(forged)
	genuine := &cursor.Codec{}
	startKey(t, genuine, Config{CursorKey: "a secret of the operator's"})
	if _, err := genuine.Open(given); !errors.Is(err, cursor.ErrOtherKey) {
		t.Errorf("got %v, want ErrOtherKey", err)
	}
}
