package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/collector/internal/importprogress"
	"atlasstream/services/collector/internal/publish"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const limit = 512 << 10

// fakeLog is a log that keeps what it gets, unless fail says otherwise.
type fakeLog struct {
	values []string
	fail   func() error
}

func (m *fakeLog) AppendPlaced(_ context.Context, _ string, events []atlas.Event) ([]eventlog.Place, error) {
	if m.fail != nil {
		if err := m.fail(); err != nil {
			return nil, err
		}
	}
	for _, event := range events {
		m.values = append(m.values, string(event.Value))
	}
	return nil, nil
}

func (m *fakeLog) AppendObjects(_ context.Context, _ string, objects []atlas.Object) error {
	for _, object := range objects {
		m.values = append(m.values, string(object.Value))
	}
	return nil
}

func importer(log publish.Log, progress io.Writer) *Importer {
	return &Importer{Publisher: publish.New(log, limit, "import", nil), To: publish.Archive("atlas.archive.test"), MaxRecordBytes: limit, Display: importprogress.NewDisplay(progress)}
}

func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func lines(count int) string {
	var text strings.Builder
	for i := range count {
		fmt.Fprintf(&text, "{\"msm_id\":1001,\"prb_id\":%d,\"timestamp\":1426633200,\"type\":\"ping\"}\n", i+1)
	}
	return text.String()
}

