package keyring

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func read(t *testing.T, source Source) [][]byte {
	t.Helper()
	keys, err := source(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// A secret that an operator gives for two purposes makes two keys; given by itself or in a file, it makes the same.
func TestKeysOfPurposes(t *testing.T) {
	const secret = "a secret of the operator"
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, []byte("\n  "+secret+"  \r\n\nanother secret than that\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cursors, peers := Purpose("cursors"), Purpose("peers")
	given, inFile := read(t, cursors.FromSecret(secret)), read(t, cursors.FromFile(file))
	if len(inFile) != 2 || !bytes.Equal(inFile[0], given[0]) || bytes.Equal(inFile[1], given[0]) {
		t.Errorf("got %x of the secret, and %x of the file", given, inFile)
	}
	if other := read(t, peers.FromSecret(secret)); bytes.Equal(other[0], given[0]) {
		t.Error("two purposes have one key")
	}
}

// What is wrong with a file is named, without what it has.
func TestFaultsOfFilesOfSecrets(t *testing.T) {
	const short = "too short"
	for content, want := range map[string]string{
		"":                               "has no secret",
		" \n\n":                          "has no secret",
		"long enough a secret\n" + short: "line 2: got 9 bytes, want at least 16",
	} {
		file := filepath.Join(t.TempDir(), "keys")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := CheckFile(file); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), short) {
			t.Errorf("%q: got %v, want %s", content, err, want)
		}
	}
	if err := CheckFile(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that does not exist is accepted")
	}
}
