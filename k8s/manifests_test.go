// Package k8s holds the manifests of the services for Kubernetes. Its tests check them, and docker-compose.yml beside them, against the types of the
// Kubernetes API, the schemas of other kinds, the Compose Specification, and the programs themselves.
package k8s

import (
	"maps"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
)

// manifests are those that a build has.
type manifests struct {
	build      string
	objects    []map[string]any // as they are
	workloads  []workload
	services   []*corev1.Service
	budgets    []*policyv1.PodDisruptionBudget
	policies   []*networkingv1.NetworkPolicy
	scalers    []*autoscalingv2.HorizontalPodAutoscaler
	custom     []unstructured.Unstructured  // of kinds without a Go type
	settings   map[string]map[string]string // the data of every ConfigMap, by name
	secrets    map[string]map[string][]byte
	accounts   map[string]*corev1.ServiceAccount
	priorities map[string]bool
}

// workload is what Deployments, StatefulSets and Jobs have in common.
type workload struct {
	name     string
	kind     string
	replicas *int32
	selector *metav1.LabelSelector // nil of a Job
	template corev1.PodTemplateSpec
	claims   []corev1.PersistentVolumeClaim // that a StatefulSet makes for each pod
}

// containers are those that run beside each other: sidecars, which are among the first ones, and the others.
func (w workload) containers() []corev1.Container {
	return slices.Concat(w.template.Spec.InitContainers, w.template.Spec.Containers)
}

func newManifests(build string) manifests {
	return manifests{
		build:      build,
		settings:   map[string]map[string]string{},
		secrets:    map[string]map[string][]byte{},
		accounts:   map[string]*corev1.ServiceAccount{},
		priorities: map[string]bool{},
	}
}

// strictDecoder refuses unknown and repeated fields, and kinds that the manifests do not have.
func strictDecoder(t *testing.T) runtime.Decoder {
	t.Helper()
	kinds := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, autoscalingv2.AddToScheme, batchv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
		schedulingv1.AddToScheme,
	} {
		if err := add(kinds); err != nil {
			t.Fatal(err)
		}
	}
	return serializer.NewCodecFactory(kinds, serializer.EnableStrict).UniversalDeserializer()
}

func (m *manifests) add(t *testing.T, object runtime.Object) {
	t.Helper()
	switch object := object.(type) {
	case *appsv1.Deployment:
		m.workloads = append(m.workloads, workload{object.Name, "Deployment", object.Spec.Replicas, object.Spec.Selector, object.Spec.Template, nil})
	case *appsv1.StatefulSet:
		spec := object.Spec
		m.workloads = append(m.workloads, workload{object.Name, "StatefulSet", spec.Replicas, spec.Selector, spec.Template, spec.VolumeClaimTemplates})
	case *batchv1.Job:
		m.workloads = append(m.workloads, workload{object.Name, "Job", nil, nil, object.Spec.Template, nil})
	case *corev1.Service:
		m.services = append(m.services, object)
	case *policyv1.PodDisruptionBudget:
		m.budgets = append(m.budgets, object)
	case *networkingv1.NetworkPolicy:
		m.policies = append(m.policies, object)
	case *autoscalingv2.HorizontalPodAutoscaler:
		m.scalers = append(m.scalers, object)
	case *corev1.ConfigMap:
		m.settings[object.Name] = object.Data
	case *corev1.Secret:
		m.secrets[object.Name] = dataOf(object)
	case *corev1.ServiceAccount:
		m.accounts[object.Name] = object
	case *schedulingv1.PriorityClass:
		m.priorities[object.Name] = true
	case *unstructured.Unstructured:
		m.custom = append(m.custom, *object)
	case *corev1.Namespace:
	default:
		t.Fatalf("%s: no test checks a %T", m.build, object)
	}
}

// dataOf is all that a Secret has, in base64 or as text.
func dataOf(secret *corev1.Secret) map[string][]byte {
	data := map[string][]byte{}
	maps.Copy(data, secret.Data)
	for key, text := range secret.StringData {
		data[key] = []byte(text)
	}
	return data
}
