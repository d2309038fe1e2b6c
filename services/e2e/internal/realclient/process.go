package realclient

import (
	"bufio"
	"bytes"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
)

// StartNode starts a client from npm and waits until it is connected.
func StartNode(t *testing.T, cluster *testcluster.Cluster, version string, transports ...string) *Client {
	t.Helper()
	c := StartProcess(t, "node", append([]string{"../clients/socketio/client.cjs", version, "http://" + cluster.Public}, transports...)...)
	c.Expect(t, `["connect"]`)
	return c
}

// StartBrowser starts a client in a page of Chromium and waits until it is connected.
func StartBrowser(t *testing.T, arguments ...string) *Client {
	t.Helper()
	c := StartProcess(t, "node", append([]string{"../clients/browser/client.cjs"}, arguments...)...)
	c.Expect(t, `["connect"]`)
	return c
}

// StartPython starts a client from PyPI and waits until it is connected. The environment is named after its list of packages in clients/python.
func StartPython(t *testing.T, environment, script string, arguments ...string) *Client {
	t.Helper()
	c := StartProcess(t, Python(environment), append([]string{"../clients/python/" + script}, arguments...)...)
	c.Expect(t, `["connect"]`)
	return c
}

// Python is the interpreter of an environment.
func Python(environment string) string {
	return filepath.Join("../../../.cache/clients", environment, "bin/python")
}

// StartProcess starts a program that reads and writes as clients/socketio/client.cjs does. It is stopped when the test ends.
func StartProcess(t *testing.T, name string, arguments ...string) *Client {
	t.Helper()
	command, kill := testcluster.ChildCommand(t, name, arguments...)
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	command.Stderr = &stderr
	if err := command.Start(); err != nil {
		t.Fatalf("%v (make clients installs the clients)", err)
	}
	c := &Client{Received: make(chan []byte, 1<<16)}
	go c.readFrom(bufio.NewReader(output))
	c.Emit = func(event string, arguments ...any) {
		_, _ = fmt.Fprintf(input, "%s\n", sample.JSON(append([]any{event}, arguments...)))
	}
	c.Close = sync.OnceFunc(func() {
		_ = input.Close()
		defer time.AfterFunc(await.Patience, kill).Stop()
		for range c.Received { // until the process closes its output
		}
		if err := command.Wait(); err != nil {
			t.Errorf("%v: %v", command.Args, err)
		}
		if t.Failed() {
			const last = 4000 // bytes: some write the same again and again
			t.Logf("%v wrote to stderr:\n%s", command.Args, stderr.Bytes()[max(0, stderr.Len()-last):])
		}
	})
	t.Cleanup(c.Close)
	return c
}

func (c *Client) readFrom(lines *bufio.Reader) {
	defer close(c.Received)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		c.Received <- line[:len(line)-1]
	}
}
