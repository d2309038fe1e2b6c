package e2e

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"atlasstream/services/gateway"
)

// exampleCommand gives the command of the README that begins in a certain way.
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
	text, err := os.ReadFile("../../examples/README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// example is one that runs.
type example struct {
	said, noted chan string // lines of its standard output and of its standard error
	kill        func()
	end         func() error // waits until it has ended
}

// startExample runs a command at the root, as the README has it. It is killed when the test ends.
func startExample(t *testing.T, gateway *house, command string, environment ...string) *example {
	t.Helper()
	shell, kill := childCommand(t, "bash", "-euc", command)
	environments, err := filepath.Abs("../../.cache/clients/examples/bin")
	if err != nil {
		t.Fatal(err)
	}
	shell.Dir = "../.."
	shell.Env = append(os.Environ(), append([]string{"GATEWAY=http://" + gateway.public, "PATH=" + environments + ":" + os.Getenv("PATH")}, environment...)...)
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
	e := &example{said: make(chan string, 1<<16), noted: make(chan string, 1<<16), kill: kill}
	var reading sync.WaitGroup
	reading.Go(func() { sendLines(said, e.said) })
	reading.Go(func() { sendLines(noted, e.noted) })
	e.end = sync.OnceValue(func() error {
		reading.Wait() // until all processes have ended
		return shell.Wait()
	})
	t.Cleanup(func() {
		kill()
		_ = e.end() // it was killed, or has failed the test
		for line := range e.noted {
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
	if line := nextLine(t, e.said, want); !strings.HasSuffix(line, want) {
		t.Fatalf("got  %s\nwant %s", line, want)
	}
}

// expectAtLast waits until a line of the standard output comes.
func (e *example) expectAtLast(t *testing.T, want string) {
	t.Helper()
	for nextLine(t, e.said, want) != want {
	}
}

// awaitNote waits for a line of the standard error.
func (e *example) awaitNote(t *testing.T, want string) {
	t.Helper()
	for line := ""; !strings.Contains(line, want); {
		line = nextLine(t, e.noted, want)
	}
}

func nextLine(t *testing.T, lines <-chan string, want string) string {
	t.Helper()
	select {
	case line, open := <-lines:
		if !open {
			t.Fatalf("it ended, want %s", want)
		}
		return line
	case <-time.After(patience):
		t.Fatalf("not within %s: %s", patience, want)
	}
	return ""
}

// sameAddress is a gateway that is stopped and started again while clients find it at one address, which a tunnel keeps from being taken meanwhile.
type sameAddress struct {
	*house
	way  *tunnel
	stop func()
}

func openSameAddress(t *testing.T, h *house) *sameAddress {
	t.Helper()
	way := startTunnel(t, "")
	way.letUpgrade()
	g := &sameAddress{house: &house{public: way.address, ingest: h.ingest, kafka: h.kafka}, way: way}
	g.start(t, "")
	t.Cleanup(func() { g.stop() })
	return g
}

// anotherKey is one with which all cursors are gone.
const anotherKey = "the key of another gateway, for a change"

// start starts it with a key for cursors, or with that of the log.
func (g *sameAddress) start(t *testing.T, cursorKey string) {
	t.Helper()
	public, admin := listen(t), listen(t)
	g.way.leadTo(public.Addr().String())
	g.admins = []string{admin.Addr().String()}
	cfg := gateway.Config{
		Kafka: []string{g.kafka}, Listener: public, AdminListener: admin, CursorKey: cursorKey,
		Logger: zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel)),
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- gateway.Run(ctx, cfg) }()
	g.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("gateway: %v", err)
		}
	})
	g.awaitReady(t)
}