func packed(t *testing.T, writer io.WriteCloser, buffer *bytes.Buffer, text string) []byte {
	t.Helper()
	_, err := io.WriteString(writer, text)
	if err := errors.Join(err, writer.Close()); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

// Every real row is imported, in the files' order.
func TestImportRealRows(t *testing.T) {
	for name, count := range map[string]int{"dns": 2933, "http": 23, "ntp": 5, "ping": 950, "sslcert": 28, "traceroute": 1088, "wifi": 4} {
		log := &fakeLog{}
		path := filepath.Join("../../../../../pkg/atlas/testdata", name+".jsonl.gz")
		summary, err := importer(log, io.Discard).Import(t.Context(), []string{path})
		if err != nil || summary.Accepted != count || summary.Rejected != 0 || summary.Bytes != summary.TotalBytes {
			t.Errorf("%s: got %+v, %v", name, summary, err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(rows)
		if err != nil || strings.Join(log.values, "\n")+"\n" != string(text) {
			t.Errorf("%s: what was stored is not what the file has; %v", name, err)
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestImportShapes(t *testing.T) {
	text := lines(3)
	var gzipped, zstandard bytes.Buffer
	zstdWriter, err := zstd.NewWriter(&zstandard)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"plain":            []byte(text),
		"array":            []byte("[" + strings.ReplaceAll(strings.TrimSpace(text), "\n", ",\n") + "]"),
		"gzip.without-end": packed(t, gzip.NewWriter(&gzipped), &gzipped, text),
		"zstd":             packed(t, zstdWriter, &zstandard, text),
	} {
		log := &fakeLog{}
		summary, err := importer(log, io.Discard).Import(t.Context(), []string{write(t, name, content)})
		if err != nil || summary.Accepted != 3 || strings.Join(log.values, "\n")+"\n" != text {
			t.Errorf("%s: got %+v, %v", name, summary, err)
		}
	}
}

func TestImportStandardInput(t *testing.T) {
	read, writeEnd, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin := os.Stdin
	os.Stdin = read
	defer func() { os.Stdin = stdin }()
	go func() {
		_, err := io.WriteString(writeEnd, lines(3))
		if err := errors.Join(err, writeEnd.Close()); err != nil {
			t.Error(err)
		}
	}()
	summary, err := importer(&fakeLog{}, io.Discard).Import(t.Context(), []string{Stdin})
	if err != nil || summary.Accepted != 3 || summary.TotalBytes != -1 {
		t.Errorf("got %+v, %v", summary, err)
	}
}

func TestRejectionsNameFileAndLine(t *testing.T) {
	path := write(t, "bad.jsonl", []byte(lines(1)+strings.Repeat("x\n", 12)+lines(1)))
	summary, err := importer(&fakeLog{}, io.Discard).Import(t.Context(), []string{path})
	if err != nil || summary.Accepted != 2 || summary.Rejected != 12 || len(summary.Shown) != maxShown {
		t.Fatalf("got %+v, %v", summary, err)
	}
	text := summary.String()
	for _, want := range []string{"2 imported, 12 rejected\n", path + ":2: not valid JSON", path + ":11: ", "and 2 more"} {
		if !strings.Contains(text, want) {
			t.Errorf("got %q, want %q", text, want)
		}
	}
}

// A wrong file is reported before anything is imported.
func TestFilesAreCheckedFirst(t *testing.T) {
	log := &fakeLog{}
	good := write(t, "good", []byte(lines(3)))
	_, err := importer(log, io.Discard).Import(t.Context(), []string{good, "/no/such/file", t.TempDir(), good})
	for _, want := range []string{"/no/such/file: no such file", "is a directory", good + ": given twice"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if len(log.values) != 0 {
		t.Errorf("imported %d all the same", len(log.values))
	}
}

// The rest of a damaged file is lost, but no other file.
func TestDamagedFile(t *testing.T) {
	var buffer bytes.Buffer
	content := packed(t, gzip.NewWriter(&buffer), &buffer, lines(100_000))
	damaged := write(t, "damaged.gz", content[:len(content)-10])
	log := &fakeLog{}
	summary, err := importer(log, io.Discard).Import(t.Context(), []string{damaged, write(t, "good", []byte(lines(3)))})
	if err == nil || !strings.Contains(err.Error(), damaged+": gzip: unexpected end") {
		t.Errorf("got error %v", err)
	}
	if summary.Accepted < 50_000 || summary.Accepted != len(log.values) || !strings.HasSuffix(strings.Join(log.values, "\n")+"\n", lines(3)) {
		t.Errorf("got %+v", summary)
	}
}

func TestKafkaFails(t *testing.T) {
	lost := errors.New("leader lost")
	appends := 0
	log := &fakeLog{fail: func() error {
		if appends++; appends > 1 {
			return lost
		}
		return nil
	}}
	path := write(t, "large", []byte(lines(100_000)))
	summary, err := importer(log, io.Discard).Import(t.Context(), []string{path, write(t, "next", []byte(lines(3)))})
	if !errors.Is(err, lost) || !strings.Contains(err.Error(), "stopped at "+path+":4097:") {
		t.Errorf("got error %v", err)
	}
	if summary.Accepted != len(log.values) || appends != 2 {
		t.Errorf("got %+v after %d appends", summary, appends)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	log := &fakeLog{fail: func() error { cancel(); return nil }}
	path := write(t, "large", []byte(lines(200_000)))
	summary, err := importer(log, io.Discard).Import(ctx, []string{path})
	if !errors.Is(err, errInterrupted) || !strings.Contains(err.Error(), "stopped at "+path) {
		t.Errorf("got error %v", err)
	}
	if summary.Accepted == 0 || summary.Accepted == 200_000 || summary.Accepted != len(log.values) {
		t.Errorf("got %+v", summary)
	}
}

// RIPE's daily archive of probes is one object on one line, compressed by bzip2. The file here has the 125 real probes in that form.
func TestImportProbeArchive(t *testing.T) {
	log := &fakeLog{}
	importer := importer(log, io.Discard)
	importer.To = publish.Probes
	summary, err := importer.Import(t.Context(), []string{"testdata/probes.json.bz2"})
	if err != nil || summary.Accepted != 125 || summary.Rejected != 0 || len(log.values) != 125 || !strings.HasPrefix(log.values[0], `{"id":227,`) {
		t.Errorf("got %+v, %v, %.100q", summary, err, log.values)
	}
}
