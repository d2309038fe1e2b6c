package docs

import (
	"regexp"
	"strings"
	"testing"
)

var selected = regexp.MustCompile(`go test .*-(run|bench) (\w[\w/]*)\$? .*\./([\w/]+)`)

// Commands that select tests or benchmarks select some.
func TestCommandsOfContributingSelectTests(t *testing.T) {
	found := 0
	for _, line := range readDocument(t, "docs/CONTRIBUTING.md").lines {
		for _, match := range selected.FindAllStringSubmatch(line, -1) {
			found++
			if !hasFunction(t, match[3], match[2], match[1] == "bench") {
				t.Errorf("docs/CONTRIBUTING.md: %s selects nothing", line)
			}
		}
	}
	if found == 0 {
		t.Error("docs/CONTRIBUTING.md selects no tests")
	}
}

func hasFunction(t *testing.T, folder, part string, isBenchmark bool) bool {
	t.Helper()
	prefix := "Test"
	if isBenchmark {
		prefix = "Benchmark"
	}
	for _, file := range parseFolder(t, folder, true) {
		for _, declaration := range file.Decls {
			if name := nameOf(declaration); strings.HasPrefix(name, prefix) && strings.Contains(name, part) {
				return true
			}
		}
	}
	return false
}
