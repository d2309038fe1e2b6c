package readme

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"atlasstream/services/collector"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/standalone/stack"
)

// The commands for the read API in the gateway's README work.
func TestReadAPIOfTheREADME(t *testing.T) {
	readme, err := os.ReadFile("../../gateway/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Read API\n")
	section, _, _ = strings.Cut(section, "\n## ")
	cluster, _ := testcluster.StartStandalone(t, stack.Config{Simulate: true, SimulatedNetwork: collector.SimulatedNetwork{Rate: 1, Seed: 1}, Past: time.Minute})
	await.Condition(t, "the read API answers", func() bool {
		var answer struct{}
		return cluster.GetJSON(t, "/api/outages", &answer) && cluster.GetJSON(t, "/api/connections", &answer) && cluster.GetJSON(t, "/api/measurements/1001", &answer)
	})
	asked := map[string]bool{}
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "curl ") {
			continue
		}
		command := strings.Replace(strings.TrimSpace(line), "http://localhost:8080", "http://"+cluster.Public, 1)
		follows := strings.Contains(command, "text/event-stream")
		if follows { // the answer does not end
			command += " --max-time 5"
		}
		answer, err := exec.CommandContext(t.Context(), "bash", "-euc", command).Output()
		want := "^{"
		if follows {
			want = "^retry: [0-9]+\n\nevent: outages\ndata: {"
		}
		const timeout = 28 // of curl
		if exit, is := errors.AsType[*exec.ExitError](err); follows && is && exit.ExitCode() == timeout {
			err = nil
		}
		if got := string(answer); err != nil || !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s\ngot %.200s, %v", command, got, err)
		}
		_, path, _ := strings.Cut(line, "/api/")
		asked[path[:strings.IndexAny(path, "?'/")]] = true
	}
	for _, path := range []string{"gateway", "measurements", "volume", "probes", "connections", "outages"} {
		if !asked[path] {
			t.Errorf("the README has no command for /api/%s", path)
		}
	}
}
