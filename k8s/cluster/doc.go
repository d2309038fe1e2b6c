// Package cluster runs a Kubernetes cluster on this machine without containers: etcd, the real API server, its controllers and its scheduler, and nodes that
// say of each pod that it runs. What an API server refuses, what defaults it sets, and how controllers roll, scale and disrupt is therefore real; that
// programs start in pods is not.
//
//	cluster.go    a cluster, and its users
//	apply.go      applying objects, and waiting for what controllers do
//	nodes.go      nodes that take pods and say that they run
//	process.go    the programs of the control plane
//	binaries.go   building them, once for each version
package cluster
