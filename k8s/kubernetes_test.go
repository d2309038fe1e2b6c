//go:build kubernetes

package k8s

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"atlasstream/k8s/cluster"
)

// Every build is applied to a real API server, which enforces Pod Security "restricted", as kubectl apply --server-side does. The API server refuses nothing and
// changes nothing that a manifest says; the real controllers and the real scheduler then do what the manifests ask for.
func TestKubernetes(t *testing.T) {
	c := cluster.Start(t, ".")
	c.AddNodes(t, "a", "a", "b", "b")
	installDefinitions(t, c)
	for kind := range fields {
		define(t, c, kind)
	}
	for _, build := range builds {
		t.Run(build, func(t *testing.T) {
			namespace := apply(t, c, build)
			t.Cleanup(func() { remove(t, c, namespace) })
			expectAllRun(t, c, namespace)
			if !strings.HasPrefix(build, "overlays/") {
				return
			}
			g := gateways{c, namespace}
			g.expectSpread(t)
			g.expectRollsOneByOne(t)
			g.expectScales(t)
			g.expectDisruptsOneAtATime(t)
		})
	}
}

// installDefinitions installs the kinds that are not Kubernetes' own.
func installDefinitions(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	for _, from := range schemaModules {
		folder, err := downloadModule(from.module, from.sum)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range from.files {
			installDefinition(t, c, filepath.Join(folder, file))
		}
	}
}

func installDefinition(t *testing.T, c *cluster.Cluster, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for document := range strings.SplitSeq(string(inTemplates.ReplaceAll(text, nil)), "\n---\n") {
		definition := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), definition); err != nil {
			t.Fatal(err)
		}
		if definition.GetKind() == "CustomResourceDefinition" {
			establish(t, c, definition)
		}
	}
}

func establish(t *testing.T, c *cluster.Cluster, definition *unstructured.Unstructured) {
	t.Helper()
	c.Apply(t, "", definition)
	c.Await(t, definition.GetName()+" is established", func(ctx context.Context) error { return c.Established(ctx, definition.GetName()) })
}

// define defines a kind, as fields has it, whose own definition cannot be had: it takes any fields, which other tests check.
func define(t *testing.T, c *cluster.Cluster, kind string) {
	t.Helper()
	apiVersion, name, _ := strings.Cut(kind, " ")
	group, version, _ := strings.Cut(apiVersion, "/")
	plural := strings.ToLower(name) + "s"
	establish(t, c, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{
			"name": plural + "." + group,
			// Without it, names that end in k8s.io would be refused: they are protected.
			"annotations": map[string]any{"api-approved.kubernetes.io": "unapproved, for a test"},
		},
		"spec": map[string]any{
			"group": group, "scope": "Namespaced", "names": map[string]any{"kind": name, "plural": plural},
			"versions": []any{map[string]any{
				"name": version, "served": true, "storage": true,
				"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
			}},
		},
	}})
}

// apply applies a build and returns its namespace. A build that leaves the namespace to whoever applies it gets one, which is as strict.
func apply(t *testing.T, c *cluster.Cluster, build string) (namespace string) {
	t.Helper()
	objects := kustomize(t, build)
	namespace = "atlas-stream-test"
	var namespaced []*unstructured.Unstructured
	for _, each := range objects.Resources() {
		text, err := each.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		object := &unstructured.Unstructured{}
		if err := json.Unmarshal(text, object); err != nil {
			t.Fatal(err)
		}
		if object.GetKind() == "Namespace" {
			expectRestricted(t, object)
			expectUnchanged(t, object, c.Apply(t, "", object))
		}
		if object.GetNamespace() != "" {
			namespace = object.GetNamespace()
		}
		namespaced = append(namespaced, object)
	}
	c.Apply(t, "", &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Namespace",
		"metadata": map[string]any{"name": namespace, "labels": map[string]any{"pod-security.kubernetes.io/enforce": "restricted"}},
	}})
	if build == "components/import" {
		c.AddClaim(t, namespace, "archive") // which an operator fills
	}
	for _, object := range namespaced {
		if object.GetKind() != "Namespace" {
			expectUnchanged(t, object, c.Apply(t, namespace, object))
		}
	}
	return namespace
}

func expectRestricted(t *testing.T, namespace *unstructured.Unstructured) {
	t.Helper()
	if level := namespace.GetLabels()["pod-security.kubernetes.io/enforce"]; level != "restricted" {
		t.Errorf("the namespace enforces Pod Security %q, want restricted", level)
	}
}

// expectUnchanged expects that the API server has every field of a manifest as it is there. What it adds is no matter, but for an image's tag, which would be
// latest and pulled always.
func expectUnchanged(t *testing.T, manifest, stored *unstructured.Unstructured) {
	t.Helper()
	for _, field := range different("", manifest.Object, stored.Object) {
		t.Errorf("%s %s: %s", manifest.GetKind(), manifest.GetName(), field)
	}
}

