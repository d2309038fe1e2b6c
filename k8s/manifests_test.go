// Package k8s holds the manifests of the two services for Kubernetes. Its tests check them, and docker-compose.yml beside them, against the types of
// the Kubernetes API, the Compose Specification, and the programs themselves.
package k8s

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

var rendered = []string{"base", "overlays/dev"}

// manifests are those that a folder renders to.
type manifests struct {
	workloads []workload
	services  []*corev1.Service
	budgets   []*policyv1.PodDisruptionBudget
	settings  map[string]map[string]string // the data of every ConfigMap, by name
	secrets   map[string]map[string][]byte
	accounts  map[string]bool
}

// workload is what Deployments and StatefulSets have in common.
type workload struct {
	name     string
	selector *metav1.LabelSelector
	template corev1.PodTemplateSpec
}

func render(t *testing.T, folder string) manifests {
	t.Helper()
	objects, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	all := manifests{settings: map[string]map[string]string{}, secrets: map[string]map[string][]byte{}, accounts: map[string]bool{}}
	for _, object := range objects.Resources() {
		text, err := object.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		decoded, _, err := strictDecoder(t).Decode(text, nil, nil)
		if err != nil {
			t.Fatalf("%s: %v\n%s", object.CurId(), err, text)
		}
		all.add(t, decoded)
	}
	return all
}

// strictDecoder refuses unknown and repeated fields, and kinds that the manifests do not have.
func strictDecoder(t *testing.T) runtime.Decoder {
	t.Helper()
	kinds := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{appsv1.AddToScheme, corev1.AddToScheme, policyv1.AddToScheme} {
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
		m.workloads = append(m.workloads, workload{object.Name, object.Spec.Selector, object.Spec.Template})
	case *appsv1.StatefulSet:
		m.workloads = append(m.workloads, workload{object.Name, object.Spec.Selector, object.Spec.Template})
	case *corev1.Service:
		m.services = append(m.services, object)
	case *policyv1.PodDisruptionBudget:
		m.budgets = append(m.budgets, object)
	case *corev1.ConfigMap:
		m.settings[object.Name] = object.Data
	case *corev1.Secret:
		m.secrets[object.Name] = object.Data
	case *corev1.ServiceAccount:
		m.accounts[object.Name] = true
	case *corev1.Namespace:
	default:
		t.Fatalf("no test checks a %T", object)
	}
}

// selected returns the one workload that the selector chooses.
func (m *manifests) selected(t *testing.T, by string, selector labels.Selector) workload {
	t.Helper()
	var chosen []workload
	for _, candidate := range m.workloads {
		if selector.Matches(labels.Set(candidate.template.Labels)) {
			chosen = append(chosen, candidate)
		}
	}
	if len(chosen) != 1 {
		t.Fatalf("%s selects %d workloads by %q, want one", by, len(chosen), selector)
	}
	return chosen[0]
}

func fromLabels(t *testing.T, selector *metav1.LabelSelector) labels.Selector {
	t.Helper()
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
