package k8s

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// rule is something that holds for the manifests of every build.
type rule struct {
	name   string
	faults func(t *testing.T, in manifests) []string // what breaks the rule
	// broken is a change that breaks the rule, by which the test shows that it would notice.
	broken change
}

// change is an operation of JSON Patch on an object of a build.
type change struct{ build, kind, name, operation string }

var rules = slices.Concat(referenceRules, programRules, workloadRules, networkRules, scalingRules, kafkaRules, secretRules)

func TestManifestsKeepTheRules(t *testing.T) {
	for _, build := range builds {
		for _, rule := range rules {
			for _, fault := range rule.faults(t, render(t, build)) {
				t.Errorf("%s: %s: %s", build, rule.name, fault)
			}
		}
	}
}

func TestRulesNoticeWhatBreaksThem(t *testing.T) {
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			if len(rule.faults(t, rule.broken.apply(t))) == 0 {
				t.Errorf("the rule does not notice %+v", rule.broken)
			}
		})
	}
}

// apply renders the build with the change.
func (c change) apply(t *testing.T) manifests {
	t.Helper()
	patch := fmt.Sprintf("patches:\n- target: {kind: %s, name: %s}\n  patch: |\n    - %s", c.kind, c.name, c.operation)
	of := c.build
	if strings.HasPrefix(of, "components/") {
		patch += "\nnamespace: atlas-stream\ncomponents: [HERE/" + of + "]"
		of = production
	}
	return decode(t, c.build, kustomizeOverlay(t, of, patch))
}

// faultf adds to faults.
func faultf(faults *[]string, format string, values ...any) {
	*faults = append(*faults, fmt.Sprintf(format, values...))
}
