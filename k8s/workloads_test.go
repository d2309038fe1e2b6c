package k8s

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

var workloadRules = []rule{
	{
		"pods pass the restricted standard", securityFaults,
		change{"base", "Deployment", "gateway", `{op: remove, path: /spec/template/spec/securityContext/runAsNonRoot}`},
	},
	{
		"root file systems are read-only", rootFaults,
		change{"overlays/dev", "StatefulSet", "kafka", `{op: remove, path: /spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem}`},
	},
	{
		"no program has a token of the Kubernetes API", tokenFaults,
		change{"overlays/dev", "StatefulSet", "kafka", `{op: remove, path: /spec/template/spec/automountServiceAccountToken}`},
	},
	{
		"memory and processors are asked for and limited", resourceFaults,
		change{"base", "Deployment", "collector", `{op: remove, path: /spec/template/spec/containers/0/resources/limits/cpu}`},
	},
	{
		"programs find the limits out by themselves", runtimeFaults,
		change{"base", "Deployment", "gateway", `{op: add, path: /spec/template/spec/containers/0/env, value: [{name: GOMEMLIMIT, value: 900MiB}]}`},
	},
	{
		"pods are spread over zones and hosts, each revision by itself", spreadFaults,
		change{"base", "Deployment", "gateway", `{op: remove, path: /spec/template/spec/topologySpreadConstraints/1/matchLabelKeys}`},
	},
	{
		"one pod at most is taken away, unless it is not ready", budgetFaults,
		change{"base", "PodDisruptionBudget", "gateway", `{op: remove, path: /spec/unhealthyPodEvictionPolicy}`},
	},
	{
		"probes tell a start, readiness and life apart", probesFaults,
		change{"overlays/dev", "StatefulSet", "kafka", `{op: remove, path: /spec/template/spec/containers/0/startupProbe}`},
	},
	{
		"no volume needs a provisioner", volumeFaults,
		change{"overlays/dev", "StatefulSet", "kafka", `{op: replace, path: /spec/template/spec/volumes/0, value: {name: data, hostPath: {path: /data}}}`},
	},
}

func securityFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, workload := range in.workloads {
		results := evaluator.EvaluatePod(restricted, &workload.template.ObjectMeta, &workload.template.Spec)
		if verdict := policy.AggregateCheckResults(results); !verdict.Allowed {
			faultf(&faults, "%s: %s", workload.name, verdict.ForbiddenDetail())
		}
	}
	return faults
}

func rootFaults(_ *testing.T, in manifests) (faults []string) {
	for _, workload := range in.workloads {
		for _, container := range workload.containers() {
			if context := container.SecurityContext; context == nil || context.ReadOnlyRootFilesystem == nil || !*context.ReadOnlyRootFilesystem {
				faultf(&faults, "%s: that of %s is not", workload.name, container.Name)
			}
		}
	}
	return faults
}

func tokenFaults(_ *testing.T, in manifests) (faults []string) {
	for _, workload := range in.workloads {
		pod := workload.template.Spec
		mounts := pod.AutomountServiceAccountToken
		if account := in.accounts[pod.ServiceAccountName]; mounts == nil && account != nil {
			mounts = account.AutomountServiceAccountToken
		}
		if mounts == nil || *mounts {
			faultf(&faults, "%s has one", workload.name)
		}
	}
	return faults
}

func resourceFaults(_ *testing.T, in manifests) (faults []string) {
	for _, workload := range in.workloads {
		for _, container := range workload.containers() {
			asked, limit := container.Resources.Requests, container.Resources.Limits
			if asked.Cpu().IsZero() || limit.Cpu().Cmp(*asked.Cpu()) < 0 {
				faultf(&faults, "%s: %s asks for %s processors, with a limit of %s", workload.name, container.Name, asked.Cpu(), limit.Cpu())
			}
			if asked.Memory().IsZero() || !asked.Memory().Equal(*limit.Memory()) {
				faultf(&faults, "%s: %s asks for %s of memory, with a limit of %s: want the same", workload.name, container.Name, asked.Memory(), limit.Memory())
			}
		}
	}
	return faults
}

func runtimeFaults(_ *testing.T, in manifests) (faults []string) {
	for _, workload := range in.workloads {
		for _, container := range workload.containers() {
			for _, variable := range container.Env {
				if strings.HasPrefix(variable.Name, "GO") {
					faultf(&faults, "%s sets %s", workload.name, variable.Name)
				}
			}
		}
	}
	return faults
}

func spreadFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	for _, workload := range in.servers() {
		for _, key := range []string{corev1.LabelTopologyZone, corev1.LabelHostname} {
			if !slices.ContainsFunc(workload.template.Spec.TopologySpreadConstraints, func(constraint corev1.TopologySpreadConstraint) bool {
				return constraint.TopologyKey == key && slices.Contains(constraint.MatchLabelKeys, "pod-template-hash") &&
					len(in.choiceFaults(t, workload.name, workload.name, fromLabels(t, constraint.LabelSelector))) == 0
			}) {
				faultf(&faults, "%s is not spread by %s", workload.name, key)
			}
		}
	}
	return faults
}

// servers are the workloads of this project with clients.
func (m *manifests) servers() []workload {
	return slices.DeleteFunc(slices.Clone(m.workloads), func(workload workload) bool {
		container := workload.template.Spec.Containers[0]
		return !isOwn(container.Image) || !serves(container.Args)
	})
}

func budgetFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	for _, workload := range in.servers() {
		if !slices.ContainsFunc(in.budgets, func(budget *policyv1.PodDisruptionBudget) bool {
			unhealthy, most := budget.Spec.UnhealthyPodEvictionPolicy, budget.Spec.MaxUnavailable
			return fromLabels(t, budget.Spec.Selector).Matches(labels.Set(workload.template.Labels)) && budget.Spec.MinAvailable == nil &&
				most != nil && most.IntVal == 1 && unhealthy != nil && *unhealthy == policyv1.AlwaysAllow
		}) {
			faultf(&faults, "%s has no such budget", workload.name)
		}
	}
	return faults
}

func probesFaults(_ *testing.T, in manifests) (faults []string) {
	for _, workload := range in.workloads {
		for _, container := range workload.template.Spec.Containers {
			if len(container.Ports) > 0 && (container.StartupProbe == nil || container.ReadinessProbe == nil || container.LivenessProbe == nil) {
				faultf(&faults, "%s lacks one", workload.name)
			}
		}
	}
	return faults
}

// volumeFaults is for the overlay that is to work in any cluster.
func volumeFaults(_ *testing.T, in manifests) (faults []string) {
	if in.build != "overlays/dev" {
		return nil
	}
	for _, workload := range in.workloads {
		if len(workload.claims) > 0 {
			faultf(&faults, "%s claims volumes", workload.name)
		}
		for _, volume := range workload.template.Spec.Volumes {
			if volume.EmptyDir == nil && volume.Secret == nil {
				faultf(&faults, "%s has the volume %s", workload.name, volume.Name)
			}
		}
	}
	return faults
}
