package examples

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/testcluster"
)

// exampleCommand returns the command of the README that begins with certain words.
func exampleCommand(t *testing.T, begin string) string {
	t.Helper()
	match := regexp.MustCompile("`(" + regexp.QuoteMeta(begin) + "[^`]*)`").FindStringSubmatch(exampleREADME(t))
	if match == nil {
		t.Fatalf("examples/README.md has no command %q", begin)
	}
	return match[1]
}

func exampleREADME(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../examples/README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// example is a running example.
type example struct {
	stdout, stderr chan string // lines of its standard output and of its standard error
	kill           func()
	end            func() error // waits until it has ended
}

// startExample runs a command of the README in the root folder. It is killed when the test ends.
func startExample(t *testing.T, gateway *testcluster.Cluster, command string, environment ...string) *example {
	t.Helper()
	shell, kill := testcluster.ChildCommand(t, "bash", "-euc", command)
	environments, err := filepath.Abs("../../../.cache/clients/examples/bin")
	if err != nil {
		t.Fatal(err)
	}
	shell.Dir = "../../.."
	shell.Env = append(os.Environ(), append([]string{"GATEWAY=http://" + gateway.Public, "PATH=" + environments + ":" + os.Getenv("PATH")}, environment...)...)
	said, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	noted, err := shell.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	e := &example{stdout: make(chan string, 1<<16), stderr: make(chan string, 1<<16), kill: kill}
	var reading sync.WaitGroup
	reading.Go(func() { sendLines(said, e.stdout) })
	reading.Go(func() { sendLines(noted, e.stderr) })
	e.end = sync.OnceValue(func() error {
		reading.Wait() // until all processes have ended
		return shell.Wait()
	})
	t.Cleanup(func() {
		kill()
		_ = e.end() // it was killed, or has failed the test
		for line := range e.stderr {
			t.Logf("%s: %s", command, line)
		}
	})
	return e
}

func sendLines(from io.Reader, to chan<- string) {
	defer close(to)
	for lines := bufio.NewScanner(from); lines.Scan(); {
		to <- lines.Text()
	}
}

// expect waits for the next line of the standard output.
func (e *example) expect(t *testing.T, want string) {
	t.Helper()
	if line := nextLine(t, e.stdout, want); !strings.HasSuffix(line, want) {
		t.Fatalf("got  %s\nwant %s", line, want)
	}
}

// expectAtLast skips lines of the standard output until the wanted one.
func (e *example) expectAtLast(t *testing.T, want string) {
	t.Helper()
	for nextLine(t, e.stdout, want) != want {
	}
}

// awaitStderr skips lines of the standard error until one has the wanted words.
func (e *example) awaitStderr(t *testing.T, want string) {
	t.Helper()
	for line := ""; !strings.Contains(line, want); {
		line = nextLine(t, e.stderr, want)
	}
}

func nextLine(t *testing.T, lines <-chan string, want string) string {
	t.Helper()
	select {
	case line, open := <-lines:
		if !open {
			t.Fatalf("the example ended, want %s", want)
		}
		return line
	case <-time.After(await.Patience):
		t.Fatalf("not within %s: %s", await.Patience, want)
	}
	return ""
}
