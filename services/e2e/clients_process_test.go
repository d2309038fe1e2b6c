package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startNode starts a client from npm and waits until it is connected.
func startNode(t *testing.T, h *house, version string, transports ...string) *client {
	t.Helper()
	c := startProcess(t, "node", append([]string{"clients/socketio/client.cjs", version, "http://" + h.public}, transports...)...)
	c.expect(t, `["connect"]`)
	return c
}

// startBrowser starts a client in a page of Chromium and waits until it is connected.
func startBrowser(t *testing.T, arguments ...string) *client {
	t.Helper()
	c := startProcess(t, "node", append([]string{"clients/browser/client.cjs"}, arguments...)...)
	c.expect(t, `["connect"]`)
	return c
}

// startPython starts a client from PyPI and waits until it is connected. It runs in the environment that has the packages of a file in clients/python.
func startPython(t *testing.T, environment, script string, arguments ...string) *client {
	t.Helper()
	c := startProcess(t, python(environment), append([]string{"clients/python/" + script}, arguments...)...)
	c.expect(t, `["connect"]`)
	return c
}

func python(environment string) string {
	return filepath.Join("../../.cache/clients", environment, "bin/python")
}

// startProcess starts a client in a process of its own, which speaks as clients/socketio/client.cjs does. It is stopped when the test ends.
func startProcess(t *testing.T, name string, arguments ...string) *client {
	t.Helper()
	command, kill := childCommand(t, name, arguments...)
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints bytes.Buffer
	command.Stderr = &complaints
	if err := command.Start(); err != nil {
		t.Fatalf("%v (make clients installs the clients)", err)
	}
	c := &client{heard: make(chan []byte, 1<<16)}
	go c.listen(bufio.NewReader(output))
	c.emit = func(event string, arguments ...any) {
		_, _ = fmt.Fprintf(input, "%s\n", mustJSON(append([]any{event}, arguments...)))
	}
	c.close = sync.OnceFunc(func() {
		_ = input.Close()
		defer time.AfterFunc(patience, kill).Stop()
		for range c.heard { // until the process closes its output
		}
		if err := command.Wait(); err != nil {
			t.Errorf("%v: %v", command.Args, err)
		}
		if t.Failed() {
			const last = 4000 // bytes: some complain for as long as they last
			t.Logf("%v complained:\n%s", command.Args, complaints.Bytes()[max(0, complaints.Len()-last):])
		}
	})
	t.Cleanup(c.close)
	return c
}

// childCommand makes a command that is killed, with all the processes that it has started, by kill and when the test has lasted too long.
func childCommand(t *testing.T, name string, arguments ...string) (command *exec.Cmd, kill context.CancelFunc) {
	t.Helper()
	ctx, kill := context.WithTimeout(context.Background(), 5*patience)
	t.Cleanup(kill)
	command = exec.CommandContext(ctx, name, arguments...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	return command, kill
}

func (c *client) listen(lines *bufio.Reader) {
	defer close(c.heard)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		c.heard <- line[:len(line)-1]
	}
}
