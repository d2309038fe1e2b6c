//go:build compose

package compose

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/testcluster"
)

const (
	project = "atlas-compose-test"
	// patience is long, as a JVM takes a minute to start on a loaded machine.
	patience = 8 * time.Minute
)

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for began := time.Now(); !holds(); time.Sleep(200 * time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

// stack is what docker-compose.yml starts with a profile.
type stack struct {
	*docker
	profile string
	cluster *testcluster.Cluster
}

// up brings the services up on free ports, and takes them down, with their data, when the test ends.
func (d *docker) up(t *testing.T, profile string) *stack {
	t.Helper()
	ports := testcluster.FreeAddresses(t, 4)
	own := *d
	for i, variable := range []string{"GATEWAY_PORT", "COLLECTOR_PORT", "COLLECTOR_GRPC_PORT", "KAFKA_PORT"} {
		_, port, _ := strings.Cut(ports[i], ":")
		own.environment = append(own.environment, variable+"="+port)
	}
	s := &stack{docker: &own, profile: profile, cluster: &testcluster.Cluster{Public: ports[0], Ingest: ports[1]}}
	t.Cleanup(func() { s.compose(t, "down", "--volumes", "--timeout", "5") })
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.compose(t, "ps"), "\n", s.compose(t, "logs", "--no-color", "--tail", "30"))
		}
	})
	s.compose(t, "up", "--detach")
	return s
}

func (s *stack) compose(t *testing.T, arguments ...string) string {
	t.Helper()
	return s.run(t, "docker-compose", append([]string{"--file", root + "/docker-compose.yml", "--project-name", project, "--profile", s.profile}, arguments...)...)
}

// containers are those of services whose names begin with a word, by what docker prints of each.
func (s *stack) containers(t *testing.T, prefix, format string) (all []string) {
	t.Helper()
	listed := s.run(t, "docker", "ps", "--all", "--filter", "label=com.docker.compose.project="+project, "--format", `{{.Label "com.docker.compose.service"}} `+format)
	for line := range strings.Lines(listed) {
		if service, value, _ := strings.Cut(strings.TrimSpace(line), " "); strings.HasPrefix(service, prefix) {
			all = append(all, value)
		}
	}
	return all
}

// awaitHealthy waits until everything that has a health check is healthy.
func (s *stack) awaitHealthy(t *testing.T) (took time.Duration) {
	t.Helper()
	began := time.Now()
	eventually(t, "all services are healthy", func() bool {
		for _, status := range s.containers(t, "", "{{.Status}}") {
			if strings.Contains(status, "(") && !strings.Contains(status, "(healthy)") && !strings.HasPrefix(status, "Exited (0)") {
				return false
			}
		}
		return true
	})
	return time.Since(began)
}

// killOne kills the process of the first container of a service, as a crash does: a container that is killed by `docker kill` counts as stopped by hand.
func (s *stack) killOne(t *testing.T, service string) (container string) {
	t.Helper()
	container = s.containers(t, service, "{{.ID}}")[0]
	pid, err := strconv.Atoi(s.run(t, "docker", "inspect", "--format", "{{.State.Pid}}", container))
	if err != nil || pid <= 1 {
		t.Fatalf("the process of %s is %d: %v", container, pid, err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	return container
}

// keyFiles are those that devkeys has made, in all volumes.
func (s *stack) keyFiles(t *testing.T) (all []string) {
	t.Helper()
	volumes := strings.Fields(s.run(t, "docker", "volume", "ls", "--quiet", "--filter", "name="+project+"_keys-"))
	for _, volume := range volumes {
		folder := s.run(t, "docker", "volume", "inspect", "--format", "{{.Mountpoint}}", volume)
		files, err := filepath.Glob(folder + "/*")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no keys: %v", folder, err)
		}
		all = append(all, files...)
	}
	if len(volumes) != 4 {
		t.Fatalf("keys are in the volumes %v, want 4", volumes)
	}
	return all
}

// secrets are those that devkeys has made.
func (s *stack) secrets(t *testing.T) (all [][]byte) {
	t.Helper()
	for _, file := range s.keyFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		private, _, _ := bytes.Cut(text, []byte("-----BEGIN CERTIFICATE"))
		for line := range bytes.Lines(private) {
			if line = bytes.TrimSpace(line); len(line) > 0 && !bytes.HasPrefix(line, []byte("-----")) {
				all = append(all, line)
			}
		}
	}
	return all
}

// expectNoSecrets looks for the secrets in the images, their history, what Docker tells of the containers, and their logs.
func (s *stack) expectNoSecrets(t *testing.T, r *report) {
	t.Helper()
	secrets, searched := s.secrets(t), 0
	search := func(where string, text []byte) {
		searched += len(text)
		for _, secret := range secrets {
			if bytes.Contains(text, secret) {
				t.Errorf("%s has a secret, which begins with %.16s", where, secret)
			}
		}
	}
	for _, image := range images {
		search("the history of "+image, []byte(s.run(t, "docker", "history", "--no-trunc", image)))
		for file, content := range s.filesOf(t, image) {
			search(image+" "+file, content)
		}
	}
	for _, container := range s.containers(t, "", "{{.ID}}") {
		search("docker inspect of "+container, []byte(s.run(t, "docker", "inspect", container)))
		search("the log of "+container, []byte(s.run(t, "docker", "logs", container)))
	}
	r.add("  secrets", "%d, in none of %s of images, history, settings and logs", len(secrets), fmt.Sprintf("%.0f MB", float64(searched)/1e6))
}
