package main

import (
	"testing"
)

// Every mutation has its place in the code, where its pattern matches, and a test that is to notice; and every comment has its mutation.
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
		places, notices := found.places[mutation.name], found.notices[mutation.name]
		if len(places) != 1 || len(notices) == 0 {
			t.Errorf("%s has %d places and %d tests, want 1 and more than 0", mutation.name, len(places), len(notices))
			continue
		}
		mutated, err := mutation.apply(places[0])
		if err != nil {
			t.Errorf("%s: %s: %v", mutation.name, places[0].file.path, err)
		} else if string(mutated) == string(places[0].file.source) {
			t.Errorf("%s changes nothing", mutation.name)
		}
		delete(found.places, mutation.name)
		delete(found.notices, mutation.name)
	}
	for name := range found.places {
		t.Errorf("%s%s has no file", placeComment, name)
	}
	for name := range found.notices {
		t.Errorf("%s%s has no file", noticeComment, name)
	}
}
