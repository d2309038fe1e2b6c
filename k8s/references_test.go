package k8s

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

var referenceRules = []rule{
	{
		"selectors choose their own workload", selectorFaults,
		change{"base", "Service", "gateway", `{op: replace, path: /spec/selector/app.kubernetes.io~1name, value: collector}`},
	},
	{
		"services lead to ports that exist, and none to the admin port", serviceFaults,
		change{"base", "Service", "gateway", `{op: replace, path: /spec/ports/0/targetPort, value: admin}`},
	},
	{
		"no service keeps clients at a pod", affinityFaults,
		change{"base", "Service", "gateway", `{op: add, path: /spec/sessionAffinity, value: ClientIP}`},
	},
	{
		"gateways find each other, also those that drain", peersFaults,
		change{"base", "Service", "gateway-peers", `{op: remove, path: /spec/publishNotReadyAddresses}`},
	},
	{
		"pods refer to accounts, priorities and settings that exist", accountFaults,
		change{"base", "Deployment", "gateway", `{op: replace, path: /spec/template/spec/serviceAccountName, value: default}`},
	},
	{
		"secrets that pods read exist, or README.md says how to make them", secretFaults,
		change{production, "Deployment", "gateway", `{op: replace, path: /spec/template/spec/volumes/0/secret/secretName, value: unheard-of}`},
	},
	{
		"volumes are mounted, and mounts have volumes", mountFaults,
		change{"base", "Deployment", "gateway", `{op: replace, path: /spec/template/spec/volumes/0/name, value: other}`},
	},
	{
		"probes ask ports that exist", probeFaults,
		change{"base", "Deployment", "gateway", `{op: replace, path: /spec/template/spec/containers/0/livenessProbe/httpGet/port, value: health}`},
	},
}

func selectorFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	for _, own := range in.workloads {
		if own.selector != nil {
			faults = append(faults, in.choiceFaults(t, own.name, own.name, fromLabels(t, own.selector))...)
		}
	}
	for _, service := range in.services {
		name := strings.TrimSuffix(service.Name, "-peers")
		faults = append(faults, in.choiceFaults(t, "Service "+service.Name, name, labels.SelectorFromSet(service.Spec.Selector))...)
	}
	for _, budget := range in.budgets {
		faults = append(faults, in.choiceFaults(t, "PodDisruptionBudget "+budget.Name, budget.Name, fromLabels(t, budget.Spec.Selector))...)
	}
	return faults
}

// choiceFaults says so unless the selector chooses just the workload of that name.
func (m *manifests) choiceFaults(t *testing.T, by, want string, selector labels.Selector) (faults []string) {
	t.Helper()
	if chosen := m.chosen(selector); len(chosen) != 1 || chosen[0].name != want {
		faultf(&faults, "%s chooses %d workloads by %q, want just %s", by, len(chosen), selector, want)
	}
	return faults
}

func (m *manifests) chosen(by labels.Selector) (chosen []workload) {
	for _, candidate := range m.workloads {
		if by.Matches(labels.Set(candidate.template.Labels)) {
			chosen = append(chosen, candidate)
		}
	}
	return chosen
}

