package testcluster

import (
	"context"
	"os/exec"
	"syscall"
	"testing"

	"atlasstream/services/e2e/internal/await"
)

// ChildCommand returns a command in a process group of its own. The whole group is killed by kill, when the test ends, and when the test lasts too long.
func ChildCommand(t *testing.T, name string, arguments ...string) (command *exec.Cmd, kill context.CancelFunc) {
	t.Helper()
	ctx, kill := context.WithTimeout(context.Background(), 5*await.Patience)
	t.Cleanup(kill)
	command = exec.CommandContext(ctx, name, arguments...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	return command, kill
}
