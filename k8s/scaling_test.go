package k8s

import (
	"slices"
	"strings"
	"testing"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

var scalingRules = []rule{
	{
		"either an autoscaler says how many pods there are, or the workload does", replicaFaults,
		change{production, "Deployment", "collector", `{op: add, path: /spec/replicas, value: 2}`},
	},
	{
		"gateways are added fast and taken away slowly", behaviorFaults,
		change{production, "HorizontalPodAutoscaler", "gateway", `{op: replace, path: /spec/behavior/scaleDown/policies/0/value, value: 2}`},
	},
	{
		"KEDA does what the autoscaler does", behaviorFaults,
		change{"components/keda", "ScaledObject", "gateway", `{op: remove, path: /spec/advanced}`},
	},
	{
		"gateways are scaled by their load", loadFaults,
		change{production, "HorizontalPodAutoscaler", "gateway", `{op: remove, path: /spec/metrics/0}`},
	},
	{
		"the adapter's configuration serves the load", adapterFaults,
		change{"examples/prometheus-adapter", "ConfigMap", "adapter-config", `{op: replace, path: /data/config.yaml, value: "rules: [{seriesQueries: x}]"}`},
	},
	{
		"routes lead to services, and set timeouts only where a controller wants them", routeFaults,
		change{production, "HTTPRoute", "gateway", `{op: replace, path: /spec/rules/0/backendRefs/0/port, value: 8080}`},
	},
	{
		"Prometheus asks all programs, at their admin port, as jobs of their names", monitorFaults,
		change{production, "PodMonitor", "atlas-stream", `{op: replace, path: /spec/podMetricsEndpoints/0/port, value: http}`},
	},
}

// scaler is a HorizontalPodAutoscaler, or a ScaledObject of KEDA, which makes one.
type scaler struct {
	kind, target string
	least        int32
	behavior     *autoscalingv2.HorizontalPodAutoscalerBehavior
}

// allScalers are those of both kinds.
func (m *manifests) allScalers(t *testing.T) (all []scaler) {
	t.Helper()
	for _, object := range m.scalers {
		least := int32(1)
		if object.Spec.MinReplicas != nil {
			least = *object.Spec.MinReplicas
		}
		all = append(all, scaler{object.Spec.ScaleTargetRef.Kind, object.Spec.ScaleTargetRef.Name, least, object.Spec.Behavior})
	}
	for _, object := range m.ofKind("ScaledObject") {
		var parsed struct {
			Spec struct {
				ScaleTargetRef  struct{ Name string }
				MinReplicaCount int32
				Advanced        struct {
					HorizontalPodAutoscalerConfig struct {
						Behavior *autoscalingv2.HorizontalPodAutoscalerBehavior
					}
				}
			}
		}
		reparse(t, object, &parsed)
		spec := parsed.Spec
		all = append(all, scaler{"Deployment", spec.ScaleTargetRef.Name, spec.MinReplicaCount, spec.Advanced.HorizontalPodAutoscalerConfig.Behavior})
	}
	return all
}

func (m *manifests) ofKind(kind string) []unstructured.Unstructured {
	return slices.DeleteFunc(slices.Clone(m.custom), func(object unstructured.Unstructured) bool { return object.GetKind() != kind })
}

// reparse fills a struct with what is needed of an object.
func reparse(t *testing.T, object unstructured.Unstructured, into any) {
	t.Helper()
	text, err := yaml.Marshal(object.Object)
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func replicaFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	scalers := in.allScalers(t)
	for _, workload := range in.workloads {
		if workload.kind == "Job" {
			continue
		}
		scaled := 0
		for _, scaler := range scalers {
			if scaler.kind == workload.kind && scaler.target == workload.name {
				scaled++
			}
		}
		if given := workload.replicas != nil; scaled > 1 || given == (scaled == 1) {
			faultf(&faults, "%s has %d autoscalers and says itself how many: %t", workload.name, scaled, given)
		}
	}
	for _, scaler := range scalers {
		if !slices.ContainsFunc(in.workloads, func(workload workload) bool { return workload.name == scaler.target }) || scaler.least < 2 {
			faultf(&faults, "%s is scaled down to %d", scaler.target, scaler.least)
		}
	}
	return faults
}

func behaviorFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	double := autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PercentScalingPolicy, Value: 100, PeriodSeconds: 60}
	one := autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PodsScalingPolicy, Value: 1, PeriodSeconds: 300}
	for _, scaler := range in.allScalers(t) {
		if scaler.behavior == nil || !follows(scaler.behavior.ScaleUp, double, 60) || !follows(scaler.behavior.ScaleDown, one, 600) {
			faultf(&faults, "%s has %+v", scaler.target, scaler.behavior)
		}
	}
	return faults
}

