package readme

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
)

// The incident of the README is replayed with its commands: a shell runs them, on the programs that they build and start, with other ports.
func TestWalkthroughOfTheREADME(t *testing.T) {
	t.Parallel()
	w := openWalkthrough(t)
	const operate, replay = "Run it on your Kafka", "Replay an incident"
	w.run(t, w.root, w.line(t, operate, "go build -o bin/"))
	w.start(t, w.line(t, operate, "bin/collector serve"))
	w.start(t, w.line(t, operate, "bin/gateway"))
	w.cluster.AwaitReady(t)
	commands := w.blocks(t, replay)
	counted := strings.TrimSpace(w.lastLine(w.run(t, w.dir, strings.Join(commands, "\n"))))
	start, end := time.Date(2015, 3, 21, 6, 0, 0, 0, time.UTC), time.Date(2015, 3, 21, 9, 0, 0, 0, time.UTC)
	var want []string
	for _, event := range sample.SortedEvents(t, "dns", 1768147) {
		if !event.Time.Before(start) && !event.Time.After(end) {
			want = append(want, string(event.Value))
		}
	}
	if got := append(w.results(t, "before.ndjson"), w.results(t, "after.ndjson")...); !slices.Equal(got, want) {
		t.Errorf("got %d results, want %d in the same order", len(got), len(want))
	}
	if says := "# " + counted + ": all results"; counted != fmt.Sprint(len(want)) || !strings.Contains(commands[len(commands)-1], says) {
		t.Errorf("counted %s of %d results, and the README does not say %q", counted, len(want), says)
	}
}

// walkthrough runs the commands of the README in a folder of its own, with a broker.
type walkthrough struct {
	cluster   *testcluster.Cluster
	root, dir string
	readme    string
	here      *strings.Replacer // replaces addresses and folders of the README by those of the test
}

func openWalkthrough(t *testing.T) *walkthrough {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(root, "pkg"), filepath.Join(dir, "pkg")); err != nil {
		t.Fatal(err)
	}
	kafka, free := testcluster.StartBroker(t, embedded.Config{}).Addrs()[0], testcluster.FreeAddresses(t, 4)
	return &walkthrough{
		cluster: &testcluster.Cluster{Public: free[0], Ingest: free[1], Kafka: kafka, Admins: free[2:]}, root: root, dir: dir, readme: string(readme),
		here: strings.NewReplacer("bin/", dir+"/bin/", "localhost:9092", kafka, "localhost:8080", free[0],
			"--listen :8080", "--listen "+free[0], "--listen 127.0.0.1:8081", "--listen "+free[1]+" --grpc 127.0.0.1:0",
			"--admin 127.0.0.1:9090", "--admin "+free[2], "--admin 127.0.0.1:9091", "--admin "+free[3]),
	}
}

// blocks returns the commands of a section.
func (w *walkthrough) blocks(t *testing.T, section string) (blocks []string) {
	t.Helper()
	_, text, found := strings.Cut(w.readme, "\n## "+section+"\n")
	if !found {
		t.Fatalf("the README has no section %q", section)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	for i, part := range strings.Split(text, "\n```\n") {
		if i%2 == 1 {
			blocks = append(blocks, w.here.Replace(part))
		}
	}
	return blocks
}

// line returns the command of a section that begins with certain words.
func (w *walkthrough) line(t *testing.T, section, begin string) string {
	t.Helper()
	for line := range strings.Lines(strings.Join(w.blocks(t, section), "\n")) {
		if strings.HasPrefix(line, w.here.Replace(begin)) {
			return line
		}
	}
	t.Fatalf("%s: the README has no command %q", section, begin)
	return ""
}

// run runs commands, each of which must succeed, and returns what they print.
func (w *walkthrough) run(t *testing.T, dir, commands string) string {
	t.Helper()
	shell, kill := testcluster.ChildCommand(t, "bash", "-euc", commands)
	defer kill()
	shell.Dir = dir
	output, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%v\n%s", commands, err, output)
	}
	return string(output)
}

// start starts a program that runs until the test ends.
func (w *walkthrough) start(t *testing.T, command string) {
	t.Helper()
	program, kill := testcluster.ChildCommand(t, "bash", "-euc", "exec "+command)
	program.Dir = w.dir
	var output bytes.Buffer
	program.Stdout, program.Stderr = &output, &output
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		kill()
		_ = program.Wait() // it was killed
		if t.Failed() {
			t.Logf("%s printed:\n%s", command, output.Bytes())
		}
	})
}

func (w *walkthrough) lastLine(text string) string {
	text = strings.TrimRight(text, "\n")
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// results returns the results in a file of lines.
func (w *walkthrough) results(t *testing.T, name string) (results []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var parts []json.RawMessage
		if json.Unmarshal(line, &parts) == nil && len(parts) > 1 && string(parts[0]) == `"atlas_result"` {
			results = append(results, string(parts[1]))
		}
	}
	return results
}
