package collector

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
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

// An import does not go on in an archive whose number of partitions was changed.
func TestImportIntoAnArchiveWhosePartitionsWereChanged(t *testing.T) {
	b := broker(t, "")
	cfg := ImportConfig{Kafka: b.Addrs(), Into: "march-2015", Files: []string{filepath.Join(testdata, "ping.jsonl.gz")}}
	if err := Import(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if err := b.AddPartitions(t.Context(), "atlas.archive.march-2015", 64); err != nil {
		t.Fatal(err)
	}
	const want = "atlas.archive.march-2015 has 64 partitions, and the record with key "
	if err := Import(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
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

func TestImportRegistries(t *testing.T) {
	b := broker(t, "")
	path := filepath.Join(t.TempDir(), "measurements")
	if err := os.WriteFile(path, []byte(`{"results":[{"id":5001,"type":"ping"},{"id":5001,"type":"dns"},{"id":"?"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		cfg     ImportConfig
		summary string
	}{
		{ImportConfig{Probes: true, Files: []string{"internal/source/file/testdata/probes.json.bz2"}}, "atlas.probes: 125 imported, 0 rejected\n"},
		{ImportConfig{Measurements: true, Files: []string{path}}, "atlas.measurements: 2 imported, 1 rejected\n  " + path + ":3: id: got"},
	} {
		var summary bytes.Buffer
		test.cfg.Kafka, test.cfg.Summary = b.Addrs(), &summary
		if err := Import(t.Context(), test.cfg); err != nil || !strings.HasPrefix(summary.String(), test.summary) {
			t.Errorf("got %q, %v", summary.String(), err)
		}
	}
	if probes := registered(t, b.Addrs(), eventlog.ProbesTopic); len(probes) != 125 {
		t.Errorf("got %d probes", len(probes))
	}
	if measurements := registered(t, b.Addrs(), eventlog.MeasurementsTopic); len(measurements) != 1 || measurements[5001] != `{"id":5001,"type":"dns"}` {
		t.Errorf("got measurements %v", measurements)
	}
}

// registered reads a registry as a gateway does.
func registered(t *testing.T, brokers []string, topic string) map[int64]string {
	t.Helper()
	log := openLog(t, brokers)
	defer log.Close()
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	objects := map[int64]string{}
	apply := func(some []atlas.Object) {
		for _, object := range some {
			objects[object.ID] = string(object.Value)
		}
	}
	if err := log.ReadRegistry(ctx, topic, apply, stop); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return objects
}

func TestImportConfigValidate(t *testing.T) {
	err := Import(t.Context(), ImportConfig{Into: "a.b"})
	for _, want := range []string{"files: none given", `archive name: got "a.b"`, "brokers: none given"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for _, cfg := range []ImportConfig{{}, {Into: "a", Probes: true}, {Into: "a", Measurements: true}, {Probes: true, Measurements: true}} {
		if err := cfg.Validate(); !errors.Is(err, errImportInto) {
			t.Errorf("%+v: got %v", cfg, err)
		}
	}
}
