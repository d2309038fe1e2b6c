//go:build tools

// Package controlplane names the programs of the control plane that make kubernetes runs, and their version. Its module is no part of the workspace.
package controlplane

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
)
