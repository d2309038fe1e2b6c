package eventlog

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	manifestName       = regexp.MustCompile(`(?m)^  name: (\S+)$`)
	manifestPartitions = regexp.MustCompile(`(?m)^  partitions: (\d+)$`)
	manifestReplicas   = regexp.MustCompile(`(?m)^  replicas: (\d+)$`)
	manifestSetting    = regexp.MustCompile(`(?m)^    ([a-z.]+): (\S+)$`)
)

// The topics that Strimzi is told to make are those that a collector makes.
func TestTopicsOfManifestsAreOurs(t *testing.T) {
	text, err := os.ReadFile("../../k8s/components/strimzi/topics.yaml")
	if err != nil {
		t.Fatal(err)
	}
	archive, err := ArchiveSpec("march-2015")
	if err != nil {
		t.Fatal(err)
	}
	specs := []TopicSpec{ResultsSpec(64), ProbeStatusSpec(), ProbesSpec(), MeasurementsSpec(), KeysSpec(), archive}
	documents := strings.Split(string(text), "\n---\n")
	if len(documents) != len(specs) {
		t.Fatalf("got %d topics, want %d", len(documents), len(specs))
	}
	for i, spec := range specs {
		if got, want := inManifest(documents[i]), described(spec, 3); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

// inManifest is what the manifest of a topic says: its name, partitions, replicas, and settings in alphabetical order.
func inManifest(text string) (all []string) {
	for _, setting := range manifestSetting.FindAllStringSubmatch(text, -1) {
		all = append(all, setting[1]+"="+setting[2])
	}
	slices.Sort(all)
	for _, part := range []*regexp.Regexp{manifestReplicas, manifestPartitions, manifestName} {
		if found := part.FindStringSubmatch(text); found != nil {
			all = slices.Insert(all, 0, found[1])
		}
	}
	return all
}

func described(spec TopicSpec, replication int) (all []string) {
	for _, setting := range spec.settings(replication) {
		all = append(all, setting.ConfigName+"="+setting.ConfigValue)
	}
	slices.Sort(all)
	return append([]string{spec.Name, fmt.Sprint(spec.Partitions), fmt.Sprint(replication)}, all...)
}
