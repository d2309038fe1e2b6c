package k8s

import (
	"testing"

	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func TestPodsPassTheRestrictedStandard(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, folder := range rendered {
		for _, workload := range render(t, folder).workloads {
			results := evaluator.EvaluatePod(restricted, &workload.template.ObjectMeta, &workload.template.Spec)
			if verdict := policy.AggregateCheckResults(results); !verdict.Allowed {
				t.Errorf("%s: %s: %s", folder, workload.name, verdict.ForbiddenDetail())
			}
		}
	}
}
