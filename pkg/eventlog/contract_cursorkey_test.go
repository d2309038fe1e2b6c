package eventlog_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"atlasstream/pkg/eventlog"
)

func cursorKeyContract(t *testing.T, f fixture, kafka cluster) {
	if _, err := f.log.CursorKey(within(t, patience)); !errors.Is(err, eventlog.ErrNoTopic) {
		t.Errorf("without the topic: got %v, want ErrNoTopic", err)
	}
	var made []byte
	t.Run("collectors that start at once agree", func(t *testing.T) {
		const collectors = 4
		keys := make(chan []byte, collectors)
		for range collectors {
			log := openLog(t, kafka, eventlog.Config{})
			go func() {
				key, err := log.EnsureCursorKey(within(t, patience), eventlog.KeysSpec())
				if err != nil {
					t.Error(err)
				}
				keys <- key
			}()
		}
		for range collectors {
			key := <-keys
			if made == nil {
				made = key
			}
			if len(key) != eventlog.CursorKeySize || !bytes.Equal(key, made) {
				t.Errorf("got %x, want all to get the same %d bytes", key, eventlog.CursorKeySize)
			}
		}
		if _, err := awaitCursorKey(within(t, patience), f); err != nil {
			t.Fatal(err)
		}
		if drift, err := f.log.ConfigDrift(within(t, patience), eventlog.KeysSpec()); err != nil || len(drift) > 0 {
			t.Errorf("got drift %v, error %v", drift, err)
		}
	})
	t.Run("a later key does not count", func(t *testing.T) {
		f.produce(t, eventlog.KeysTopic, "cursor", strings.Repeat("ab", eventlog.CursorKeySize))
		key, err := f.log.EnsureCursorKey(within(t, patience), eventlog.KeysSpec())
		if err != nil || !bytes.Equal(key, made) {
			t.Errorf("got %x, %v, want %x", key, err, made)
		}
	})
	t.Run("the topic is recreated", func(t *testing.T) {
		f.deleteTopic(t, eventlog.KeysTopic)
		awaitNoCursorKey(t, f)
		ctx, stop := context.WithCancel(within(t, patience))
		kept := make(chan struct{})
		go func() {
			f.log.KeepCursorKey(ctx, eventlog.KeysSpec())
			close(kept)
		}()
		key, err := awaitCursorKey(ctx, f)
		if err != nil || bytes.Equal(key, made) {
			t.Errorf("got %v, want another key than before", err)
		}
		stop()
		<-kept
	})
	t.Run("what is no key is passed over", func(t *testing.T) {
		f.deleteTopic(t, eventlog.KeysTopic)
		awaitNoCursorKey(t, f)
		if err := f.log.EnsureTopics(within(t, patience), eventlog.KeysSpec()); err != nil {
			t.Fatal(err)
		}
		if _, err := f.log.CursorKey(within(t, patience)); !errors.Is(err, eventlog.ErrNoCursorKey) {
			t.Errorf("of an empty topic: got %v, want ErrNoCursorKey", err)
		}
		renewed := newFixture(t, kafka) // whose client does not know the topic from before
		renewed.produce(t, eventlog.KeysTopic, "cursor", "too short")
		renewed.produce(t, eventlog.KeysTopic, "another", strings.Repeat("ab", eventlog.CursorKeySize))
		renewed.produce(t, eventlog.KeysTopic, "cursor", strings.Repeat("xy", eventlog.CursorKeySize))
		key, err := f.log.EnsureCursorKey(within(t, patience), eventlog.KeysSpec())
		if err != nil || len(key) != eventlog.CursorKeySize || strings.HasPrefix(hex.EncodeToString(key), "abab") {
			t.Errorf("got %x, %v, want a key that was made", key, err)
		}
	})
}

// awaitNoCursorKey returns once the topic is seen to be gone.
func awaitNoCursorKey(t *testing.T, f fixture) {
	t.Helper()
	ctx := within(t, patience)
	for {
		_, err := f.log.CursorKey(ctx)
		if errors.Is(err, eventlog.ErrNoTopic) {
			return
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
}

// awaitCursorKey asks until there is a key.
func awaitCursorKey(ctx context.Context, f fixture) ([]byte, error) {
	for {
		key, err := f.log.CursorKey(ctx)
		if err == nil || ctx.Err() != nil {
			return key, err
		}
	}
}
