package docs

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every invariant names tests that exist, and of each of its mutations a test that must notice it.
func TestInvariantsAreHeldByTests(t *testing.T) {
	tests := map[string][]string{} // the mutations that each must notice
	for _, folder := range goFolders(t) {
		for _, file := range parseFolder(t, folder, true) {
			addTests(tests, file)
		}
	}
	for _, row := range readDocument(t, "docs/invariants.md").allRows() {
		if len(row) != 3 {
			t.Fatalf("the row of %q has %d cells, want 3", row[0], len(row))
		}
		held := quoted(row[1])
		if len(held) == 0 {
			t.Errorf("%q is held by no test", row[0])
		}
		var noticed []string
		for _, name := range held {
			mutations, is := tests[name]
			if !is {
				t.Errorf("%q is held by %s, which is no test", row[0], name)
			}
			noticed = append(noticed, mutations...)
		}
		for _, name := range quoted(row[2]) {
			if !slices.Contains(noticed, name) {
				t.Errorf("%q: none of its tests is to notice %s", row[0], name)
			}
		}
	}
}

// Every mutation breaks an invariant.
func TestMutationsAreOfInvariants(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(root, "mutations", "*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no mutations: %v", err)
	}
	text := readDocument(t, "docs/invariants.md").text()
	for _, path := range paths {
		if name := strings.TrimSuffix(filepath.Base(path), ".txt"); !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/invariants.md does not say which invariant the mutation %s breaks", name)
		}
	}
}
