// Package reloadtest changes files that are read again.
package reloadtest

import (
	"os"
	"testing"
	"time"
)

// Write replaces a file, and sets its time by the clock of the test, which may be a simulated one: so the change is visible however coarse the file system's
// clock is.
func Write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Now(), time.Now()); err != nil {
		t.Fatal(err)
	}
}