func fromLabels(t *testing.T, selector *metav1.LabelSelector) labels.Selector {
	t.Helper()
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func serviceFaults(_ *testing.T, in manifests) (faults []string) {
	for _, service := range in.services {
		for _, target := range in.chosen(labels.SelectorFromSet(service.Spec.Selector)) {
			for _, port := range service.Spec.Ports {
				if to := target.port(port.TargetPort); to == nil || to.Name == "admin" {
					faultf(&faults, "%s leads to port %s of %s", service.Name, &port.TargetPort, target.name)
				}
			}
		}
	}
	return faults
}

// port returns the port of that name or number, or nil.
func (w workload) port(named intstr.IntOrString) *corev1.ContainerPort {
	for _, container := range w.template.Spec.Containers {
		for _, has := range container.Ports {
			if has.Name == named.StrVal || has.ContainerPort == named.IntVal {
				return &has
			}
		}
	}
	return nil
}

func affinityFaults(_ *testing.T, in manifests) (faults []string) {
	for _, service := range in.services {
		if service.Spec.SessionAffinity != "" {
			faultf(&faults, "%s has %s", service.Name, service.Spec.SessionAffinity)
		}
	}
	return faults
}

func peersFaults(_ *testing.T, in manifests) (faults []string) {
	for _, workload := range in.workloads {
		for _, argument := range workload.template.Spec.Containers[0].Args {
			address, is := strings.CutPrefix(argument, "--peers=dns:")
			name, _, _ := strings.Cut(address, ":")
			if is && !slices.ContainsFunc(in.services, func(service *corev1.Service) bool {
				return service.Name == name && service.Spec.ClusterIP == corev1.ClusterIPNone && service.Spec.PublishNotReadyAddresses
			}) {
				faultf(&faults, "%s has %s, and no headless Service has that name and shows pods that are not ready", workload.name, argument)
			}
		}
	}
	return faults
}

func accountFaults(_ *testing.T, in manifests) (faults []string) {
	for _, workload := range in.workloads {
		pod := workload.template.Spec
		if pod.ServiceAccountName != "" && in.accounts[pod.ServiceAccountName] == nil {
			faultf(&faults, "%s runs as ServiceAccount %q", workload.name, pod.ServiceAccountName)
		}
		if pod.PriorityClassName != "" && !in.priorities[pod.PriorityClassName] {
			faultf(&faults, "%s has PriorityClass %q", workload.name, pod.PriorityClassName)
		}
		for _, container := range workload.containers() {
			for _, from := range container.EnvFrom {
				if in.settings[from.ConfigMapRef.Name] == nil {
					faultf(&faults, "%s reads ConfigMap %q", workload.name, from.ConfigMapRef.Name)
				}
			}
		}
	}
	return faults
}

// secretFaults takes Secrets that nobody makes here to be made by the operator, or by Strimzi.
func secretFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, workload := range in.workloads {
		for _, wanted := range workload.secrets() {
			if _, here := in.secrets[wanted.name][wanted.key]; here {
				continue
			}
			made := regexp.MustCompile(`create secret generic ` + wanted.name + ` .*--from-(file|literal)=` + regexp.QuoteMeta(wanted.key) + `[=\s]`)
			if !made.Match(readme) {
				faultf(&faults, "%s reads %q of Secret %q", workload.name, wanted.key, wanted.name)
			}
		}
	}
	return faults
}

type secretKey struct{ name, key string }

// secrets are those that the pods read. Of a volume without a list of keys, it is the file that a setting or the program's default names.
func (w workload) secrets() (all []secretKey) {
	for _, container := range w.containers() {
		for _, variable := range container.Env {
			if from := variable.ValueFrom; from != nil && from.SecretKeyRef != nil {
				all = append(all, secretKey{from.SecretKeyRef.Name, from.SecretKeyRef.Key})
			}
		}
	}
	for _, volume := range w.template.Spec.Volumes {
		if volume.Secret == nil {
			continue
		}
		keys := volume.Secret.Items
		if len(keys) == 0 {
			keys = []corev1.KeyToPath{{Key: wholeSecrets[volume.Name]}}
		}
		for _, key := range keys {
			all = append(all, secretKey{volume.Secret.SecretName, key.Key})
		}
	}
	return all
}

// wholeSecrets are volumes that have all of a Secret, with the key that is read.
var wholeSecrets = map[string]string{"peers": "key", "cursors": "key", "sources": "sources.json"}

func mountFaults(_ *testing.T, in manifests) (faults []string) {
	for _, workload := range in.workloads {
		mounted := map[string]bool{}
		for _, container := range workload.containers() {
			for _, mount := range container.VolumeMounts {
				mounted[mount.Name] = true
			}
		}
		for _, volume := range workload.template.Spec.Volumes {
			if !mounted[volume.Name] {
				faultf(&faults, "%s mounts no volume %s", workload.name, volume.Name)
			}
			delete(mounted, volume.Name)
		}
		for _, name := range slices.Sorted(maps.Keys(mounted)) {
			faultf(&faults, "%s has no volume %s", workload.name, name)
		}
	}
	return faults
}

func probeFaults(_ *testing.T, in manifests) (faults []string) {
	for _, workload := range in.workloads {
		for _, container := range workload.template.Spec.Containers {
			for _, probe := range []*corev1.Probe{container.StartupProbe, container.ReadinessProbe, container.LivenessProbe} {
				if port, asks := probedPort(probe); asks && workload.port(port) == nil {
					faultf(&faults, "%s is asked at %s", workload.name, fmt.Sprint(port))
				}
			}
		}
	}
	return faults
}

// probedPort is the port that a probe asks; false if it asks none, as it runs a program.
func probedPort(probe *corev1.Probe) (port intstr.IntOrString, asks bool) {
	switch {
	case probe == nil:
		return port, false
	case probe.HTTPGet != nil:
		return probe.HTTPGet.Port, true
	case probe.TCPSocket != nil:
		return probe.TCPSocket.Port, true
	default:
		return port, false
	}
}
