package auth

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	first  = `[{"name":"noc","token":"first-token-of-all","roles":["history"]}]`
	second = `[{"name":"noc","token":"second-token-of-all","roles":["non-public"]}]`
)

// write replaces the file, and sets its time so that the change is visible even if the file system's clock is coarse.
func write(t *testing.T, path, content string, changed time.Time) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, changed, changed); err != nil {
		t.Fatal(err)
	}
}

func TestFileIsReloadedWhenItChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.json")
	synctest.Test(t, func(t *testing.T) {
		core, log := observer.New(zapcore.DebugLevel)
		write(t, path, first, time.Now())
		tokens, err := Open(path, zap.New(core), prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		watched := make(chan struct{})
		changes := 0
		go func() { tokens.Watch(ctx, func() { changes++ }); close(watched) }()
		early, _ := tokens.Find(DigestOf("first-token-of-all"))
		for _, step := range []struct {
			name    string
			change  func()
			knows   string
			faulty  float64
			entries int // of the log since the step before
		}{
			{"nothing happens", func() {}, "first-token-of-all", 0, 0},
			{"changed", func() { write(t, path, second, time.Now()) }, "second-token-of-all", 0, 1},
			{"broken", func() { write(t, path, first[:40], time.Now()) }, "second-token-of-all", 1, 1},
			{"still broken", func() {}, "second-token-of-all", 1, 0},
			{"gone", func() { _ = os.Remove(path) }, "second-token-of-all", 1, 1},
			{"still gone", func() {}, "second-token-of-all", 1, 0},
			{"a directory", func() { _ = os.Mkdir(path, 0o700) }, "second-token-of-all", 1, 1},
			{"mended", func() { _ = os.Remove(path); write(t, path, first, time.Now()) }, "first-token-of-all", 0, 1},
			{"moved away", func() { _ = os.Rename(path, path+".away") }, "first-token-of-all", 1, 1},
			{"moved back", func() { _ = os.Rename(path+".away", path) }, "first-token-of-all", 0, 1},
			{"too long", func() { write(t, path, first+strings.Repeat(" ", maxFileBytes), time.Now()) }, "first-token-of-all", 1, 1},
		} {
			step.change()
			time.Sleep(3 * reloadInterval)
			synctest.Wait()
			if _, known := tokens.Find(DigestOf(step.knows)); !known {
				t.Errorf("%s: %s is not known", step.name, step.knows)
			}
			if faulty := testutil.ToFloat64(tokens.invalid); faulty != step.faulty {
				t.Errorf("%s: faulty is %v", step.name, faulty)
			}
			if inForce := tokens.IsValid(early); inForce != (step.knows == "first-token-of-all") {
				t.Errorf("%s: the first token is valid: %t", step.name, inForce)
			}
			entries := log.TakeAll()
			if len(entries) != step.entries {
				t.Errorf("%s: got %d log entries, want %d: %+v", step.name, len(entries), step.entries, entries)
			}
			for _, entry := range entries {
				if text := fmt.Sprint(entry.Message, entry.ContextMap()); strings.Contains(text, "token-of-all") {
					t.Errorf("%s: the log has a token: %s", step.name, text)
				}
			}
		}
		cancel()
		<-watched
		if changes != 3 {
			t.Errorf("got %d changes, want 3", changes)
		}
	})
}

// A token becomes invalid when its roles change, not when the name of its bearer does.
func TestTokensThatBecomeInvalid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.json")
	write(t, path, first, time.Now())
	tokens, err := Open(path, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	bearer, _ := tokens.Find(DigestOf("first-token-of-all"))
	for file, want := range map[string]bool{
		first:                                   true,
		strings.Replace(first, "noc", "lab", 1): true,
		strings.Replace(first, `"history"`, `"non-public"`, 1):           false,
		strings.Replace(first, `"history"`, `"history","non-public"`, 1): false,
		second: false,
		`[]`:   false,
	} {
		write(t, path, file, time.Now())
		if err := tokens.read(); err != nil {
			t.Fatal(err)
		}
		if got := tokens.IsValid(bearer); got != want {
			t.Errorf("%s: got %t", file, got)
		}
	}
}

func TestOpen(t *testing.T) {
	none, err := Open("", zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	none.Watch(context.Background(), func() {}) // has nothing to do
	if _, known := none.Find(DigestOf("")); known {
		t.Error("a token is valid without a file")
	}
	path := filepath.Join(t.TempDir(), "tokens.json")
	if _, err := Open(path, zap.NewNop(), prometheus.NewRegistry()); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("without the file: got %v", err)
	}
	if err := syscall.Mkfifo(path+".pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path+".pipe", zap.NewNop(), prometheus.NewRegistry()); err == nil || !strings.Contains(err.Error(), "want a regular file") {
		t.Errorf("with a pipe that nobody writes: got %v", err)
	}
	write(t, path, "[", time.Now())
	if _, err := Open(path, zap.NewNop(), prometheus.NewRegistry()); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("with a broken file: got %v", err)
	}
}
