package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// program is a service as it is run: a process of its own, built without what tests add.
type program struct {
	path        string
	descriptors int // that it may have open; as many as the tests unless given
}

func buildGateway(t *testing.T) program {
	t.Helper()
	return buildProgram(t, "../gateway/cmd/gateway")
}

func buildProgram(t *testing.T, source string) program {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.Base(source))
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, source)
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, output)
	}
	return program{path: path}
}

// process is a running service.
type process struct {
	*house
	command *exec.Cmd
	killed  bool
}

// start starts a gateway on free ports and waits until it is ready. It is stopped when the test ends, and must stop in order unless it was killed.
func (p program) start(t *testing.T, kafka []string, arguments ...string) *process {
	t.Helper()
	free := freeAddresses(t, 2)
	h := &house{public: free[0], kafka: kafka[0], admins: free[1:]}
	arguments = append([]string{"--kafka", kafka[0], "--listen", h.public, "--admin", h.admins[0], "--log-level", "warn"}, arguments...)
	return p.run(t, h, arguments...)
}

// run starts a program whose addresses are known, and is start otherwise.
func (p program) run(t *testing.T, h *house, arguments ...string) *process {
	t.Helper()
	command, kill := p.command(t, arguments)
	var complaints bytes.Buffer
	command.Stdout, command.Stderr = &complaints, &complaints
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	started := &process{house: h, command: command}
	t.Cleanup(func() {
		defer time.AfterFunc(patience, kill).Stop()
		if err := started.stop(); err != nil {
			t.Errorf("%v: %v", command.Args, err)
		}
		if t.Failed() {
			t.Logf("%v said:\n%s", command.Args, complaints.Bytes())
		}
	})
	h.awaitReady(t)
	return started
}

func (p program) command(t *testing.T, arguments []string) (command *exec.Cmd, kill context.CancelFunc) {
	t.Helper()
	if p.descriptors == 0 {
		return childCommand(t, p.path, arguments...)
	}
	limited := fmt.Sprintf(`ulimit -n %d && exec "$0" "$@"`, p.descriptors)
	return childCommand(t, "sh", append([]string{"-c", limited, p.path}, arguments...)...)
}

func (p *process) stop() error {
	if p.killed {
		return nil
	}
	_ = p.command.Process.Signal(syscall.SIGTERM)
	return p.command.Wait()
}

// kill ends the process as a power cut does.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.command.Wait() // it says that it was killed
	p.killed = true
}

// memory is what the heap and the stacks of the process take when what is not needed any more is gone.
func (p *process) memory(t *testing.T) int64 {
	t.Helper()
	for range 2 { // what pools kept over the first collection
		response, err := http.Get("http://" + p.admins[0] + "/debug/pprof/heap?gc=1")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
	return int64(p.metric(t, "go_memstats_heap_inuse_bytes") + p.metric(t, "go_memstats_stack_inuse_bytes"))
}
