//go:build compose

package compose

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/await"
)

// root is that of the repository; cache keeps the stand-ins and Docker's own data, as they take long to make.
const (
	root  = "../../.."
	cache = root + "/.cache/compose"
)

// docker is a daemon that this test has started, and the environment of its clients.
type docker struct {
	environment []string
	folder      string // of the clients that fit the daemon
}

// startDocker starts a daemon. When the test ends, it is stopped, and the machine's network is as it was.
func startDocker(t *testing.T) *docker {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("a Docker daemon takes root")
	}
	program, err := exec.LookPath("dockerd")
	if err != nil {
		t.Fatal(err)
	}
	data, err := filepath.Abs(filepath.Join(cache, "docker"))
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.MkdirTemp("", "docker-") // a socket's path may have 108 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(own) })
	keepNetwork(t)
	socket := "unix://" + own + "/socket"
	daemon := exec.CommandContext(context.Background(), program, "--data-root", data, "--exec-root", own+"/exec", "--pidfile", own+"/pid", "--host", socket, "--containerd", "")
	var log bytes.Buffer
	daemon.Stdout, daemon.Stderr = &log, &log
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Signal(syscall.SIGTERM)
		if err := daemon.Wait(); err != nil || t.Failed() {
			t.Logf("dockerd: %v: the end of its log:\n%s", err, log.Bytes()[max(0, log.Len()-4000):])
		}
	})
	d := &docker{folder: clientsOf(t, program)}
	d.environment = append(os.Environ(), "DOCKER_HOST="+socket, "DOCKER_BUILDKIT=1", "COMPOSE_DOCKER_CLI_BUILD=1", "PATH="+d.folder+":"+os.Getenv("PATH"))
	await.Condition(t, "dockerd answers", func() bool { return d.command(t.Context(), "docker", "version").Run() == nil })
	return d
}

// clientsOf is the folder on the path with the client of the daemon's version: a newer one may be before it, without what builds images.
func clientsOf(t *testing.T, daemon string) string {
	t.Helper()
	version := func(program string) string {
		told, _ := exec.CommandContext(t.Context(), program, "--version").Output() // nothing where there is no such program
		number, _, _ := strings.Cut(string(told), ",")
		return number
	}
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		if version(filepath.Join(folder, "docker")) == version(daemon) {
			return folder
		}
	}
	t.Fatalf("no docker on the path has the version of dockerd, %s", version(daemon))
	return ""
}

func (d *docker) command(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, name, arguments...)
	if name == "docker" {
		command.Path = filepath.Join(d.folder, name)
	}
	command.Env = d.environment
	command.WaitDelay = time.Minute
	return command
}

// run runs a client and returns what it prints.
func (d *docker) run(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	command := d.command(context.Background(), name, arguments...) // for cleaning up, too
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, arguments, err, output[max(0, len(output)-4000):])
	}
	return strings.TrimSpace(string(output))
}

// keepNetwork puts back the firewall, forwarding and interfaces when the test ends: Docker changes all of them and leaves them.
func keepNetwork(t *testing.T) {
	t.Helper()
	const forwarding = "/proc/sys/net/ipv4/ip_forward"
	forwards, err := os.ReadFile(forwarding)
	if err != nil {
		t.Fatal(err)
	}
	var rules []byte
	for _, table := range []string{"filter", "nat"} {
		saved, err := exec.CommandContext(t.Context(), "iptables-save", "--table", table).Output()
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, saved...)
	}
	before := interfaces(t)
	t.Cleanup(func() {
		restore := exec.CommandContext(context.Background(), "iptables-restore")
		restore.Stdin = bytes.NewReader(rules)
		if output, err := restore.CombinedOutput(); err != nil {
			t.Errorf("iptables-restore: %v: %s", err, output)
		}
		if err := os.WriteFile(forwarding, forwards, 0); err != nil {
			t.Error(err)
		}
		for _, name := range interfaces(t) {
			if !slices.Contains(before, name) {
				if output, err := exec.CommandContext(context.Background(), "ip", "link", "delete", name).CombinedOutput(); err != nil {
					t.Errorf("%s: %v: %s", name, err, output)
				}
			}
		}
	})
}

func interfaces(t *testing.T) (names []string) {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		names = append(names, one.Name)
	}
	return names
}

// report is a table of what was checked.
type report struct{ lines []string }

func (r *report) add(what, format string, values ...any) {
	r.lines = append(r.lines, fmt.Sprintf("%-52s %s", what, fmt.Sprintf(format, values...)))
}

func (r *report) print(t *testing.T) { t.Logf("\n%s", strings.Join(r.lines, "\n")) }
