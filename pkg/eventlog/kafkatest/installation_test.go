package kafkatest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMissingInstallationIsReported(t *testing.T) {
	empty, twice, whole := t.TempDir(), t.TempDir(), t.TempDir()
	touch(t, filepath.Join(twice, "kafka_2.13-4.3.0.jar"), filepath.Join(twice, "kafka_2.13-4.4.0.jar"), filepath.Join(whole, "kafka_2.13-4.4.0.jar"))
	for name, test := range map[string]struct{ libs, javaHome, path, want string }{
		"no jars":             {libs: empty, path: os.Getenv("PATH"), want: "make kafka"},
		"jars of two":         {libs: twice, path: os.Getenv("PATH"), want: "2 versions"},
		"no java in the path": {libs: whole, path: empty, want: "Java 17"},
		"no java at home":     {libs: whole, javaHome: empty, path: os.Getenv("PATH"), want: "JAVA_HOME"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(libsVariable, test.libs)
			t.Setenv("JAVA_HOME", test.javaHome)
			t.Setenv("PATH", test.path)
			cluster, err := StartCluster(t.Context(), Config{Brokers: 1})
			if !errors.Is(err, ErrNotInstalled) || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, %v, want an error with %q", cluster, err, test.want)
			}
		})
	}
}

func TestLibsAreFoundFromBelow(t *testing.T) {
	t.Setenv(libsVariable, "")
	dir, err := libsDir("")
	must(t, err)
	if _, err := os.Stat(filepath.Join(filepath.Dir(filepath.Dir(dir)), "go.work")); err != nil || filepath.Base(dir) != "kafka" {
		t.Fatalf("the jars are looked for in %s: %v", dir, err)
	}
	t.Chdir(t.TempDir())
	if dir, err := libsDir(""); !errors.Is(err, ErrNotInstalled) || !strings.Contains(err.Error(), libsVariable) {
		t.Fatalf("outside of the repository the jars are looked for in %q: %v", dir, err)
	}
}

func TestConfigsReportAllFaults(t *testing.T) {
	config := Config{Brokers: 10, Properties: map[string]string{"node.id": "7", "log.dirs": "/", "num.io.threads": "3"}}
	_, err := StartCluster(t.Context(), config)
	for _, want := range []string{"brokers: got 10", "node.id", "log.dirs"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func touch(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		must(t, os.WriteFile(path, nil, 0o600))
	}
}