// different names the fields of a manifest that are stored otherwise.
func different(path string, manifest, stored any) (fields []string) {
	switch manifest := manifest.(type) {
	case map[string]any:
		object, _ := stored.(map[string]any)
		for name, value := range manifest {
			fields = append(fields, different(path+"."+name, value, object[name])...)
		}
	case []any:
		list, _ := stored.([]any)
		if len(list) != len(manifest) {
			return []string{fmt.Sprintf("%s: has %d elements, want %d", path, len(list), len(manifest))}
		}
		for i, value := range manifest {
			fields = append(fields, different(fmt.Sprintf("%s[%d]", path, i), value, list[i])...)
		}
	default:
		if !reflect.DeepEqual(manifest, stored) && !sameQuantity(manifest, stored) {
			return []string{fmt.Sprintf("%s: got %v, want %v", path, stored, manifest)}
		}
	}
	return fields
}

func TestFieldsThatTheServerHasOtherwiseAreNamed(t *testing.T) {
	manifest := map[string]any{"image": "a", "limits": map[string]any{"memory": "1024Mi", "cpu": "1"}, "args": []any{"x", "y"}, "pull": "IfNotPresent"}
	stored := map[string]any{"image": "a", "limits": map[string]any{"memory": "1Gi", "cpu": "2"}, "args": []any{"x"}, "added": true}
	got := different("", manifest, stored)
	slices.Sort(got)
	want := []string{".args: has 1 elements, want 2", ".limits.cpu: got 2, want 1", ".pull: got <nil>, want IfNotPresent"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// sameQuantity tells whether two values say the same amount in other words, such as 1024Mi and 1Gi.
func sameQuantity(a, b any) bool {
	first, err := resource.ParseQuantity(fmt.Sprint(a))
	if err != nil {
		return false
	}
	second, err := resource.ParseQuantity(fmt.Sprint(b))
	return err == nil && first.Equal(second)
}

// expectAllRun expects that the controllers bring every Deployment, StatefulSet and Job to what it asks for.
func expectAllRun(t *testing.T, c *cluster.Cluster, namespace string) {
	t.Helper()
	c.Await(t, namespace+": everything runs", func(ctx context.Context) error {
		deployments, err := c.Client.AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for i := range deployments.Items {
			if err := isComplete(&deployments.Items[i]); err != nil {
				return err
			}
		}
		sets, err := c.Client.AppsV1().StatefulSets(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, set := range sets.Items {
			if set.Status.ReadyReplicas != *set.Spec.Replicas {
				return fmt.Errorf("StatefulSet %s: %d of %d are ready", set.Name, set.Status.ReadyReplicas, *set.Spec.Replicas)
			}
		}
		jobs, err := c.Client.BatchV1().Jobs(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, job := range jobs.Items {
			if job.Status.Succeeded == 0 {
				return fmt.Errorf("job %s: has not succeeded", job.Name)
			}
		}
		return nil
	})
}

// isComplete tells why the pods of a Deployment are not all there and of its latest template.
func isComplete(d *appsv1.Deployment) error {
	s, want := d.Status, *d.Spec.Replicas
	if s.ObservedGeneration < d.Generation || s.UpdatedReplicas != want || s.Replicas != want || s.AvailableReplicas != want {
		return fmt.Errorf("Deployment %s: %d pods, %d up to date, %d available, want %d", d.Name, s.Replicas, s.UpdatedReplicas, s.AvailableReplicas, want)
	}
	return nil
}

func remove(t *testing.T, c *cluster.Cluster, namespace string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	if err := c.Client.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	c.AwaitIn(ctx, t, namespace+" is gone", func(ctx context.Context) error {
		_, err := c.Client.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return errors.Join(errors.New("it is still there"), err)
	})
}

// gateways are the pods of the Deployment gateway.
type gateways struct {
	*cluster.Cluster
	namespace string
}

func (g gateways) deployment(ctx context.Context) (*appsv1.Deployment, error) {
	return g.Client.AppsV1().Deployments(g.namespace).Get(ctx, "gateway", metav1.GetOptions{})
}

func (g gateways) replicas(t *testing.T) int32 {
	t.Helper()
	deployment, err := g.deployment(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return *deployment.Spec.Replicas
}

// pods gives those that are not about to end.
func (g gateways) pods(ctx context.Context) (pods []corev1.Pod, err error) {
	selector := labels.SelectorFromSet(labels.Set{"app.kubernetes.io/name": "gateway"}).String()
	list, err := g.Client.CoreV1().Pods(g.namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list.Items, func(pod corev1.Pod) bool { return pod.DeletionTimestamp != nil }), nil
}

// expectSpread expects that the first two pods are on different hosts and in different zones.
func (g gateways) expectSpread(t *testing.T) {
	t.Helper()
	pods, err := g.pods(t.Context())
	if err != nil || len(pods) < 2 {
		t.Fatalf("got %d pods, want two at least: %v", len(pods), err)
	}
	hosts, zones := map[string]int{}, map[string]int{}
	for _, pod := range pods {
		node, err := g.Client.CoreV1().Nodes().Get(t.Context(), pod.Spec.NodeName, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		hosts[node.Name]++
		zones[node.Labels[corev1.LabelTopologyZone]]++
	}
	if len(zones) != 2 || len(hosts) < min(len(pods), 4) {
		t.Errorf("%d pods are on the hosts %v and in the zones %v", len(pods), hosts, zones)
	}
	t.Logf("%d gateways: hosts %v, zones %v", len(pods), hosts, zones)
}

// expectRollsOneByOne restarts all pods, and expects that as many are ready as before all the time, and that there is at most one more.
func (g gateways) expectRollsOneByOne(t *testing.T) {
	t.Helper()
	want := int(g.replicas(t))
	g.patch(t, fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":%q}}}}}`, time.Now().Format(time.RFC3339)))
	least, most := want, want
	g.Await(t, "gateways have been replaced", func(ctx context.Context) error {
		pods, err := g.pods(ctx)
		if err != nil {
			return err
		}
		ready := len(slices.DeleteFunc(slices.Clone(pods), func(pod corev1.Pod) bool { return !isReady(&pod) }))
		least, most = min(least, ready), max(most, len(pods))
		deployment, err := g.deployment(ctx)
		if err != nil {
			return err
		}
		return isComplete(deployment)
	})
	if least < want || most > want+1 {
		t.Errorf("there were %d to %d gateways, want %d to %d", least, most, want, want+1)
	}
}

func isReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue })
}

func (g gateways) patch(t *testing.T, change string) {
	t.Helper()
	_, err := g.Client.AppsV1().Deployments(g.namespace).Patch(t.Context(), "gateway", types.StrategicMergePatchType, []byte(change), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// expectScales adds two pods, which the Service and the peers' Service then know, and takes them away again.
func (g gateways) expectScales(t *testing.T) {
	t.Helper()
	before := g.replicas(t)
	for _, count := range []int32{before + 2, before} {
		g.patch(t, fmt.Sprintf(`{"spec":{"replicas":%d}}`, count))
		for _, service := range []string{"gateway", "gateway-peers"} {
			g.Await(t, fmt.Sprintf("%s has %d addresses", service, count), func(ctx context.Context) error { return g.hasAddresses(ctx, service, int(count)) })
		}
	}
}

func (g gateways) hasAddresses(ctx context.Context, service string, want int) error {
	slicesOf, err := g.Client.DiscoveryV1().EndpointSlices(g.namespace).List(ctx, metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=" + service})
	if err != nil {
		return err
	}
	got := 0
	for _, slice := range slicesOf.Items {
		got += len(slice.Endpoints)
	}
	if got != want {
		return fmt.Errorf("got %d addresses, want %d", got, want)
	}
	return nil
}

// expectDisruptsOneAtATime evicts a pod where nothing takes its successor, and expects that no other one can be evicted then.
func (g gateways) expectDisruptsOneAtATime(t *testing.T) {
	t.Helper()
	g.Await(t, "a gateway may be disrupted", func(ctx context.Context) error {
		budget, err := g.Client.PolicyV1().PodDisruptionBudgets(g.namespace).Get(ctx, "gateway", metav1.GetOptions{})
		if err != nil || budget.Status.DisruptionsAllowed != 1 {
			return fmt.Errorf("%d may, want 1: %w", budget.Status.DisruptionsAllowed, err)
		}
		return nil
	})
	pods, err := g.pods(t.Context())
	if err != nil || len(pods) < 2 {
		t.Fatalf("%d pods: %v", len(pods), err)
	}
	g.SetSchedulable(t, false)
	defer g.SetSchedulable(t, true)
	if err := g.evict(t, pods[0].Name); err != nil {
		t.Fatalf("the first eviction: %v", err)
	}
	if err := g.evict(t, pods[1].Name); !apierrors.IsTooManyRequests(err) {
		t.Errorf("the second eviction: got %v, want that the budget refuses it", err)
	}
	g.SetSchedulable(t, true)
	expectAllRun(t, g.Cluster, g.namespace)
}

func (g gateways) evict(t *testing.T, pod string) error {
	t.Helper()
	return g.Client.PolicyV1().Evictions(g.namespace).Evict(t.Context(), &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: pod, Namespace: g.namespace}})
}
