package auth

import (
	"context"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"atlasstream/pkg/reload/reloadtest"
	"atlasstream/pkg/tokens"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	first  = `[{"name":"noc","token":"first-token-of-all","roles":["history"]}]`
	second = `[{"name":"noc","token":"second-token-of-all","roles":["non-public"]}]`
)

// A token becomes invalid when its roles change, not when the name of its bearer does.
func TestTokensThatBecomeInvalid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.json")
	reloadtest.Write(t, path, first)
	known, err := Open(path, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	bearer, _ := known.Find(tokens.DigestOf("first-token-of-all"))
	for file, want := range map[string]bool{
		first:                                   true,
		strings.Replace(first, "noc", "lab", 1): true,
		strings.Replace(first, `"history"`, `"non-public"`, 1):           false,
		strings.Replace(first, `"history"`, `"history","non-public"`, 1): false,
		second: false,
		`[]`:   false,
	} {
		reloadtest.Write(t, path, file)
		later, err := Open(path, zap.NewNop(), prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		if got := later.IsValid(bearer); got != want {
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
	if _, known := none.Find(tokens.DigestOf("")); known {
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
	reloadtest.Write(t, path, "[")
	if _, err := Open(path, zap.NewNop(), prometheus.NewRegistry()); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("with a broken file: got %v", err)
	}
}
