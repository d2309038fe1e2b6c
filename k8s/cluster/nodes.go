package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const (
	hostnameLabel = "kubernetes.io/hostname"
	zoneLabel     = "topology.kubernetes.io/zone"
	// leaseInterval is how often a node says that it is there; controllers take it for gone after 40 s of silence.
	leaseInterval = 10 * time.Second
	// startupTime is how long pods take until they are ready, so that what happens meanwhile can be seen.
	startupTime = 2 * time.Second
	// turn is how often a node looks at its pods.
	turn = 100 * time.Millisecond
)

// nodes stand in for kubelets.
type nodes struct {
	client    *kubernetes.Clientset
	addresses int // given to pods
}

// AddNodes adds a node for each of the zones, named node-1 and so on, which take pods until the test ends.
func (c *Cluster) AddNodes(t testing.TB, zones ...string) {
	t.Helper()
	all := &nodes{client: c.Client}
	var names []string
	for number, zone := range zones {
		name := fmt.Sprintf("node-%d", number+1)
		if err := all.register(t.Context(), name, zone); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { all.renew(ctx, t, names) })
	running.Go(func() { all.run(ctx, t) })
	t.Cleanup(func() { // before the control plane is stopped
		cancel()
		running.Wait()
	})
}

func (n *nodes) register(ctx context.Context, name, zone string) error {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
		hostnameLabel: name, zoneLabel: zone, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
	}}}
	created, err := n.client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	room := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("32"), corev1.ResourceMemory: resource.MustParse("128Gi"), corev1.ResourcePods: resource.MustParse("110"),
		corev1.ResourceEphemeralStorage: resource.MustParse("100Gi"),
	}
	created.Status.Capacity, created.Status.Allocatable = room, room
	created.Status.Conditions = []corev1.NodeCondition{{
		Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", LastHeartbeatTime: metav1.Now(), LastTransitionTime: metav1.Now(),
	}}
	_, err = n.client.CoreV1().Nodes().UpdateStatus(ctx, created, metav1.UpdateOptions{})
	return err
}

// renew renews the leases of nodes.
func (n *nodes) renew(ctx context.Context, t testing.TB, names []string) {
	for ticks := time.NewTicker(leaseInterval); ; {
		for _, name := range names {
			if err := n.renewOne(ctx, name); err != nil && ctx.Err() == nil {
				t.Errorf("lease of %s: %v", name, err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

func (n *nodes) renewOne(ctx context.Context, name string) error {
	leases := n.client.CoordinationV1().Leases(corev1.NamespaceNodeLease)
	now, seconds := metav1.NowMicro(), int32(40)
	known, err := leases.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		known = &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: name}}
		known.Spec = coordinationv1.LeaseSpec{HolderIdentity: &name, LeaseDurationSeconds: &seconds, RenewTime: &now}
		_, err = leases.Create(ctx, known, metav1.CreateOptions{})
		return err
	}
	if err != nil {
		return err
	}
	known.Spec.RenewTime = &now
	_, err = leases.Update(ctx, known, metav1.UpdateOptions{})
	return err
}

// run says of each pod that is on a node that it runs, and of each that is to end that it has ended.
func (n *nodes) run(ctx context.Context, t testing.TB) {
	for ticks := time.NewTicker(turn); ; {
		if err := n.serve(ctx); err != nil && ctx.Err() == nil {
			t.Errorf("pods: %v", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

func (n *nodes) serve(ctx context.Context) error {
	pods, err := n.client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	var faults []error
	for i := range pods.Items {
		err := n.servePod(ctx, &pods.Items[i])
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) { // it has changed since; the next turn sees that
			faults = append(faults, fmt.Errorf("%s: %w", pods.Items[i].Name, err))
		}
	}
	return errors.Join(faults...)
}

func (n *nodes) servePod(ctx context.Context, pod *corev1.Pod) error {
	switch {
	case pod.Spec.NodeName == "" || pod.Status.Phase == corev1.PodSucceeded:
		return nil
	case pod.DeletionTimestamp != nil:
		return n.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, *metav1.NewDeleteOptions(0))
	case pod.Status.Phase == corev1.PodRunning, time.Since(pod.CreationTimestamp.Time) < startupTime:
		return nil
	}
	n.say(pod)
	_, err := n.client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	return err
}

// say has the status of a pod say that it runs and is ready or, if it is to end by itself, that it has ended.
func (n *nodes) say(pod *corev1.Pod) {
	now := metav1.Now()
	n.addresses++
	pod.Status.PodIP = fmt.Sprintf("10.1.%d.%d", n.addresses>>8, n.addresses&0xff)
	pod.Status.PodIPs = []corev1.PodIP{{IP: pod.Status.PodIP}}
	pod.Status.StartTime = &now
	pod.Status.Phase = corev1.PodRunning
	if pod.Spec.RestartPolicy != corev1.RestartPolicyAlways {
		pod.Status.Phase = corev1.PodSucceeded
		return
	}
	for _, condition := range []corev1.PodConditionType{corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: condition, Status: corev1.ConditionTrue, LastTransitionTime: now})
	}
	for _, container := range pod.Spec.Containers {
		started := true
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: container.Name, Image: container.Image, Ready: true, Started: &started,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		})
	}
}
