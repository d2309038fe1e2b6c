package e2e

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
)

// readers are the clients that hear only: the address that they get is their subscription.
var readers = []struct {
	name      string
	start     func(t *testing.T, url string) *client
	comesBack bool // by itself, when it was cut off
}{
	{"curl", func(t *testing.T, url string) *client { return startCurl(t, readLines, url) }, false},
	{"curl, Server-Sent Events", func(t *testing.T, url string) *client {
		return startCurl(t, readEvents, "--header", "Accept: text/event-stream", url)
	}, false},
	{"EventSource in Chromium", func(t *testing.T, url string) *client { return startBrowser(t, url) }, true},
	{"EventSource with credentials in Chromium", func(t *testing.T, url string) *client { return startBrowser(t, url, "--credentials") }, true},
}

// Every reader of a plain GET receives what its address says, and receives again when it has come back.
func TestEveryReaderOfAGET(t *testing.T) {
	house := openHouse(t, startEmbedded(t, embedded.Config{}).Addrs())
	var atOnce errgroup.Group
	for i, reader := range readers {
		atOnce.Go(func() error {
			t.Run(reader.name, func(t *testing.T) {
				v := &visit{house: house, way: startTunnel(t, house.public), measurement: 200_000_000 + int64(i)}
				url := fmt.Sprintf("http://%s/stream/?msm=%d&stream_type=result", v.way.address, v.measurement)
				subscribed := fmt.Sprintf(`["atlas_subscribed",{"msm":"%d","stream_type":"result"}]`, v.measurement)
				v.way.letUpgrade()
				v.client = reader.start(t, url)
				v.client.expect(t, subscribed)
				v.exchange(t, 10)
				v.exchangeAtOnce(t)
				v.way.cut()
				if reader.comesBack {
					v.awaitDisconnect(t)
				} else {
					v.client.close()
				}
				v.way.mend()
				if reader.comesBack {
					v.client.expect(t, `["connect"]`)
				} else {
					v.client = reader.start(t, url)
				}
				v.client.expect(t, subscribed)
				v.exchange(t, 10)
			})
			return nil
		})
	}
	_ = atOnce.Wait() // the subtests have told what went wrong
}

// A GET that asks for what is not there is answered with the error that other clients hear.
func TestCurlIsToldWhatIsWrong(t *testing.T) {
	house := openHouse(t, startEmbedded(t, embedded.Config{}).Addrs())
	command, kill := childCommand(t, "curl", "--silent", "--show-error", "--write-out", "%{http_code}", "--get",
		"--data-urlencode", "msm=é√😀", "http://"+house.public+"/stream/")
	defer kill()
	answer, err := command.CombinedOutput()
	want := `["atlas_error","[invalid_parameter] msm: got \"é√😀\"`
	if err != nil || !strings.HasPrefix(strings.ReplaceAll(string(answer), `\\"`, `\"`), want) || !bytes.HasSuffix(answer, []byte("\n400")) {
		t.Errorf("got %s, %v\nwant %s…, status 400", answer, err, want)
	}
}

// startCurl starts curl, which reads until it is closed or cut off.
func startCurl(t *testing.T, read func(*bufio.Scanner, func([]byte)), arguments ...string) *client {
	t.Helper()
	command, kill := childCommand(t, "curl", append([]string{"--silent", "--show-error", "--no-buffer"}, arguments...)...)
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints bytes.Buffer
	command.Stderr = &complaints
	if err := command.Start(); err != nil {
		t.Fatalf("%v (make clients installs curl)", err)
	}
	c := &client{heard: make(chan []byte, 1<<16)}
	go func() {
		defer close(c.heard)
		read(bufio.NewScanner(output), func(event []byte) { c.heard <- event })
	}()
	c.close = sync.OnceFunc(func() {
		kill()
		for range c.heard {
		}
		_ = command.Wait() // it was cut off or killed
		if t.Failed() {
			t.Logf("curl complained: %s", complaints.Bytes())
		}
	})
	t.Cleanup(c.close)
	return c
}

// readLines reads lines with an event each. An empty one keeps proxies awake.
func readLines(lines *bufio.Scanner, heard func(event []byte)) {
	for lines.Scan() {
		if len(lines.Bytes()) > 0 {
			heard(bytes.Clone(lines.Bytes()))
		}
	}
}

// readEvents reads Server-Sent Events of one line of data.
func readEvents(lines *bufio.Scanner, heard func(event []byte)) {
	var name string
	for lines.Scan() {
		if event, is := strings.CutPrefix(lines.Text(), "event: "); is {
			name = event
		} else if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
			heard(fmt.Appendf(nil, "[%q,%s]", name, data))
		}
	}
}

// The command `ripe-atlas stream` of ripe.atlas.tools receives ten results in a row.
func TestRipeAtlasTools(t *testing.T) {
	const limit = 10
	house := openHouse(t, startEmbedded(t, embedded.Config{}).Addrs())
	row := realRows(t, "ping")[0]
	result, err := atlas.ParseResult(row)
	if err != nil {
		t.Fatal(err)
	}
	settings := t.TempDir()
	writeFile(t, filepath.Join(settings, "ripe-atlas-tools", "rc"), "ripe-ncc:\n  stream-base-url: http://"+house.public+"\n")
	command, kill := childCommand(t, python("cousteau-2"), "clients/python/tools_stream.py",
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
	posted, err := postUntil(t, house, row, ended)
	if err != nil {
		t.Fatalf("%v: %s", err, output.Bytes())
	}
	var received [][]byte // beside which it says that it connects and disconnects
	for line := range bytes.Lines(output.Bytes()) {
		if line[0] == '{' {
			received = append(received, line)
		}
	}
	if len(received) != limit {
		t.Fatalf("received %d results, want %d: %s", len(received), limit, output.Bytes())
	}
	first := slices.IndexFunc(posted, func(result []byte) bool { return sameResults(received[:1], [][]byte{result}) == nil })
	if err := sameResults(received, posted[max(first, 0):max(first, 0)+limit]); err != nil {
		t.Error(err)
	}
}

// postUntil posts a result, each time with a number whose name is not ASCII, one after the other, until a process has ended.
func postUntil(t *testing.T, h *house, result []byte, ended <-chan error) (posted [][]byte, err error) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case err = <-ended:
			return posted, err
		case <-ticker.C:
			posted = append(posted, append(fmt.Appendf(nil, `{"é√😀":%d,`, len(posted)), result[1:]...))
			h.mustPost(t, posted[len(posted)-1])
		}
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
