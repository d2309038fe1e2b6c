package main

import (
	"testing"
)

// Every mutation has one location in the code where its pattern matches, and a test that must notice it; and every comment names a mutation.
func TestEveryMutationApplies(t *testing.T) {
	mutations, err := readMutations(".", nil)
	if err != nil || len(mutations) == 0 {
		t.Fatal("no mutations", err)
	}
	found, err := readTree("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, mutation := range mutations {
		locations, notices := found.locations[mutation.name], found.notices[mutation.name]
		if len(locations) != 1 || len(notices) == 0 {
			t.Errorf("%s has %d locations and %d tests, want 1 and more than 0", mutation.name, len(locations), len(notices))
			continue
		}
		mutated, err := mutation.apply(locations[0])
		if err != nil {
			t.Errorf("%s: %s: %v", mutation.name, locations[0].file.path, err)
		} else if string(mutated) == string(locations[0].file.source) {
			t.Errorf("%s changes nothing", mutation.name)
		}
		delete(found.locations, mutation.name)
		delete(found.notices, mutation.name)
	}
	for name := range found.locations {
		t.Errorf("%s%s has no file", mutateComment, name)
	}
	for name := range found.notices {
		t.Errorf("%s%s has no file", noticeComment, name)
	}
}
