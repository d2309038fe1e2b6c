package service_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"atlasstream/pkg/service"
)

// seenLimits is what a process finds of the limits of its container.
type seenLimits struct{ Memory, Processors int }

type seeLimits struct{}

// Run ends the process, so that nothing but the limits is printed.
func (seeLimits) Run(context.Context) error {
	if err := json.NewEncoder(os.Stdout).Encode(seenLimits{Memory: service.MemoryLimit(), Processors: runtime.GOMAXPROCS(0)}); err != nil {
		return err
	}
	os.Exit(0)
	return nil
}

// TestSeeLimits is the program in the containers of TestLimitsFollowTheContainer.
func TestSeeLimits(_ *testing.T) {
	if os.Getenv("SEE_LIMITS") != "" {
		os.Args = os.Args[:1]
		service.Main("limits", "Prints limits.", &seeLimits{})
	}
}

// Memory and processors follow the container, and the variables win. The Go runtime takes two processors at least, so that a limit of them shows on larger
// machines only.
func TestLimitsFollowTheContainer(t *testing.T) {
	for name, container := range containers(t) {
		t.Run(name, func(t *testing.T) {
			if got := container.see(t); got != container.limits {
				t.Errorf("got %+v, want %+v", got, container.limits)
			}
			want := seenLimits{Memory: 100 << 20, Processors: 3}
			if got := container.see(t, "GOMEMLIMIT=100MiB", "GOMAXPROCS=3"); got != want {
				t.Errorf("by variables: got %+v, want %+v", got, want)
			}
		})
	}
}

// container is cgroups, and the limits that a program finds in them.
type container struct {
	groups []string
	limits seenLimits
}

// containers are that of the test and, with the right to make one, another that has limits.
func containers(t *testing.T) map[string]container {
	t.Helper()
	own := container{limits: seenLimits{Processors: runtime.GOMAXPROCS(0)}}
	if limit, err := memlimit.FromCgroup(); err == nil {
		own.limits.Memory = int(limit / 10 * 9)
	}
	const limit = 512 << 20
	limited := container{limits: seenLimits{Memory: limit * 9 / 10, Processors: min(2, runtime.NumCPU())}}
	found := map[string]container{"that of the test": own}
	if limited.make(t, limit) {
		found["one with limits"] = limited
	}
	return found
}

// make makes cgroups, of version 1 or 2, with a limit of memory and that of one processor. It returns false where it may not.
func (c *container) make(t *testing.T, memory int) bool {
	t.Helper()
	limit := strconv.Itoa(memory)
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		return c.makeGroup(t, "/sys/fs/cgroup", map[string]string{"memory.max": limit, "cpu.max": "100000 100000"})
	}
	return c.makeGroup(t, "/sys/fs/cgroup/memory", map[string]string{"memory.limit_in_bytes": limit}) &&
		c.makeGroup(t, "/sys/fs/cgroup/cpu", map[string]string{"cpu.cfs_quota_us": "100000", "cpu.cfs_period_us": "100000"})
}

func (c *container) makeGroup(t *testing.T, parent string, settings map[string]string) bool {
	t.Helper()
	group := filepath.Join(parent, fmt.Sprintf("atlas-test-%d", os.Getpid()))
	if err := os.Mkdir(group, 0o700); err != nil {
		t.Logf("one with limits takes the right to make cgroups: %v", err)
		return false
	}
	t.Cleanup(func() {
		if err := os.Remove(group); err != nil {
			t.Error(err)
		}
	})
	for name, value := range settings {
		if err := os.WriteFile(filepath.Join(group, name), []byte(value), 0); err != nil {
			t.Logf("one with limits takes the right to limit cgroups: %v", err)
			return false
		}
	}
	c.groups = append(c.groups, group)
	return true
}

// see runs TestSeeLimits in the container.
func (c *container) see(t *testing.T, environment ...string) (seen seenLimits) {
	t.Helper()
	script := `exec "$0" -test.run '^TestSeeLimits$'`
	for _, group := range c.groups {
		script = fmt.Sprintf("echo $$ > %s/cgroup.procs && ", group) + script
	}
	program := exec.CommandContext(t.Context(), "sh", "-c", script, os.Args[0])
	program.Env = append(withoutLimits(os.Environ()), "SEE_LIMITS=1")
	program.Env = append(program.Env, environment...)
	output, err := program.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	if err := json.Unmarshal(output, &seen); err != nil {
		t.Fatalf("%s: %v", output, err)
	}
	return seen
}

// withoutLimits leaves out the variables that win over the container.
func withoutLimits(environment []string) (left []string) {
	for _, variable := range environment {
		if !strings.HasPrefix(variable, "GOMEMLIMIT=") && !strings.HasPrefix(variable, "GOMAXPROCS=") {
			left = append(left, variable)
		}
	}
	return left
}
