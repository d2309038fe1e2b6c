package cluster

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// stopTime is how long a program may take to end before it is killed.
const stopTime = 10 * time.Second

// start runs a program until the test ends. What it prints is logged if the test has failed by then.
func start(t testing.TB, folder, program string, arguments ...string) {
	t.Helper()
	name := filepath.Join(folder, filepath.Base(program)+".log")
	output, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	run := exec.CommandContext(ctx, program, arguments...)
	run.Dir, run.Stdout, run.Stderr = folder, output, output
	run.Cancel = func() error { return run.Process.Signal(syscall.SIGTERM) }
	run.WaitDelay = stopTime
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = run.Wait() // it was told to end
		_ = output.Close()
		if t.Failed() {
			logEnd(t, name)
		}
	})
}

// logEnd logs the last lines of a file.
func logEnd(t testing.TB, name string) {
	t.Helper()
	const most = 4 << 10
	text, err := os.ReadFile(name)
	if err != nil {
		t.Log(err)
		return
	}
	t.Logf("%s ends with\n%s", filepath.Base(name), text[max(0, len(text)-most):])
}

// freePorts finds ports of the loopback address that nobody listens at.
func freePorts(t testing.TB, count int) (ports []string) {
	t.Helper()
	for range count {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = listener.Close() }() // all are held until the last one is found
		ports = append(ports, strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	}
	return ports
}

// await calls check until it returns no error.
func await(ctx context.Context, what string, check func(context.Context) error) error {
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w, last: %w", what, ctx.Err(), err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
