package testcluster

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/await"
)

// Program is a service as users run it: built without what tests add, started in a process of its own.
type Program struct {
	Path        string
	Descriptors int // limit of open descriptors; that of the tests if 0
}

// BuildGateway builds the gateway.
func BuildGateway(t *testing.T) Program {
	t.Helper()
	return build(t, "../../gateway/cmd/gateway")
}

// BuildCollector builds the collector.
func BuildCollector(t *testing.T) Program {
	t.Helper()
	return build(t, "../../collector/cmd/collector")
}

func build(t *testing.T, source string) Program {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.Base(source))
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, source)
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, output)
	}
	return Program{Path: path}
}

// StartGateway starts a gateway on free ports and waits until it is ready. It is stopped when the test ends, at once unless the arguments say something else,
// and must stop in order unless it was killed.
func (p Program) StartGateway(t *testing.T, kafka []string, arguments ...string) *Process {
	t.Helper()
	free := FreeAddresses(t, 2)
	cluster := &Cluster{Public: free[0], Kafka: kafka[0], Admins: free[1:]}
	arguments = append([]string{"--kafka", kafka[0], "--listen", cluster.Public, "--admin", cluster.Admins[0], "--log-level", "warn",
		"--drain-delay", "0s", "--drain", "0s"}, arguments...)
	return p.start(t, cluster, arguments...)
}

// StartCollector is StartGateway for a collector.
func (p Program) StartCollector(t *testing.T, kafka []string, arguments ...string) *Process {
	t.Helper()
	free := FreeAddresses(t, 3)
	cluster := &Cluster{Ingest: free[0], Kafka: kafka[0], Admins: free[2:]}
	return p.start(t, cluster, append([]string{"serve", "--kafka", kafka[0], "--partitions", strconv.Itoa(Partitions),
		"--listen", cluster.Ingest, "--grpc", free[1], "--admin", cluster.Admins[0], "--log-level", "warn", "--drain-delay", "0s"}, arguments...)...)
}

func (p Program) start(t *testing.T, cluster *Cluster, arguments ...string) *Process {
	t.Helper()
	command, kill := p.command(t, arguments)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	started := &Process{Cluster: cluster, Command: command}
	t.Cleanup(func() {
		defer time.AfterFunc(await.Patience, kill).Stop()
		if err := started.stop(); err != nil {
			t.Errorf("%v: %v", command.Args, err)
		}
		if t.Failed() {
			t.Logf("%v printed:\n%s", command.Args, output.Bytes())
		}
	})
	cluster.AwaitReady(t)
	return started
}

func (p Program) command(t *testing.T, arguments []string) (command *exec.Cmd, kill context.CancelFunc) {
	t.Helper()
	if p.Descriptors == 0 {
		return ChildCommand(t, p.Path, arguments...)
	}
	limited := fmt.Sprintf(`ulimit -n %d && exec "$0" "$@"`, p.Descriptors)
	return ChildCommand(t, "sh", append([]string{"-c", limited, p.Path}, arguments...)...)
}

// Process is a running service.
type Process struct {
	*Cluster
	Command *exec.Cmd
	killed  bool
}

func (p *Process) stop() error {
	if p.killed {
		return nil
	}
	_ = p.Command.Process.Signal(syscall.SIGTERM)
	return p.Command.Wait()
}

// Kill ends the process without a chance to clean up.
func (p *Process) Kill(t *testing.T) {
	t.Helper()
	if err := p.Command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Command.Wait() // returns that it was killed
	p.killed = true
}

// Memory returns how many bytes heap and stacks of the process use after garbage collections.
func (p *Process) Memory(t *testing.T) int64 {
	t.Helper()
	for range 2 { // sync.Pools keep their content over the first collection
		if !AnswersOK(p.Admins[0], "/debug/pprof/heap?gc=1") {
			t.Fatal("the admin port has no heap profile")
		}
	}
	return int64(p.Metric(t, "go_memstats_heap_inuse_bytes") + p.Metric(t, "go_memstats_stack_inuse_bytes"))
}

// Lifetime is how long a child process lives at most. Packages whose tests take longer set it before they run.
var Lifetime = 5 * await.Patience

// ChildCommand returns a command in a process group of its own. The whole group is killed by kill, when the test ends, and when the test lasts too long.
func ChildCommand(t *testing.T, name string, arguments ...string) (command *exec.Cmd, kill context.CancelFunc) {
	t.Helper()
	ctx, kill := context.WithTimeout(context.Background(), Lifetime)
	t.Cleanup(kill)
	command = exec.CommandContext(ctx, name, arguments...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	return command, kill
}
