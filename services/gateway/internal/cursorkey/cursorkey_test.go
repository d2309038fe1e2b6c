package cursorkey

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"
	"go.uber.org/zap/zaptest/observer"

	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/cursorseal"
	"atlasstream/services/gateway/internal/keyring"
)

// aWhile is more than the time after which a source is asked again.
const aWhile = 10 * time.Second

// keyTopic is the topic of the key, as a test has it.
type keyTopic struct{ answer atomic.Pointer[keyAnswer] }

type keyAnswer struct {
	key []byte
	err error
}

func (k *keyTopic) read(context.Context) ([][]byte, error) {
	answer := k.answer.Load()
	return [][]byte{answer.key}, answer.err
}

var errNoTopic = errors.New("no such topic")

// A key that Kafka does not have yet is named by readiness and waited for; one that is another later is taken, and one that is gone stays.
func TestCursorKeyFollowsTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		topic := &keyTopic{}
		topic.answer.Store(&keyAnswer{err: fmt.Errorf("atlas.keys: %w", errNoTopic)})
		codec := &cursorseal.Codec{}
		key := New(codec, topic.read, zap.NewNop())
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go key.Watch(ctx)
		synctest.Wait()
		if err := key.Ready(); !errors.Is(err, errNoTopic) || !strings.Contains(err.Error(), "atlas.keys") {
			t.Errorf("without a key: got %v", err)
		}
		hasty, give := context.WithTimeout(ctx, time.Second/2)
		defer give()
		if err := key.AwaitKey(hasty); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errNoTopic) {
			t.Errorf("for want of a key: got %v", err)
		}
		topic.answer.Store(&keyAnswer{key: []byte("first")})
		if err := key.AwaitKey(ctx); err != nil || key.Ready() != nil {
			t.Fatal(err, key.Ready())
		}
		given := sealedBy(codec)
		topic.answer.Store(&keyAnswer{err: errNoTopic})
		time.Sleep(aWhile)
		synctest.Wait()
		if _, err := codec.Open(given); err != nil || key.Ready() != nil {
			t.Errorf("once the topic is gone: got %v, %v", err, key.Ready())
		}
		topic.answer.Store(&keyAnswer{key: []byte("second")})
		time.Sleep(aWhile)
		synctest.Wait()
		if _, err := codec.Open(given); !errors.Is(err, cursorseal.ErrOtherKey) {
			t.Errorf("once there is another key: got %v, want ErrOtherKey", err)
		}
	})
}

// What cannot be read is told with what to do about it, and the key is taken once that is done.
func TestUnreadableCursorKeyIsToldUntilItIsMended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unreadable := &keyAnswer{err: &keyring.UnreadableError{Err: errors.New("its checksum is another one")}}
		topic := &keyTopic{}
		topic.answer.Store(unreadable)
		core, logged := observer.New(zap.WarnLevel)
		key := New(&cursorseal.Codec{}, topic.read, zap.New(core))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go key.Watch(ctx)
		synctest.Wait()
		if err := key.Ready(); err == nil || !strings.Contains(err.Error(), "its checksum is another one") {
			t.Errorf("without a key: got %v", err)
		}
		if logged.FilterMessageSnippet("cannot be read, and nobody can subscribe with a cursor").Len() == 0 {
			t.Errorf("without a key: logged %v", logged.TakeAll())
		}
		topic.answer.Store(&keyAnswer{key: []byte("mended")})
		if err := key.AwaitKey(ctx); err != nil || key.Ready() != nil {
			t.Fatal(err, key.Ready())
		}
		topic.answer.Store(unreadable)
		time.Sleep(aWhile)
		synctest.Wait()
		if logged.FilterMessageSnippet("cannot be read, and the one from before stays in force").Len() == 0 || key.Ready() != nil {
			t.Errorf("with a key: logged %v, %v", logged.TakeAll(), key.Ready())
		}
	})
}

// Gateways with the same secret of the operator have the same key, without asking Kafka, be it given by itself or in a file.
func TestCursorKeyOfTheOperator(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys")
	writeKeys(t, file, "a secret of the operator")
	codecs := map[string]*cursorseal.Codec{}
	for name, source := range map[string]keyring.Source{
		"one": Purpose.FromSecret("a secret of the operator"), "same": Purpose.FromSecret("a secret of the operator"), "file": Purpose.FromFile(file),
		"another": Purpose.FromSecret("another secret than that"),
	} {
		codecs[name] = &cursorseal.Codec{}
		startKey(t, codecs[name], source)
	}
	text := sealedBy(codecs["one"])
	for name, want := range map[string]error{"same": nil, "file": nil, "another": cursorseal.ErrOtherKey} {
		if _, err := codecs[name].Open(text); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
	}
}

// sealedBy gives a cursor.
func sealedBy(codec *cursorseal.Codec) string {
	return codec.Seal(cursor.At(cursor.Checkpoint{Measurement: 1, Live: cursor.Live{Topic: "atlas.results"}}, time.Now()))
}

// startKey follows the keys of a source until the test ends, and returns once there are some.
func startKey(t *testing.T, codec *cursorseal.Codec, source keyring.Source) {
	t.Helper()
	key := New(codec, source, zaptest.NewLogger(t))
	ctx, stop := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	t.Cleanup(watching.Wait)
	t.Cleanup(stop)
	watching.Go(func() { key.Watch(ctx) })
	if err := errors.Join(key.AwaitKey(t.Context()), key.Ready()); err != nil {
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
		codec := &cursorseal.Codec{}
		key := New(codec, Purpose.FromFile(file), zap.New(core))
		ctx, stop := context.WithCancel(t.Context())
		var watching sync.WaitGroup
		watching.Go(func() { key.Watch(ctx) })
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
			time.Sleep(aWhile)
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
		files, codecs := make([]string, 2), []*cursorseal.Codec{{}, {}}
		for i := range files {
			files[i] = filepath.Join(t.TempDir(), "keys")
			writeKeys(t, files[i], before)
			startKey(t, codecs[i], Purpose.FromFile(files[i]))
		}
		given := []string{sealedBy(codecs[0])}
		for _, step := range [][]string{{before, after}, {after, before}} {
			for i := range files {
				writeKeys(t, files[i], step...)
				time.Sleep(aWhile)
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
		time.Sleep(aWhile)
		synctest.Wait()
		if _, err := codecs[1].Open(given[0]); !errors.Is(err, cursorseal.ErrOtherKey) {
			t.Errorf("once the old key is gone: got %v, want ErrOtherKey", err)
		}
	})
}

// What everybody may know of Kafka, such as the ID of its cluster, makes no cursor that is read.
func TestAbuseCursorsAreNotMadeOfWhatKafkaTells(t *testing.T) {
	forged := &cursorseal.Codec{}
	key := sha256.Sum256([]byte("atlas-stream cursors: cluster atlas-stream-embedded"))
	forged.SetKeys(key[:])
	given := sealedBy(forged)
	genuine := &cursorseal.Codec{}
	startKey(t, genuine, Purpose.FromSecret("a secret of the operator's"))
	if _, err := genuine.Open(given); !errors.Is(err, cursorseal.ErrOtherKey) {
		t.Errorf("got %v, want ErrOtherKey", err)
	}
}
