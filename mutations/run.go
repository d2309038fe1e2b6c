package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// runner builds and runs the tests that must notice mutations.
type runner struct {
	work string // a folder of its own
	tree tree
}

// unbroken demands that these tests pass without a mutation.
func (r runner) unbroken(ctx context.Context, mutations []mutation) error {
	tests := map[string][]string{} // by the folder of their package
	for _, mutation := range mutations {
		for _, notice := range r.tree.notices[mutation.name] {
			tests[notice.folder] = append(tests[notice.folder], notice.pattern())
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(tests)) {
		fmt.Println("==", folder, "as it is")
		if output, err := r.build(ctx, folder, ""); err != nil {
			return fmt.Errorf("%s does not compile: %s", folder, output)
		}
		for _, pattern := range slices.Compact(slices.Sorted(slices.Values(tests[folder]))) {
			if output, err := r.run(ctx, folder, pattern); err != nil {
				return fmt.Errorf("%s fails without a mutation: %s", pattern, output)
			}
		}
	}
	return nil
}

// try applies a mutation. It returns the outcome, and whether every test that must notice the mutation failed.
func (r runner) try(ctx context.Context, m mutation) (outcome string, noticed bool) {
	locations, notices := r.tree.locations[m.name], r.tree.notices[m.name]
	if len(locations) != 1 || len(notices) == 0 {
		return fmt.Sprintf("HAS %d LOCATIONS AND %d TESTS, want 1 and more than 0", len(locations), len(notices)), false
	}
	overlay, err := r.overlay(m, locations[0])
	if err != nil {
		return "DOES NOT APPLY: " + err.Error(), false
	}
	for _, notice := range notices {
		if output, err := r.build(ctx, notice.folder, overlay); err != nil {
			return "DOES NOT COMPILE: " + output, false
		}
		output, err := r.run(ctx, notice.folder, notice.pattern())
		if err == nil {
			return "SURVIVED " + notice.test, false
		}
		if outcome = failedTest(output); outcome == "" {
			return "DOES NOT RUN: " + err.Error() + ": " + output, false
		}
	}
	return outcome, true
}

// overlay writes the file that the go command uses instead of the location's file.
func (r runner) overlay(m mutation, location location) (file string, err error) {
	mutated, err := m.apply(location)
	if err != nil {
		return "", err
	}
	original, err := filepath.Abs(location.file.path)
	if err != nil {
		return "", err
	}
	source, file := filepath.Join(r.work, "mutated.go"), filepath.Join(r.work, "overlay.json")
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {original: source}})
	return file, errors.Join(err, os.WriteFile(source, mutated, 0o600), os.WriteFile(file, overlay, 0o600))
}

func (r runner) build(ctx context.Context, folder, overlay string) (output string, err error) {
	return command(ctx, ".", "go", "test", "-trimpath", "-vet=off", "-overlay="+overlay, "-c", "-o", filepath.Join(r.work, "tests"), "./"+folder)
}

func (r runner) run(ctx context.Context, folder, pattern string) (output string, err error) {
	return command(ctx, folder, filepath.Join(r.work, "tests"), "-test.run", pattern, "-test.failfast", "-test.timeout", "60s")
}

func (n notice) pattern() string { return "^" + n.test + "$" + n.subtests }

func command(ctx context.Context, folder, name string, arguments ...string) (output string, err error) {
	started := exec.CommandContext(ctx, name, arguments...) //nolint:gosec // the go command and what it has built
	started.Dir = folder
	printed, err := started.CombinedOutput()
	return string(printed), err
}

// These match what the testing package prints.
var (
	failure  = regexp.MustCompile(`(?m)^ *--- FAIL: (\S+)`)
	timedOut = regexp.MustCompile(`(?m)^panic: test timed out.*\n.*\n\s*(\S+)`)
	crash    = regexp.MustCompile(`(?m)^(?:panic|fatal error|goleak).*$`)
)

// failedTest returns the name of the innermost test that failed.
func failedTest(output string) string {
	if failed := failure.FindAllStringSubmatch(output, -1); len(failed) > 0 {
		return failed[len(failed)-1][1]
	}
	if match := timedOut.FindStringSubmatch(output); match != nil {
		return match[1] + ", which does not end"
	}
	return strings.TrimSpace(crash.FindString(output))
}
