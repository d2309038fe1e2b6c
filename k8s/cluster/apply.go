package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
)

// awaitTime is how long something may take that controllers do.
const awaitTime = 2 * time.Minute

// definitions are of CustomResourceDefinitions.
var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// Apply applies an object as kubectl apply --server-side does, with unknown fields refused, first without storing it, and returns what the API server has
// then. The namespace is that of an object which names none.
func (c *Cluster) Apply(t testing.TB, namespace string, object *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	resources, err := c.resourcesOf(object, namespace)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	force := true
	options := metav1.PatchOptions{FieldManager: "test", FieldValidation: metav1.FieldValidationStrict, Force: &force}
	var stored *unstructured.Unstructured
	for _, dryRun := range [][]string{{metav1.DryRunAll}, nil} {
		options.DryRun = dryRun
		if stored, err = resources.Patch(t.Context(), object.GetName(), types.ApplyPatchType, text, options); err != nil {
			t.Fatalf("%s %s: %v", object.GetKind(), object.GetName(), err)
		}
	}
	return stored
}

// resourcesOf gives the objects of the kind of one.
func (c *Cluster) resourcesOf(object *unstructured.Unstructured, namespace string) (dynamic.ResourceInterface, error) {
	kind := object.GroupVersionKind()
	mapping, err := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(c.Client.Discovery())).RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, err
	}
	client, err := dynamic.NewForConfig(c.config)
	if err != nil {
		return nil, err
	}
	resources := client.Resource(mapping.Resource)
	if mapping.Scope.Name() == "root" {
		return resources, nil
	}
	if named := object.GetNamespace(); named != "" {
		namespace = named
	}
	return resources.Namespace(namespace), nil
}

// Established returns an error until the API server serves the kind that a CustomResourceDefinition defines.
func (c *Cluster) Established(ctx context.Context, name string) error {
	client, err := dynamic.NewForConfig(c.config)
	if err != nil {
		return err
	}
	definition, err := client.Resource(definitions).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	conditions, _, err := unstructured.NestedSlice(definition.Object, "status", "conditions")
	for _, condition := range conditions {
		if has, is := condition.(map[string]any); is && has["type"] == "Established" && has["status"] == "True" {
			return nil
		}
	}
	return errors.Join(fmt.Errorf("it is not established: %v", conditions), err)
}

// SetSchedulable says whether nodes take further pods.
func (c *Cluster) SetSchedulable(t testing.TB, schedulable bool) {
	t.Helper()
	nodes, err := c.Client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range nodes.Items {
		change := fmt.Appendf(nil, `{"spec":{"unschedulable":%t}}`, !schedulable)
		if _, err := c.Client.CoreV1().Nodes().Patch(t.Context(), node.Name, types.StrategicMergePatchType, change, metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// Await calls check until it returns no error, and fails the test after two minutes.
func (c *Cluster) Await(t testing.TB, what string, check func(context.Context) error) {
	t.Helper()
	c.AwaitIn(t.Context(), t, what, check)
}

// AwaitIn is Await where the test's context may have ended.
func (c *Cluster) AwaitIn(ctx context.Context, t testing.TB, what string, check func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, awaitTime)
	defer cancel()
	began := time.Now()
	if err := await(ctx, what, check); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s, after %.1f s", what, time.Since(began).Seconds())
}

// AddClaim adds a claim for a volume, and a volume for it, which pods on any node may use.
func (c *Cluster) AddClaim(t testing.TB, namespace, name string) {
	t.Helper()
	size := corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	modes, class := []corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany}, ""
	volume := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: namespace + "-" + name}, Spec: corev1.PersistentVolumeSpec{
		Capacity: size, AccessModes: modes, ClaimRef: &corev1.ObjectReference{Namespace: namespace, Name: name},
		PersistentVolumeSource: corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/var/empty"}},
	}}
	if _, err := c.Client.CoreV1().PersistentVolumes().Create(t.Context(), volume, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: modes, StorageClassName: &class, VolumeName: volume.Name, Resources: corev1.VolumeResourceRequirements{Requests: size},
	}}
	if _, err := c.Client.CoreV1().PersistentVolumeClaims(namespace).Create(t.Context(), claim, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}
