package reload

import (
	"context"
	"errors"
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

	"atlasstream/pkg/reload/reloadtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pair reads two files of which both have the same word.
func pair(core zapcore.Core, paths ...string) Config[string] {
	return Config[string]{
		What: "words", Paths: paths, Count: func(word string) int { return len(word) }, Logger: zap.New(core),
		Faulty: prometheus.NewGauge(prometheus.GaugeOpts{}),
		Parse: func(contents [][]byte) (string, error) {
			word := strings.TrimSpace(string(contents[0]))
			if word != strings.TrimSpace(string(contents[1])) {
				return "", errors.New("the words differ")
			}
			return word, nil
		},
	}
}

func TestFilesAreReadAgainWhenTheyChange(t *testing.T) {
	one, other := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "other")
	synctest.Test(t, func(t *testing.T) {
		core, log := observer.New(zapcore.DebugLevel)
		reloadtest.Write(t, one, "first")
		reloadtest.Write(t, other, "first")
		files, err := Open(pair(core, one, other))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		watched := make(chan struct{})
		changes := 0
		go func() { files.Watch(ctx, func() { changes++ }); close(watched) }()
		for _, step := range []struct {
			name    string
			change  func()
			says    string
			faulty  float64
			entries int // of the log since the step before
		}{
			{"nothing happens", func() {}, "first", 0, 0},
			{"one changed", func() { reloadtest.Write(t, one, "second") }, "first", 1, 1},
			{"still the one", func() {}, "first", 1, 0},
			{"both changed", func() { reloadtest.Write(t, other, "second") }, "second", 0, 1},
			{"gone", func() { _ = os.Remove(other) }, "second", 1, 1},
			{"still gone", func() {}, "second", 1, 0},
			{"a directory", func() { _ = os.Mkdir(other, 0o700) }, "second", 1, 1},
			{"mended", func() { _ = os.Remove(other); reloadtest.Write(t, one, "third"); reloadtest.Write(t, other, "third") }, "third", 0, 1},
			{"moved away", func() { _ = os.Rename(one, one+".away") }, "third", 1, 1},
			{"moved back", func() { _ = os.Rename(one+".away", one) }, "third", 0, 1},
			{"too long", func() { reloadtest.Write(t, one, "third"+strings.Repeat(" ", maxFileBytes)) }, "third", 1, 1},
		} {
			step.change()
			time.Sleep(3 * interval)
			synctest.Wait()
			if says := files.Current(); says != step.says {
				t.Errorf("%s: the files say %s", step.name, says)
			}
			if faulty := testutil.ToFloat64(files.config.Faulty); faulty != step.faulty {
				t.Errorf("%s: faulty is %v", step.name, faulty)
			}
			if entries := log.TakeAll(); len(entries) != step.entries {
				t.Errorf("%s: got %d log entries, want %d: %+v", step.name, len(entries), step.entries, entries)
			}
		}
		cancel()
		<-watched
		if changes != 3 {
			t.Errorf("got %d changes, want 3", changes)
		}
	})
}

func TestOpen(t *testing.T) {
	none, err := Open(pair(zapcore.NewNopCore()))
	if err != nil || none.Current() != "" {
		t.Fatalf("without files: got %q, %v", none.Current(), err)
	}
	none.Watch(context.Background(), func() {}) // has nothing to do
	folder := t.TempDir()
	pipe, missing, word := filepath.Join(folder, "pipe"), filepath.Join(folder, "missing"), filepath.Join(folder, "word")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	reloadtest.Write(t, word, "word")
	for path, want := range map[string]string{missing: missing, pipe: pipe + ": got a p---------, want a regular file", os.DevNull: "want a regular file"} {
		if _, err := Open(pair(zapcore.NewNopCore(), word, path)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}
