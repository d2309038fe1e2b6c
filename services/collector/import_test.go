package collector

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

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

// A replay that begins as soon as an import has ended reads the archive, however short the import was.
func TestImportEndsWhenTheArchiveIsKnown(t *testing.T) {
	b := broker(t, "")
	log, err := eventlog.Open(eventlog.Config{Brokers: b.Addrs()}, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if known, err := log.History().Archives(t.Context()); err != nil || len(known) > 0 {
		t.Fatalf("got %v, %v", known, err)
	}
	if err := Import(t.Context(), ImportConfig{Kafka: b.Addrs(), Into: "march-2015", Files: []string{filepath.Join(testdata, "ping.jsonl.gz")}}); err != nil {
		t.Fatal(err)
	}
	if known, err := log.History().Archives(t.Context()); err != nil || len(known) != 1 {
		t.Errorf("got %v, %v", known, err)
	}
}

// An import does not append to an archive whose number of partitions was changed.
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

// An import with rejected records, or without any, fails unless --allow-rejects allows it.
func TestImportAllowRejects(t *testing.T) {
	b := broker(t, "")
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	bad, empty, blank, none := write("bad", result(1)+"\nx\ny\n"), write("empty", ""), write("blank", " \n\n"), write("none", "[]")
	const tookNothing = "nothing was imported: the files have no record"
	for _, test := range []struct {
		file  string
		allow int
		want  string
	}{
		{bad, 0, "2 records were rejected, want at most 0 (--allow-rejects)"}, {bad, 1, "2 records were rejected, want at most 1 (--allow-rejects)"}, {bad, 2, ""},
		{empty, 0, tookNothing}, {blank, 0, tookNothing}, {none, 0, tookNothing}, {none, 1, ""},
	} {
		got := ""
		if err := Import(t.Context(), ImportConfig{Kafka: b.Addrs(), Into: "rejects", Files: []string{test.file}, AllowRejects: test.allow}); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s, %d allowed: got %q, want %q", filepath.Base(test.file), test.allow, got, test.want)
		}
	}
}

// An import with a file that cannot be read creates no topic, whichever of the files it is.
func TestImportMakesItsTopicLast(t *testing.T) {
	b := broker(t, "")
	good := filepath.Join(testdata, "ntp.jsonl.gz")
	for _, bad := range []string{"/no/such/file", "testdata/forty.tar.gz", "testdata/forty.jsonl.xz", "testdata/forty-utf16le.jsonl"} {
		err := Import(t.Context(), ImportConfig{Kafka: b.Addrs(), Into: "unmade", Files: []string{good, bad}})
		if err == nil || !strings.HasPrefix(err.Error(), bad+": ") && !strings.Contains(err.Error(), "no such file") || strings.Contains(err.Error(), "have no record") {
			t.Errorf("%s: got %v", bad, err)
		}
	}
	log := openLog(t, b.Addrs())
	defer log.Close()
	if archives, err := log.History().Archives(t.Context()); err != nil || len(archives) != 0 {
		t.Errorf("got %v, %v", archives, err)
	}
}

// Files of users, over HTTP and by import: each is taken, or refused with the name of its format.
func TestFilesOfUsers(t *testing.T) {
	b := broker(t, "")
	r := run(t, Config{Kafka: b.Addrs(), TopicSettings: TopicSettings{Partitions: 1}})
	r.awaitReady(t)
	for _, test := range []struct {
		file   string
		taken  int
		says   string
		status int
	}{
		{"two-arrays.json", 3, "", http.StatusOK},
		{"latest-by-probe.json", 2, "", http.StatusOK},
		{"bom-in-the-middle.jsonl", 3, "", http.StatusOK},
		{"deep-995.jsonl", 0, "nest deeper than 100", http.StatusOK},
		{"forty.tar.gz", 0, "it is a tar archive", http.StatusUnsupportedMediaType},
		{"forty.jsonl.xz", 0, "it is compressed by xz", http.StatusUnsupportedMediaType},
		{"forty-utf16le.jsonl", 0, "it is UTF-16 text, little-endian", http.StatusUnsupportedMediaType},
	} {
		var summary bytes.Buffer
		into := strings.ReplaceAll(test.file, ".", "-")
		err := Import(t.Context(), ImportConfig{Kafka: b.Addrs(), Into: into, Files: []string{"testdata/" + test.file}, Summary: &summary})
		if (err == nil) != (test.says == "") || !strings.Contains(fmt.Sprint(summary.String(), err), test.says) {
			t.Errorf("import of %s: got %v, %s", test.file, err, summary.String())
		}
		if test.taken > 0 && len(stored(t, b.Addrs(), "atlas.archive."+into)) != test.taken {
			t.Errorf("import of %s: %s", test.file, summary.String())
		}
		status, got := r.postFile(t, "testdata/"+test.file)
		if status != test.status || got.Accepted != test.taken || !strings.Contains(fmt.Sprint(got.Error, got.Rejected), test.says) {
			t.Errorf("POST of %s: got %d, %+v", test.file, status, got)
		}
	}
}

func (r *running) postFile(t *testing.T, name string) (status int, got answer) {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPost, "http://"+r.http+"/v1/results", bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".gz") {
		request.Header.Set("Content-Encoding", "gzip")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, got
}

// A download of measurement 7000 has connection events, some without the measurement's ID.
func TestImportConnectionEvents(t *testing.T) {
	b := broker(t, "")
	if err := Import(t.Context(), ImportConfig{Kafka: b.Addrs(), Into: "connections", Files: []string{"testdata/connections-7000.jsonl"}}); err != nil {
		t.Fatal(err)
	}
	records := stored(t, b.Addrs(), "atlas.archive.connections")
	if len(records) != 2 {
		t.Fatalf("stored %d", len(records))
	}
	for _, record := range records {
		if record.Stream != atlas.StreamProbeStatus || record.Measurement != atlas.ConnectionMeasurement || record.Probe != 12 {
			t.Errorf("stored %+v", record.Event)
		}
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
		{ImportConfig{Measurements: true, AllowRejects: 1, Files: []string{path}}, "atlas.measurements: 2 imported, 1 rejected\n  " + path + ":3: id: got"},
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

// registered reads a registry like a gateway.
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

func TestImportConfigCheck(t *testing.T) {
	err := Import(t.Context(), ImportConfig{Into: "a.b"})
	for _, want := range []string{"files: none given", `archive name: got "a.b"`, "brokers: none given"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for _, cfg := range []ImportConfig{{}, {Into: "a", Probes: true}, {Into: "a", Measurements: true}, {Probes: true, Measurements: true}} {
		if err := cfg.Check(); !errors.Is(err, errImportInto) {
			t.Errorf("%+v: got %v", cfg, err)
		}
	}
}
