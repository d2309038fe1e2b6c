package k8s

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestSelectorsChooseTheirOwnWorkload(t *testing.T) {
	for _, folder := range rendered {
		all := render(t, folder)
		for _, own := range all.workloads {
			if chosen := all.selected(t, own.name, fromLabels(t, own.selector)); chosen.name != own.name {
				t.Errorf("%s: the selector of %s chooses %s", folder, own.name, chosen.name)
			}
		}
		for _, service := range all.services {
			if chosen := all.selected(t, "Service "+service.Name, labels.SelectorFromSet(service.Spec.Selector)); chosen.name != strings.TrimSuffix(service.Name, "-peers") {
				t.Errorf("%s: Service %s chooses %s", folder, service.Name, chosen.name)
			}
		}
		for _, budget := range all.budgets {
			if chosen := all.selected(t, "PodDisruptionBudget "+budget.Name, fromLabels(t, budget.Spec.Selector)); chosen.name != budget.Name {
				t.Errorf("%s: PodDisruptionBudget %s chooses %s", folder, budget.Name, chosen.name)
			}
		}
	}
}

func TestServicesLeadToPortsThatExist(t *testing.T) {
	for _, folder := range rendered {
		all := render(t, folder)
		for _, service := range all.services {
			target := all.selected(t, service.Name, labels.SelectorFromSet(service.Spec.Selector)).template.Spec.Containers[0]
			for _, port := range service.Spec.Ports {
				if !hasPort(target, port.TargetPort) {
					t.Errorf("%s: Service %s leads to port %s, which %s does not have", folder, service.Name, &port.TargetPort, target.Name)
				}
				if port.TargetPort.StrVal == "admin" {
					t.Errorf("%s: Service %s shows the admin port", folder, service.Name)
				}
			}
		}
	}
}

func TestPodsReferToWhatExists(t *testing.T) {
	for _, folder := range rendered {
		all := render(t, folder)
		for _, workload := range all.workloads {
			pod := workload.template.Spec
			if pod.ServiceAccountName != "" && !all.accounts[pod.ServiceAccountName] {
				t.Errorf("%s: %s runs as ServiceAccount %q, which is not there", folder, workload.name, pod.ServiceAccountName)
			}
			container := pod.Containers[0]
			for _, from := range container.EnvFrom {
				if all.settings[from.ConfigMapRef.Name] == nil {
					t.Errorf("%s: %s reads ConfigMap %q, which is not there", folder, workload.name, from.ConfigMapRef.Name)
				}
			}
			for _, variable := range container.Env {
				if from := variable.ValueFrom; from != nil && from.SecretKeyRef != nil && from.SecretKeyRef.Optional == nil && folder != "base" { // whose Secrets the operator makes
					if _, has := all.secrets[from.SecretKeyRef.Name][from.SecretKeyRef.Key]; !has {
						t.Errorf("%s: %s reads %s of Secret %q, which is not there", folder, workload.name, from.SecretKeyRef.Key, from.SecretKeyRef.Name)
					}
				}
			}
			for _, probe := range []*corev1.Probe{container.StartupProbe, container.ReadinessProbe, container.LivenessProbe} {
				if probe != nil && !hasPort(container, probedPort(probe)) {
					t.Errorf("%s: %s is probed on a port that it does not have: %+v", folder, workload.name, probe.ProbeHandler)
				}
			}
		}
	}
}

func probedPort(probe *corev1.Probe) intstr.IntOrString {
	if probe.HTTPGet != nil {
		return probe.HTTPGet.Port
	}
	return probe.TCPSocket.Port
}

func hasPort(container corev1.Container, port intstr.IntOrString) bool {
	for _, has := range container.Ports {
		if has.Name == port.StrVal || has.ContainerPort == port.IntVal {
			return true
		}
	}
	return false
}
