package matrix

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/e2e/internal/netproxy"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
)

// getClients are clients that only receive: the URL is their subscription.
var getClients = []struct {
	name       string
	start      func(t *testing.T, url string) *realclient.Client
	reconnects bool // automatically
}{
	{"curl", func(t *testing.T, url string) *realclient.Client { return startCurl(t, realclient.ReadLines, url) }, false},
	{"curl, Server-Sent Events", func(t *testing.T, url string) *realclient.Client {
		return startCurl(t, realclient.ReadEvents, "--header", "Accept: text/event-stream", url)
	}, false},
	{"EventSource in Chromium", func(t *testing.T, url string) *realclient.Client { return realclient.StartBrowser(t, url) }, true},
	{"EventSource with credentials in Chromium", func(t *testing.T, url string) *realclient.Client {
		return realclient.StartBrowser(t, url, "--credentials")
	}, true},
}

// Every client of a plain GET receives what its URL says, also after it has reconnected.
func TestEveryClientOfAGET(t *testing.T) {
	cluster := testcluster.Start(t, testcluster.StartBroker(t, embedded.Config{}).Addrs())
	var atOnce errgroup.Group
	for i, reader := range getClients {
		atOnce.Go(func() error {
			t.Run(reader.name, func(t *testing.T) {
				session := &matrixSession{cluster: cluster, proxy: netproxy.Start(t, cluster.Public), measurement: 200_000_000 + int64(i)}
				url := fmt.Sprintf("http://%s/stream/?msm=%d&stream_type=result", session.proxy.Address, session.measurement)
				subscribed := fmt.Sprintf(`["atlas_subscribed",{"msm":"%d","stream_type":"result"}]`, session.measurement)
				session.proxy.AllowUpgrades()
				session.client = reader.start(t, url)
				session.client.Expect(t, subscribed)
				session.exchange(t, 10)
				session.exchangeBurst(t)
				session.proxy.Cut()
				if reader.reconnects {
					session.awaitDisconnect(t)
				} else {
					session.client.Close()
				}
				session.proxy.Restore()
				if reader.reconnects {
					session.client.Expect(t, `["connect"]`)
				} else {
					session.client = reader.start(t, url)
				}
				session.client.Expect(t, subscribed)
				session.exchange(t, 10)
			})
			return nil
		})
	}
	_ = atOnce.Wait() // the subtests have failed themselves
}

// A GET with an invalid parameter is answered with the same error as other clients.
func TestCurlReceivesErrors(t *testing.T) {
	cluster := testcluster.Start(t, testcluster.StartBroker(t, embedded.Config{}).Addrs())
	command, kill := testcluster.ChildCommand(t, "curl", "--silent", "--show-error", "--write-out", "%{http_code}", "--get",
		"--data-urlencode", "msm=é√😀", "http://"+cluster.Public+"/stream/")
	defer kill()
	answer, err := command.CombinedOutput()
	want := `["atlas_error","[invalid_parameter] msm: got \"é√😀\"`
	if err != nil || !strings.HasPrefix(strings.ReplaceAll(string(answer), `\\"`, `\"`), want) || !bytes.HasSuffix(answer, []byte("\n400")) {
		t.Errorf("got %s, %v\nwant %s…, status 400", answer, err, want)
	}
}

// startCurl starts curl, which reads until it is closed or disconnected.
func startCurl(t *testing.T, read func(*bufio.Scanner, func([]byte)), arguments ...string) *realclient.Client {
	t.Helper()
	command, kill := testcluster.ChildCommand(t, "curl", append([]string{"--silent", "--show-error", "--no-buffer"}, arguments...)...)
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	command.Stderr = &stderr
	if err := command.Start(); err != nil {
		t.Fatalf("%v (make clients installs curl)", err)
	}
	c := &realclient.Client{Received: make(chan []byte, 1<<16)}
	go func() {
		defer close(c.Received)
		read(bufio.NewScanner(output), func(event []byte) { c.Received <- event })
	}()
	c.Close = sync.OnceFunc(func() {
		kill()
		for range c.Received {
		}
		_ = command.Wait() // it was disconnected or killed
		if t.Failed() {
			t.Logf("curl wrote to stderr: %s", stderr.Bytes())
		}
	})
	t.Cleanup(c.Close)
	return c
}

// The command `ripe-atlas stream` of ripe.atlas.tools receives ten results in a row.
func TestRipeAtlasTools(t *testing.T) {
	const limit = 10
	cluster := testcluster.Start(t, testcluster.StartBroker(t, embedded.Config{}).Addrs())
	row := sample.RealRows(t, "ping")[0]
	result, err := atlas.ParseResult(row)
	if err != nil {
		t.Fatal(err)
	}
	settings := t.TempDir()
	writeToolsSettings(t, settings, "http://"+cluster.Public)
	command, kill := testcluster.ChildCommand(t, realclient.Python("cousteau-2"), "../clients/python/tools_stream.py",
		fmt.Sprint(result.Measurement), "--renderer", "raw", "--limit", fmt.Sprint(limit))
	defer kill()
	command.Env = append(os.Environ(), "XDG_CONFIG_HOME="+settings)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	posted, err := postUntil(t, cluster, row, ended)
	if err != nil {
		t.Fatalf("%v: %s", err, output.Bytes())
	}
	var received [][]byte // between lines that say that it connects and disconnects
	for line := range bytes.Lines(output.Bytes()) {
		if line[0] == '{' {
			received = append(received, line)
		}
	}
	if len(received) != limit {
		t.Fatalf("received %d results, want %d: %s", len(received), limit, output.Bytes())
	}
	first := slices.IndexFunc(posted, func(result []byte) bool { return sample.Same(received[:1], [][]byte{result}) == nil })
	if err := sample.Same(received, posted[max(first, 0):max(first, 0)+limit]); err != nil {
		t.Error(err)
	}
}

// postUntil posts results until a process has ended. Each has a number, whose name is not ASCII.
func postUntil(t *testing.T, cluster *testcluster.Cluster, result []byte, ended <-chan error) (posted [][]byte, err error) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case err = <-ended:
			return posted, err
		case <-ticker.C:
			posted = append(posted, append(fmt.Appendf(nil, `{"é√😀":%d,`, len(posted)), result[1:]...))
			cluster.MustPost(t, posted[len(posted)-1])
		}
	}
}

// writeToolsSettings writes the settings of ripe.atlas.tools into a folder.
func writeToolsSettings(t *testing.T, folder, gateway string) {
	t.Helper()
	folder = filepath.Join(folder, "ripe-atlas-tools")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "rc"), []byte("ripe-ncc:\n  stream-base-url: "+gateway+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}
