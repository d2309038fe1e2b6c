package cluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// module is the folder of the module that names the programs and their version. It is no part of the workspace, whose modules need none of it.
const module = "controlplane"

// programs are those of the control plane, but for etcd, which is installed.
var programs = []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler"}

// build builds the programs and returns the folder that has them. That is in the user's cache, as building takes some ten minutes of two processors, so they
// are built only where that folder lacks the version.
func build(ctx context.Context, parent string) (folder string, err error) {
	source := filepath.Join(parent, module)
	version, err := goCommand(ctx, source, "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder = filepath.Join(cache, "atlas-stream", "kubernetes-"+version)
	for _, program := range programs {
		if err := buildProgram(ctx, source, version, filepath.Join(folder, program)); err != nil {
			return "", err
		}
	}
	return folder, nil
}

func buildProgram(ctx context.Context, source, version, path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	const set = "-X k8s.io/component-base/version."
	stamp := fmt.Sprintf("-s -w %sgitVersion=%s %sgitMajor=%s %sgitMinor=%s", set, version, set, parts[0], set, parts[1])
	unfinished := path + ".unfinished" // an interrupted build leaves nothing that looks whole
	if _, err := goCommand(ctx, source, "build", "-trimpath", "-ldflags", stamp, "-o", unfinished, "k8s.io/kubernetes/cmd/"+filepath.Base(path)); err != nil {
		return err
	}
	return os.Rename(unfinished, path)
}

// goCommand runs a Go command in a module that is no part of the workspace, and returns what it prints.
func goCommand(ctx context.Context, folder string, arguments ...string) (printed string, err error) {
	run := exec.CommandContext(ctx, "go", arguments...)
	run.Dir = folder
	run.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	var faults bytes.Buffer
	run.Stderr = &faults
	output, err := run.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(arguments, " "), err, &faults)
	}
	return strings.TrimSpace(string(output)), nil
}
