package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// The commands of the gateway's README that ask its read API work as they stand there.
func TestReadAPIOfTheREADME(t *testing.T) {
	readme, err := os.ReadFile("../gateway/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Read API\n")
	section, _, _ = strings.Cut(section, "\n## ")
	h, _ := startStandalone(t, settings{Simulate: true, Rate: 1, Seed: 1, Past: time.Minute})
	eventually(t, "the read API knows everything", func() bool {
		var any struct{}
		return h.getJSON(t, "/api/outages", &any) && h.getJSON(t, "/api/connections", &any) && h.getJSON(t, "/api/measurements/1001", &any)
	})
	asked := map[string]bool{}
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "curl ") {
			continue
		}
		command := strings.Replace(strings.TrimSpace(line), "http://localhost:8080", "http://"+h.public, 1)
		follows := strings.Contains(command, "text/event-stream")
		if follows { // it does not end by itself
			command += " --max-time 1"
		}
		answer, err := exec.CommandContext(t.Context(), "bash", "-euc", command).Output()
		const timeout = 28 // of curl
		if exit, is := errors.AsType[*exec.ExitError](err); err != nil && !(follows && is && exit.ExitCode() == timeout) {
			t.Errorf("%s\n%v", command, err)
		}
		if got := string(answer); !strings.HasPrefix(got, "{") && !(follows && strings.Contains(got, "event: outages\ndata: {")) {
			t.Errorf("%s\ngot %.200s", command, got)
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
