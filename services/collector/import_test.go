package collector

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestImport(t *testing.T) {
	b := broker(t, "")
	var summary bytes.Buffer
	files := []string{filepath.Join(testdata, "ping.jsonl.gz"), filepath.Join(testdata, "ntp.jsonl.gz")}
	if err := Import(t.Context(), ImportConfig{Kafka: b.Addrs(), Into: "march-2015", Files: files, Summary: &summary}); err != nil {
		t.Fatal(err)
	}
	if want := "atlas.archive.march-2015: 955 imported, 0 rejected\n"; summary.String() != want {
		t.Errorf("got summary %q", summary.String())
	}
	want := map[string]bool{}
	for line := range strings.Lines(rows(t, "ping") + rows(t, "ntp")) {
		want[strings.TrimSpace(line)] = true
	}
	records := stored(t, b.Addrs(), "atlas.archive.march-2015")
	for _, record := range records {
		if !want[string(record.Value)] {
			t.Errorf("stored %s", record.Value)
		}
	}
	if len(records) != len(want) {
		t.Errorf("stored %d, want %d", len(records), len(want))
	}
}

func TestImportStrict(t *testing.T) {
	b := broker(t, "")
	path := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(path, []byte(result(1)+"\nx\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := ImportConfig{Kafka: b.Addrs(), Into: "bad", Files: []string{path}}
	if err := Import(t.Context(), cfg); err != nil {
		t.Errorf("not strict: %v", err)
	}
	cfg.Strict = true
	if err := Import(t.Context(), cfg); err == nil || err.Error() != "1 lines were rejected" {
		t.Errorf("strict: %v", err)
	}
}

func TestImportConfigValidate(t *testing.T) {
	err := Import(t.Context(), ImportConfig{Into: "a.b"})
	for _, want := range []string{"files: none given", `archive name: got "a.b"`, "brokers: none given"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