// follows tells whether rules are just the one policy, after that many seconds.
func follows(rules *autoscalingv2.HPAScalingRules, policy autoscalingv2.HPAScalingPolicy, window int32) bool {
	return rules != nil && slices.Equal(rules.Policies, []autoscalingv2.HPAScalingPolicy{policy}) &&
		rules.StabilizationWindowSeconds != nil && *rules.StabilizationWindowSeconds == window
}

// loadRatio is the metric of gateways by which they are scaled.
const loadRatio = "atlas_gateway_load_ratio"

func loadFaults(_ *testing.T, in manifests) (faults []string) {
	for _, scaler := range in.scalers {
		if scaler.Spec.ScaleTargetRef.Name == "gateway" && !slices.ContainsFunc(scaler.Spec.Metrics, func(metric autoscalingv2.MetricSpec) bool {
			return metric.Pods != nil && metric.Pods.Metric.Name == loadRatio && metric.Pods.Target.AverageValue.String() == "600m"
		}) {
			faultf(&faults, "the autoscaler has %+v", scaler.Spec.Metrics)
		}
	}
	for _, object := range in.ofKind("ScaledObject") {
		triggers, _, _ := unstructured.NestedSlice(object.Object, "spec", "triggers")
		metadata, _, _ := unstructured.NestedStringMap(triggers[0].(map[string]any), "metadata")
		if !strings.Contains(metadata["query"], "sum("+loadRatio) || metadata["threshold"] != "0.6" {
			faultf(&faults, "KEDA asks %v", metadata)
		}
	}
	return faults
}

// adapterRule is one of the Prometheus adapter's, with the members that are used.
type adapterRule struct {
	SeriesQuery string `json:"seriesQuery"`
	Resources   struct {
		Overrides map[string]struct {
			Resource string `json:"resource"`
		} `json:"overrides"`
	} `json:"resources"`
	Name struct {
		Matches string `json:"matches"`
		As      string `json:"as"`
	} `json:"name"`
	MetricsQuery string `json:"metricsQuery"`
}

func adapterFaults(_ *testing.T, in manifests) (faults []string) {
	text := in.settings["adapter-config"]["config.yaml"]
	if text == "" {
		return nil
	}
	var config struct {
		Rules []adapterRule `json:"rules"`
	}
	if err := yaml.UnmarshalStrict([]byte(text), &config); err != nil {
		faultf(&faults, "%v", err)
	}
	if !slices.ContainsFunc(config.Rules, func(rule adapterRule) bool {
		return rule.Name.As == loadRatio && strings.HasPrefix(rule.SeriesQuery, loadRatio+"{") && rule.Resources.Overrides["pod"].Resource == "pod" &&
			strings.Contains(rule.MetricsQuery, "<<.Series>>{<<.LabelMatchers>>}") && strings.Contains(rule.MetricsQuery, "<<.GroupBy>>")
	}) {
		faultf(&faults, "no rule has %s of pods: %+v", loadRatio, config.Rules)
	}
	return faults
}

// withTimeouts are builds for controllers whose own timeouts a route has to take away.
var withTimeouts = []string{"components/envoy", "examples/site"}

func routeFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	for _, object := range in.ofKind("HTTPRoute") {
		var route struct {
			Spec struct {
				Rules []struct {
					Timeouts    map[string]string
					BackendRefs []struct {
						Name string
						Port int32
					}
				}
			}
		}
		reparse(t, object, &route)
		for _, rule := range route.Spec.Rules {
			if wants := slices.Contains(withTimeouts, in.build); wants != (len(rule.Timeouts) > 0) {
				faultf(&faults, "%s has the timeouts %v", object.GetName(), rule.Timeouts)
			}
			for _, to := range rule.BackendRefs {
				if !in.hasService(to.Name, to.Port) {
					faultf(&faults, "%s leads to port %d of %s", object.GetName(), to.Port, to.Name)
				}
			}
		}
	}
	return faults
}

// hasService tells whether there is such a Service with such a port.
func (m *manifests) hasService(name string, number int32) bool {
	for _, service := range m.services {
		for _, port := range service.Spec.Ports {
			if service.Name == name && port.Port == number {
				return true
			}
		}
	}
	return false
}

func monitorFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	for _, object := range in.ofKind("PodMonitor") {
		var monitor struct {
			Spec struct {
				JobLabel            string
				Selector            metav1.LabelSelector
				PodMetricsEndpoints []struct{ Port string }
			}
		}
		reparse(t, object, &monitor)
		if endpoints := monitor.Spec.PodMetricsEndpoints; len(endpoints) != 1 || endpoints[0].Port != "admin" {
			faultf(&faults, "it asks %v", endpoints)
		}
		for _, workload := range in.servers() {
			found := labels.Set(workload.template.Labels)
			if !fromLabels(t, &monitor.Spec.Selector).Matches(found) || found[monitor.Spec.JobLabel] != workload.name {
				faultf(&faults, "it does not ask %s, as a job of that name", workload.name)
			}
		}
	}
	return faults
}
