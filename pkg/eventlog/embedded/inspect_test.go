package embedded

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

const results = "partitions/" + topicName + "-0/"

// filled returns a directory after an orderly stop: one partition with 30 batches of one record, in several segments.
func filled(t *testing.T, configs map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	broker := start(t, Config{Dir: dir})
	client := connect(t, broker.Addrs())
	makeTopic(t, client, 1, configs)
	produce(t, client, numbered(0, 30)...)
	client.Close()
	if err := broker.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

var inSegments = map[string]string{"segment.bytes": "1000"}

func TestDamageIsRefusedAndLeftAsItIs(t *testing.T) {
	for name, test := range map[string]struct {
		damage func(t *testing.T, dir string)
		want   string
	}{
		"flipped byte in the middle":  {func(t *testing.T, dir string) { flip(t, dir+results+"0.dat", 300) }, "checksum"},
		"flipped byte in a length":    {func(t *testing.T, dir string) { flip(t, dir+results+"0.dat", 8) }, "0.dat is intact up to offset 0"},
		"flipped byte in an offset":   {func(t *testing.T, dir string) { flip(t, dir+results+"0.dat", 3) }, "0.dat is intact up to offset 0"},
		"flipped byte in the last":    {func(t *testing.T, dir string) { flip(t, lastSegment(t, dir), -1) }, "intact up to offset 29"},
		"acknowledged end cut off":    {func(t *testing.T, dir string) { cut(t, lastSegment(t, dir), 10) }, "intact up to offset 29"},
		"end of an older one cut off": {func(t *testing.T, dir string) { cut(t, dir+results+"0.dat", 10) }, "0.dat"},
		"zeroes at the end":           {func(t *testing.T, dir string) { appendTo(t, lastSegment(t, dir), make([]byte, 100)) }, "intact up to offset 30"},
		"a segment removed":           {removeSecondSegment, "are missing"},
		"list of topics removed":      {func(t *testing.T, dir string) { remove(t, dir+topicsFile) }, "does not list it"},
		"list of topics unreadable":   {func(t *testing.T, dir string) { cut(t, dir+topicsFile, 5) }, topicsFile},
		"mark of the broker removed":  {func(t *testing.T, dir string) { remove(t, dir+metaFile) }, "partitions"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filled(t, inSegments)
			test.damage(t, dir+"/")
			before := sizesOf(t, dir)
			_, err := Start(Config{Dir: dir})
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), dir) {
				t.Fatalf("got %v, want ErrDamaged with %q and the directory", err, test.want)
			}
			t.Log(err)
			if after := sizesOf(t, dir); before != after {
				t.Fatalf("the directory was changed from\n%s to\n%s", before, after)
			}
		})
	}
}

func TestUnacknowledgedEndIsDroppedAndLogged(t *testing.T) {
	dir := filled(t, inSegments)
	whole, err := os.ReadFile(dir + "/" + results + "0.dat")
	if err != nil {
		t.Fatal(err)
	}
	appendTo(t, lastSegment(t, dir+"/"), whole[:50]) // as a kill leaves it: written in part, and not in the index
	core, logs := observer.New(zap.WarnLevel)
	broker := start(t, Config{Dir: dir, Logger: zap.New(core)})
	if logs.FilterMessageSnippet("cut off").Len() != 1 {
		t.Errorf("the log has %v, want one warning", logs.All())
	}
	client := connect(t, broker.Addrs())
	produce(t, client, numbered(30, 35)...)
	expect(t, broker.Addrs(), numbered(0, 35)...)
}

func TestForeignDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(Config{Dir: dir}); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "thesis.tex") {
		t.Fatalf("got %v, want ErrDamaged with what is there", err)
	}
	if _, err := Start(Config{Dir: filepath.Join(dir, "thesis.tex")}); err == nil {
		t.Fatal("a file was taken for a directory")
	}
}

func TestDirectoryIsLocked(t *testing.T) {
	dir := t.TempDir()
	first := start(t, Config{Dir: dir})
	if _, err := Start(Config{Dir: dir}); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Fatalf("got %v, want ErrInUse with the directory", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	start(t, Config{Dir: dir})
}

func TestCompactedTopicMayHaveGaps(t *testing.T) {
	dir := t.TempDir()
	broker := start(t, Config{Dir: dir})
	client := connect(t, broker.Addrs())
	makeTopic(t, client, 1, map[string]string{"cleanup.policy": "compact", "segment.bytes": "1000"})
	produceKeyed(t, client, "probe 1", numbered(0, 30)...)
	if err := broker.Compact(); err != nil {
		t.Fatal(err)
	}
	client.Close()
	if err := broker.Close(); err != nil {
		t.Fatal(err)
	}
	broker = start(t, Config{Dir: dir})
	if left := len(readUntil(t, broker.Addrs(), "result 29")); left == 30 {
		t.Fatal("nothing was compacted, so there were no gaps")
	}
}

func TestConfigsReportAllFaults(t *testing.T) {
	for name, test := range map[string]struct {
		config Config
		want   []string
	}{
		"no port":        {Config{Listen: "localhost", Nodes: -1}, []string{`listen: got "localhost"`, "nodes: got -1"}},
		"any interface":  {Config{Listen: "0.0.0.0:9092"}, []string{"listen", "127.0.0.1"}},
		"no host":        {Config{Listen: ":9092"}, []string{"listen", "127.0.0.1"}},
		"port too great": {Config{Listen: "127.0.0.1:70000", Nodes: 17}, []string{"70000", "nodes: got 17"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Start(test.config)
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want an error with %q", err, want)
				}
			}
		})
	}
}

func lastSegment(t *testing.T, dir string) string {
	t.Helper()
	partitions, err := listPartitions(os.DirFS(dir))
	if err != nil || len(partitions) != 1 || len(partitions[0].segments) < 3 {
		t.Fatalf("%d partitions, %v", len(partitions), err)
	}
	segments := partitions[0].segments
	return filepath.Join(dir, segment{path: partitions[0].path, base: segments[len(segments)-1]}.name(segmentSuffix))
}

func removeSecondSegment(t *testing.T, dir string) {
	t.Helper()
	partitions, err := listPartitions(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	second := segment{path: dir + results, base: partitions[0].segments[1]}
	remove(t, second.name(segmentSuffix))
	remove(t, second.name(".idx"))
}

func flip(t *testing.T, path string, at int) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[(at+len(raw))%len(raw)] ^= 1
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func cut(t *testing.T, path string, bytes int64) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()-bytes); err != nil {
		t.Fatal(err)
	}
}

func appendTo(t *testing.T, path string, raw []byte) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write(raw); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// sizesOf lists every file with its size and time of change.
func sizesOf(t *testing.T, dir string) string {
	t.Helper()
	var list strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			list.WriteString(path + " " + fs.FormatFileInfo(info) + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list.String()
}
